"""The life of an appointment: one table, keyed by where it stands and what is done to it.

A pair that is absent from the table is not allowed. Money that was only authorized is given back when the
appointment falls through; money that was paid stays `paid` after a cancellation, because giving it back is
something a person does by hand, and the books must not say otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ..errors import Forbidden, Invalid
from ..models.enums import Action, Actor, Payment, Status

BLOCKING: Final = (Status.PENDING_CONFIRMATION, Status.CONFIRMED, Status.COMPLETED)
"""The statuses that occupy their time: a request blocks until it is answered, a completed one stays sold."""


class UnknownAction(Invalid):
    code = "unknown_action"
    sentence = "Não conheço a ação “{action}”."


class NotYours(Forbidden):
    code = "not_yours"


class IllegalMove(Invalid):
    code = "illegal_move"
    sentence = "Isso não é possível: o atendimento {state}."

    def __init__(self, *, status: Status, action: Action) -> None:
        super().__init__(status=status, action=action, state=_STATE[status])


class TooEarly(Invalid):
    code = "too_early"
    sentence = "O atendimento ainda não começou."


class AlreadyOver(Invalid):
    code = "already_over"
    sentence = "Esse horário já passou, então não dá mais para cancelar."


class Money(StrEnum):
    """What a move does to the payment."""

    KEEP = "keep"
    AUTHORIZE = "authorize"  # never lowers what is already paid
    RELEASE = "release"  # gives back what was only authorized
    REFUND = "refund"
    PAY = "pay"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed move: where it leads, what it does to the money, who may make it, and when."""

    to: Status
    money: Money
    who: frozenset[Actor]
    after_start: bool = False
    # What was held cannot be undone by who was, or was not, there; the professional sets the books right.
    client_until_end: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Where an appointment and its money stand after a move."""

    status: Status
    payment: Payment


_PROFESSIONAL: Final = frozenset({Actor.PROFESSIONAL})
_EITHER: Final = frozenset({Actor.PROFESSIONAL, Actor.CLIENT})

_PENDING, _CONFIRMED = Status.PENDING_CONFIRMATION, Status.CONFIRMED

MOVES: Final[Mapping[tuple[Status, Action], Move]] = MappingProxyType(
    {
        (_PENDING, Action.CONFIRM): Move(_CONFIRMED, Money.AUTHORIZE, _PROFESSIONAL),
        (_PENDING, Action.REJECT): Move(Status.REJECTED, Money.REFUND, _PROFESSIONAL),
        (_PENDING, Action.CANCEL): Move(Status.CANCELLED, Money.RELEASE, _EITHER, client_until_end=True),
        (_CONFIRMED, Action.CANCEL): Move(Status.CANCELLED, Money.RELEASE, _EITHER, client_until_end=True),
        (_CONFIRMED, Action.COMPLETE): Move(Status.COMPLETED, Money.KEEP, _PROFESSIONAL),
        (_CONFIRMED, Action.NO_SHOW): Move(Status.NO_SHOW, Money.KEEP, _PROFESSIONAL, after_start=True),
        (_PENDING, Action.PAID): Move(_PENDING, Money.PAY, _PROFESSIONAL),
        (_CONFIRMED, Action.PAID): Move(_CONFIRMED, Money.PAY, _PROFESSIONAL),
        (Status.COMPLETED, Action.PAID): Move(Status.COMPLETED, Money.PAY, _PROFESSIONAL),
        (Status.NO_SHOW, Action.PAID): Move(Status.NO_SHOW, Money.PAY, _PROFESSIONAL),
    }
)

_MAY: Final[Mapping[Action, frozenset[Actor]]] = {action: move.who for (_, action), move in MOVES.items()}

_STATE: Final = {
    Status.PENDING_CONFIRMATION: "ainda aguarda confirmação",
    Status.CONFIRMED: "já está confirmado",
    Status.REJECTED: "foi recusado",
    Status.CANCELLED: "já foi cancelado",
    Status.COMPLETED: "já foi concluído",
    Status.NO_SHOW: "foi marcado como falta",
}


def after(
    status: Status,
    payment: Payment,
    action: str,
    actor: Actor,
    *,
    start_at: datetime,
    end_at: datetime,
    now: datetime,
) -> Change:
    """Apply an action to an appointment, or refuse.

    Refuses in this order: an action that is none (`UnknownAction`), somebody who may never do it (`NotYours`), a
    status that does not allow it (`IllegalMove`), a no-show before the start (`TooEarly`), a client's cancellation
    of what is over (`AlreadyOver`). Marking a paid one as paid again is allowed and changes nothing.
    """
    if action not in _MAY:
        raise UnknownAction(action=action[:40])
    if actor not in _MAY[Action(action)]:
        raise NotYours(action=action, actor=actor)
    move = MOVES.get((status, Action(action)))
    if move is None:
        raise IllegalMove(status=status, action=Action(action))
    if no := _untimely(move, actor, start_at, end_at, now):
        raise no(action=action, start_at=start_at)
    return Change(move.to, _settled(payment, move.money))


def _untimely(move: Move, actor: Actor, start_at: datetime, end_at: datetime, now: datetime) -> type[Invalid] | None:
    if move.after_start and now < start_at:
        return TooEarly
    return AlreadyOver if move.client_until_end and actor is Actor.CLIENT and now >= end_at else None


def allowed(status: Status, actor: Actor, *, start_at: datetime, end_at: datetime, now: datetime) -> list[Action]:
    """List the actions that somebody may take now: what a menu offers and what `after` does not refuse."""
    return [
        action
        for (at, action), move in MOVES.items()
        if at == status and actor in move.who and not _untimely(move, actor, start_at, end_at, now)
    ]


def _settled(payment: Payment, money: Money) -> Payment:
    match money:
        case Money.AUTHORIZE if payment == Payment.UNPAID:
            return Payment.AUTHORIZED
        case Money.RELEASE if payment == Payment.AUTHORIZED:
            return Payment.REFUNDED
        case Money.REFUND:
            return Payment.REFUNDED
        case Money.PAY:
            return Payment.PAID
    return payment
