"""Voice notes: what was said in one, or that nothing was, or why it could not be heard.

Whisper writes something even where nobody speaks: the credits of the subtitles it learnt from, one word over and
over, the hint it was given. That is silence here, not a message.
"""

import asyncio
import logging
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..text import plain
from .llm.completions import Outcome, RequestFailed, refused

if TYPE_CHECKING:
    from groq import AsyncGroq

log = logging.getLogger(__name__)

# WhatsApp's own limit for audio; the service takes 25 MB.
BYTES_LIMIT = 16 * 2**20
# Longer than anybody needs to ask for a time, and short enough to be transcribed within a turn.
SECONDS_LIMIT = 180.0
# A finger that slipped off the button.
SECONDS_LEAST = 0.4
# The service reads 224 tokens of a hint; more is cut from the front.
HINT_LIMIT = 500
TEXT_LIMIT = 2_000

# The service goes by the name's ending. WhatsApp sends Opus in Ogg for voice notes and the others as attachments;
# AMR is one it sends and the service does not take.
_ENDINGS = {
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "m4a",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "audio/flac": "flac",
}
_CREDITS = re.compile(
    r"amara\.?org|\blegendas? (?:pela|por|em|de|feitas?)\b|legendad[oa] por|\btranscri(?:cao|to) (?:e legendas|por)\b"
    r"|obrigad[oa] por (?:assistir|ver)|inscreva ?se no canal|deixe (?:o )?(?:seu )?like|ate o proximo video"
    r"|thanks? (?:you )?for watching|subtitles by|subtitulos|sous titres|traducao e legendas"
)
# What is left of a transcript when it is only noise: bells, dots, "♪".
_WORD = re.compile(r"[a-z0-9]")


class Trouble(StrEnum):
    """Why a voice note could not be heard."""

    TOO_LONG = "too_long"
    FORMAT = "format"
    SERVICE = "service"


class VoiceFailed(Exception):
    """A voice note that could not be turned into text; nothing is lost, the person is asked to write."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble}: {detail}"[:300])
        self.trouble = trouble


async def transcribe(
    client: "AsyncGroq",
    audio: bytes,
    mime: str,
    *,
    prompt: str,
    model: str,
    wait: float = 10.0,
    pause: float = 0.3,
) -> str | None:
    """Return what was said, or None when nothing was; raise `VoiceFailed`.

    `prompt` is a hint of names and words to expect. There are two tries of at most `wait` seconds, `pause` apart.
    """
    ending = _ENDINGS.get(mime.partition(";")[0].strip().lower())
    if ending is None:
        raise VoiceFailed(Trouble.FORMAT, mime)
    seconds = ogg_seconds(audio) if ending == "ogg" else None
    if len(audio) > BYTES_LIMIT or (seconds or 0) > SECONDS_LIMIT:
        raise VoiceFailed(Trouble.TOO_LONG, f"{len(audio)} bytes, {seconds} s")
    if len(audio) < 100 or (seconds is not None and seconds < SECONDS_LEAST):
        return None
    hint = " ".join(prompt.split())[:HINT_LIMIT]
    try:
        reply = await _ask(client, audio, ending, hint, model, wait)
    except _Fleeting as failure:
        log.warning("a voice note was not heard at once", extra={"why": str(failure)})
        await asyncio.sleep(pause)
        try:
            reply = await _ask(client, audio, ending, hint, model, wait)
        except _Fleeting as again:
            raise VoiceFailed(Trouble.SERVICE, str(again)) from again
    return _heard(reply, hint)


class _Fleeting(Exception):
    """A failure that may be over a moment later."""


async def _ask(client: "AsyncGroq", audio: bytes, ending: str, hint: str, model: str, wait: float) -> object:
    """Ask once; raise `_Fleeting` or `VoiceFailed`."""
    import groq  # noqa: PLC0415 - half a second, paid where a key is set

    try:
        async with asyncio.timeout(wait):
            reply: object = await client.audio.transcriptions.create(
                model=model,
                file=(f"audio.{ending}", audio),
                language="pt",
                temperature=0,
                prompt=hint,
                response_format="verbose_json",
            )
    except TimeoutError:
        raise _Fleeting("too slow") from None
    except groq.APIStatusError as error:
        raise _judged(refused(error)) from error
    except (groq.APIError, ValueError, TypeError, AttributeError) as error:
        raise _Fleeting(type(error).__name__) from error
    if not isinstance(getattr(reply, "text", None), str):
        raise _Fleeting(f"{type(reply).__name__} without a transcript")
    return reply


def _judged(failure: Exception) -> Exception:
    if not isinstance(failure, RequestFailed):
        return VoiceFailed(Trouble.SERVICE, str(failure))
    wait = failure.retry_after
    if failure.outcome is Outcome.SERVER_ERROR or (wait is not None and wait <= 1):
        return _Fleeting(str(failure))
    # What is wrong with the account or the model is not wrong with the recording.
    trouble = {Outcome.TOO_LARGE: Trouble.TOO_LONG, Outcome.REJECTED: Trouble.FORMAT}
    return VoiceFailed(trouble.get(failure.outcome, Trouble.SERVICE), str(failure))


def _heard(reply: object, hint: str) -> str | None:
    """Read the text of a reply; None when it is silence that was written down."""
    text: str = getattr(reply, "text", "")
    said = " ".join(text.split())[:TEXT_LIMIT]
    words = re.sub(r"[^\w\s.]", " ", plain(said))
    if (
        not _WORD.search(words)
        or _CREDITS.search(" ".join(words.split()))
        or _all_silent(getattr(reply, "segments", None))
    ):
        return None
    spoken = words.replace(".", " ").split()
    echo = hint and plain(said).strip(" .") == plain(hint).strip(" .")
    repeated = len(spoken) >= 6 and len(set(spoken)) == 1
    return None if echo or repeated else said


def _all_silent(segments: object) -> bool:
    """Whether every part of a recording sounded like no speech, or like one phrase over and over."""
    if not isinstance(segments, list) or not segments:
        return False
    return all(_silent(segment) for segment in segments)


def _silent(segment: Any) -> bool:
    def number(name: str) -> float:
        value = segment.get(name) if isinstance(segment, dict) else getattr(segment, name, None)
        return float(value) if isinstance(value, int | float) else 0.0

    # Whisper's own thresholds: no speech above 0.6 unless it is sure of the words, and text that compresses
    # better than 2.4 times is a loop.
    no_speech = number("no_speech_prob") > 0.6 and number("avg_logprob") < -0.5
    return no_speech or number("no_speech_prob") > 0.9 or number("compression_ratio") > 2.4


def ogg_seconds(audio: bytes) -> float | None:
    """Return the length of an Ogg Opus recording from its last page; None when it is none."""
    page = audio.rfind(b"OggS")
    if not audio.startswith(b"OggS") or b"OpusHead" not in audio[:64] or len(audio) < page + 14:
        return None
    # The granule position counts samples at 48 kHz, whatever the recording's own rate; -1 says nothing.
    samples = int.from_bytes(audio[page + 6 : page + 14], "little", signed=True)
    return samples / 48_000 if samples > 0 else None
