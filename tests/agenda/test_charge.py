"""Asking for a Pix: who may, for what, and what the client gets, once."""

import base64
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.agenda import charge, report, takings
from bot.agenda.pix import PixKeyInvalid, reference_of
from bot.agenda.refusals import AppointmentUnknown, NotInPlan
from bot.agenda.takings import Stretch
from bot.db import Database
from bot.errors import Refused
from bot.models import Appointment, Client, Contact, Conversation, Outbound
from bot.models.enums import Action, Channel, Payment, Plan, Status, Transport
from bot.whatsapp.outgoing import Image, Text, from_json, plain

from ..conftest import StillClock
from ..stage import stage
from . import qr_reader
from .factories import NOW, THURSDAY_15H, a_past_appointment, a_professional
from .test_pix import fields
from .world import World

PIX_KEY = "rafael@exemplo.com.br"


async def ask(world: World, row: Appointment, *, key: str = "one", now: datetime = NOW) -> charge.Charge:
    async with world.db.begin() as session:
        return await charge.request(session, row.id, professional_id=world.owner.id, now=now, key=key)


async def refused(world: World, row: Appointment, kind: type[Refused]) -> str:
    """Ask, and expect a sentence and nothing owed."""
    before = len(await world.owed())
    with pytest.raises(kind) as caught:
        await ask(world, row)
    assert len(await world.owed()) == before
    return caught.value.message


async def requests(world: World) -> Sequence[Outbound]:
    return [row for row in await world.owed() if row.kind == "payment_request"]


async def talked(
    world: World, *, account: str = "100", ago: timedelta = timedelta(hours=1), channel: Channel = Channel.CLOUD
) -> None:
    """Let the client have written to a number some time ago."""
    async with world.db.begin() as session:
        conversation = Conversation(
            channel=channel,
            account=account,
            contact_id=world.client.contact_id,
            last_inbound_at=NOW - ago,
            created_at=NOW,
        )
        session.add(conversation)


async def change(world: World, table: type[Any], row_id: object, **values: Any) -> None:
    async with world.db.begin() as session:
        row = await session.get_one(table, row_id)
        for name, value in values.items():
            setattr(row, name, value)


async def test_the_client_is_owed_the_code_that_pays_this_appointment(db: Database) -> None:
    async with World(db, name="Bia Conceição", pix_key=PIX_KEY) as world:
        row = await world.book()
        await ask(world, row)
        (owed,) = await requests(world)
        assert (owed.contact_id, owed.appointment_id) == (world.client.contact_id, row.id)
        assert {name: owed.payload[name] for name in ("client", "professional", "service", "amount")} == {
            "client": "Júlia",
            "professional": "Bia Conceição",
            "service": "Corte",
            "amount": "R$ 50,00",
        }
        code = fields(owed.payload["pix_code"])
        assert fields(code["26"])["01"] == PIX_KEY
        assert (code["54"], code["59"]) == ("50.00", "Bia Conceicao")
        assert fields(code["62"])["05"] == reference_of(row.id)


