"""What a tapped option says: `verb:value`, short enough for Meta's 256 characters."""

from typing import NamedTuple
from uuid import UUID

from ..whatsapp.outgoing import Option

# Taps that write, or choose whom one talks to; the turn answers them itself.
YES, NO = "yes", "no"
CONFIRM, REJECT, ATTEND = "confirm", "reject", "attend"
ACCEPT, DECLINE = "accept", "decline"
GRANT, DENY = "grant", "deny"
PROFESSIONAL = "pro"
RELEASE = "release"
# Everything else is the dialogue's: slot, service, client, appt, do, move, cancel.


class Tap(NamedTuple):
    verb: str
    value: str

    @property
    def id(self) -> UUID | None:
        """The value as an id, or None when it is not one."""
        try:
            return UUID(self.value)
        except ValueError:
            return None

    @property
    def uuid(self) -> UUID:
        """The value as an id; ask `id` first whether it is one."""
        return UUID(self.value)


def encode(verb: str, value: object) -> str:
    """Return the payload of an option."""
    return f"{verb}:{value}"


def decode(payload: str) -> Tap:
    """Split a payload; one that is not ours has an empty verb."""
    verb, colon, value = payload.partition(":")
    return Tap(verb, value) if colon else Tap("", payload)


def yes_no(pending_id: UUID) -> tuple[Option, Option]:
    """Return the two buttons under the question of a pending action."""
    return Option(encode(YES, pending_id), "Sim"), Option(encode(NO, pending_id), "Não")
