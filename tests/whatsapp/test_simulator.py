"""The simulator as Odys meets it: webhooks that could be Meta's, and a Graph that the real clients believe."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from bot.feed import Behind
from bot.models.enums import InboundKind
from bot.notify.messages import MESSAGES, BookingRequestReceived, LoginCode
from bot.notify.meta import example, template_json
from bot.notify.render import as_template
from bot.whatsapp.events import Message, MessageType, Status
from bot.whatsapp.faults import SendFailed
from bot.whatsapp.management import Management
from bot.whatsapp.outgoing import Choices, Document, Image, Option, Template, Text
from bot.whatsapp.payloads import parse
from bot.whatsapp.simulator import UnknownPhone

from ..conftest import StillClock
from .simulated import ACCOUNT, JULIA, NUMBER, RAFAEL, World, until, world

TEMPLATES = [template_json(message) for message in MESSAGES.values()]
# One white pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"


@pytest.fixture
async def place(clock: StillClock) -> AsyncIterator[World]:
    async with world(clock, TEMPLATES) as made:
        yield made


class TestWhatPeopleDo:
    async def test_what_is_written_arrives_signed_and_looks_like_metas(self, place: World, clock: StillClock) -> None:
        message_id = await place.simulator.say(JULIA.phone, "Oi, amanhã às 9h? ✂️ a/b")
        [heard] = place.business.messages
        assert (heard.id, heard.phone, heard.name, heard.type) == (message_id, JULIA.phone, JULIA.name, "text")
        assert heard.text == "Oi, amanhã às 9h? ✂️ a/b"
        assert (heard.account, heard.sent_at) == (NUMBER, clock.now())
        assert heard.bsuid
        assert place.business.raw[0].isascii()  # Meta escapes, and signs what it sends

    async def test_a_tap_brings_its_payload_and_what_it_answers(self, place: World) -> None:
        asked = await place.business.send(
            JULIA, Choices("*Confirma?*", (Option("yes:1", "Sim"), Option("no:1", "Não")))
        )
        [bubble] = place.screen(JULIA)
        assert [option["id"] for option in bubble["options"]] == ["yes:1", "no:1"]
        await place.simulator.tap(JULIA.phone, "yes:1", "Sim", bubble["taps"], asked)
        [heard] = place.business.messages
        assert (heard.type, heard.payload, heard.text, heard.reply_to) == (
            MessageType.INTERACTIVE,
            "yes:1",
            "Sim",
            asked,
        )
        question, answer = place.screen(JULIA)
        assert (question["tapped"], answer["quote"]) == ("yes:1", "Confirma?")

    async def test_a_list_row_brings_its_id(self, place: World) -> None:
        rows = tuple(Option(f"slot:{hour}", f"{hour}h", "domingo, 22/11") for hour in range(9, 14))
        asked = await place.business.send(JULIA, Choices("Qual horário?", rows, label="Ver horários"))
        [bubble] = place.screen(JULIA)
        assert (bubble["taps"], bubble["label"], len(bubble["options"])) == ("list", "Ver horários", 5)
        await place.simulator.tap(JULIA.phone, "slot:9", "9h", "list", asked, "domingo, 22/11")
        [heard] = place.business.messages
        assert (heard.type, heard.payload, heard.text) == (MessageType.INTERACTIVE, "slot:9", "9h")

    async def test_a_quick_reply_of_a_template_is_a_button(self, place: World) -> None:
        request = example(BookingRequestReceived)
        asked = await place.business.send(RAFAEL, as_template(request))
        [bubble] = place.screen(RAFAEL)
        assert [option["title"] for option in bubble["options"]] == ["Confirmar", "Recusar"]
        confirm = bubble["options"][0]
        await place.simulator.tap(RAFAEL.phone, confirm["id"], confirm["title"], bubble["taps"], asked)
        [heard] = place.business.messages
        assert (heard.type, heard.payload, heard.text) == (MessageType.BUTTON, request.payloads[0], "Confirmar")

    async def test_a_voice_note_can_be_downloaded_as_opus(self, place: World) -> None:
        await place.simulator.voice(JULIA.phone)
        [heard] = place.business.messages
        assert (heard.type, heard.voice, heard.mime) == (MessageType.AUDIO, True, "audio/ogg; codecs=opus")
        assert heard.media_id
        sound = await place.business.cloud.media(heard.media_id)
        assert sound.startswith(b"OggS")
        assert b"OpusHead" in sound

    async def test_one_persons_messages_arrive_in_order(self, place: World) -> None:
        texts = [f"parte {number}" for number in range(6)]
        await asyncio.gather(*(place.simulator.say(JULIA.phone, text) for text in texts))
        assert [message.text for message in place.business.messages] == texts

    async def test_a_webhook_that_is_not_taken_is_brought_again(self, place: World) -> None:
        place.business.refusals = [503]
        await place.simulator.say(JULIA.phone, "oi")
        assert [message.text for message in place.business.messages] == ["oi"]
        assert place.screen(JULIA)[0]["status"] == "delivered"

    async def test_a_stranger_gets_a_number_of_their_own(self, place: World) -> None:
        first, second = place.simulator.stranger(), place.simulator.stranger("Seu Zé")
        assert first.phone != second.phone
        await place.simulator.say(second.phone, "oi")
        assert (place.business.messages[0].phone, place.business.messages[0].name) == (second.phone, "Seu Zé")

    async def test_nobody_writes_from_a_number_that_nobody_has(self, place: World) -> None:
        with pytest.raises(UnknownPhone):
            await place.simulator.say("5511900000000", "oi")


class TestTicks:
    async def test_a_message_of_ours_is_sent_then_delivered_then_read(self, place: World) -> None:
        message_id = await place.business.send(JULIA, Text("Oi!"), opaque="row-7")
        await until(lambda: place.business.told(message_id) == ["sent", "delivered"])
        await place.simulator.read(JULIA.phone)
        assert place.business.told(message_id) == ["sent", "delivered", "read"]
        assert {status.opaque for status in place.business.statuses} == {"row-7"}
        assert {status.category for status in place.business.statuses} == {"service"}
        assert place.screen(JULIA)[0]["seen"] is True

    async def test_looking_before_it_is_delivered_still_ends_in_read(self, place: World) -> None:
        message_id = await place.business.send(JULIA, Text("Oi!"))
        await place.simulator.read(JULIA.phone)
        await until(lambda: place.business.told(message_id) == ["sent", "delivered", "read"])

    async def test_a_person_sees_when_their_message_was_read_and_is_answered(self, place: World) -> None:
        first = await place.simulator.say(JULIA.phone, "oi")
        second = await place.simulator.say(JULIA.phone, "tem horário?")
        here = place.here
        await place.business.cloud.mark_read(NUMBER, second)
        assert {bubble["id"]: bubble["status"] for bubble in place.screen(JULIA)} == {first: "read", second: "read"}
        typing = await place.event("typing", here)
        assert (typing["phone"], typing["seconds"]) == (JULIA.phone, 25)

    async def test_free_text_is_not_delivered_a_day_after_the_last_word(self, place: World, clock: StillClock) -> None:
        await place.simulator.say(JULIA.phone, "oi")
        clock.jump(hours=24, minutes=1)
        late = await place.business.send(JULIA, Text("Oi!"))
        await until(lambda: place.business.told(late) == ["failed"])
        assert place.business.statuses[-1].errors[0].code == "131047"
        template = await place.business.send(JULIA, as_template(example(MESSAGES["reminder_24h"])))
        await until(lambda: place.business.told(template) == ["sent", "delivered"])
        assert [bubble["id"] for bubble in place.screen(JULIA) if not bubble["mine"]] == [template]


class TestGraph:
    @pytest.mark.parametrize("name", sorted(MESSAGES))
    async def test_each_template_reads_as_approved(self, place: World, name: str) -> None:
        message = example(MESSAGES[name])
        await place.business.send(JULIA, as_template(message))
        [bubble] = place.screen(JULIA)
        assert "{{" not in bubble["text"]
        assert all(value in bubble["text"] for value in message.values().values())
        if name != LoginCode.name:
            assert tuple(option["id"] for option in bubble["options"]) == message.payloads

    async def test_the_button_of_a_login_code_copies_it(self, place: World) -> None:
        await place.business.send(JULIA, as_template(example(LoginCode)))
        [option] = place.screen(JULIA)[0]["options"]
        assert (option["title"], option["copies"]) == ("Copiar código", "482913")

    @pytest.mark.parametrize(
        ("template", "code"),
        [
            (Template("no_such_template", {}), "132001"),
            (Template("booking_requested", {"client": "Júlia"}), "132000"),
            (Template("login_code", {}, code="12\n34"), "132018"),
        ],
    )
    async def test_a_template_that_meta_would_refuse_is_refused(
        self, place: World, template: Template, code: str
    ) -> None:
        with pytest.raises(SendFailed) as failed:
            await place.business.send(JULIA, template)
        assert failed.value.fault.code == code
        assert place.screen(JULIA) == []

    async def test_a_picture_goes_up_and_is_seen(self, place: World) -> None:
        await place.business.send(JULIA, Document("YTti", "recibos.csv"))
        [bubble] = place.screen(JULIA)
        assert (bubble["kind"], bubble["filename"], bubble["text"]) == ("document", "recibos.csv", "")
        sheet = place.simulator.media.get(bubble["media"])
        assert sheet is not None
        assert (sheet.data, sheet.mime) == (b"a;b", "text/plain")

    async def test_a_picture_is_shown(self, place: World) -> None:
        await place.business.send(JULIA, Image(PNG, "Pix de *R$ 50,00*"))
        [bubble] = place.screen(JULIA)
        blob = place.simulator.media.get(bubble["media"])
        assert blob
        assert (blob.data, blob.mime, bubble["text"]) == (base64.b64decode(PNG), "image/png", "Pix de *R$ 50,00*")

    async def test_a_number_nobody_knew_becomes_a_phone(self, place: World) -> None:
        here = place.here
        await place.business.send("5521966660003", Text("Oi!"))
        event = await place.event("person", here)
        assert (event["person"]["name"], event["person"]["role"]) == ("(21) 96666-0003", "client")
        assert [bubble["text"] for bubble in place.screen("5521966660003")] == ["Oi!"]

    async def test_both_spellings_of_a_number_are_one_phone(self, place: World) -> None:
        await place.business.send("551177770002", Text("Oi!"))
        assert [bubble["text"] for bubble in place.screen(JULIA)] == ["Oi!"]

    async def test_the_watchdog_finds_all_well(self, place: World) -> None:
        management = Management(place.business.session, place.business.settings)
        number = await management.number(NUMBER)
        assert (number["status"], number["quality_rating"]) == ("CONNECTED", "GREEN")
        assert number["webhook_configuration"]["application"] == f"{place.url}/webhooks/whatsapp"
        assert {(await management.health(node))["can_send_message"] for node in (NUMBER, ACCOUNT)} == {"AVAILABLE"}
        assert (await management.token())["is_valid"] is True
        assert len(await management.subscriptions()) == 1
        templates = await management.templates()
        assert {template["name"]: template["status"] for template in templates} == dict.fromkeys(MESSAGES, "APPROVED")

    async def test_a_pushed_template_is_approved_and_can_be_changed(self, clock: StillClock) -> None:
        async with world(clock) as place:
            management = Management(place.business.session, place.business.settings)
            made = await management.create_template(TEMPLATES[0])
            await management.update_template(made["id"], {"components": [{"type": "BODY", "text": "Oi"}]})
            [template] = await management.templates()
            assert (template["status"], template["components"][0]["text"]) == ("APPROVED", "Oi")

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            ({"to": f"+{JULIA.phone}", "type": "text", "text": {"body": ""}}, 131008),
            ({"to": f"+{JULIA.phone}", "type": "text", "text": {"body": "a" * 4097}}, 131009),
            ({"to": f"+{JULIA.phone}", "type": "dance"}, 100),
            ({"to": "Júlia", "type": "text", "text": {"body": "oi"}}, 131009),
            ({"type": "text", "text": {"body": "oi"}}, 131008),
            ({"to": f"+{JULIA.phone}", "type": "image", "image": {"id": "1"}}, 131053),
            ({"to": f"+{JULIA.phone}", "type": "interactive", "interactive": {"type": "button"}}, 131008),
            ({"status": "read", "message_id": "wamid.nope"}, 131009),
        ],
    )
    async def test_a_request_that_breaks_a_rule_is_refused_with_metas_code(
        self, place: World, content: Mapping[str, Any], code: int
    ) -> None:
        url, headers = f"{place.graph}/{NUMBER}/messages", {"Authorization": "Bearer a-token"}
        body = {"messaging_product": "whatsapp", **content}
        async with place.business.session.post(url, json=body, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, code)
        assert place.screen(JULIA) == []

    async def test_without_a_token_nothing_is_answered(self, place: World) -> None:
        async with place.business.session.get(f"{place.graph}/{NUMBER}") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, 190)


class TestEvents:
    async def test_a_page_that_comes_back_sees_everything_again(self, place: World) -> None:
        await place.simulator.say(JULIA.phone, "oi")
        await place.business.send(JULIA, Text("Olá!"))
        async with aclosing(place.simulator.events()) as stream:
            _, snapshot = await anext(stream)
        phones = {phone["phone"]: phone for phone in snapshot["phones"]}
        assert [bubble["text"] for bubble in phones[JULIA.phone]["bubbles"]] == ["oi", "Olá!"]
        assert phones[RAFAEL.phone]["role"] == "professional"

    async def test_a_page_that_was_away_for_a_moment_gets_what_it_missed(self, place: World) -> None:
        here = place.here
        await place.business.send(JULIA, Text("Olá!"))
        async with aclosing(place.simulator.events(here)) as stream:
            _, event = await anext(stream)
        assert (event["type"], event["bubble"]["text"]) == ("message", "Olá!")

    @pytest.mark.parametrize("after", ["", "nonsense", "deadbeef.3", "{run}.999999", "{run}.-1"])
    async def test_an_id_of_another_run_gets_a_snapshot(self, place: World, after: str) -> None:
        async with aclosing(place.simulator.events(after.format(run=place.simulator.run))) as stream:
            _, event = await anext(stream)
        assert event["type"] == "snapshot"

    async def test_one_that_is_too_slow_is_told_so(self, place: World) -> None:
        async with aclosing(place.simulator.events()) as stream:
            await anext(stream)
            for number in range(600):
                place.simulator.announce("clock", now=str(number))
            with pytest.raises(Behind):
                await anext(stream)

    async def test_a_phone_keeps_its_last_two_hundred_messages(self, place: World) -> None:
        for number in range(205):
            place.simulator.accept(
                {
                    "messaging_product": "whatsapp",
                    "to": f"+{JULIA.phone}",
                    "type": "text",
                    "text": {"body": f"mensagem {number}"},
                }
            )
        bubbles = place.screen(JULIA)
        assert (len(bubbles), bubbles[0]["text"]) == (200, "mensagem 5")


async def test_every_webhook_is_one_that_the_parser_knows(place: World) -> None:
    """Nothing the simulator sends ends as a broken event or a notice."""
    await place.simulator.say(JULIA.phone, "oi")
    await place.simulator.voice(JULIA.phone)
    message_id = await place.business.send(JULIA, Text("Olá!"))
    await until(lambda: place.business.told(message_id) == ["sent", "delivered"])
    events = [event for raw in place.business.raw for event in parse(json.loads(raw)).events]
    assert {type(event) for event in events} == {Message, Status}
    assert InboundKind.NOTICE not in {getattr(event, "kind", None) for event in events}
