"""Who is told what: the exact rows of every change, and none for what did not happen."""

from typing import Any

import pytest

from bot.agenda import booking
from bot.agenda.refusals import SlotTaken
from bot.db import Database
from bot.models import Contact, Professional
from bot.models.enums import Action, Actor, Role, Transport
from bot.notify.email import letter
from bot.notify.messages import MESSAGES, from_json
from bot.notify.render import as_template, in_window
from bot.whatsapp.outgoing import BODY_LIMIT, Choices, Text, plain

from .factories import THURSDAY_15H, a_client, an_appointment
from .world import HOUR, LATER, World

WHEN, LATER_WHEN = "quinta, 26/11, às 15h", "quinta, 26/11, às 16h"


class Heard(World):
    """A world in which each change is followed by a look at what it alone wrote."""

    seen = noticed = 0

    async def told(self) -> list[str]:
        """Say what was owed since the last look: "client booking_confirmed", "email booking_confirmed"…"""
        rows = (await self.owed())[self.seen :]
        self.seen += len(rows)
        said = []
        for row in rows:
            if row.kind.startswith("reminder"):
                continue
            message = from_json(row.kind, row.payload)
            assert in_window(message)  # every one can be put into words, both ways
            assert as_template(message)
            mine = row.contact_id == self.client.contact_id
            assert mine is (MESSAGES[row.kind].audience is Role.CLIENT or row.kind == "booking_rescheduled")
            side = "client" if mine else "professional"
            said.append(f"{'email' if row.transport is Transport.EMAIL else side} {row.kind}")
        return said

    async def noted(self) -> list[str]:
        """Say whom the application notified since the last look, and of what."""
        rows = (await self.notifications())[self.noticed :]
        self.noticed += len(rows)
        return [f"{'professional' if row.user_id == self.owner.user_id else 'client'}: {row.title}" for row in rows]

    async def values(self, kind: str) -> dict[str, Any]:
        """Return what the newest message of a kind says."""
        return dict([row for row in await self.owed() if row.kind == kind][-1].payload)

    async def quiet(self) -> None:
        """Forget what was written so far."""
        await self.told()
        await self.noted()


