"""Events as rows of `inbound`: the id that makes each one unique, the lane it waits in, and when it is due."""

import json
from datetime import datetime, timedelta
from hashlib import blake2b, sha256

from ..models import new_id
from ..models.enums import Channel, InboundKind, InboundStatus
from .events import Batch, Broken, Echo, Event, Message, Notice, Status
from .phones import phone_key
from .storing import Row, store

__all__ = ["OLDEST", "Row", "fingerprint", "rows_of", "status_id", "store"]

# Meta delivers again for seven days, and signatures carry no time: whatever is older can only be a replay.
# Rows must be kept longer than this, for their unique id is what stops a replay within it.
OLDEST = {
    Channel.CLOUD: timedelta(days=8),
    # Evolution tries again for minutes only; what is older comes from a phone that was connected anew. Two days are
    # the longest outage after which somebody may still wait for an answer.
    Channel.EVOLUTION: timedelta(days=2),
}


def rows_of(batch: Batch, *, now: datetime, burst_wait: timedelta = timedelta()) -> list[Row]:
    """Return the rows of a batch; their ids rise in the order of the events, which is the order they were sent in."""
    oldest, later = now - OLDEST[batch.channel], now + burst_wait
    return [_row(event, batch.channel, now, oldest, later) for event in batch.events]


def _row(event: Event, channel: Channel, now: datetime, oldest: datetime, later: datetime) -> Row:
    lane, at, due, status, error = "", None, now, InboundStatus.NEW, ""
    match event:
        case Message():
            kind, external, at = InboundKind.MESSAGE, event.id, event.sent_at
            lane = _lane(channel, event)
            due = now if event.tap else later
            if event.group:
                status, error = InboundStatus.DONE, "group"
        case Status():
            kind, at = InboundKind.STATUS, event.at
            external = status_id(event.message_id, event.status, event.recipient)
        case Echo():
            kind, external, at = InboundKind.ECHO, event.id, event.sent_at
            lane = _lane(channel, event) if event.account and (event.to or event.bsuid or event.lid) else ""
        case Notice():
            kind, at = InboundKind.NOTICE, event.at
            external = fingerprint(event.field, event.value, event.at)
        case Broken():
            kind, external = event.kind, fingerprint("broken", event.raw)
            status, error = InboundStatus.DEAD, event.reason
    if at is not None and at < oldest:
        status, error = InboundStatus.DONE, "replayed"
    return {
        "id": new_id(),
        "channel": channel,
        "account": event.account,
        "external_id": external if len(external) <= 256 else fingerprint(external),
        "kind": kind,
        "lane": lane,
        "event": event.event(),
        "status": status,
        "attempts": 0,
        "error": error,
        # A clock of theirs that runs ahead would keep the 24-hour window open too long.
        "provider_at": now if at is None or at > now else at,
        "received_at": now,
        "due_at": due,
        "handled_at": None if status is InboundStatus.NEW else now,
    }


def status_id(message_id: str, status: str, recipient: str | None) -> str:
    """Return the id of a status: one a message, a state and (in groups) a recipient, who is not named by it."""
    whose = blake2b(recipient.encode(errors="replace"), digest_size=8).hexdigest() if recipient else ""
    return f"{message_id}:{status}:{whose}"


def _lane(channel: Channel, event: Message | Echo) -> str:
    """Return where a person's events wait for each other; what we typed to them goes before what they said next."""
    phone = event.phone if isinstance(event, Message) else event.to
    return f"{channel}:{event.account}:{phone_key(phone) if phone else event.bsuid or event.lid}"


def fingerprint(*parts: object) -> str:
    """Return an id for something that has none: the same thing always gets the same one."""
    return "hash:" + sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
