"""WhatsApp's own addresses (JIDs): a phone, a LID that hides one, or a crowd that nobody answers.

Which field carries the phone depends on the version: 2.3.0 has `senderPn`, 2.3.6 and before leave a LID in
`remoteJid` with the phone in `remoteJidAlt`, 2.3.7 and 2.4 put the phone first. So every field is looked at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..phones import delivered
from ..tolerant import text

_PHONE_DOMAINS = frozenset({"s.whatsapp.net", "c.us", "hosted"})
_LID_DOMAINS = frozenset({"lid", "hosted.lid"})
_CROWD_DOMAINS = frozenset({"g.us", "broadcast", "newsletter", "call", "bot"})
# What it says to the phone's owner is codes and advertising.
_WHATSAPP = "0"
_LID = re.compile(r"\d{3,20}", re.ASCII)
_LONGEST = 160
# Of the other end of a chat between two; those that begin with "sender" are ours when we wrote.
_THEIRS = ("remoteJid", "remoteJidAlt", "recipientPn", "recipientLid")
_SENDERS = ("senderPn", "senderLid", "sender_pn", "sender_lid", "participantAlt", "participantPn")


@dataclass(frozen=True, slots=True)
class Person:
    """The other end of a chat, by what is known of it."""

    phone: str | None = None
    lid: str | None = None

    @property
    def nobody(self) -> bool:
        return not (self.phone or self.lid)


def person(key: Mapping[str, Any]) -> Person:
    """Return who is at the other end, from the key of a message."""
    fields = _THEIRS if ours(key) else (*_THEIRS, *_SENDERS)
    jids = [text(key.get(field), _LONGEST) for field in fields]
    phone = next((found for jid in jids if (found := phone_of(jid))), None)
    lid = next((found for jid in jids if (found := lid_of(jid))), None)
    return Person(phone, lid)


def ours(key: Mapping[str, Any]) -> bool | None:
    """Tell whether a message left our own phone; None where its key does not say."""
    said = key.get("fromMe")
    return said if isinstance(said, bool) else {"true": True, "false": False}.get(text(said, 8).lower())


def phone_of(jid: str) -> str | None:
    """Return the digits of a phone's JID; a device number after a colon is not part of them."""
    user, domain = _parts(jid)
    return delivered(user) if domain in _PHONE_DOMAINS else None


def lid_of(jid: str) -> str | None:
    """Return a LID as it is written in full, which is also how it is sent to."""
    user, domain = _parts(jid)
    return f"{user}@lid" if domain in _LID_DOMAINS and _LID.fullmatch(user) else None


def is_crowd(jid: str) -> bool:
    """Tell a group, a broadcast list, a status, a channel or WhatsApp's own account from a person."""
    user, domain = _parts(jid)
    return domain in _CROWD_DOMAINS or user == _WHATSAPP


def _parts(jid: str) -> tuple[str, str]:
    user, _, domain = jid.partition("@")
    return user.partition(":")[0], domain
