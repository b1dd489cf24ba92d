"""The town of the reminder storm: professionals in five zones, two full days each, and what was promised to whom.

What the audit expects is worked out here from what was promised, by its own arithmetic, not by the code it judges.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking, reminders
from bot.agenda.hours import Window
from bot.agenda.parties import Parties, load_parties
from bot.db import Database
from bot.models import Appointment, Client, Contact, Professional, Service, new_id
from bot.models.enums import Action, Actor, Payment, Source, Status

from ..agenda.factories import a_professional, a_service

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = ("America/Sao_Paulo", "America/Manaus", "America/Noronha", "America/Rio_Branco", "America/Santiago")
# Everything was booked on the first day; the appointments are on the two days after it.
BOOKED = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
DAYS = (date(2026, 11, 23), date(2026, 11, 24))
# From before the quiet hours end to after they begin, so that some reminders belong to the evening before.
HOURS = range(7, 23)
# What a reminder is of use for: how long before the start it is due, and from when it is too late.
KINDS = {"reminder_24h": (24 * HOUR, 3 * HOUR), "reminder_2h": (2 * HOUR, 15 * MINUTE)}
ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))


@dataclass
class Promise:
    """A start that was promised at `since` and, unless it still stands, taken back at `until`."""

    start: datetime
    since: datetime
    until: datetime | None = None
    confirmed: bool = True


@dataclass
class Story:
    """What became of one appointment."""

    id: UUID
    professional_id: UUID
    contact_id: UUID
    zone: ZoneInfo
    promises: list[Promise] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        return self.promises[-1].until is None

    @property
    def start(self) -> datetime:
        return self.promises[-1].start


@dataclass(frozen=True)
class Due:
    """One reminder that was planned: when it leaves, until when it helps, and the promise it speaks of."""

    story: Story
    promise: Promise
    kind: str
    at: datetime
    expires: datetime

    @property
    def key(self) -> tuple[UUID, str, datetime]:
        return self.story.id, self.kind, self.promise.start


def asleep(moment: datetime, zone: ZoneInfo) -> bool:
    """Say whether nobody wants to hear a telephone: 21:00 to 8:00 on the wall."""
    return not 8 <= moment.astimezone(zone).hour < 21


def evening_before(moment: datetime, zone: ZoneInfo) -> datetime:
    """Move a moment of the night to half past eight in the evening before it."""
    wall = moment.astimezone(zone)
    day = wall.date() if wall.hour >= 21 else wall.date() - timedelta(days=1)
    return datetime.combine(day, time(20, 30), zone).astimezone(UTC)


def morning_after(moment: datetime, zone: ZoneInfo) -> datetime:
    """Move a moment of the night to eight in the morning after it."""
    wall = moment.astimezone(zone)
    day = wall.date() + timedelta(days=1) if wall.hour >= 21 else wall.date()
    return datetime.combine(day, time(8), zone).astimezone(UTC)


def planned(story: Story) -> Iterator[Due]:
    """Work out every reminder that an appointment should have been given over its life."""
    for promise in story.promises:
        for kind, (before, useful) in KINDS.items():
            at = promise.start - before
            if asleep(at, story.zone):
                at = evening_before(at, story.zone)
            if promise.confirmed and at > promise.since:
                yield Due(story, promise, kind, at, promise.start - useful)


@dataclass
class Town:
    """Everybody, and a record of its own of what they were told."""

    db: Database
    stories: list[Story] = field(default_factory=list)
    professionals: dict[UUID, ZoneInfo] = field(default_factory=dict)

    async def fill(self, appointments: int) -> None:
        """Book full days for as many professionals as it takes."""
        number = 0
        while len(self.stories) < appointments:
            async with self.db.begin() as session:
                await self._professional(session, number, appointments)
            number += 1

    async def _professional(self, session: AsyncSession, number: int, appointments: int) -> None:
        zone = ZONES[number % len(ZONES)]
        owner = await a_professional(
            session, name=f"Bia Souza {number}", number=10_000_000 + number, timezone=zone, hours=ALWAYS
        )
        service = await a_service(session, owner)
        clients = [await self._client(session, owner, number * len(HOURS) + place) for place in range(len(HOURS))]
        people = [await load_parties(session, owner.id, client.id) for client in clients]
        self.professionals[owner.id] = ZoneInfo(zone)
        for day in DAYS:
            for hour, who in zip(HOURS, people, strict=True):
                if len(self.stories) < appointments:
                    start = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)
                    await self._appointment(session, who, service, start)

    async def _client(self, session: AsyncSession, owner: Professional, number: int) -> Client:
        contact = Contact(id=new_id(), name=f"Ana {number}", phone=f"55119{20_000_000 + number}", created_at=BOOKED)
        client = Client(
            id=new_id(), professional_id=owner.id, contact_id=contact.id, name=f"Ana {number}", created_at=BOOKED
        )
        session.add(contact)
        await session.flush()
        session.add(client)
        await session.flush()
        return client

    async def _appointment(self, session: AsyncSession, who: Parties, service: Service, start: datetime) -> None:
        """Write what `book` would, without asking the rules a thousand times: they have tests of their own."""
        row = Appointment(
            professional_id=who.professional.id,
            client_id=who.client.id,
            service_id=service.id,
            service_name=service.name,
            start_at=start,
            end_at=start + timedelta(minutes=service.minutes),
            status=Status.CONFIRMED,
            payment=Payment.AUTHORIZED,
            source=Source.PROFESSIONAL,
            created_at=BOOKED,
            updated_at=BOOKED,
        )
        session.add(row)
        await session.flush()
        await reminders.plan(session, row, who, now=BOOKED)
        contact = who.contact
        assert contact is not None
        zone = ZoneInfo(who.professional.timezone)
        self.stories.append(Story(row.id, who.professional.id, contact.id, zone, [Promise(start, BOOKED)]))

    def changeable(self, now: datetime) -> list[Story]:
        """Name the appointments that can still change and have not yet."""
        return [one for one in self.stories if one.stands and len(one.promises) == 1 and one.start > now + HOUR]

    async def cancel(self, story: Story, now: datetime, dice: random.Random) -> None:
        """Let one side or the other give an appointment up."""
        sides: tuple[dict[str, Any], ...] = (
            {"professional_id": story.professional_id},
            {"contact_id": story.contact_id},
        )
        scope = dice.choice(sides)
        actor = Actor.PROFESSIONAL if "professional_id" in scope else Actor.CLIENT
        async with self.db.begin() as session:
            await booking.act(session, story.id, Action.CANCEL, actor=actor, now=now, **scope)
        story.promises[-1].until = now

    async def move(self, story: Story, now: datetime, dice: random.Random) -> None:
        """Give an appointment the free half hour a day later; a client's new time waits for the professional."""
        start = story.start + 24 * HOUR + 30 * MINUTE
        confirmed = dice.random() < 0.7
        scope: dict[str, Any] = (
            {"professional_id": story.professional_id} if confirmed else {"contact_id": story.contact_id}
        )
        actor = Actor.PROFESSIONAL if confirmed else Actor.CLIENT
        async with self.db.begin() as session:
            await booking.move(session, story.id, start, actor=actor, now=now, **scope)
        story.promises[-1].until = now
        story.promises.append(Promise(start, now, confirmed=confirmed))
