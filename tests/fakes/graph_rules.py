"""Meta's rules for one message, as the fake applies them: the first one that is broken, by name."""

import re
from typing import Any

Json = dict[str, Any]

_CONTENT = {"text", "interactive", "image", "document", "template"}
_AROUND = {"messaging_product", "recipient_type", "to", "recipient", "type", "biz_opaque_callback_data", "context"}


def broken_rule(body: Json) -> str:
    """Return which rule of Meta's a message breaks, or nothing."""
    kind = body.get("type", "text")
    rules = {
        "messaging_product": body.get("messaging_product") == "whatsapp",
        "recipient": _recipient(body),
        "type": kind in _CONTENT and isinstance(body.get(kind), dict),
        "unknown field": set(body) <= _AROUND | {kind},
        "opaque": isinstance(opaque := body.get("biz_opaque_callback_data", ""), str) and len(opaque) <= 512,
        "context": set(body.get("context", {})) <= {"message_id"},
    }
    if bad := _first(rules):
        return bad
    return {"text": _text, "interactive": _interactive, "image": _image, "document": _document, "template": _template}[
        kind
    ](body[kind])


def _first(rules: dict[str, bool]) -> str:
    return next((name for name, kept in rules.items() if not kept), "")


def _recipient(body: Json) -> bool:
    if "to" in body:
        return re.fullmatch(r"\+[1-9]\d{2,14}", str(body["to"])) is not None
    return re.fullmatch(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}", str(body.get("recipient"))) is not None


def _fits(value: object, limit: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limit and bool(value.strip())


def _text(of: Json) -> str:
    return _first({"text body": _fits(of.get("body"), 4096), "text fields": set(of) <= {"body", "preview_url"}})


def _image(of: Json) -> str:
    return _first({"image id": _fits(of.get("id"), 200), "caption": len(of.get("caption", "")) <= 1024})


def _document(of: Json) -> str:
    return _image(of) or _first({"filename": _fits(of.get("filename"), 240)})


def _interactive(of: Json) -> str:
    if not _fits(of.get("body", {}).get("text"), 1024):
        return "interactive body"
    action = of.get("action", {})
    if of.get("type") == "button":
        replies = [button.get("reply", {}) for button in action.get("buttons", []) if button.get("type") == "reply"]
        rules = {
            "1 to 3 buttons": 1 <= len(replies) <= 3 and len(replies) == len(action["buttons"]),
            "button title": all(_fits(reply.get("title"), 20) for reply in replies),
            "button id": all(_fits(reply.get("id"), 256) for reply in replies),
            "button ids unique": len({reply.get("id") for reply in replies}) == len(replies),
            "button titles unique": len({reply.get("title") for reply in replies}) == len(replies),
        }
        return _first(rules)
    sections = action.get("sections", [])
    rows = [row for section in sections for row in section.get("rows", [])]
    rules = {
        "interactive type": of.get("type") == "list",
        "list button": _fits(action.get("button"), 20),
        "sections": 1 <= len(sections) <= 10 and all(section.get("rows") for section in sections),
        "section title": all(len(section.get("title", "")) <= 24 for section in sections),
        "section titles": len(sections) == 1 or all(section.get("title") for section in sections),
        "1 to 10 rows": 1 <= len(rows) <= 10,
        "row title": all(_fits(row.get("title"), 24) for row in rows),
        "row id": all(_fits(row.get("id"), 200) for row in rows),
        "row ids unique": len({row.get("id") for row in rows}) == len(rows),
        "row description": all("description" not in row or _fits(row["description"], 72) for row in rows),
        "row fields": all(set(row) <= {"id", "title", "description"} for row in rows),
    }
    return _first(rules)


def _template(of: Json) -> str:
    components = of.get("components", [])
    values = [value for component in components for value in component.get("parameters", [])]
    texts = [value.get("text") for value in values if value.get("type") == "text"]
    rules = {
        "template name": re.fullmatch(r"[a-z0-9_]{1,512}", str(of.get("name"))) is not None,
        "language": re.fullmatch(r"[a-z]{2}(_[A-Z]{2})?", str(of.get("language", {}).get("code"))) is not None,
        "components": all(component.get("type") in {"header", "body", "button"} for component in components),
        "parameter types": all(value.get("type") in {"text", "payload"} for value in values),
        "132000 empty": all(_fits(value, 1024) for value in texts),
        "132018 line": not any(re.search(r"[\n\t]| {5}", str(value)) for value in texts),
        "payload": all(_fits(value.get("payload"), 256) for value in values if value.get("type") == "payload"),
        "index": all(str(each.get("index")).isdigit() for each in components if each.get("type") == "button"),
    }
    return _first(rules)
