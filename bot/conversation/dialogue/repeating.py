"""An appointment that comes back: whether one is meant or this one and the next, and where the rest goes."""

import re
from typing import Final

from ...models.enums import Role
from ...notify.render import chat
from ..brain import Answer
from ..dates import Kind, read
from ..reading.rhythm import ONE, REST, scope_in
from .offer import MOVE, refused
from .talk import Data, Talk, do

SCOPES: Final = (do(ONE, "Só este"), do(REST, "Este e os próximos"))
CHANGES: Final = frozenset({"cancel", MOVE})
_TARGET: Final = re.compile(r"(?<!\w)(?:para|pr[ao]s?|p/)\s+(?!frente)(?P<to>.+)$", re.IGNORECASE | re.DOTALL)
# What is kept of the appointment while it is asked how much of the series is meant.
_KEPT: Final = ("token", "id", "start", "service", "client", "status", "series")


def scope_missing(talk: Talk, appointment: Data) -> Answer | None:
    """Ask whether this one is meant or this one and the next, where that is open."""
    if not appointment.get("series") or talk.memory.get("doing") not in CHANGES:
        return None
    if talk.memory.get("scope"):
        return None
    talk.memory["picked"] = {name: appointment[name] for name in _KEPT if name in appointment}
    return talk.ask("scope", chat("one_or_all"), SCOPES)


def take_scope(talk: Talk, value: str = "") -> Data | None:
    """Take a tap or a message as the answer; return the appointment it is about, None when it is no answer."""
    scope = value or scope_in(talk.heard.text)
    picked = talk.memory.get("picked")
    if talk.asked != "scope" or scope not in {ONE, REST} or not picked:
        return None
    talk.memory["scope"] = scope
    return dict(talk.memory.pop("picked"))


def is_rest(talk: Talk, appointment: Data) -> bool:
    """Tell whether an appointment and all that follow it are meant."""
    return bool(appointment.get("series")) and talk.memory.get("scope") == REST


async def move_rest(talk: Talk) -> Answer:
    """Propose to move the rest of a series; ask where to while that is not known."""
    if talk.asker.role is not Role.PROFESSIONAL:
        talk.memory.clear()
        return talk.say("series_with_professional", professional=talk.heard.professional_name)
    to = target_in(talk) or str(talk.memory.get("to", ""))
    if not to:
        return talk.ask("to", chat("ask_series_target"))
    talk.memory["to"] = to
    data, proposal = await talk.call("move_series", appointment=talk.memory["appointment"]["token"], to=to)
    if proposal is not None:
        return talk.propose(proposal)
    if data.get("error") in {"not_in_plan", "token_unknown"}:
        return refused(talk, data)
    return talk.ask("to", f"{data.get('message') or chat('trouble')} {chat('ask_series_target')}")


def target_in(talk: Talk) -> str:
    """Return the words of a message that say where something goes: "para sexta às 10h"."""
    found = _TARGET.search(talk.heard.text)
    words = found["to"] if found else talk.heard.text if talk.asked == "to" else ""
    return words[:200] if read(words, talk.now).kind in (Kind.DATE, Kind.POINT) else ""
