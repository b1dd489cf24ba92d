"""Voice notes: fetched, turned into text, or answered with a sentence that says why not."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..models.enums import Channel
from ..notify.render import chat
from ..settings import Settings
from ..whatsapp.outgoing import Text
from .brain import Answer
from .inbox import Held
from .voice import Trouble, VoiceFailed, transcribe

if TYPE_CHECKING:
    from groq import AsyncGroq

log = logging.getLogger(__name__)


# Words that are likely here: the transcription leans towards the spelling it has seen.
PROMPT = "Agendamento pelo WhatsApp: quero marcar um horário, remarcar, desmarcar, confirmar, às 15h, quinta-feira."


class MediaSource(Protocol):
    """The part of the transports that fetches what was attached."""

    async def media(self, channel: Channel, account: str, event: Mapping[str, Any]) -> bytes: ...


class ModelEars:
    """Listen with the transcription model, where there is one."""

    def __init__(self, source: MediaSource, client: "AsyncGroq | None", settings: Settings) -> None:
        self._source, self._client, self._settings = source, client, settings

    async def listen(self, held: Held) -> str | Answer:
        """Return what was said, or the answer that asks to write instead; nothing of it is lost either way."""
        row = held.rows[0]
        event = row.event
        if self._client is None:
            return Answer(say=Text(chat("unsupported_message", kind="áudios")))
        try:
            audio = await self._source.media(row.channel, row.account, event)
            model, mime = self._settings.groq_transcription_model, str(event.get("mime") or "")
            said = await transcribe(self._client, audio, mime, prompt=PROMPT, model=model)
        except VoiceFailed as failure:
            log.warning("a voice note was not understood", extra={"reason": failure.trouble})
            return Answer(say=Text(chat("voice_too_long" if failure.trouble is Trouble.TOO_LONG else "voice_failed")))
        except Exception as error:
            log.warning("a voice note could not be fetched", extra={"reason": type(error).__name__})
            return Answer(say=Text(chat("voice_failed")))
        return said or Answer(say=Text(chat("voice_failed")))
