"""Letters: what arrives at a real mail server, what calendars make of it, what becomes of those it refuses."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import select

from bot.agenda import booking
from bot.db import Database
from bot.models import Client, Outbound, Service
from bot.models.enums import Action, Actor, OutboundStatus, Transport
from bot.notify.email import letter
from bot.notify.email.post import BATCH, send_due_letters
from bot.notify.email.smtp import SmtpMail

from ..agenda.factories import NOW, THURSDAY_15H
from ..agenda.world import World
from ..conftest import StillClock
from ..fakes.smtp import Post, post

SENDER = "Odys <odys@example.com>"


@pytest.fixture
def office() -> Iterator[Post]:
    with post() as running:
        yield running


async def deliver(db: Database, office: Post, clock: StillClock) -> int:
    return await send_due_letters(db, SmtpMail(office.url), clock, sender=SENDER)


def event_in(mail: EmailMessage) -> tuple[str, Any]:
    """Return the method and the event of the invitation that a calendar would find."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_param("method") == calendar["method"]
    return str(calendar["method"]), calendar.walk("VEVENT")[0]


async def test_a_confirmation_arrives_as_a_letter_with_an_invitation(db: Database, office: Post) -> None:
    async with World(db, email="julia@example.com") as world:
        row = await world.book()
        await world.act(row, Action.CONFIRM)
        assert await deliver(db, office, StillClock(NOW)) == 1
        (mail,) = office.letters
        assert mail["Subject"] == "Horário confirmado: Corte, quinta, 26/11, às 15h"
        assert mail["To"] == "Júlia Lima <julia@example.com>"
        text, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None
        assert page is not None
        assert "Quando: quinta, 26/11, às 15h" in text.get_content()
        assert "<strong>Bia Souza</strong>" in page.get_content()
        method, event = event_in(mail)
        assert (method, str(event["status"])) == ("REQUEST", "CONFIRMED")
        assert event.decoded("dtstart") == THURSDAY_15H
        assert event["summary"] == "Corte com Bia Souza"
        # Sent once, however often somebody looks.
        assert await deliver(db, office, StillClock(NOW)) == 0


