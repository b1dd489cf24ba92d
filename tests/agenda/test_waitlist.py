"""The waitlist: in order, to one person at a time, through the ordinary door."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import select, update

from bot.agenda import offers, owners, waitlist
from bot.agenda.refusals import (
    BadWish,
    ClientUnknown,
    NotWaiting,
    NoWaitlist,
    OfferOver,
    ServiceUnknown,
    SlotTaken,
    TooManyWishes,
)
from bot.db import Database
from bot.jobs.waitlist import offer_openings
from bot.models import Appointment, Client, Contact, Outbound, WaitlistEntry
from bot.models.enums import Action, Actor, OutboundStatus, Plan, Source, Status, WaitlistStatus

from .factories import NOW, THURSDAY_15H, a_client, a_contact, a_service
from .world import DAY, HOUR, LATER, MINUTE, World

THURSDAY = date(2026, 11, 26)
AFTERNOON: dict[str, Any] = {"day": THURSDAY, "start_minute": 900, "end_minute": 960}


class Waiting(World):
    """A world whose Thursday from 15h to 16h is full, with people waiting for it."""

    full: list[Appointment]

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.full = [await self.book(THURSDAY_15H + i * 30 * MINUTE) for i in range(2)]
        return self

    async def joined(self, name: str, number: int, *, now: datetime = NOW, **wish: Any) -> WaitlistEntry:
        async with self.db.begin() as session:
            client = await a_client(session, self.owner, name=name, number=number)
            values = {"service_id": self.service.id, **(wish or AFTERNOON)}
            return await waitlist.join(session, professional_id=self.owner.id, client_id=client.id, now=now, **values)

    async def entry(self, entry: WaitlistEntry) -> WaitlistEntry:
        async with self.db.begin() as session:
            return await session.get_one(WaitlistEntry, entry.id)

    async def contact(self, entry: WaitlistEntry) -> Any:
        async with self.db.begin() as session:
            return (await session.get_one(Client, entry.client_id)).contact_id

    async def accept(self, entry: WaitlistEntry, *, now: datetime = NOW) -> Appointment:
        contact_id = await self.contact(entry)
        async with self.db.begin() as session:
            return await waitlist.accept(session, entry.id, contact_id=contact_id, now=now)

    async def decline(self, entry: WaitlistEntry, *, now: datetime = NOW) -> WaitlistEntry:
        contact_id = await self.contact(entry)
        async with self.db.begin() as session:
            return await waitlist.decline(session, entry.id, contact_id=contact_id, now=now)

    async def offers(self) -> Sequence[dict[str, Any]]:
        return [row.payload for row in await self.owed() if row.kind == "waitlist_offer"]


async def test_what_comes_free_is_offered_to_the_first_and_then_to_the_next(db: Database) -> None:
    async with Waiting(db) as world:
        first, second = await world.joined("Ana", 88880001), await world.joined("Caio", 88880002)
        assert await offer_openings(db, NOW) == 0
        await world.act(world.full[0], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1
        assert await offer_openings(db, NOW + MINUTE) == 0  # one time, one person
        assert await world.offers() == [
            {
                "client": "Ana",
                "professional": "Bia Souza",
                "service": "Corte",
                "when": "quinta, 26/11, às 15h",
                "until": "11h",
                "entry_id": str(first.id),
            }
        ]
        offered = await world.entry(first)
        assert (offered.status, offered.offered_start_at) == (WaitlistStatus.OFFERED, THURSDAY_15H)
        assert offered.offer_expires_at == NOW + HOUR
        # While it runs the time is nobody else's.
        await world.refused(THURSDAY_15H, SlotTaken, now=NOW + MINUTE)
        with pytest.raises(OfferOver):
            await world.accept(second)
        # It runs out, and the next one's turn comes.
        await sent(db, OutboundStatus.DELIVERED)
        assert await offer_openings(db, NOW + HOUR) == 1
        assert (await world.entry(first)).status is WaitlistStatus.EXPIRED
        with pytest.raises(OfferOver):
            await world.accept(first, now=NOW + HOUR)
        row = await world.accept(second, now=NOW + 2 * HOUR - MINUTE)
        assert (row.start_at, row.status, row.source) == (THURSDAY_15H, Status.PENDING_CONFIRMATION, Source.WAITLIST)
        assert (await world.entry(second)).status is WaitlistStatus.ACCEPTED
        assert [row.kind for row in await world.owed()][-2:] == ["booking_requested", "booking_request_received"]
        assert [row.expires_at for row in await world.owed() if row.kind == "waitlist_offer"] == [
            NOW + HOUR,
            NOW + 2 * HOUR,
        ]


async def test_accepting_twice_is_one_booking(db: Database) -> None:
    async with Waiting(db) as world:
        entry = await world.joined("Ana", 88880001)
        await world.act(world.full[0], Action.CANCEL)
        await offer_openings(db, NOW)
        rows = await asyncio.gather(*(world.accept(entry) for _ in range(5)))
        assert len({row.id for row in rows}) == 1
        assert (await world.accept(entry, now=NOW + DAY)).id == rows[0].id


async def test_who_declines_waits_on_and_is_not_asked_the_same_again(db: Database) -> None:
    async with Waiting(db) as world:
        first, second = await world.joined("Ana", 88880001), await world.joined("Caio", 88880002)
        await world.act(world.full[0], Action.CANCEL)
        await offer_openings(db, NOW)
        assert (await world.decline(first)).status is WaitlistStatus.WAITING
        assert (await world.decline(first)).status is WaitlistStatus.WAITING
        assert await offer_openings(db, NOW) == 1
        assert (await world.entry(second)).status is WaitlistStatus.OFFERED
        await world.decline(second)
        assert await offer_openings(db, NOW) == 0
        await world.act(world.full[1], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1
        assert (await world.entry(first)).offered_start_at == THURSDAY_15H + 30 * MINUTE


async def test_only_what_fits_the_wish_is_offered(db: Database) -> None:
    async with Waiting(db) as world:
        async with db.begin() as session:
            long = await a_service(session, world.owner, name="Progressiva", minutes=60)
        wants_an_hour = await world.joined("Ana", 88880001, **AFTERNOON, service_id=long.id)
        wants_another_day = await world.joined("Caio", 88880002, day=THURSDAY + DAY, start_minute=540, end_minute=545)
        fits = await world.joined("Rui", 88880003)
        await world.act(world.full[0], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1
        assert (await world.entry(fits)).status is WaitlistStatus.OFFERED
        await world.decline(fits)
        await world.act(world.full[1], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1  # now there is an hour, and the one who needs it was here first
        assert (await world.entry(wants_an_hour)).status is WaitlistStatus.OFFERED
        assert (await world.entry(wants_another_day)).status is WaitlistStatus.WAITING


async def test_a_wish_for_any_day_takes_the_first_time_there_is(db: Database) -> None:
    async with Waiting(db) as world:
        entry = await world.joined("Ana", 88880001, day=None)
        assert await offer_openings(db, NOW) == 1
        offered = await world.entry(entry)
        assert offered.offered_start_at == NOW + HOUR + 30 * MINUTE  # notice of an hour, and time to answer


async def test_an_offer_ends_before_it_would_be_too_late_to_book(db: Database) -> None:
    async with Waiting(db, min_notice_minutes=120) as world:
        entry = await world.joined("Ana", 88880001)
        now = THURSDAY_15H - 150 * MINUTE
        await world.act(world.full[0], Action.CANCEL, now=now)
        assert await offer_openings(db, now) == 1
        assert (await world.entry(entry)).offer_expires_at == now + 30 * MINUTE
        await world.decline(entry)
        await world.act(world.full[1], Action.CANCEL, now=now)
        assert await offer_openings(db, THURSDAY_15H - 95 * MINUTE) == 0  # five minutes would not be an offer


async def test_nobody_is_woken_up_by_an_offer(db: Database) -> None:
    async with Waiting(db) as world:
        await world.joined("Ana", 88880001)
        await world.act(world.full[0], Action.CANCEL)
        night = NOW.replace(hour=2) + DAY
        assert await offer_openings(db, night) == 0
        assert await offer_openings(db, NOW.replace(hour=11) + DAY) == 1


async def test_an_unfit_place_on_the_list_holds_nobody_up(db: Database) -> None:
    """Who cannot or will not be written to, and who left, are passed over."""
    async with Waiting(db) as world:
        gone, silent, left = [await world.joined(name, 88880001 + i) for i, name in enumerate(["Ana", "Bruno", "Caio"])]
        fits = await world.joined("Rui", 88880009)
        async with db.begin() as session:
            (await session.get_one(Contact, await _contact(session, gone))).unreachable_at = NOW
            (await session.get_one(Contact, await _contact(session, silent))).opted_out_at = NOW
            await waitlist.leave(session, left.id, professional_id=world.owner.id)
        await world.act(world.full[0], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1
        assert (await world.entry(fits)).status is WaitlistStatus.OFFERED
        assert (await world.entry(left)).status is WaitlistStatus.CANCELLED


async def _contact(session: Any, entry: WaitlistEntry) -> Any:
    return await session.scalar(select(Client.contact_id).where(Client.id == entry.client_id))


async def test_a_day_that_is_over_ends_the_wish(db: Database) -> None:
    async with Waiting(db) as world:
        entry = await world.joined("Ana", 88880001)
        assert await offer_openings(db, THURSDAY_15H + DAY) == 0
        assert (await world.entry(entry)).status is WaitlistStatus.EXPIRED


async def test_two_workers_offer_a_time_once(db: Database) -> None:
    async with Waiting(db) as world:
        entries = [await world.joined(f"Ana {i}", 88880001 + i) for i in range(6)]
        for row in world.full:
            await world.act(row, Action.CANCEL)
        assert sum(await asyncio.gather(*(offer_openings(db, NOW) for _ in range(4)))) == 2
        offered = [entry for each in entries if (entry := await world.entry(each)).status is WaitlistStatus.OFFERED]
        assert {entry.offered_start_at for entry in offered} == {THURSDAY_15H, THURSDAY_15H + 30 * MINUTE}
        assert [entry.id for entry in offered] == [entry.id for entry in entries[:2]]


async def test_the_list_belongs_to_the_plans_that_have_it(db: Database) -> None:
    async with World(db, plan=Plan.BASIC) as world:
        with pytest.raises(NoWaitlist) as no:
            async with db.begin() as session:
                await waitlist.join(
                    session,
                    professional_id=world.owner.id,
                    client_id=world.client.id,
                    service_id=world.service.id,
                    now=NOW,
                )
        assert no.value.message == "Bia Souza não usa lista de espera."


async def test_absurd_wishes_and_foreign_entries_are_refused(db: Database) -> None:
    async with Waiting(db) as world:
        for wish in (
            {"day": THURSDAY - 30 * DAY},
            {"day": THURSDAY + 100 * DAY},
            {"day": THURSDAY, "start_minute": 900},
            {"day": THURSDAY, "start_minute": 900, "end_minute": 900},
            {"day": THURSDAY, "start_minute": -1, "end_minute": 900},
            {"day": THURSDAY, "start_minute": 0, "end_minute": 1441},
        ):
            with pytest.raises(BadWish):
                await world.joined("Ana", 88880001, **wish)
        with pytest.raises(ServiceUnknown):
            await world.joined("Ana", 88880001, day=None, service_id=world.owner.id)
        with pytest.raises(ClientUnknown):
            async with db.begin() as session:
                await waitlist.join(
                    session,
                    professional_id=world.owner.id,
                    client_id=world.owner.id,
                    service_id=world.service.id,
                    now=NOW,
                )
        entry = await world.joined("Ana", 88880001)
        assert (await world.joined("Ana", 88880001)).id == entry.id
        async with db.begin() as session:
            stranger = await a_contact(session, name="Zé", number=88889999)
            for attempt in (waitlist.accept, waitlist.decline):
                with pytest.raises(NotWaiting):
                    await attempt(session, entry.id, contact_id=stranger.id, now=NOW)
            with pytest.raises(NotWaiting):
                await waitlist.leave(session, entry.id, professional_id=stranger.id)
            with pytest.raises(ValueError, match="looked up for"):
                await waitlist.leave(session, entry.id)
        for i in range(waitlist.MOST - 1):
            await world.joined("Ana", 88880001, day=THURSDAY, start_minute=i, end_minute=900)
        with pytest.raises(TooManyWishes):
            await world.joined("Ana", 88880001, day=None)


async def test_an_offer_of_a_service_no_longer_offered_is_refused(db: Database) -> None:
    async with Waiting(db) as world:
        entry = await world.joined("Ana", 88880001)
        await world.act(world.full[0], Action.CANCEL)
        await offer_openings(db, NOW)
        async with db.begin() as session:
            await owners.remove_service(session, world.owner.id, world.service.id)
        with pytest.raises(ServiceUnknown):
            await world.accept(entry)


async def test_the_world_of_this_file_is_full_when_it_says_so(db: Database) -> None:
    async with Waiting(db) as world:
        for row in world.full:
            await world.refused(row.start_at, SlotTaken)
        await world.book(LATER, actor=Actor.PROFESSIONAL)
        assert timedelta(hours=1) == offers.OFFER


async def sent(db: Database, status: OutboundStatus) -> None:
    """Let every offer have met this fate."""
    async with db.begin() as session:
        await session.execute(update(Outbound).where(Outbound.kind == "waitlist_offer").values(status=status))


async def test_who_never_got_the_offer_has_let_nothing_run_out(db: Database) -> None:
    async with Waiting(db) as world:
        first = await world.joined("Ana", 88880001)
        await world.act(world.full[0], Action.CANCEL)
        assert await offer_openings(db, NOW) == 1
        await sent(db, OutboundStatus.SKIPPED)
        assert await offer_openings(db, NOW + 2 * HOUR) == 1  # the same time again
        assert (await world.entry(first)).status is WaitlistStatus.OFFERED
        await sent(db, OutboundStatus.DELIVERED)
        assert await offer_openings(db, NOW + 4 * HOUR) == 0
        assert (await world.entry(first)).status is WaitlistStatus.EXPIRED


async def test_a_deadline_is_one_that_a_person_would_name(db: Database) -> None:
    async with Waiting(db) as world:
        await world.joined("Ana", 88880001)
        await world.act(world.full[0], Action.CANCEL)
        assert await offer_openings(db, NOW + timedelta(minutes=2, seconds=7)) == 1
        assert [each["until"] for each in await world.offers()] == ["11h05"]
