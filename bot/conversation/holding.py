"""The statements by which a turn takes a conversation and lets it go, compiled once: every message runs them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from ..agenda.entry import Rows, write
from ..db import Instant, Swift, listed
from ..models import Conversation, Inbound
from ..models.enums import InboundStatus
from ..notify.these import IDS, these

_talks: Any = Conversation.__table__
_rows: Any = Inbound.__table__
_others: Any = _rows.alias("waiting")
_NOW: Final = bindparam("now", type_=Instant)
# What others may have changed since it was read, and what an answer is addressed by.
_FRESH: Final = ("contact_id", "professional_id", "mode", "silent_until", "last_inbound_at")
_TAKEN: Final = (*_FRESH, "state")
_ABOUT: Final = bindparam("about", type_=_talks.c.professional_id.type)
_MINE: Final = (_talks.c.id == bindparam("talk"), _talks.c.turn_token == bindparam("token"))
_HOLDING: Final = (
    update(_talks)
    .where(_talks.c.id == bindparam("talk"), or_(_talks.c.turn_lease_until.is_(None), _talks.c.turn_lease_until < _NOW))
    .values(
        turn_token=bindparam("new_token"),
        turn_lease_until=bindparam("until"),
        last_inbound_at=bindparam("heard_at"),
        minute_from=bindparam("since"),
        minute_count=bindparam("count"),
    )
    .returning(_talks.c.id, *(_talks.c[name] for name in _TAKEN))
)
_BEGINNING: Final = (
    update(_rows)
    .where(these(_rows.c.id, IDS), _rows.c.status == InboundStatus.NEW)
    .values(attempts=_rows.c.attempts + 1, conversation_id=bindparam("talk"))
    .returning(_rows.c.id, _rows.c.attempts)
)
_HOLD: Final = Swift(_HOLDING)
_BEGIN: Final = Swift(_BEGINNING)


def _both() -> Swift:
    """Hold and begin in one, for Postgres: whoever has to wait for the conversation touches no message before."""
    held = _HOLDING.cte("held")
    begun = _BEGINNING.where(held.c.id == bindparam("talk")).cte("begun")
    return Swift(select(*held.c, select(listed(begun.c.id, begun.c.attempts)).scalar_subquery()))


_HOLD_AND_BEGIN: Final = _both()
_LET_GO: Final = Swift(
    update(_talks)
    .where(*_MINE)
    .values(
        state=bindparam("new_state"),
        professional_id=func.coalesce(_ABOUT, _talks.c.professional_id),
        turn_token=None,
        turn_lease_until=None,
    )
    .returning(*(_talks.c[name] for name in _FRESH))
)
_HANDLED: Final = Swift(
    update(_rows)
    .where(these(_rows.c.id, IDS))
    .values(status=InboundStatus.DONE, handled_at=_NOW)
    .returning(
        select(_others.c.id)
        # Spelled out, so that the index of the few that wait fits.
        .where(_others.c.lane == bindparam("lane"), text("waiting.status = 'new'"), ~these(_others.c.id, IDS))
        .exists()
    )
)


async def hold(
    session: AsyncSession, conversation: Conversation, token: UUID, rows: Sequence[Inbound], **values: Any
) -> bool | None:
    """Take the conversation, which from here on is as nobody else can change it, and begin these messages, if any.

    None when somebody has it; else what `begin` says of the messages.
    """
    asked = {"talk": conversation.id, "new_token": token, **values}
    if rows and session.get_bind().dialect.name == "postgresql":
        found = await _HOLD_AND_BEGIN.first(session, asked | {"ids": [row.id for row in rows]})
        *held, begun = found or (None,)
        if not _known(conversation, _TAKEN, held[1:]):
            return None
        return _counted(rows, {UUID(row): tries for row, tries in begun or ()})
    found = await _HOLD.first(session, asked)
    if not _known(conversation, _TAKEN, (found or ())[1:]):
        return None
    return await begin(session, rows, conversation) if rows else False


async def begin(session: AsyncSession, rows: Sequence[Inbound], conversation: Conversation) -> bool:
    """Count a try of these messages; False when somebody has answered one of them meanwhile."""
    begun = await _BEGIN.all(session, {"ids": [row.id for row in rows], "talk": conversation.id})
    return _counted(rows, dict(begun))


def _counted(rows: Sequence[Inbound], tries: Mapping[UUID, int]) -> bool:
    for row in rows:
        set_committed_value(row, "attempts", tries.get(row.id, row.attempts))
    return len(tries) == len(rows)


async def let_go(
    session: AsyncSession, conversation: Conversation, token: UUID, *, state: Mapping[str, Any], about: UUID | None
) -> bool:
    """Write the state of the dialogue and let the conversation go; False when it is somebody else's by now."""
    values = {"talk": conversation.id, "token": token, "new_state": dict(state), "about": about}
    found = await _LET_GO.first(session, values)
    set_committed_value(conversation, "state", values["new_state"])
    return _known(conversation, _FRESH, found or ())


async def handled(session: AsyncSession, rows: Sequence[Inbound], now: datetime, said: Rows) -> bool:
    """Write what was said, mark messages handled, and tell whether more wait in their lane."""
    values = {"ids": [row.id for row in rows], "lane": rows[0].lane, "now": now}
    return any(more for (more,) in await write(session, said, _HANDLED, values))


def _known(conversation: Conversation, names: Sequence[str], found: Sequence[Any]) -> bool:
    """Let a conversation be as the database has it; False where nothing was found."""
    for name, value in zip(names, found, strict=bool(found)):
        set_committed_value(conversation, name, value)
    return bool(found)
