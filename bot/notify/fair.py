"""Whose message goes next, as SQL: answers first, each professional in turn, nobody's second before their first."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    FromClause,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    values,
)
from sqlalchemy.orm import aliased

from ..db import Instant
from ..models import Conversation, Inbound, Outbound, Professional
from ..models.enums import InboundKind, OutboundStatus
from ..models.queues import NEW, OWED
from .outbox import PRIORITIES

# As the words of the partial indexes: both databases see how little is left out.
_TO_SEND = text("outbound.status <> 'sending' AND outbound.transport = 'whatsapp'")
# Turns are shared out among professionals within this many of the most urgent messages: a quarter of a minute's work.
SIGHT: Final = 1000
# Messages that were told to come back at the same moment by two clocks keep their order.
NEARLY: Final = timedelta(seconds=2)

_Near = Select[UUID, int, datetime, datetime, UUID | None, UUID | None, OutboundStatus]


def fair(*, sqlite: bool, some_are_full: bool) -> Subquery:
    """Return the messages that are due, everybody's first one only, in the order in which they may leave.

    Parameters: `now`, `nearly` (a little later), and, where `some_are_full`, the default `account` and those `without`.
    """
    return _in_turn(_near(sqlite=sqlite, some_are_full=some_are_full))


def _near(*, sqlite: bool, some_are_full: bool) -> Subquery:
    """Say which messages are the most urgent, and read no more of the outbox than those.

    Its index starts with the priority, and what is due is a small part of each: the reminders of the whole month
    wait behind it.
    """
    # What a telephone already said comes first: no doubt is resolved by sending again while a status waits here.
    unheard = exists().where(NEW, Inbound.lane == "", Inbound.kind == InboundKind.STATUS)
    statement = (
        select(*_KNOWN)
        .where(OWED, _TO_SEND, Outbound.due_at <= bindparam("now", type_=Instant()))
        .where(or_(text("outbound.status = 'queued'"), ~unheard))
        .limit(literal_column(str(SIGHT)))
    )
    if some_are_full:
        statement = _without_the_full(statement)
    if sqlite:
        wanted = statement.where(Outbound.priority.in_([literal_column(str(each)) for each in PRIORITIES]))
        return wanted.order_by(Outbound.priority, Outbound.due_at).subquery("near")
    level = values(column("level", Integer), name="levels", literal_binds=True).data([(each,) for each in PRIORITIES])
    one = statement.where(Outbound.priority == level.c.level).order_by(Outbound.due_at).lateral("one")
    whole = select(*one.c).select_from(level.join(one, true())).order_by(one.c.priority, one.c.due_at)
    return whole.limit(literal_column(str(SIGHT))).subquery("near")


_KNOWN: Final = (
    *(Outbound.id, Outbound.priority, Outbound.due_at, Outbound.created_at),
    *(Outbound.contact_id, Outbound.professional_id, Outbound.status),
)


def _without_the_full(statement: _Near) -> _Near:
    account = func.coalesce(Conversation.account, Professional.account, bindparam("account", type_=String()))
    return (
        statement.outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
        .outerjoin(Professional, Professional.id == Outbound.professional_id)
        .where(account.not_in(bindparam("without", expanding=True)))
    )


def _in_turn(near: FromClause) -> Subquery:
    """Take everybody's first message, and each professional's first before anybody's second."""
    person = func.coalesce(near.c.contact_id, near.c.id)
    rank = (near.c.priority, near.c.created_at, near.c.id)
    place = func.row_number().over(partition_by=person, order_by=rank)
    first = select(*near.c, place.label("place")).subquery("first")
    turn = func.row_number().over(
        partition_by=(first.c.priority, first.c.professional_id), order_by=(first.c.due_at, first.c.id)
    )
    ordered = select(*first.c, turn.label("turn")).where(first.c.place == 1)
    # In this order already, so that whoever takes the first few asks of no more whether somebody goes before them.
    return (
        ordered.order_by(first.c.priority, text("turn"), first.c.due_at, first.c.id)
        .limit(literal_column(str(SIGHT)))
        .subquery("fair")
    )


def somebody_first(fair: Subquery) -> Any:
    """Tell whether another message of the same person is on its way, or goes before this one."""
    other = aliased(Outbound, name="other")
    rank = (other.priority, other.created_at, other.id)
    own_rank = (fair.c.priority, fair.c.created_at, fair.c.id)
    # A message in backoff keeps its place; one for tomorrow does not hold up today's.
    waits_before = and_(
        text("other.status = 'queued'"),
        or_(other.due_at <= bindparam("nearly", type_=Instant()), other.attempts > 0),
        tuple_(*rank) < tuple_(*own_rank),
    )
    return exists().where(
        text("other.status IN ('queued', 'sending', 'uncertain') AND other.contact_id IS NOT NULL"),
        text("other.transport = 'whatsapp'"),
        other.contact_id == fair.c.contact_id,
        other.id != fair.c.id,
        or_(text("other.status = 'sending'"), waits_before),
    )
