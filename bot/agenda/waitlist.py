"""The waitlist: whoever waits for a time that is not free is offered the first one that fits, in order.

An offer keeps its time for one person until a deadline: while it runs, that time is busy to everybody else, so no
two people ever hold the same one. Accepting books through the ordinary door. Who declines waits on, and is not
offered the same time again; who lets an offer run out has left the list. The offering itself is in `offers.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment, Client, Professional, Service, WaitlistEntry
from ..models.enums import Actor, Source, WaitlistStatus
from ..models.plans import Capability, allows
from . import notices
from .booking import place
from .desk import load_desk, lock
from .hours import DAY, local_date
from .ledger import keyed
from .loading import Own, load_agenda
from .owners import own_service
from .parties import Owner, load_parties
from .refusals import BadWish, NotWaiting, NoWaitlist, OfferOver, TooManyWishes
from .slots import free_times

# More wishes of one client at a time would crowd out the others.
MOST: Final = 10

_OPEN: Final = (WaitlistStatus.WAITING, WaitlistStatus.OFFERED)


async def join(
    session: AsyncSession,
    *,
    professional_id: UUID,
    client_id: UUID,
    service_id: UUID,
    now: datetime,
    day: date | None = None,
    start_minute: int | None = None,
    end_minute: int | None = None,
) -> WaitlistEntry:
    """Put a client on the list for a service, on one local day or any, within wall minutes or at any hour.

    The same wish again is the entry that is there already.
    """
    await lock(session, professional_id)
    await own_service(session, professional_id, service_id)
    professional = (await load_parties(session, professional_id, client_id)).professional
    _check(professional, day, start_minute, end_minute, now)
    whose = (WaitlistEntry.professional_id == professional_id, WaitlistEntry.client_id == client_id)
    wishes = (await session.scalars(select(WaitlistEntry).where(*whose, WaitlistEntry.status.in_(_OPEN)))).all()
    wish = (service_id, day, start_minute, end_minute)
    for entry in wishes:
        if (entry.service_id, entry.day, entry.start_minute, entry.end_minute) == wish:
            return entry
    if len(wishes) >= MOST:
        raise TooManyWishes(most=MOST)
    entry = WaitlistEntry(
        professional_id=professional_id,
        client_id=client_id,
        service_id=service_id,
        day=day,
        start_minute=start_minute,
        end_minute=end_minute,
        created_at=now,
    )
    session.add(entry)
    await session.flush()
    return entry


async def check(
    session: AsyncSession,
    professional_id: UUID,
    *,
    now: datetime,
    day: date | None = None,
    start_minute: int | None = None,
    end_minute: int | None = None,
) -> None:
    """Refuse a wish that `join` would refuse whoever has it."""
    _check(await session.get_one(Professional, professional_id), day, start_minute, end_minute, now)


async def full(
    session: AsyncSession, professional_id: UUID, service: Service, start: datetime, end: datetime, *, now: datetime
) -> bool:
    """Say whether it is worth waiting for start <= t < end: the list is in use, and people are in the way."""
    agenda = await load_agenda(session, professional_id, now=now)
    if not allows(agenda.professional.plan, Capability.WAITLIST):
        return False
    rules = agenda.rules(service.minutes)
    return bool(free_times(rules, (), start, end, now))


async def entries(
    session: AsyncSession, professional_id: UUID, *, contact_id: UUID | None = None, limit: int = 20
) -> Sequence[tuple[WaitlistEntry, Client, Service]]:
    """List who waits, first come first; of one contact alone where one is named."""
    mine = [Client.contact_id == contact_id] if contact_id is not None else []
    rows = await session.execute(
        select(WaitlistEntry, Client, Service)
        .join(Client, Client.id == WaitlistEntry.client_id)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(WaitlistEntry.professional_id == professional_id, WaitlistEntry.status.in_(_OPEN), *mine)
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .limit(limit)
    )
    return [(entry, client, service) for entry, client, service in rows]


async def accept(
    session: AsyncSession, entry_id: UUID, *, contact_id: UUID, now: datetime, shown: datetime | None = None
) -> Appointment:
    """Book the time that is offered; tapping again returns what was booked.

    `shown` is the time in the message that is answered, where it is known: an earlier offer's is not this one's.
    """
    entry = await _locked(session, entry_id, contact_id)
    key = f"waitlist:{entry.id}"
    if booked := await keyed(session, entry.professional_id, entry.client_id, key):
        return booked
    deadline, start = entry.offer_expires_at, entry.offered_start_at
    if entry.status is not WaitlistStatus.OFFERED or deadline is None or start is None or deadline <= now:
        raise OfferOver
    if shown not in (None, start):
        raise OfferOver
    row = await place(
        session,
        await load_desk(session, entry.professional_id, entry.client_id, entry.service_id, now=now),
        start,
        actor=Actor.CLIENT,
        now=now,
        own=Own(entry=entry.id),
        tell=notices.booked,
        source=Source.WAITLIST,
        idempotency_key=key,
    )
    entry.status = WaitlistStatus.ACCEPTED
    return row


async def decline(
    session: AsyncSession, entry_id: UUID, *, contact_id: UUID, now: datetime, shown: datetime | None = None
) -> WaitlistEntry:
    """Let the offered time go to the next one and wait for another; without an offer nothing changes.

    `shown` is as in `accept`.
    """
    entry = await _locked(session, entry_id, contact_id)
    if entry.status is WaitlistStatus.OFFERED and shown in (None, entry.offered_start_at):
        entry.status, entry.offered_start_at, entry.offer_expires_at = WaitlistStatus.WAITING, None, None
        await session.flush()
    return entry


async def leave(
    session: AsyncSession,
    entry_id: UUID,
    *,
    contact_id: UUID | None = None,
    professional_id: UUID | None = None,
) -> WaitlistEntry:
    """Take an entry off the list, for the client it belongs to or for the professional."""
    entry = await _locked(session, entry_id, contact_id, professional_id)
    if entry.status in _OPEN:
        entry.status = WaitlistStatus.CANCELLED
        await session.flush()
    return entry


def _check(
    professional: Owner | Professional,
    day: date | None,
    start_minute: int | None,
    end_minute: int | None,
    now: datetime,
) -> None:
    """Refuse a wish that nobody can have here, or that can never come true."""
    if not allows(professional.plan, Capability.WAITLIST):
        raise NoWaitlist(professional=professional.name)
    today = local_date(professional.timezone, now)
    if day is not None and not today <= day <= today + timedelta(days=professional.horizon_days):
        raise BadWish
    if start_minute is None and end_minute is None:
        return
    if start_minute is None or end_minute is None or not 0 <= start_minute < end_minute <= DAY:
        raise BadWish


async def _locked(
    session: AsyncSession, entry_id: UUID, contact_id: UUID | None, professional_id: UUID | None = None
) -> WaitlistEntry:
    """Read an entry of one side or of the other under its agenda's lock; any other does not exist."""
    if contact_id is None and professional_id is None:
        raise ValueError("an entry is looked up for a professional or for a client's contact")
    mine = [WaitlistEntry.id == entry_id]
    if professional_id is not None:
        mine.append(WaitlistEntry.professional_id == professional_id)
    if contact_id is not None:
        mine.append(WaitlistEntry.client_id.in_(select(Client.id).where(Client.contact_id == contact_id)))
    owner = await session.scalar(select(WaitlistEntry.professional_id).where(*mine))
    if owner is None:
        raise NotWaiting
    await lock(session, owner)
    return await session.get_one(WaitlistEntry, entry_id, populate_existing=True)
