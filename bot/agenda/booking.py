"""Booking, moving and the life cycle on the database.

Every write takes the agenda's lock, judges by the same rules as the listing, writes the row, its event, and what is
owed for it, all in the caller's transaction. Whose rows may be touched is part of each statement: a row of somebody
else does not exist.

A time that the professional chose is confirmed; a time that the client chose waits for the professional. That holds
for a new appointment and for a moved one: a client who moves a confirmed appointment asks again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment
from ..models.enums import STANDING, Action, Actor, Payment, Source, Status
from . import allowance, notices, reminders
from .desk import Desk, Sold, load_desk, lock
from .entry import draft, enter, hit_the_wall, write
from .judging import as_shown, check_warned, may, may_move, notice_of
from .ledger import compare_and_set, find, find_locked, given_up, keyed
from .lifecycle import IllegalMove, after
from .loading import Own, load_agenda, policy_of
from .notices import receipt
from .openings import Openings, check, openings, refusal, refused, taken
from .parties import load_parties
from .policy import Agreed, Notice
from .slots import Busy
from .told import Told

__all__ = [
    "Agreed",
    "Openings",
    "Sold",
    "act",
    "attend",
    "book",
    "check",
    "check_move",
    "find",
    "lock",
    "may",
    "move",
    "openings",
    "receipt",
    "refusal",
]

NOTE_LIMIT: Final = 500


async def book(
    session: AsyncSession,
    *,
    professional_id: UUID,
    client_id: UUID,
    service_id: UUID,
    start_at: datetime,
    source: Source,
    actor: Actor,
    now: datetime,
    note: str = "",
    idempotency_key: str | None = None,
    conversation_id: UUID | None = None,
    agreed: Sold | None = None,
    **more: Any,
) -> Appointment:
    """Book a free time for a client, or refuse with the reason and the nearest free times.

    The same key returns the first appointment to who asks for the same. A time held for `conversation_id` is free to
    it. Where somebody has `agreed` to a service as it was, it is booked as it was or not at all. `more` is written
    into the row.
    """
    await lock(session, professional_id)
    key = idempotency_key
    desk = await load_desk(session, professional_id, client_id, service_id, now=now, key=key)
    asked = (service_id, start_at)
    if key is not None and desk.keyed and (first := await keyed(session, professional_id, client_id, key, asked)):
        return first
    desk.sells(agreed)
    return await place(
        session,
        desk,
        start_at,
        actor=actor,
        now=now,
        own=Own(conversation=conversation_id),
        tell=notices.booked,
        source=source,
        note=note[:NOTE_LIMIT],
        idempotency_key=key,
        **more,
    )


async def place(
    session: AsyncSession,
    desk: Desk,
    start_at: datetime,
    *,
    actor: Actor,
    now: datetime,
    own: Own,
    tell: Callable[[Told], None] | None = None,
    busy: Sequence[Busy] | None = None,
    **values: Any,
) -> Appointment:
    """Write one appointment, its event, its reminders and what `tell` owes, at a time the rules and the plan allow.

    Every door ends here. Call it under the agenda's lock; `busy` is the time around it, where that was read under it.
    """
    agenda, sold, who = desk.agenda, desk.sold, desk.who
    rules = agenda.rules(sold.minutes, actor)
    if no := await refused(session, agenda, rules, start_at, now=now, own=own, busy=busy):
        raise no
    await allowance.use(session, agenda.professional, actor, now=now)
    confirmed = actor is Actor.PROFESSIONAL
    row = draft(
        professional_id=agenda.professional.id,
        client_id=who.client.id,
        service_id=sold.id,
        service_name=sold.name,
        price_cents=sold.price_cents,
        start_at=start_at,
        end_at=start_at + timedelta(minutes=sold.minutes),
        status=Status.CONFIRMED if confirmed else Status.PENDING_CONFIRMATION,
        payment=Payment.AUTHORIZED if confirmed else Payment.UNPAID,
        created_at=now,
        updated_at=now,
        **values,
    )
    told = Told(row, who, now)
    told.record(Action.BOOK, actor, None)
    told.remind()
    if tell is not None:
        tell(told)
    if not await enter(session, row, told.rows):
        await allowance.give_back(session, agenda.professional, now=now)
        raise await taken(session, agenda, rules, start_at, now=now, own=own)
    return row


async def move(
    session: AsyncSession,
    appointment_id: UUID,
    start_at: datetime,
    *,
    actor: Actor,
    now: datetime,
    professional_id: UUID | None = None,
    contact_id: UUID | None = None,
    conversation_id: UUID | None = None,
    agreed: Agreed | None = None,
    note: str = "",
) -> Appointment:
    """Give an appointment a new time and free the old one, in the same row; the same time again changes nothing.

    Where somebody has `agreed` to that, it holds for what they were shown. A `note` stands before what was noted.
    """
    row = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=contact_id)
    await as_shown(session, row, now, agreed=agreed)
    if row.start_at == start_at and row.status in STANDING:
        return row
    agenda = await load_agenda(session, row.professional_id, now=now)
    notice = may_move(row, policy_of(agenda.professional), actor, now)
    check_warned(notice, agreed)
    rules = agenda.rules(_minutes(row), actor)
    own = Own(conversation=conversation_id, appointments=[row.id])
    if no := await refused(session, agenda, rules, start_at, now=now, own=own):
        raise no
    old_start, old_status = row.start_at, row.status
    confirmed = actor is Actor.PROFESSIONAL
    try:
        async with session.begin_nested():
            row = await compare_and_set(
                session,
                row,
                now,
                start_at=start_at,
                end_at=start_at + (row.end_at - row.start_at),
                status=Status.CONFIRMED if confirmed else Status.PENDING_CONFIRMATION,
                payment=Payment.AUTHORIZED if confirmed and row.payment is Payment.UNPAID else row.payment,
                attendance_confirmed_at=None,
                note="; ".join(dict.fromkeys(filter(None, (note, row.note))))[:NOTE_LIMIT],
            )
    except IntegrityError as error:
        if not hit_the_wall(error):
            raise
        raise await taken(session, agenda, rules, start_at, now=now, own=own) from None
    await tell_of_move(session, row, old_start, old_status, actor=actor, now=now, notice=notice.value)
    return row


async def tell_of_move(
    session: AsyncSession,
    row: Appointment,
    old_start: datetime,
    before: Status,
    *,
    actor: Actor,
    now: datetime,
    **more: str,
) -> None:
    """Owe what follows from a new time: its event, its reminders in place of the old ones, the word to both sides."""
    told = Told(row, await load_parties(session, row.professional_id, row.client_id), now)
    details = {"from": old_start.isoformat(), "to": row.start_at.isoformat(), **more}
    told.record(Action.RESCHEDULE, actor, before, details)
    await reminders.drop(session, [row.id])
    told.remind()
    notices.moved(told, actor, old_start)
    await write(session, told.rows)


async def act(
    session: AsyncSession,
    appointment_id: UUID,
    action: Action | str,
    *,
    actor: Actor,
    now: datetime,
    professional_id: UUID | None = None,
    contact_id: UUID | None = None,
    shown_at: datetime | None = None,
    agreed: Agreed | None = None,
) -> Appointment:
    """Take one of the six moves of the life cycle; what changes nothing is not told again.

    It holds for what was shown to who asks for it: by a message, `shown_at` when it was written, or by a question
    that they have `agreed` to.
    """
    row = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=contact_id)
    await as_shown(session, row, now, at=shown_at, agreed=agreed)
    change = after(row.status, row.payment, action, actor, start_at=row.start_at, end_at=row.end_at, now=now)
    action = Action(action)
    who = await load_parties(session, row.professional_id, row.client_id)
    notice = notice_of(row, action, policy_of(who.professional), actor, now)
    check_warned(notice, agreed)
    if (change.status, change.payment) == (row.status, row.payment):
        return row
    before, lost = row.status, await given_up(session, row) if action is Action.REJECT else None
    paid = {"paid_at": now} if change.payment is Payment.PAID and row.payment is not Payment.PAID else {}
    row = await compare_and_set(session, row, now, status=change.status, payment=change.payment, **paid)
    details = {"notice": notice.value} if action is Action.CANCEL else {}
    told = Told(row, who, now)
    told.record(action, actor, before, details)
    if row.status is not before:
        await reminders.drop(session, [row.id])
        told.remind()
    notices.acted(told, action, actor, lost)
    await write(session, told.rows)
    return row


async def attend(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    contact_id: UUID,
    now: datetime,
    shown_at: datetime | None = None,
) -> Appointment:
    """Write down that the client says they are coming; saying so twice changes nothing."""
    row = await find_locked(session, appointment_id, professional_id=None, contact_id=contact_id)
    await as_shown(session, row, now, at=shown_at)
    if row.status is not Status.CONFIRMED or row.end_at <= now:
        raise IllegalMove(status=row.status, action=Action.ATTEND)
    if row.attendance_confirmed_at is not None:
        return row
    row = await compare_and_set(session, row, now, attendance_confirmed_at=now)
    told = Told(row, await load_parties(session, row.professional_id, row.client_id), now)
    told.record(Action.ATTEND, Actor.CLIENT, row.status)
    told.notify_professional("attendance_confirmed", "Presença confirmada")
    await write(session, told.rows)
    return row


async def check_move(
    session: AsyncSession,
    row: Appointment,
    start_at: datetime,
    *,
    now: datetime,
    actor: Actor = Actor.CLIENT,
    conversation_id: UUID | None = None,
    known: Openings | None = None,
) -> Notice:
    """Refuse what `move` would refuse now; say whether giving the old time up would be late."""
    if known is not None and known.decide(row.professional_id, start_at, row.id):
        agenda, busy = known.agenda, known.busy
    else:
        agenda, busy = await load_agenda(session, row.professional_id, now=now), None
    notice = may_move(row, policy_of(agenda.professional), actor, now)
    rules = agenda.rules(_minutes(row), actor)
    own = Own(conversation=conversation_id, appointments=[row.id])
    again = row.start_at == start_at
    if not again and (no := await refused(session, agenda, rules, start_at, now=now, own=own, busy=busy)):
        raise no
    return notice


def _minutes(row: Appointment) -> int:
    return (row.end_at - row.start_at) // timedelta(minutes=1)
