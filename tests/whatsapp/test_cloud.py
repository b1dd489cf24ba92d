"""The client of the Cloud API: where the token goes, what comes back, and what is too much."""

import base64
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.settings import Settings
from bot.whatsapp import cloud
from bot.whatsapp.cloud import CloudApi, MediaUnavailable
from bot.whatsapp.faults import Action, SendFailed
from bot.whatsapp.outgoing import Document, Text, from_json, plain, to_json
from bot.whatsapp.transport import Address

from ..fakes.graph import ACCOUNT, TOKEN, Graph, graph

ANA = Address("5511988887777")


@pytest.fixture
async def fake() -> AsyncIterator[Graph]:
    async with graph() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as open_session:
        yield open_session


def client(session: aiohttp.ClientSession, url: str, token: str = TOKEN) -> CloudApi:
    return CloudApi(session, Settings(_env_file=None, whatsapp_api_url=url, whatsapp_token=SecretStr(token)))


async def test_a_message_goes_to_the_form_received_and_says_what_it_answers(
    fake: Graph, session: aiohttp.ClientSession
) -> None:
    api = client(session, fake.url + "/")
    accepted = await api.send(ACCOUNT, Address("553188887777", "BR.1"), Text("oi"), opaque="o1", reply_to="wamid.Q")
    (sent,) = fake.accepted
    assert sent.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+553188887777",
        "type": "text",
        "text": {"body": "oi", "preview_url": False},
        "biz_opaque_callback_data": "o1",
        "context": {"message_id": "wamid.Q"},
    }
    assert (accepted.provider_id, sent.account) == (sent.id, ACCOUNT)


async def test_whoever_wrote_to_a_number_that_was_not_named_is_answered_from_ours(
    fake: Graph, session: aiohttp.ClientSession
) -> None:
    settings = Settings(
        _env_file=None, whatsapp_api_url=fake.url, whatsapp_token=SecretStr(TOKEN), whatsapp_phone_number_id=ACCOUNT
    )
    await CloudApi(session, settings).send("", ANA, Text("oi"), opaque="o1")
    assert [sent.account for sent in fake.accepted] == [ACCOUNT]


async def test_a_file_is_uploaded_as_text_under_its_own_name(fake: Graph, session: aiohttp.ClientSession) -> None:
    """Meta takes no `text/csv`; the name alone says what it is."""
    lines = b"Pago em;Valor\r\n20/11/2026;35,00\r\n"
    file = Document(base64.b64encode(lines).decode(), "pagamentos-2026-11.csv", "Pagamentos")
    await client(session, fake.url).send(ACCOUNT, ANA, file, opaque="o1")
    (sent,) = fake.accepted
    assert sent.body["type"] == "document"
    assert sent.body["document"] == {
        "id": "upload1",
        "filename": "pagamentos-2026-11.csv",
        "caption": "Pagamentos",
    }
    assert fake.uploads == [lines]
    assert fake.violations == []
    assert from_json(to_json(file)) == file
    assert plain(file) == "Pagamentos\n[pagamentos-2026-11.csv]"
    with pytest.raises(ValueError, match="file name"):
        Document("", "", "sem nome")


async def test_read_and_typing_never_fail(fake: Graph, session: aiohttp.ClientSession) -> None:
    await client(session, fake.url).mark_read(ACCOUNT, "wamid.IN")
    await client(session, fake.url).mark_read(ACCOUNT, "wamid.IN", typing=False)
    assert [body.get("typing_indicator") for body in fake.read] == [{"type": "text"}, None]
    await client(session, "http://127.0.0.1:9").mark_read(ACCOUNT, "wamid.IN")


async def test_a_wrong_token_stops_the_number(fake: Graph, session: aiohttp.ClientSession) -> None:
    with pytest.raises(SendFailed) as refused:
        await client(session, fake.url, "another").send(ACCOUNT, ANA, Text("oi"), opaque="o")
    assert (refused.value.fault.code, refused.value.fault.action) == ("190", Action.STOP_ACCOUNT)
    assert "463" in refused.value.fault.details
    assert "another" not in str(refused.value)


async def test_a_voice_note_is_fetched_in_two_steps(fake: Graph, session: aiohttp.ClientSession) -> None:
    fake.media["901"] = b"OggS"
    assert await client(session, fake.url).media("901") == b"OggS"


@pytest.mark.parametrize("media_id", ["902", "../me", "901/x", "901?fields=url", "", "é", "a" * 300])
async def test_what_is_not_there_or_no_id_is_unavailable(
    fake: Graph, session: aiohttp.ClientSession, media_id: str
) -> None:
    fake.media["901"] = b"OggS"
    with pytest.raises(MediaUnavailable):
        await client(session, fake.url).media(media_id)


async def test_a_file_over_sixteen_mebibytes_is_not_taken(fake: Graph, session: aiohttp.ClientSession) -> None:
    fake.media["901"] = b"0" * (cloud.LARGEST_MEDIA + 1)
    with pytest.raises(MediaUnavailable):
        await client(session, fake.url).media("901")


async def test_the_token_goes_to_meta_alone(session: aiohttp.ClientSession) -> None:
    asked: list[str] = []
    answers = iter(
        [
            "http://127.0.0.1:{other}/file",
            "http://lookaside.fbsbx.com/file",  # not over TLS
            "https://lookaside.fbsbx.com.example.org/file",
            "https://example.org/@graph.facebook.com",
            "file:///etc/passwd",
            "/file",
            "",
            "http://127.0.0.1:{own}/redirect",
        ]
    )

    async def stranger(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=b"secret")

    async def node(request: web.Request) -> web.Response:
        return web.json_response({"url": next(answers).format(own=ports[0], other=ports[1])})

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://127.0.0.1:{ports[1]}/file")

    runners, ports = [], []
    for routes in ({"/v26.0/901": node, "/redirect": redirect}, {"/file": stranger}):
        app = web.Application()
        for path, handler in routes.items():
            app.router.add_get(path, handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        ports.append(runner.addresses[0][1])
    api = client(session, f"http://127.0.0.1:{ports[0]}/v26.0")
    for _ in range(8):
        with pytest.raises(MediaUnavailable):
            await api.media("901")
    assert next(answers, None) is None
    assert asked == []
    for runner in runners:
        await runner.cleanup()
