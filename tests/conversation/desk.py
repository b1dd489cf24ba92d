"""A small agenda in memory behind the toolbox port, and turns to be answered with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bot.conversation.brain import Asker, Heard, Line, Proposal, ToolResult
from bot.models.enums import Role

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
CONVERSATION, PROFESSIONAL = uuid4(), uuid4()

SLOTS = {"a1b2": "quinta, 26/11, às 15h", "c3d4": "quinta, 26/11, às 16h"}
APPOINTMENT = {"token": "e5f6", "id": str(uuid4()), "service": "Corte", "label": "sexta, 27/11, às 9h30"}
QUESTION = "Posso marcar?\n\nQuando: *quinta, 26/11, às 15h*"


def schema(name: str, description: str, **properties: str) -> dict[str, Any]:
    """Return the schema of a tool whose arguments are texts."""
    parameters = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"type": "string", "description": text} for key, text in properties.items()},
        "required": [],
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


@dataclass
class Desk:
    """What a client may do: look, and propose. Every call is written down."""

    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    status: str = "confirmed"
    # Overrides what a tool returns.
    results: dict[str, Callable[[], Awaitable[ToolResult]]] = field(default_factory=dict)

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        return [
            schema("list_free_slots", "Free times.", when="Words for the day.", service="Name of the service."),
            schema("my_appointments", "The client's appointments."),
            schema("get_customer_by_phone", "One client.", query="Phone or name."),
            schema("book_appointment", "Propose a booking.", slot="Token of a slot.", note="A note."),
            schema("cancel_appointment", "Propose a cancellation.", appointment="Token."),
        ]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        self.calls.append((name, arguments))
        if name in self.results:
            return await self.results[name]()
        match name:
            case "list_free_slots":
                slots = [{"token": token, "label": label} for token, label in SLOTS.items()]
                return ToolResult({"ok": True, "slots": slots}, tokens={token: {"kind": "slot"} for token in SLOTS})
            case "my_appointments":
                found = [APPOINTMENT | {"status": self.status}]
                return ToolResult({"ok": True, "appointments": found}, tokens={"e5f6": {"kind": "appointment"}})
            case "get_customer_by_phone":
                card = {"name": "Júlia Prado", "phone": "(11) 98888-7777", "notes": ["alergia a esmalte"]}
                return ToolResult({"ok": True, "customers": [card]})
            case "book_appointment" if arguments.get("slot") in SLOTS:
                return ToolResult({"ok": True}, Proposal(name, dict(arguments), QUESTION))
            case "cancel_appointment":
                return ToolResult({"ok": True}, Proposal(name, dict(arguments), "Posso cancelar?"))
        return ToolResult({"ok": False, "error": "token_unknown", "message": "Não encontrei essa opção."})

    @property
    def called(self) -> list[str]:
        return [name for name, _ in self.calls]


def asker(role: Role = Role.CLIENT, *, name: str = "Júlia Prado", conversation: UUID = CONVERSATION) -> Asker:
    return Asker(role, conversation, uuid4(), PROFESSIONAL, uuid4(), name, NOW, ZONE)


def heard(
    text: str,
    desk: Desk | None = None,
    *,
    role: Role = Role.CLIENT,
    history: Sequence[Line] = (),
    state: Mapping[str, Any] | None = None,
    name: str = "Júlia Prado",
) -> Heard:
    """Return a turn of somebody who wrote `text`."""
    return Heard(asker(role, name=name), text, history, state or {}, desk or Desk(), "Ana Souza")