async def test_a_request_is_heard_on_both_sides(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.book()
        assert await heard.told() == ["client booking_requested", "professional booking_request_received"]
        assert await heard.noted() == ["professional: Novo pedido de horário"]
        common = {"service": "Corte", "when": WHEN, "price": "R$ 50,00", "appointment_id": str(row.id)}
        assert await heard.values("booking_requested") == common | {"client": "Júlia", "professional": "Bia Souza"}
        assert await heard.values("booking_request_received") == common | {"client": "Júlia Lima"}
        (note,) = await heard.notifications()
        assert (note.body, note.appointment_id) == (f"Júlia Lima: Corte, {WHEN}", row.id)


async def test_the_professionals_own_booking_is_told_to_the_client_alone(db: Database) -> None:
    async with Heard(db, registered=True) as heard:
        await heard.book(actor=Actor.PROFESSIONAL)
        assert await heard.told() == ["client booking_confirmed"]
        assert await heard.noted() == ["client: Horário marcado"]
        assert (await heard.values("booking_confirmed"))["address"] == "Rua das Flores, 10"


async def test_confirming_tells_the_client_every_way_there_is(db: Database) -> None:
    async with Heard(db, email="julia@example.com", registered=True) as heard:
        row = await heard.book()
        await heard.quiet()
        await heard.act(row, Action.CONFIRM)
        assert await heard.told() == ["client booking_confirmed", "email booking_confirmed"]
        assert await heard.noted() == ["client: Horário confirmado"]


async def test_rejecting_tells_the_client_and_gives_the_professional_a_receipt(db: Database) -> None:
    async with Heard(db, email="julia@example.com", registered=True) as heard:
        row = await heard.book()
        await heard.quiet()
        await heard.act(row, Action.REJECT)
        assert await heard.told() == [
            "client booking_rejected",
            "email booking_rejected",
            "professional booking_rejected_receipt",
        ]
        assert await heard.noted() == ["client: Pedido recusado"]


async def test_a_client_who_cancels_is_heard_on_both_sides(db: Database) -> None:
    async with Heard(db, email="julia@example.com", registered=True) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        await heard.quiet()
        await heard.act(row, Action.CANCEL, **heard.as_client())
        assert await heard.told() == [
            "professional booking_cancelled_by_client",
            "client booking_cancelled_receipt",
            # The invitation that came by e-mail is withdrawn.
            "email booking_cancelled_receipt",
        ]
        assert await heard.noted() == ["professional: Horário cancelado"]


async def test_a_professional_who_cancels_tells_the_client_alone(db: Database) -> None:
    async with Heard(db, email="julia@example.com", registered=True) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        await heard.quiet()
        await heard.act(row, Action.CANCEL)
        assert await heard.told() == [
            "client booking_cancelled_by_professional",
            "email booking_cancelled_by_professional",
        ]
        assert await heard.noted() == ["client: Horário cancelado"]


async def test_what_comes_after_the_start_is_told_to_the_client(db: Database) -> None:
    async with Heard(db, registered=True) as heard:
        done, missed = await heard.book(), await heard.book(LATER)
        for row in (done, missed):
            await heard.act(row, Action.CONFIRM)
        await heard.quiet()
        await heard.act(done, Action.COMPLETE, now=LATER)
        assert await heard.told() == ["client review_request"]
        await heard.act(done, Action.PAID, now=LATER)
        assert await heard.told() == ["client payment_received"]
        assert (await heard.values("payment_received"))["amount"] == "R$ 50,00"
        await heard.act(missed, Action.NO_SHOW, now=LATER)
        assert await heard.told() == ["client no_show_notice"]
        assert await heard.noted() == [
            "client: Como foi o atendimento?",
            "client: Pagamento recebido",
            "client: Falta registrada",
        ]


async def test_saying_it_again_tells_nobody_again(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.book(idempotency_key="k")
        await heard.act(row, Action.PAID)
        await heard.quiet()
        await heard.book(idempotency_key="k")
        await heard.act(row, Action.PAID)
        await heard.move(row, THURSDAY_15H, **heard.as_client())
        assert await heard.told() == await heard.noted() == []


async def test_a_refused_booking_tells_nobody(db: Database) -> None:
    async with Heard(db) as heard:
        await heard.book()
        await heard.quiet()
        await heard.refused(THURSDAY_15H, SlotTaken)
        assert await heard.told() == await heard.noted() == []


async def test_a_change_that_is_rolled_back_tells_nobody(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.book()
        await heard.quiet()
        with pytest.raises(RuntimeError):
            async with db.begin() as session:
                await booking.act(session, row.id, Action.CONFIRM, now=row.created_at, **heard.as_owner())
                raise RuntimeError("the power went out")
        assert await heard.told() == await heard.noted() == []


@pytest.mark.parametrize("registered", [True, False])
async def test_who_has_no_account_is_invited_to_one_with_the_confirmation(db: Database, registered: bool) -> None:
    async with Heard(db, registered=registered, email="julia@example.com") as heard:
        await heard.act(await heard.book(), Action.CONFIRM)
        payload = await heard.values("booking_confirmed")
        message = from_json("booking_confirmed", payload)
        for said in (plain(in_window(message)), letter.write("booking_confirmed", payload).text):
            assert ("Crie sua conta" in said) is not registered
        assert "Crie sua conta" not in str(as_template(message))


async def test_what_a_client_wants_to_be_known_is_in_the_free_text_of_the_request(db: Database) -> None:
    async with Heard(db) as heard:
        await heard.book(note="Sou alérgica a *esmalte*\n" + "x" * 400)
        owed = next(row for row in await heard.owed() if row.kind == "booking_request_received")
        message = from_json(owed.kind, owed.payload)
        shown, template = in_window(message), as_template(message)
        assert isinstance(shown, Choices)
        assert "\n\nRecado: “Sou alérgica a esmalte xxx" in shown.body
        assert shown.body.endswith("x…”\n\nVocê confirma esse atendimento?")
        assert len(shown.numbered) <= BODY_LIMIT
        assert set(template.parameters) == {"client", "service", "when", "price"}
        await heard.book(LATER)
        other = [row for row in await heard.owed() if row.kind == "booking_request_received"][-1]
        assert "Recado" not in plain(in_window(from_json(other.kind, other.payload)))


async def test_a_clients_new_time_is_a_question_to_the_professional(db: Database) -> None:
    async with Heard(db, registered=True) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        await heard.quiet()
        await heard.move(row, LATER, **heard.as_client())
        assert await heard.told() == ["client booking_requested", "professional booking_request_received"]
        assert await heard.noted() == ["professional: Pedido para remarcar"]
        for kind in ("booking_requested", "booking_request_received"):
            assert (await heard.values(kind))["when"] == f"{LATER_WHEN} (antes: {WHEN})"


async def test_who_asked_for_a_new_time_in_vain_hears_that_the_old_one_is_gone_too(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        row = await heard.move(row, LATER, **heard.as_client())
        row = await heard.move(row, LATER + HOUR, **heard.as_client())
        await heard.act(row, Action.REJECT)
        rejected = (await heard.values("booking_rejected"))["when"]
        assert rejected == f"quinta, 26/11, às 17h (o de antes, {WHEN}, já foi liberado)"


async def test_a_request_that_was_only_moved_had_nothing_to_lose(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.move(await heard.book(), LATER, **heard.as_client())
        await heard.act(row, Action.REJECT)
        assert (await heard.values("booking_rejected"))["when"] == LATER_WHEN


async def test_a_professionals_new_time_is_told_to_the_client(db: Database) -> None:
    async with Heard(db, registered=True) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        await heard.quiet()
        await heard.move(row, LATER, **heard.as_owner())
        assert await heard.told() == ["client booking_rescheduled"]
        assert await heard.noted() == ["client: Horário remarcado"]
        # And again to where it was: a change like any other.
        await heard.move(row, THURSDAY_15H, **heard.as_owner())
        assert await heard.told() == ["client booking_rescheduled"]


async def test_attendance_is_a_notification_to_the_professional(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        await heard.quiet()
        assert heard.client.contact_id is not None
        async with db.begin() as session:
            await booking.attend(session, row.id, contact_id=heard.client.contact_id, now=row.created_at)
        assert await heard.told() == []
        assert await heard.noted() == ["professional: Presença confirmada"]


async def test_times_are_told_in_the_zone_of_the_professional(db: Database) -> None:
    async with Heard(db, timezone="America/Manaus") as heard:
        await heard.book()
        assert (await heard.values("booking_requested"))["when"] == "quinta, 26/11, às 14h"


async def test_a_client_without_an_address_is_told_nothing_and_nothing_breaks(db: Database) -> None:
    async with Heard(db) as heard:
        async with db.begin() as session:
            nobody = await a_client(session, heard.owner, name="Zé")
            nobody.contact_id = None
            mailed = await a_client(session, heard.owner, name="Rui", number=88885555, email="rui@example.com")
            mailed.contact_id = None
        for client, start, expected in (
            (nobody, THURSDAY_15H, []),
            (mailed, LATER, [(Transport.EMAIL, "booking_confirmed")]),
        ):
            async with db.begin() as session:
                row = await an_appointment(session, heard.owner, client, heard.service, start=start)
                await session.flush()
            before = len(await heard.owed())
            await heard.act(row, Action.CONFIRM)
            new = (await heard.owed())[before:]
            assert [(owed.transport, owed.kind) for owed in new] == expected
            assert all(owed.contact_id is None for owed in new)


async def test_the_professional_is_told_of_whoever_cannot_be_told(db: Database) -> None:
    """Once a change, as long as the appointment lies ahead."""
    async with Heard(db) as heard:
        async with db.begin() as session:
            gil = await a_client(session, heard.owner, name="Gil", number=88884444)
            (await session.get_one(Contact, gil.contact_id)).unreachable_at = heard.owner.created_at
            row = await an_appointment(session, heard.owner, gil, heard.service)
            await session.flush()
        await heard.act(row, Action.CONFIRM)
        note = (await heard.notifications())[-1]
        assert (note.user_id, note.appointment_id) == (heard.owner.user_id, row.id)
        assert note.title == "Não consigo avisar Gil"
        assert note.body == (
            f"Horário confirmado: Corte, {WHEN}. O WhatsApp não entrega mensagens a essa pessoa, e ela não foi avisada."
            " Fale com ela por outro meio."
        )
        await heard.quiet()
        await heard.act(row, Action.CANCEL)
        assert await heard.told() == []
        assert await heard.noted() == ["professional: Não consigo avisar Gil"]


async def test_an_open_price_is_not_told_as_nothing(db: Database) -> None:
    async with Heard(db) as heard:
        async with db.begin() as session:
            heard.service.price_cents = 0
            await session.merge(heard.service)
        await heard.book()
        message = from_json("booking_requested", await heard.values("booking_requested"))
        spoken = in_window(message)
        assert isinstance(spoken, Text)
        assert "a combinar" in spoken.body


async def test_a_receipt_says_what_the_row_says(db: Database) -> None:
    async with Heard(db) as heard:
        row = await heard.act(await heard.book(), Action.CONFIRM)
        async with db.begin() as session:
            said = await booking.receipt(session, row, Action.CONFIRM)
            assert isinstance(said, Text)
            assert "Júlia Lima" in said.body
            assert WHEN in said.body
            assert await booking.receipt(session, row, Action.REJECT) is None  # one of the 19 says it
            assert (await session.get_one(Professional, row.professional_id)).name == "Bia Souza"
