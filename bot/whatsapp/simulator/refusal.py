"""How the Graph server says no: Meta's codes in Meta's shape."""

from typing import Any


class GraphRefusal(Exception):
    """A request is refused with one of Meta's error codes."""

    def __init__(self, code: int, title: str, details: str = "", status: int = 400) -> None:
        super().__init__(f"(#{code}) {title}")
        self.code, self.details, self.status = code, details, status

    def to_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error: dict[str, Any] = {"message": str(self), "type": "OAuthException", "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": error | {"fbtrace_id": "local"}}


def missing(what: str) -> GraphRefusal:
    """Refuse a request that lacks something."""
    return GraphRefusal(131008, "Required parameter is missing", f"Parameter '{what}' is mandatory")


def invalid(details: str) -> GraphRefusal:
    """Refuse a value that breaks one of Meta's limits."""
    return GraphRefusal(131009, "Parameter value is not valid", details)


def unknown(details: str) -> GraphRefusal:
    """Refuse an id or a field that nobody knows."""
    return GraphRefusal(100, "Invalid parameter", details)
