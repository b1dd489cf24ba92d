"""The inbox: take what one person sent, for one turn at a time, across processes.

A turn holds its conversation through a token and a lease. The lease is renewed while the turn thinks; when a
process dies it runs out and the sweep hands the same messages to somebody else. What a turn decides is
committed together with "these messages are handled", guarded by the token: done once, or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, literal_column, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..agenda.entry import Rows
from ..db import Swift
from ..models import Contact, Conversation, Inbound
from ..models.base import attach, unattached
from ..models.enums import InboundKind, InboundStatus
from ..models.queues import NEW
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Text
from . import asides, holding, parking
from .identity import at_home

# They carry an emoji or an old text, but say nothing to be answered.
SILENT_TYPES = frozenset({"reaction", "edit", "revoke", "system", "welcome"})
# A person types less than this; what is over it waits for the minute to end and is then one turn.
RATE, PER = 30, timedelta(minutes=1)
# A flood is read in parts: no turn holds more in its hands.
PART = 500
_ANSWERED = (InboundKind.MESSAGE, InboundKind.ECHO)


class Lost(Exception):
    """Another process holds the conversation now: what this one decided is rolled back."""


@dataclass(frozen=True, slots=True)
class Held:
    """One person's unanswered messages, and the conversation they are in, held by `token`."""

    conversation: Conversation
    contact: Contact
    rows: Sequence[Inbound]
    token: UUID

    @property
    def text(self) -> str:
        """What was typed, a line a message."""
        spoken = (row.event for row in self.rows if row.event.get("type") not in SILENT_TYPES)
        return "\n".join(str(event.get("text") or "") for event in spoken).strip()

    @property
    def payload(self) -> str | None:
        """The id of what was tapped; a tap is always a turn of its own."""
        return self.rows[0].event.get("payload")

    @property
    def forwarded(self) -> bool:
        """Tell whether all of it is somebody else's words, passed on."""
        return all(row.event.get("forwarded") for row in self.rows)

    @property
    def reply_to(self) -> str | None:
        """The provider's id of the message that the last of these answers by quoting it."""
        return next((row.event["reply_to"] for row in reversed(self.rows) if row.event.get("reply_to")), None)


async def take(
    session: AsyncSession, lane: str, *, now: datetime, burst_limit: timedelta, lease: timedelta
) -> Held | None:
    """Hold the next turn of a lane; None when nothing is due or somebody else holds the conversation."""
    rows = await _waiting(session, lane, now)
    if not rows or (rows[-1].due_at > now and rows[0].received_at + burst_limit > now and not _tap(rows[0])):
        return None
    if await asides.only_news(session, rows, now=now):
        return None
    contact, conversation = await at_home(session, rows[0].channel, rows[0].account, rows[-1].event, now)
    if _minutes_count(conversation, now) >= RATE:
        await _put_off(session, conversation, lane, now)
        return None
    token, changes = uuid4(), any(row.event.get("type") in asides.CHANGES for row in rows)
    turn = () if changes or parking.worn(rows) else _one_turn(rows)
    begun = await _hold(session, conversation, rows, turn, token, now=now, until=now + lease)
    if begun is None:
        return None
    if turn and not begun:
        rows = await _still_new(session, rows)
    elif not turn:
        rows = await parking.without_the_worn(session, conversation, rows, now)
        if changes:
            rows = await asides.read_changes(session, await _still_new(session, rows), now=now)
    held = Held(conversation, contact, turn if begun else await _begun(session, rows, conversation), token)
    if not held.rows:  # everything was taken back
        await put_back(session, held)
        return None
    return held


async def _begun(session: AsyncSession, rows: Sequence[Inbound], conversation: Conversation) -> Sequence[Inbound]:
    """Count a try of what is one turn, and return it: without what somebody else answered before we held it."""
    while turn := _one_turn(rows):
        if await holding.begin(session, turn, conversation):
            return turn
        rows = await _still_new(session, rows)
    return ()


_ROWS: Any = Inbound.__table__
_WAITING = Swift(
    select(_ROWS)
    # Spelled out, so that the index of the few that wait fits whichever lane it is.
    .where(_ROWS.c.lane == bindparam("lane"), NEW, text("inbound.kind IN ('message', 'echo')"))
    .order_by(_ROWS.c.provider_at, _ROWS.c.received_at, _ROWS.c.id)
    .limit(literal_column(str(PART)))
)


async def _waiting(session: AsyncSession, lane: str, now: datetime) -> Sequence[Inbound]:
    """Return the messages of a lane that wait; what a person of ours typed beside the bot is read at once."""
    rows = await _all_waiting(session, lane)
    if any(row.kind is InboundKind.ECHO or row.event.get("type") in asides.CHANGES for row in rows):
        for row in rows:  # some of them will be changed
            attach(session, row)
    for row in rows:
        if row.kind is InboundKind.ECHO:
            await asides.read_echo(session, row, now=now)
    return [row for row in rows if row.kind is InboundKind.MESSAGE]


async def _all_waiting(session: AsyncSession, lane: str) -> list[Inbound]:
    found = await _WAITING.all(session, {"lane": lane})
    return [row for values in found if (row := unattached(Inbound, values))]


