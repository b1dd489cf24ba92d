"""Offering what came free to who waits for it, however it came free: cancelled, moved, expired, opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Client, Contact, Outbound, Service, WaitlistEntry
from ..models.enums import OutboundStatus, WaitlistStatus
from ..models.plans import Capability, allows
from ..notify import outbox
from ..notify.messages import WaitlistOffer
from ..quiet import quiet
from .desk import lock
from .hours import at_wall, local_date, minute_of, zone_of
from .loading import Agenda, load_agenda, load_busy
from .rules import Rules
from .slots import Busy, busy_period, free_times

# Long enough to be seen at work, short enough that the next one still has a chance.
OFFER: Final = timedelta(hours=1)
# Deadlines are named in steps of this.
NAMED: Final = timedelta(minutes=5)
# Of the times that fit somebody: hardly anybody has declined more of them.
AT_ONCE: Final = 50
# A shorter offer would run out before it is read.
SHORTEST: Final = timedelta(minutes=10)


async def offer_openings(session: AsyncSession, professional_id: UUID, *, now: datetime) -> int:
    """Close what ran out and offer each waiting client, in order, the first time that fits; count the offers."""
    await lock(session, professional_id)
    agenda = await load_agenda(session, professional_id, now=now)
    zone = agenda.professional.timezone
    await _close_old(session, agenda, now)
    if quiet(now, zone) or not allows(agenda.professional.plan, Capability.WAITLIST):
        return 0
    waiting = await _waiting(session, professional_id)
    if not waiting:
        return 0
    rules = {service.id: agenda.rules(service.minutes) for _, service, _ in waiting}
    busy = await _busy(session, agenda, max(rules.values(), key=lambda each: each.minutes), now)
    offers = 0
    for entry, service, client in waiting:
        start = await _first_fitting(session, entry, rules[service.id], busy, now)
        if start is None:
            continue
        await _offer(session, agenda, entry, service, client, start, now)
        busy.append(Busy(start, start + timedelta(minutes=service.minutes), counts=False))
        offers += 1
    return offers


async def _close_old(session: AsyncSession, agenda: Agenda, now: datetime) -> None:
    """Take off the list who let an offer run out, and who waits for a day that is over."""
    mine = WaitlistEntry.professional_id == agenda.professional.id
    over = (WaitlistEntry.status == WaitlistStatus.OFFERED) & (WaitlistEntry.offer_expires_at <= now)
    lapsed = (await session.scalars(select(WaitlistEntry).where(mine, over))).all()
    unheard = await _unheard(session, lapsed)
    for entry in lapsed:
        if entry.id in unheard:
            entry.status, entry.offered_start_at, entry.offer_expires_at = WaitlistStatus.WAITING, None, None
        else:
            entry.status = WaitlistStatus.EXPIRED
    await session.flush()
    today = local_date(agenda.professional.timezone, now)
    await session.execute(
        update(WaitlistEntry)
        .where(mine, WaitlistEntry.status == WaitlistStatus.WAITING, WaitlistEntry.day < today)
        .values(status=WaitlistStatus.EXPIRED)
        .execution_options(synchronize_session="fetch")
    )


async def _unheard(session: AsyncSession, lapsed: Sequence[WaitlistEntry]) -> set[UUID]:
    """Return whose offer never left, so that they have let nothing run out; the same time can be offered again.

    One that failed did not leave either, but would fail again, and keep the time from the others.
    """
    keys = {_key(entry, entry.offered_start_at): entry.id for entry in lapsed if entry.offered_start_at}
    if not keys:
        return set()
    waits = (OutboundStatus.QUEUED, OutboundStatus.SKIPPED)
    rows = await session.scalars(select(Outbound).where(Outbound.dedup_key.in_(list(keys)), Outbound.status.in_(waits)))
    unheard = set()
    for row in rows:
        unheard.add(keys[str(row.dedup_key)])
        row.dedup_key = None
    return unheard


async def _waiting(session: AsyncSession, professional_id: UUID) -> Sequence[tuple[WaitlistEntry, Service, Client]]:
    """Read who waits and can be told, first come first, with the services on offer that they wait for."""
    rows = await session.execute(
        select(WaitlistEntry, Service, Client)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .join(Client, Client.id == WaitlistEntry.client_id)
        .join(Contact, Contact.id == Client.contact_id)
        .where(
            WaitlistEntry.professional_id == professional_id,
            WaitlistEntry.status == WaitlistStatus.WAITING,
            Service.active,
            Contact.unreachable_at.is_(None),
            Contact.opted_out_at.is_(None),
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    )
    return [(entry, service, client) for entry, service, client in rows]


async def _busy(session: AsyncSession, agenda: Agenda, longest: Rules, now: datetime) -> list[Busy]:
    end = now + timedelta(days=(longest.horizon_days or 0) + 1)
    return await load_busy(session, agenda.professional.id, *busy_period(longest, now, end, now), now=now)


def _key(entry: WaitlistEntry, start: datetime) -> str:
    return f"{WaitlistOffer.name}:{entry.id}:{start.isoformat()}"


async def shown_by(session: AsyncSession, entry_id: UUID, provider_id: str) -> datetime | None:
    """Return the time that a message of ours offered to an entry; None when the message is no such offer."""
    prefix = f"{WaitlistOffer.name}:{entry_id}:"
    key = await session.scalar(
        select(Outbound.dedup_key).where(
            Outbound.provider_id == provider_id, Outbound.dedup_key.startswith(prefix, autoescape=True)
        )
    )
    return datetime.fromisoformat(key.removeprefix(prefix)) if key else None


async def _first_fitting(
    session: AsyncSession, entry: WaitlistEntry, rules: Rules, busy: Sequence[Busy], now: datetime
) -> datetime | None:
    """Find the first free time that an entry asks for and was not offered before."""
    zone = rules.zone
    if entry.day is not None:
        first, end = at_wall(zone, entry.day, 0), at_wall(zone, entry.day + timedelta(days=1), 0)
    else:
        first, end = now, now + timedelta(days=(rules.horizon_days or 0) + 1)
    fitting = (
        start
        for start in free_times(rules, busy, first, end, now)
        if _deadline(rules, start, now) - now >= SHORTEST and _within(entry, rules, start)
    )
    while some := {_key(entry, start): start for start in islice(fitting, AT_ONCE)}:
        # What is declined once is not asked again.
        asked = select(Outbound.dedup_key).where(Outbound.dedup_key.in_(list(some)))
        before = set(await session.scalars(asked))
        if found := next((start for key, start in some.items() if key not in before), None):
            return found
    return None


def _within(entry: WaitlistEntry, rules: Rules, start: datetime) -> bool:
    if entry.start_minute is None or entry.end_minute is None:
        return True
    local = start.astimezone(zone_of(rules.zone))
    minute = minute_of(local)
    return entry.start_minute <= minute and minute + rules.minutes <= entry.end_minute


def _deadline(rules: Rules, start: datetime, now: datetime) -> datetime:
    """Say until when a time can be offered: an answer after that would be too late to book it."""
    return min(_rounded(now + OFFER), start - timedelta(minutes=rules.min_notice))


def _rounded(at: datetime) -> datetime:
    """Move a moment to the next that a person would name: "11h05", not "11h02"."""
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % NAMED


async def _offer(
    session: AsyncSession,
    agenda: Agenda,
    entry: WaitlistEntry,
    service: Service,
    client: Client,
    start: datetime,
    now: datetime,
) -> None:
    zone = zone_of(agenda.professional.timezone)
    deadline = _deadline(agenda.rules(service.minutes), start, now)
    entry.status, entry.offered_start_at, entry.offer_expires_at = WaitlistStatus.OFFERED, start, deadline
    today, until = now.astimezone(zone).date(), deadline.astimezone(zone)
    await outbox.owe(
        session,
        WaitlistOffer(
            client=phrases.first_name(client.name),
            professional=agenda.professional.name,
            service=service.name,
            when=phrases.moment(start.astimezone(zone), today),
            until=phrases.hour(until) if until.date() == today else phrases.moment(until, today),
            entry_id=str(entry.id),
        ),
        contact_id=client.contact_id,
        professional_id=agenda.professional.id,
        now=now,
        expires_at=deadline,
        dedup_key=_key(entry, start),
    )
    await session.flush()
