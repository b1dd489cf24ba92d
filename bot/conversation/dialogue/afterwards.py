"""What was agreed to last, kept with the dialogue: "o outro também" does it once more, "desfaz" wants it back."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from ... import phrases
from ...models import Appointment
from ...models.enums import Action
from ...notify.render import chat
from ...whatsapp.outgoing import Outgoing, Text
from ..reading.wish import at
from .talk import Data, Talk

# Of a write's arguments, what tells which one it was; `before` are those with which its tool puts it back.
_KEPT: Final = ("appointment_id", "was", "start", "action", "days", "span", "before")
# Of what was gathered for it, what tells whose it was; `by` is how far several are moved.
_GATHERED: Final = ("appointment", "client", "service", "by", "many", "names")


def remembered(dialog: Mapping[str, Any], tool: str, arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the memory of a dialogue after a yes: what was done, and what comes next of it, if anything."""
    done = {name: arguments[name] for name in _KEPT if name in arguments}
    if not _gathered_for(dialog, arguments):
        dialog = {}
    done |= {name: dialog[name] for name in _GATHERED if name in dialog}
    follows = _next(dialog) if tool == "cancel_appointment" else {}
    return {"done": {"tool": tool, **done}, "at": now.isoformat(), **follows}


def _gathered_for(dialog: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Tell whether a dialogue is about the appointment of a write; what a model proposed it knows nothing of."""
    start, was = (dialog.get("appointment") or {}).get("start"), arguments.get("was")
    return not (start and was) or datetime.fromisoformat(start) == datetime.fromisoformat(was)


def _next(dialog: Mapping[str, Any]) -> dict[str, Any]:
    """Return the second step of another service for a time: to book it where the first one was."""
    if not (service := dialog.get("swap")):
        return {}
    start = datetime.fromisoformat(dialog["appointment"]["start"])
    question = chat("swap_next", service=service["name"], when=phrases.moment(start))
    wanted = {"doing": "book", "service": service, "wishes": [at(start).dump()]}
    client = {"client": dialog["client"]} if "client" in dialog else {}
    return {**wanted, **client, "asked": "want", "question": question}


def asked_next(dialog: Mapping[str, Any], receipt: Outgoing | None) -> Outgoing | None:
    """Return the receipt of a yes with the question that comes next; a client's comes by itself, and later."""
    question = str(dialog.get("question", ""))
    return Text(f"{receipt.body}\n\n{question}") if question and isinstance(receipt, Text) else receipt


def ruled(dialog: Mapping[str, Any], row: Appointment, action: Action, now: datetime) -> tuple[dict[str, Any], Data]:
    """Return the memory of a dialogue after a tap that decided about a request, and the token of its client."""
    token = token_hex(3)
    about = {"appointment": {"service": row.service_name, "client": token}}
    arguments = {"appointment_id": str(row.id), "was": row.start_at.isoformat(), "action": action.value}
    kept = remembered(about, "update_appointment_status", arguments, now)
    return {**dialog, **kept}, {token: {"kind": "client", "id": str(row.client_id)}}


def done(talk: Talk) -> Data:
    """Return what was agreed to last, while nothing else was begun since."""
    found: Data = talk.memory.get("done") or {}
    return found


def whose(talk: Talk) -> str:
    """Return for whom something was done last; nothing where that is not known."""
    last = done(talk)
    return str((last.get("client") or {}).get("name") or (last.get("appointment") or {}).get("client") or "")


def known(appointment: Data) -> dict[str, Any]:
    """Return what is kept of an appointment that something is done with."""
    return {
        name: appointment[name] for name in ("token", "start", "service", "client", "status") if name in appointment
    }