async def test_a_calendar_follows_the_same_event_through_its_life(db: Database, office: Post) -> None:
    async with World(db, email="julia@example.com") as world:
        row = await world.book()
        await world.act(row, Action.CONFIRM)
        await deliver(db, office, StillClock(NOW))
        async with db.begin() as session:
            await booking.move(
                session,
                row.id,
                THURSDAY_15H + timedelta(hours=1),
                actor=Actor.PROFESSIONAL,
                now=NOW,
                professional_id=world.owner.id,
            )
        await deliver(db, office, StillClock(NOW))
        await world.act(row, Action.CANCEL)
        await deliver(db, office, StillClock(NOW))
    found = [event_in(mail) for mail in office.letters]
    assert [method for method, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({str(event["uid"]) for _, event in found}) == 1
    numbers = [int(event["sequence"]) for _, event in found]
    assert numbers == sorted(set(numbers))
    assert str(found[-1][1]["status"]) == "CANCELLED"


async def test_a_time_that_a_client_asks_for_in_vain_leaves_the_calendar(db: Database, office: Post) -> None:
    async with World(db, email="julia@example.com") as world:
        row = await world.act(await world.book(), Action.CONFIRM)
        await deliver(db, office, StillClock(NOW))  # letters fly side by side: one at a time, to know which is the last
        later = THURSDAY_15H + timedelta(hours=1)
        row = await world.move(row, later, **world.as_client())
        await deliver(db, office, StillClock(NOW))
        text = office.letters[-1].get_body(("plain",))
        assert text is not None
        assert "ainda depende da confirmação de Bia Souza" in text.get_content()
        await world.act(row, Action.REJECT)
        await deliver(db, office, StillClock(NOW))
        await world.act(await world.book(later), Action.REJECT)
        await deliver(db, office, StillClock(NOW))
    *found, never_in_a_calendar = office.letters
    events = [event_in(mail) for mail in found]
    assert [(method, str(event["status"])) for method, event in events[1:]] == [
        ("REQUEST", "TENTATIVE"),
        ("CANCEL", "CANCELLED"),
    ]
    assert all(part.get_content_type() != "text/calendar" for part in never_in_a_calendar.walk())


@pytest.mark.parametrize(
    ("answer", "status", "again"),
    [
        ("451 try later", OutboundStatus.QUEUED, True),
        ("rcpt 450 greylisted", OutboundStatus.QUEUED, True),
        ("554 spam", OutboundStatus.FAILED, False),
        ("rcpt 550 no such user", OutboundStatus.FAILED, False),
    ],
)
async def test_a_refused_letter_waits_or_is_given_up(
    db: Database, office: Post, answer: str, status: OutboundStatus, again: bool
) -> None:
    clock = StillClock(NOW)
    async with World(db, email="julia@example.com") as world:
        await world.act(await world.book(), Action.CONFIRM)
        office.answers.append(answer)
        await deliver(db, office, clock)
        async with db.begin() as session:
            row = (await session.scalars(select(Outbound).where(Outbound.transport == Transport.EMAIL))).one()
        assert row.status is status
        assert row.error
        clock.jump(minutes=1)
        assert await deliver(db, office, clock) == 0
        clock.jump(minutes=2)
        assert await deliver(db, office, clock) == again
        assert len(office.letters) == again


async def test_a_server_that_is_away_loses_nothing(db: Database) -> None:
    clock = StillClock(NOW)
    async with World(db, email="julia@example.com") as world:
        await world.act(await world.book(), Action.CONFIRM)
        await send_due_letters(db, SmtpMail("smtp://127.0.0.1:1"), clock, sender=SENDER)
        clock.jump(minutes=5)
        with post() as office:
            assert await deliver(db, office, clock) == 1
            assert len(office.letters) == 1


class Tarpit:
    """A mail server that keeps each letter until it has been given them all."""

    def __init__(self, wanted: int) -> None:
        self.letters: list[EmailMessage] = []
        self.wanted, self.all_there = wanted, asyncio.Event()

    async def send(self, letter: EmailMessage) -> None:
        self.letters.append(letter)
        if len(self.letters) == self.wanted:
            self.all_there.set()
        await self.all_there.wait()


async def test_a_slow_letter_holds_up_no_other_and_none_is_sent_twice(db: Database) -> None:
    """A claim holds for one letter, not for a row of them: behind a slow one it would run out, and all go again."""
    async with World(db, email="julia@example.com") as world:
        row = await world.book()
        await world.act(row, Action.CONFIRM)
        await world.act(row, Action.CANCEL)
        mail = Tarpit(wanted=2)
        async with asyncio.timeout(20):
            assert await send_due_letters(db, mail, StillClock(NOW), sender=SENDER) == 2
    assert len({each["Message-ID"] for each in mail.letters}) == 2


async def test_more_letters_than_go_side_by_side_all_leave(db: Database) -> None:
    async with World(db, email="julia@example.com") as world:
        row = await world.book()
        async with db.begin() as session:
            session.add_all(a_letter(row.professional_id) for _ in range(2 * BATCH))
        mail = Tarpit(wanted=BATCH)
        assert await send_due_letters(db, mail, StillClock(NOW), sender=SENDER) == 2 * BATCH
    assert len({each["Message-ID"] for each in mail.letters}) == 2 * BATCH


def a_letter(professional_id: UUID) -> Outbound:
    return Outbound(
        transport=Transport.EMAIL,
        kind="alert",
        payload={"subject": "Oi", "text": "Oi.", "to": "x@example.com"},
        priority=1,
        professional_id=professional_id,
        due_at=NOW,
        created_at=NOW,
    )


async def test_no_sign_in_a_name_loses_a_letter(db: Database, office: Post) -> None:
    """Line ends that nobody sees, as names copied from elsewhere have them."""
    async with World(db, email="julia@example.com") as world:
        async with db.begin() as session:
            (await session.get_one(Client, world.client.id)).name = "Jú\u2028lia\x85 \x0bLima"
            (await session.get_one(Service, world.service.id)).name = "Cor\u2029te\x1e"
        await world.act(await world.book(), Action.CONFIRM)
        assert await deliver(db, office, StillClock(NOW)) == 1
    (mail,) = office.letters
    assert mail["Subject"].startswith("Horário confirmado: Cor te")


async def test_no_name_can_write_a_header_or_a_tag(db: Database, office: Post) -> None:
    async with World(db, email="julia@example.com") as world:
        row = await world.book()
        async with db.begin() as session:
            client = await session.get_one(Client, world.client.id)
            client.name = "Jú\r\nBcc: x@example.com <script>alert(1)</script> **nada**"
        await world.act(row, Action.CONFIRM)
        await deliver(db, office, StillClock(NOW))
    (mail,) = office.letters
    assert mail["Bcc"] is None
    page = mail.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()


def test_every_kind_that_is_owed_by_email_has_words() -> None:
    words = {"client": "Ana", "professional": "Bia", "service": "Corte", "when": "quinta", "address": "Rua A"}
    one = {**words, "appointment_id": str(UUID(int=1)), "old_when": "quarta", "price": "R$ 50,00"}
    fields = {
        "booking_confirmed": ("client", "professional", "service", "when", "address", "appointment_id"),
        "booking_rejected": ("client", "professional", "service", "when"),
        "booking_requested": ("client", "professional", "service", "when", "price", "appointment_id"),
        "booking_rescheduled": ("client", "professional", "service", "old_when", "when", "appointment_id"),
        "booking_cancelled_by_professional": ("client", "professional", "service", "when"),
        "booking_cancelled_receipt": ("client", "professional", "service", "when"),
    }
    for kind, names in fields.items():
        written = letter.write(kind, {name: one[name] for name in names})
        assert "quinta" in written.subject
        assert "*" not in written.text
    assert letter.write("login_code", {"code": "482913", "to": "x@example.com"}).subject.startswith("482913")
    alert = letter.write("alert", {"subject": "[Odys] Problema", "text": "Algo parou.", "to": "x@example.com"})
    assert (alert.subject, alert.text) == ("[Odys] Problema", "Algo parou.\n")