async def test_a_request_is_owed_once_and_can_be_repeated_on_purpose(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        await ask(world, row, key="one")
        await ask(world, row, key="one")
        assert len(await requests(world)) == 1
        await ask(world, row, key="two")
        first, second = await requests(world)
        assert first.payload == second.payload


async def test_the_picture_follows_the_text_while_the_client_is_in_the_chat(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        await talked(world)
        asked = await ask(world, row)
        *_, text, picture = await world.owed()
        assert (text.kind, picture.kind) == ("payment_request", "chat")
        assert (text.priority, text.created_at, text.contact_id) == (
            picture.priority,
            picture.created_at,
            picture.contact_id,
        )
        image = from_json(picture.payload)
        assert isinstance(image, Image)
        # A long press copies the caption: what a bank takes, and nothing else.
        assert image.caption == text.payload["pix_code"] == asked.code
        assert qr_reader.read(base64.b64decode(image.data)) == asked.code


@pytest.mark.parametrize("ago", [timedelta(hours=24), timedelta(days=9)])
async def test_a_client_who_is_away_gets_the_code_alone(db: Database, ago: timedelta) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        await talked(world, ago=ago)
        await ask(world, row)
        assert [owed.kind for owed in await world.owed()][-1] == "payment_request"


async def test_the_picture_comes_from_the_number_of_the_professional(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY, account="own") as world:
        async with db.begin() as session:
            await a_professional(session, name="Outra", number=97770001, account="other")
        row = await world.book()
        await talked(world, account="100")
        await ask(world, row, key="one")
        assert [owed.kind for owed in await world.owed()][-1] == "payment_request"
        await talked(world, account="own", ago=timedelta(hours=2))
        await ask(world, row, key="two")
        assert [owed.kind for owed in await world.owed()][-1] == "chat"


async def test_nobody_elses_number_is_used(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        async with db.begin() as session:
            await a_professional(session, name="Outra", number=97770001, account="other")
        row = await world.book()
        await talked(world, account="other")
        await ask(world, row)
        assert [owed.kind for owed in await world.owed()][-1] == "payment_request"


async def test_a_client_who_has_an_agenda_of_their_own_gets_the_picture_on_the_telephone(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        await talked(world, account="app", channel=Channel.APP, ago=timedelta(minutes=1))
        await ask(world, row, key="one")
        assert [owed.kind for owed in await world.owed()][-1] == "payment_request"
        await talked(world)
        await ask(world, row, key="two")
        *_, picture = await world.owed()
        assert (picture.kind, picture.transport) == ("chat", Transport.WHATSAPP)


async def test_a_plan_without_pix_says_which_has_it(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY, plan=Plan.BASIC) as world:
        row = await world.book()
        said = await refused(world, row, NotInPlan)
        assert said == "A cobrança por Pix faz parte do plano Pro (R$ 79,00 por mês)."


@pytest.mark.parametrize(
    ("key", "kind"), [(None, charge.PixKeyMissing), ("  ", charge.PixKeyMissing), ("minha chave", PixKeyInvalid)]
)
async def test_without_a_good_key_nothing_is_sent(db: Database, key: str | None, kind: type[Refused]) -> None:
    async with World(db, pix_key=key) as world:
        await refused(world, await world.book(), kind)


async def test_what_is_paid_free_or_over_is_not_charged(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        await change(world, Appointment, row.id, price_cents=0)
        await refused(world, row, charge.PriceOpen)
        await change(world, Appointment, row.id, price_cents=50_00)
        await world.act(row, Action.PAID)
        assert await refused(world, row, charge.AlreadyPaid) == "Esse atendimento já está pago."
        other = await world.book(THURSDAY_15H + timedelta(hours=1))
        await world.act(other, Action.REJECT)
        assert "foi recusado" in await refused(world, other, Refused)


async def test_a_client_who_cannot_or_will_not_be_written_to_is_named(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row, contact = await world.book(), world.client.contact_id
        await change(world, Contact, contact, opted_out_at=NOW)
        assert (await refused(world, row, charge.ClientOptedOut)).startswith("Júlia Lima pediu")
        await change(world, Contact, contact, opted_out_at=None, unreachable_at=NOW)
        await refused(world, row, charge.ClientUnreachable)
        await change(world, Client, world.client.id, contact_id=None)
        await refused(world, row, charge.ClientUnreachable)


async def test_another_professionals_appointment_does_not_exist(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        row = await world.book()
        async with db.begin() as session:
            other = await a_professional(session, name="Outra", number=97770001, pix_key=PIX_KEY)
        with pytest.raises(AppointmentUnknown):
            async with db.begin() as session:
                await charge.request(session, row.id, professional_id=other.id, now=NOW, key="k")
        assert not await requests(world)


async def test_the_professional_reads_what_is_on_its_way(db: Database) -> None:
    async with World(db, pix_key=PIX_KEY) as world:
        said = charge.receipt(await ask(world, await world.book()))
        assert isinstance(said, Text)
        assert "*R$ 50,00* está a caminho de *Júlia Lima* (Corte, quinta, 26/11, às 15h)" in said.body


async def test_text_and_picture_reach_the_phone_in_this_order(db: Database, clock: StillClock) -> None:
    async with stage(db, clock) as here:
        async with db.begin() as session:
            found = await session.execute(
                select(Appointment, Contact.phone)
                .join(Client, Client.id == Appointment.client_id)
                .join(Contact, Contact.id == Client.contact_id)
                .where(Appointment.status == Status.CONFIRMED)
                .limit(1)
            )
            row, phone = found.one()
            asked = await charge.request(
                session, row.id, professional_id=row.professional_id, now=clock.now(), key="stage"
            )
        await here.settle()
        text, picture = [sent for sent in here.graph.accepted if sent.to == phone]
        assert asked.code in text.text.splitlines()
        assert picture.body["type"] == "image"
        assert picture.body["image"]["caption"] == asked.code


# The chart of what came in


async def test_a_chart_shows_what_the_report_says(db: Database) -> None:
    november = Stretch(date(2026, 11, 1), date(2026, 12, 1), "este mês")
    october = Stretch(date(2026, 10, 1), date(2026, 11, 1), "em outubro")
    async with World(db) as world, db.begin() as session:
        for day in range(1, 15):
            # Half past one at night UTC: the day before in São Paulo.
            at = datetime(2026, 11, day, 1, 30, tzinfo=UTC)
            await a_past_appointment(
                session,
                world.owner,
                world.client,
                world.service,
                at - timedelta(days=2),
                status=Status.COMPLETED,
                payment=Payment.PAID if day % 4 else Payment.UNPAID,
                paid_at=at if day % 4 else None,
                price_cents=10_00 * day,
            )
        image = await takings.chart(session, world.owner.id, november, october, now=NOW)
        sums = [
            await report.revenue(
                session,
                world.owner.id,
                datetime(each.first.year, each.first.month, 1, 3, tzinfo=UTC),
                datetime(each.end.year, each.end.month, 1, 3, tzinfo=UTC),
            )
            for each in (november, october)
        ]
    assert [each.received_cents for each in sums] == [800_00, 10_00]
    assert plain(image) == "*Faturamento: este mês*\nRecebido: *R$ 800,00*\nPara comparar, em outubro: R$ 10,00"
    assert base64.b64decode(image.data).startswith(b"\x89PNG")


async def test_a_chart_of_nothing_is_drawn_too(db: Database) -> None:
    day, before = (
        Stretch(NOW.date(), NOW.date() + timedelta(days=1), "hoje"),
        Stretch(NOW.date() - timedelta(days=1), NOW.date(), "em 20/11"),
    )
    async with World(db) as world, db.begin() as session:
        image = await takings.chart(session, world.owner.id, day, before, now=NOW)
    assert "R$ 0,00" in image.caption
