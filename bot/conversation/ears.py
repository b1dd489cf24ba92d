"""Voice notes: fetched, turned into text, or answered with a sentence that says why not."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..billing.plans import PLANS, Capability, allows, plans_with
from ..db import Database
from ..models import Professional, Service
from ..models.enums import Channel, Role
from ..notify.render import chat
from ..settings import Settings
from ..whatsapp.outgoing import Text
from .brain import Answer
from .identity import own_agenda
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

    async def listen(self, held: Held, *, hint: str = PROMPT) -> str | Answer:
        """Return what was said, or the answer that asks to write instead; nothing of it is lost either way."""
        row = held.rows[0]
        event = row.event
        if self._client is None:
            return Answer(say=Text(chat("unsupported_message", kind="áudios")))
        try:
            audio = await self._source.media(row.channel, row.account, event)
            model, mime = self._settings.groq_transcription_model, str(event.get("mime") or "")
            said = await transcribe(self._client, audio, mime, prompt=hint, model=model)
        except VoiceFailed as failure:
            log.warning("a voice note was not understood", extra={"reason": failure.trouble})
            return Answer(say=Text(chat("voice_too_long" if failure.trouble is Trouble.TOO_LONG else "voice_failed")))
        except Exception as error:
            log.warning("a voice note could not be fetched", extra={"reason": type(error).__name__})
            return Answer(say=Text(chat("voice_failed")))
        return said or Answer(say=Text(chat("voice_failed")))


class PlannedEars:
    """Listen where the plan of the agenda that is talked about has voice notes."""

    def __init__(self, ears: ModelEars, db: Database) -> None:
        self._ears, self._db = ears, db

    async def listen(self, held: Held) -> str | Answer:
        """Return what was said, or the answer that asks to write instead."""
        async with self._db.begin() as session:
            agenda = await _agenda(session, held)
            hint = await _hint(session, agenda)
        if agenda.professional is None or not allows(agenda.professional.plan, Capability.VOICE):
            return Answer(say=Text(_not_in_plan(owner=agenda.owner)))
        return await self._ears.listen(held, hint=hint)


@dataclass(frozen=True, slots=True)
class _Agenda:
    """Whose agenda a voice note is about, and whether its owner speaks."""

    professional: Professional | None
    owner: bool


async def _agenda(session: AsyncSession, held: Held) -> _Agenda:
    conversation = held.conversation
    own = await own_agenda(session, held.contact.id)
    if own is not None and conversation.mode is Role.PROFESSIONAL:
        return _Agenda(own, owner=True)
    chosen = conversation.professional_id
    return _Agenda(await session.get(Professional, chosen) if chosen else None, owner=False)


async def _hint(session: AsyncSession, agenda: _Agenda) -> str:
    """Return words that are likely to be said: whose agenda it is, and what is offered there."""
    if agenda.professional is None:
        return PROMPT
    names = await session.scalars(
        select(Service.name).where(Service.professional_id == agenda.professional.id, Service.active).limit(10)
    )
    return f"{PROMPT} {', '.join([agenda.professional.name, *names])}."


def _not_in_plan(*, owner: bool) -> str:
    """Say it kindly: what a plan costs is the owner's business, not a client's."""
    if not owner:
        return chat("unsupported_message", kind="áudios")
    plan = plans_with(Capability.VOICE)[0]
    return chat("voice_not_in_plan", plan=plan.value.capitalize(), price=phrases.money(PLANS[plan].price_cents))
