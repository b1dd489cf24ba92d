"""The life cycle: every status × action × actor decided, and the money with it."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.agenda.lifecycle import (
    BLOCKING,
    AlreadyOver,
    Change,
    IllegalMove,
    NotYours,
    TooEarly,
    UnknownAction,
    after,
    allowed,
)
from bot.agenda.policy import CancellationPolicy, Notice, TooLate, notice_given
from bot.errors import Refused
from bot.models.enums import Action, Actor, LatePolicy, Payment, Status

START = datetime(2026, 11, 26, 18, tzinfo=UTC)
BEFORE, LATER = START - timedelta(minutes=1), START + timedelta(minutes=1)
END = START + timedelta(minutes=30)

# action: who, {from: to}. Written out once more here, apart from the code, on purpose.
EXPECTED: dict[str, tuple[set[str], dict[str, str]]] = {
    "confirm": ({"professional"}, {"pending_confirmation": "confirmed"}),
    "reject": ({"professional"}, {"pending_confirmation": "rejected"}),
    "cancel": ({"professional", "client"}, {"pending_confirmation": "cancelled", "confirmed": "cancelled"}),
    "complete": ({"professional"}, {"confirmed": "completed"}),
    "no_show": ({"professional"}, {"confirmed": "no_show"}),
    "paid": (
        {"professional"},
        {
            "pending_confirmation": "pending_confirmation",
            "confirmed": "confirmed",
            "completed": "completed",
            "no_show": "no_show",
        },
    ),
}


@pytest.mark.parametrize(("status", "action", "actor"), [*product(Status, Action, Actor)])
def test_every_pair_is_decided(status: Status, action: Action, actor: Actor) -> None:
    who, moves = EXPECTED.get(action, (set(), {}))

    def act() -> Status:
        return after(status, Payment.UNPAID, action, actor, start_at=START, end_at=END, now=LATER).status

    if action not in EXPECTED:
        refusal: type[Refused] | None = UnknownAction
    elif actor not in who:
        refusal = NotYours
    else:
        refusal = None if status in moves else IllegalMove
    if refusal is None:
        assert act() == moves[status]
    else:
        with pytest.raises(refusal):
            act()
    assert (action in allowed(status, actor, start_at=START, end_at=END, now=LATER)) is (refusal is None)


@pytest.mark.parametrize(
    ("action", "payments"),
    [  # what unpaid, authorized, paid, refunded become
        ("confirm", ("authorized", "authorized", "paid", "refunded")),
        ("reject", ("refunded", "refunded", "refunded", "refunded")),
        ("cancel", ("unpaid", "refunded", "paid", "refunded")),
        ("paid", ("paid", "paid", "paid", "paid")),
    ],
)
def test_what_an_action_does_to_the_money(action: str, payments: tuple[str, ...]) -> None:
    for payment, expected in zip(Payment, payments, strict=True):
        change = after(
            Status.PENDING_CONFIRMATION, payment, action, Actor.PROFESSIONAL, start_at=START, end_at=END, now=BEFORE
        )
        assert change.payment == expected


@pytest.mark.parametrize("action", ["complete", "no_show"])
@pytest.mark.parametrize("payment", Payment)
def test_the_end_of_an_appointment_leaves_the_money_alone(action: str, payment: Payment) -> None:
    assert (
        after(Status.CONFIRMED, payment, action, Actor.PROFESSIONAL, start_at=START, end_at=END, now=LATER).payment
        == payment
    )


def test_nobody_is_missing_before_the_start() -> None:
    def no_show(now: datetime) -> Change:
        return after(
            Status.CONFIRMED, Payment.UNPAID, "no_show", Actor.PROFESSIONAL, start_at=START, end_at=END, now=now
        )

    with pytest.raises(TooEarly):
        no_show(BEFORE)
    assert Action.NO_SHOW not in allowed(Status.CONFIRMED, Actor.PROFESSIONAL, start_at=START, end_at=END, now=BEFORE)
    assert no_show(START).status is Status.NO_SHOW


@pytest.mark.parametrize("status", [Status.PENDING_CONFIRMATION, Status.CONFIRMED])
def test_a_client_cancels_nothing_that_is_over(status: Status) -> None:
    def cancel(actor: Actor, now: datetime) -> Change:
        return after(status, Payment.AUTHORIZED, "cancel", actor, start_at=START, end_at=END, now=now)

    def offered(actor: Actor, now: datetime) -> bool:
        return Action.CANCEL in allowed(status, actor, start_at=START, end_at=END, now=now)

    before_the_end = END - timedelta(seconds=1)
    for actor, now in [(Actor.CLIENT, before_the_end), (Actor.PROFESSIONAL, before_the_end), (Actor.PROFESSIONAL, END)]:
        assert cancel(actor, now).status is Status.CANCELLED
        assert offered(actor, now)
    with pytest.raises(AlreadyOver, match="já passou") as over:
        cancel(Actor.CLIENT, END)
    assert (over.value.code, over.value.status) == ("already_over", 400)
    assert not offered(Actor.CLIENT, END)


@pytest.mark.parametrize("action", ["", "delete", "CONFIRM", "book", "x" * 9000, "{0}"])
def test_an_action_that_is_none_is_named(action: str) -> None:
    with pytest.raises(UnknownAction) as refused:
        after(Status.CONFIRMED, Payment.UNPAID, action, Actor.PROFESSIONAL, start_at=START, end_at=END, now=LATER)
    assert (refused.value.code, refused.value.status) == ("unknown_action", 400)
    assert len(refused.value.message) < 80


def test_a_refusal_says_how_things_stand() -> None:
    with pytest.raises(IllegalMove, match="o atendimento já foi cancelado") as illegal:
        after(Status.CANCELLED, Payment.PAID, "confirm", Actor.PROFESSIONAL, start_at=START, end_at=END, now=LATER)
    assert (illegal.value.code, illegal.value.status) == ("illegal_move", 400)
    with pytest.raises(NotYours, match="Sem permissão") as stranger:
        after(Status.CANCELLED, Payment.PAID, "confirm", Actor.CLIENT, start_at=START, end_at=END, now=LATER)
    assert (stranger.value.code, stranger.value.status) == ("not_yours", 403)


def test_what_occupies_time() -> None:
    assert set(BLOCKING) == {"pending_confirmation", "confirmed", "completed"}


class TestCancellationPolicy:
    @pytest.mark.parametrize(
        ("hours", "late", "minutes_before", "expected"),
        [
            (24, LatePolicy.ALLOW, 24 * 60, Notice.IN_TIME),  # the deadline itself is in time
            (24, LatePolicy.ALLOW, 24 * 60 - 1, Notice.LATE),
            (24, LatePolicy.WARN, 24 * 60 - 1, Notice.LATE_WARN),
            (24, LatePolicy.REFUSE, 24 * 60, Notice.IN_TIME),
            (24, LatePolicy.REFUSE, 24 * 60 - 1, None),
            (0, LatePolicy.REFUSE, 1, Notice.IN_TIME),
            (0, LatePolicy.REFUSE, -1, None),  # it has begun
            (0, LatePolicy.ALLOW, -1, Notice.LATE),
            (-5, LatePolicy.REFUSE, -1, None),
        ],
    )
    def test_a_client(self, hours: int, late: LatePolicy, minutes_before: int, expected: Notice | None) -> None:
        policy, now = CancellationPolicy(hours, late), START - timedelta(minutes=minutes_before)
        if expected is None:
            with pytest.raises(TooLate) as refused:
                notice_given(policy, Actor.CLIENT, start_at=START, now=now)
            assert (refused.value.code, refused.value.status) == ("too_late", 409)
        else:
            assert notice_given(policy, Actor.CLIENT, start_at=START, now=now) is expected

    def test_the_professional_and_the_system_are_not_bound(self) -> None:
        policy = CancellationPolicy(24, LatePolicy.REFUSE)
        for actor in (Actor.PROFESSIONAL, Actor.SYSTEM):
            assert notice_given(policy, actor, start_at=START, now=LATER) is Notice.IN_TIME