async def _still_new(session: AsyncSession, rows: Sequence[Inbound]) -> Sequence[Inbound]:
    """Leave out what somebody else answered between our reading and our holding; from here on nobody else can."""
    still = await session.scalars(
        select(Inbound.id).where(Inbound.id.in_([row.id for row in rows]), Inbound.status == InboundStatus.NEW)
    )
    new = set(still)
    return [row for row in rows if row.id in new]


async def _hold(
    session: AsyncSession,
    conversation: Conversation,
    rows: Sequence[Inbound],
    turn: Sequence[Inbound],
    token: UUID,
    *,
    now: datetime,
    until: datetime,
) -> bool | None:
    """Take the conversation and begin a turn, as `holding.hold`; count what is taken towards the minute's rate."""
    count = _minutes_count(conversation, now)
    told = [row.provider_at or row.received_at for row in rows if row.event.get("type") not in SILENT_TYPES]
    known = [conversation.last_inbound_at] if conversation.last_inbound_at else []
    return await holding.hold(
        session,
        conversation,
        token,
        turn,
        now=now,
        until=until,
        # The 24-hour window counts from the newest message, in whichever order they are answered.
        heard_at=max(told + known, default=None),
        since=conversation.minute_from if count else now,
        count=count + len(_one_turn(rows)),
    )


def _minutes_count(conversation: Conversation, now: datetime) -> int:
    """Return how many messages of this minute were taken already."""
    began = conversation.minute_from
    return conversation.minute_count if began is not None and began <= now < began + PER else 0


async def _put_off(session: AsyncSession, conversation: Conversation, lane: str, now: datetime) -> None:
    """Leave what is over the rate for the end of the minute, when it is one turn; say so once."""
    began = conversation.minute_from or now
    waiting = (Inbound.lane == lane, NEW, Inbound.due_at < began + PER)
    await session.execute(update(Inbound).where(*waiting).values(due_at=began + PER))
    silent = conversation.silent_until is not None and conversation.silent_until > now
    if not silent:
        key = f"rate:{conversation.id}:{began.isoformat()}"
        await outbox.say(session, Text(chat("too_many_messages")), conversation, now=now, dedup_key=key)


def _tap(row: Inbound) -> bool:
    return bool(row.event.get("payload"))


def _one_turn(rows: Sequence[Inbound]) -> Sequence[Inbound]:
    """A tap is a turn of its own; texts up to the next tap are one."""
    if not rows or _tap(rows[0]):
        return rows[:1]
    until = next((at for at, row in enumerate(rows) if _tap(row)), len(rows))
    return rows[:until]


async def renew(session: AsyncSession, held: Held, *, now: datetime, lease: timedelta) -> None:
    """Keep the conversation a while longer, or raise `Lost`."""
    await _guarded(session, held, turn_lease_until=now + lease)


async def finish(session: AsyncSession, held: Held, *, now: datetime) -> None:
    """Mark the messages handled and let the conversation go, or raise `Lost` and undo everything."""
    await let_go(session, held, state=held.conversation.state)
    await handled(session, held, [], now=now)


async def let_go(
    session: AsyncSession, held: Held, *, state: Mapping[str, Any], about: UUID | None = None
) -> Conversation:
    """Let the conversation go with this state, `about` this agenda, and return it as it is now; or raise `Lost`."""
    if not await holding.let_go(session, held.conversation, held.token, state=state, about=about):
        raise Lost
    return held.conversation


async def handled(session: AsyncSession, held: Held, said: Rows, *, now: datetime) -> bool:
    """Write what was `said` and mark the messages handled, once let go; tell whether more wait in the lane.

    Whoever writes later than that finds the conversation free, or waits for us to commit.
    """
    return await holding.handled(session, held.rows, now, said)


async def give_back(session: AsyncSession, held: Held, error: Exception, *, now: datetime) -> None:
    """Let the conversation go after a failure; after the last try its messages are parked for a person to see."""
    await put_back(session, held)
    if await parking.failed(session, held.rows, error, now, counted=True):
        await parking.regret(session, held.conversation, now)


async def put_back(session: AsyncSession, held: Held) -> None:
    """Let the conversation go with its messages as they are: the try that was cut short counts."""
    await _guarded(session, held, turn_token=None, turn_lease_until=None)


async def stumble(session: AsyncSession, lane: str, error: Exception, *, now: datetime) -> None:
    """Count a try of messages that could not even be taken, or else they would be tried for ever."""
    await parking.failed(session, await _all_waiting(session, lane), error, now, counted=False)


async def _guarded(session: AsyncSession, held: Held, **values: object) -> None:
    mine = await session.scalar(
        update(Conversation)
        .where(Conversation.id == held.conversation.id, Conversation.turn_token == held.token)
        .values(**values)
        .returning(Conversation.id)
    )
    if mine is None:
        raise Lost


async def due_lanes(session: AsyncSession, *, now: datetime, limit: int = 200) -> Sequence[str]:
    """Return lanes with messages nobody has answered: what the sweep picks up when the bell was not heard."""
    return (
        await session.scalars(
            select(Inbound.lane)
            .where(Inbound.status == InboundStatus.NEW, Inbound.kind.in_(_ANSWERED), Inbound.lane != "")
            .where(Inbound.due_at <= now)
            .group_by(Inbound.lane)
            .order_by(func.min(Inbound.due_at))
            .limit(limit)
        )
    ).all()
