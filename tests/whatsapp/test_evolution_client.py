"""The client of Evolution: what leaves, and what is done about each way in which it fails."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.models.enums import Channel
from bot.settings import Settings
from bot.whatsapp.cloud import MediaUnavailable
from bot.whatsapp.evolution import client
from bot.whatsapp.evolution.client import EvolutionApi, InstanceTrouble
from bot.whatsapp.evolution.faults import of_answer
from bot.whatsapp.evolution.wire import message_id, row_of, typing_time
from bot.whatsapp.faults import Action, SendFailed
from bot.whatsapp.outgoing import Choices, Image, Option, Outgoing, Template, Text
from bot.whatsapp.transport import Address

from ..fakes import evolution as fakes
from ..fakes.evolution import INSTANCE, KEY, OWNER, Evolution, evolution

ANA = Address("5511988887777", channel=Channel.EVOLUTION)
HIDDEN = Address(lid="103800000000284@lid", channel=Channel.EVOLUTION)
ROW = "0b9f2f8e-7d5c-4c0f-9e0a-3f6f0e9f1a2b"
PICTURE = Image(base64.b64encode(b"\x89PNG").decode(), "Pague com Pix")


@pytest.fixture(params=["2.3.7", "2.4.0"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[Evolution]:
    async with evolution(version=request.param) as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as open_session:
        yield open_session


def api(session: aiohttp.ClientSession, url: str, key: str = KEY) -> EvolutionApi:
    return EvolutionApi(session, Settings(_env_file=None, evolution_api_url=url, evolution_api_key=SecretStr(key)))


async def refused(
    session: aiohttp.ClientSession, url: str, to: Address = ANA, message: Outgoing | None = None
) -> tuple[str, Action]:
    with pytest.raises(SendFailed) as failed:
        await api(session, url).send(INSTANCE, to, message or Text("oi"), opaque=ROW)
    return failed.value.fault.code, failed.value.fault.action


async def test_texts_choices_and_pictures_leave_as_plain_as_they_can(
    fake: Evolution, session: aiohttp.ClientSession
) -> None:
    here = api(session, fake.url + "/")
    first = await here.send(INSTANCE, ANA, Text("oi"), opaque=ROW, reply_to="3A01")
    await here.send(INSTANCE, HIDDEN, Choices("Qual?", (Option("a", "9h"), Option("b", "10h"))), opaque="")
    await here.send(INSTANCE, ANA, PICTURE, opaque="")
    text, choices, image = fake.taken
    assert text.body == {
        "number": "5511988887777",
        "text": "oi",
        "linkPreview": False,
        "delay": 600,
        "messageId": message_id(ROW),
        "quoted": {"key": {"id": "3A01"}},
    }
    assert first.provider_id == text.id
    assert (text.id == message_id(ROW)) == fake.modern
    assert (choices.to, choices.text) == ("103800000000284@lid", "Qual?\n\n1. 9h\n2. 10h")
    assert (image.body["mediatype"], image.body["caption"], image.body["media"]) == (
        "image",
        "Pague com Pix",
        PICTURE.data,
    )


def test_the_id_of_a_row_travels_as_the_id_of_its_message() -> None:
    assert row_of(message_id(ROW)) == ROW
    assert row_of("3EB08EE80DB4E276AFE85B83CCE531B53AF65F4B") is None
    assert message_id("no uuid") == ""


def test_it_types_for_longer_when_there_is_more_to_type() -> None:
    assert typing_time("oi") < typing_time("x" * 100) < typing_time("x" * 4000) == typing_time("x" * 1000) < 3000


async def test_a_template_cannot_be_said_here(fake: Evolution, session: aiohttp.ClientSession) -> None:
    assert await refused(session, fake.url, message=Template("reminder_24h", {})) == ("no_templates", Action.BUG)


@pytest.mark.parametrize(
    ("behaviour", "code", "action"),
    [
        (fakes.Closed(), "disconnected", Action.STOP_ACCOUNT),
        (fakes.Closed(400), "disconnected", Action.STOP_ACCOUNT),
        (fakes.ErrorAsSuccess(), "disconnected", Action.STOP_ACCOUNT),
        (fakes.ErrorAsSuccess("Error: boom"), "http_200", Action.AWAIT_STATUS),
        (fakes.Fail(), "http_400", Action.AWAIT_STATUS),
        (fakes.Fail("Text is required"), "http_400", Action.BUG),
        (fakes.TakeThenFail(), "http_400", Action.AWAIT_STATUS),
        (fakes.TakeThenCut(), "cut_off", Action.AWAIT_STATUS),
        (fakes.Garbage(), "http_502", Action.AWAIT_STATUS),
        (fakes.Garbage(429), "http_429", Action.THROTTLED),
        (fakes.Garbage(404), "http_404", Action.RETRY),
        (fakes.Nonexistent(), "not_on_whatsapp", Action.UNREACHABLE),
    ],
    ids=repr,
)
async def test_each_failure_has_its_action(
    session: aiohttp.ClientSession, behaviour: fakes.Behaviour, code: str, action: Action
) -> None:
    async with evolution() as fake:
        fake.next(behaviour)
        assert await refused(session, fake.url) == (code, action)


async def test_what_stands_in_front_of_every_endpoint(fake: Evolution, session: aiohttp.ClientSession) -> None:
    with pytest.raises(SendFailed) as failed:
        await api(session, fake.url, "another").send(INSTANCE, ANA, Text("oi"), opaque=ROW)
    assert (failed.value.fault.code, failed.value.fault.action) == ("api_key", Action.STOP_ACCOUNT)
    assert "another" not in str(failed.value)
    with pytest.raises(SendFailed) as failed:
        await api(session, fake.url).send("another/../x", ANA, Text("oi"), opaque=ROW)
    assert (failed.value.fault.code, failed.value.fault.action) == ("no_instance", Action.STOP_ACCOUNT)
    fake.licensed = False
    assert await refused(session, fake.url) == ("licence_required", Action.STOP_ACCOUNT)
    assert fake.taken == []


async def test_a_lid_that_is_not_known_says_nothing_about_the_person(
    fake: Evolution, session: aiohttp.ClientSession
) -> None:
    fake.next(fakes.Nonexistent())
    assert await refused(session, fake.url, HIDDEN) == ("not_on_whatsapp", Action.DROP)


async def test_nobody_there(session: aiohttp.ClientSession) -> None:  # who never answers is in test_bounds
    assert await refused(session, "http://127.0.0.1:9") == ("no_connection", Action.RETRY)


def test_no_answer_however_odd_is_an_exception() -> None:
    said: list[Any] = ["x", [[["deep"]], 7, None], {"exists": None}, 1, []]
    bodies: list[Any] = [None, [], "x", 7, {"response": 1}, *({"response": {"message": each}} for each in said)]
    for status in (200, 400, 404, 418, 500, 503):
        for body in bodies:
            assert of_answer(status, body).action in Action


def test_a_number_that_is_not_on_whatsapp_is_told_at_any_depth() -> None:
    gone = {"exists": False, "jid": "5511988887777@s.whatsapp.net"}
    for body in (gone, {"message": [gone]}, {"response": {"message": gone}}, {"response": {"message": [gone]}}):
        assert of_answer(400, body).action is Action.UNREACHABLE


async def test_read_and_typing_never_fail(fake: Evolution, session: aiohttp.ClientSession) -> None:
    details = {"jid": "5511988887777@s.whatsapp.net"}
    await api(session, fake.url).mark_read(INSTANCE, "3A01", details, typing=True)
    await api(session, fake.url).mark_read(INSTANCE, "3A02", {"jid": HIDDEN.lid}, typing=False)
    assert [each["id"] for each in fake.read] == ["3A01", "3A02"]
    assert [each["number"] for each in fake.presence] == ["5511988887777"]
    await api(session, "http://127.0.0.1:9").mark_read(INSTANCE, "3A03", details, typing=True)


async def test_a_voice_note_comes_from_where_it_is(fake: Evolution, session: aiohttp.ClientSession) -> None:
    here = api(session, fake.url)
    fake.media["3A01"] = b"OggS inside"
    reference = {"media": {"key": {"id": "3A01"}, "message": {"audioMessage": {"mediaKey": "a2V5"}}}}
    assert await here.media(INSTANCE, reference) == b"OggS inside"
    assert await here.media(INSTANCE, {"base64": base64.b64encode(b"with it").decode()}) == b"with it"
    gone = {"media": {"key": {"id": "3A02"}, "message": {"audioMessage": {"mediaKey": "a2V5"}}}}
    for useless in ({}, {"base64": "%"}, gone):
        with pytest.raises(MediaUnavailable):
            await here.media(INSTANCE, useless)


async def test_an_instance_is_looked_after(fake: Evolution, session: aiohttp.ClientSession) -> None:
    here = api(session, fake.url)
    assert (await here.instance(INSTANCE)).state == "open"
    assert await here.phone(INSTANCE) == OWNER
    assert await here.told_to(INSTANCE) == ""
    await here.hear(INSTANCE, "https://odys.exemplo.com.br/webhooks/evolution/" + INSTANCE, "hook-token")
    hook = fake.hooks[INSTANCE]
    assert hook["headers"] == {"authorization": "Bearer hook-token"}
    assert set(hook["events"]) == set(client.EVENTS)
    assert await here.told_to(INSTANCE) == hook["url"]
    await here.restart(INSTANCE)
    assert fake.restarts == [INSTANCE]
    assert (await here.connect(INSTANCE)).picture == ""
    fake.states[INSTANCE] = "close"
    with pytest.raises(InstanceTrouble) as trouble:
        await here.restart(INSTANCE)
    assert trouble.value.fault.code == "disconnected"
    pairing = await here.connect(INSTANCE)
    assert pairing.picture.startswith("data:image/png;base64,")
    assert pairing.code == ""
    with pytest.raises(InstanceTrouble) as trouble:
        await here.instance("another")
    assert trouble.value.fault.code == "no_instance"
