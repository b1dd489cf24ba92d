"""Voice notes: words become text, silence becomes nothing, and every failure has a name."""

from collections.abc import AsyncIterator

import pytest
from groq import AsyncGroq
from pydantic import SecretStr

from bot.conversation.groq import connect
from bot.conversation.voice import Trouble, VoiceFailed, ogg_seconds, transcribe
from bot.settings import Settings

from ..fakes import groq as fake_groq
from ..fakes.groq import EARS, KEY, Groq, Step, broken_json, fails, hangs, hears, html, no_choices, resets

HINT = "Corte, barba, Ana Souza"


def opus(seconds: float, size: int = 4_000) -> bytes:
    """Return bytes that look like a voice note of that length: a first page with its head, noise, a last page."""
    last = b"OggS\x00\x04" + round(seconds * 48_000).to_bytes(8, "little") + b"\x00" * 13
    return b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead" + b"\x01" * size + last


NOTE = opus(2.4)


@pytest.fixture(scope="module")
async def sdk() -> AsyncIterator[AsyncGroq]:
    client = connect(Settings(groq_api_key=SecretStr(KEY)))
    yield client
    await client.close()


@pytest.fixture
async def fake() -> AsyncIterator[Groq]:
    async with fake_groq.groq() as server:
        yield server


async def listen(sdk: AsyncGroq, fake: Groq, audio: bytes = NOTE, mime: str = "audio/ogg; codecs=opus") -> str | None:
    client = sdk.with_options(base_url=fake.url)
    # Only a service that hangs costs this; one that answers may be slow on a busy machine.
    return await transcribe(client, audio, mime, prompt=HINT, model=EARS, wait=1.5, pause=0)


async def test_hears_what_was_said(sdk: AsyncGroq, fake: Groq) -> None:
    fake.script_audio(hears("Oi, queria marcar um corte amanhã às três da tarde."))
    assert await listen(sdk, fake) == "Oi, queria marcar um corte amanhã às três da tarde."
    form = fake.heard[0].body
    assert form["file"] == "audio.ogg"
    assert form["language"] == "pt"
    assert form["prompt"] == HINT
    assert form["model"] == EARS
    assert float(form["temperature"]) == 0
    assert form["response_format"] == "verbose_json"
    assert form["bytes"] == len(NOTE)


@pytest.mark.parametrize(
    ("mime", "name"), [("audio/ogg", "audio.ogg"), ("audio/mpeg", "audio.mp3"), ("audio/mp4", "audio.m4a")]
)
async def test_names_a_file_by_its_kind(sdk: AsyncGroq, fake: Groq, mime: str, name: str) -> None:
    fake.script_audio(hears("oi, tudo bem?"))
    assert await listen(sdk, fake, mime=mime) == "oi, tudo bem?"
    assert fake.heard[0].body["file"] == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "...",
        "♪ ♪",
        "Legendas pela comunidade Amara.org",
        "Legendas pela comunidade de Amara.org.",
        "Obrigado por assistir!",
        "Obrigada por assistir.",
        "Inscreva-se no canal!",
        "Thanks for watching!",
        HINT + ".",
        "e e e e e e e e",
    ],
)
async def test_silence_that_was_written_down_is_silence(sdk: AsyncGroq, fake: Groq, text: str) -> None:
    fake.script_audio(hears(text))
    assert await listen(sdk, fake) is None


@pytest.mark.parametrize(
    "details",
    [{"no_speech_prob": 0.95}, {"no_speech_prob": 0.7, "avg_logprob": -0.9}, {"compression_ratio": 3.1}],
)
async def test_a_recording_that_sounds_like_no_speech_is_silence(
    sdk: AsyncGroq, fake: Groq, details: dict[str, float]
) -> None:
    fake.script_audio(hears("Tchau, tchau.", **details))
    assert await listen(sdk, fake) is None


@pytest.mark.parametrize("text", ["Obrigado!", "Sim.", "15h", "Obrigada por confirmar.", "Não, não, não quero."])
async def test_short_words_are_words(sdk: AsyncGroq, fake: Groq, text: str) -> None:
    fake.script_audio(hears(text, no_speech_prob=0.65, avg_logprob=-0.2))
    assert await listen(sdk, fake) == text


@pytest.mark.parametrize("audio", [b"", b"OggS", opus(0.2)])
async def test_a_slip_of_the_finger_is_silence_and_costs_nothing(sdk: AsyncGroq, fake: Groq, audio: bytes) -> None:
    assert await listen(sdk, fake, audio) is None
    assert fake.heard == []


@pytest.mark.parametrize("audio", [opus(181), opus(10, size=17 * 2**20)])
async def test_what_is_too_long_is_not_sent(sdk: AsyncGroq, fake: Groq, audio: bytes) -> None:
    with pytest.raises(VoiceFailed) as failed:
        await listen(sdk, fake, audio)
    assert failed.value.trouble is Trouble.TOO_LONG
    assert fake.heard == []


@pytest.mark.parametrize("mime", ["audio/amr", "video/mp4", "", "application/pdf"])
async def test_a_format_nobody_takes_is_not_sent(sdk: AsyncGroq, fake: Groq, mime: str) -> None:
    with pytest.raises(VoiceFailed) as failed:
        await listen(sdk, fake, mime=mime)
    assert failed.value.trouble is Trouble.FORMAT


@pytest.mark.parametrize(
    "step",
    [fails(500), fails(503), resets(), html(), broken_json(), no_choices(), hangs(), fails(429, retry_after="0")],
)
async def test_a_fleeting_failure_is_tried_again_once(sdk: AsyncGroq, fake: Groq, step: Step) -> None:
    fake.script_audio(step, hears("oi, bom dia"))
    assert await listen(sdk, fake) == "oi, bom dia"


@pytest.mark.parametrize("step", [fails(503), hangs(), resets(), broken_json(), html()])
async def test_a_service_that_is_down_has_a_name(sdk: AsyncGroq, fake: Groq, step: Step) -> None:
    fake.script_audio(step, step)
    with pytest.raises(VoiceFailed) as failed:
        await listen(sdk, fake)
    assert failed.value.trouble is Trouble.SERVICE


@pytest.mark.parametrize(
    ("step", "trouble"),
    [
        (fails(401, "invalid_api_key"), Trouble.SERVICE),
        (fails(404, "model_not_found"), Trouble.SERVICE),
        (fails(429, retry_after="60"), Trouble.SERVICE),
        (fails(400, "organization_restricted"), Trouble.SERVICE),
        (fails(400, "model_decommissioned"), Trouble.SERVICE),
        (fails(400, message="could not process file"), Trouble.FORMAT),
        (fails(413), Trouble.TOO_LONG),
    ],
)
async def test_a_sure_failure_is_not_tried_again(sdk: AsyncGroq, fake: Groq, step: Step, trouble: Trouble) -> None:
    fake.script_audio(step)
    with pytest.raises(VoiceFailed) as failed:
        await listen(sdk, fake)
    assert failed.value.trouble is trouble


def test_reads_the_length_of_a_voice_note() -> None:
    assert ogg_seconds(opus(2.4)) == pytest.approx(2.4)
    assert ogg_seconds(b"ID3" + b"\x00" * 400) is None
    assert ogg_seconds(b"") is None
