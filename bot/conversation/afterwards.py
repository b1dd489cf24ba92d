"""What was agreed to last, kept with the dialogue: "o outro também" does it once more, "desfaz" wants it back."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from ..models import Appointment
from ..models.enums import Action
from .talk import Data, Talk

# Of a write's arguments, what tells which one it was.
_KEPT: Final = ("appointment_id", "was", "start", "action", "days", "span")
# Of what was gathered for it, what tells whose it was; `by` is how far several are moved.
_GATHERED: Final = ("appointment", "client", "service", "by", "swap")


def remembered(dialog: Mapping[str, Any], tool: str, arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the memory of a dialogue after a yes: what was done, and nothing that is being gathered."""
    done = {name: arguments[name] for name in _KEPT if name in arguments}
    done |= {name: dialog[name] for name in _GATHERED if name in dialog}
    return {"done": {"tool": tool, **done}, "at": now.isoformat()}


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


def known(appointment: Data) -> dict[str, Any]:
    """Return what is kept of an appointment that something is done with."""
    return {name: appointment[name] for name in ("token", "start", "service", "client") if name in appointment}
