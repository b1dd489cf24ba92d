"""The brain that thinks with a language model at Groq, held by code where a prompt would only ask."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import phrases
from ..clock import Clock
from ..models.enums import Author
from ..notify.render import chat
from ..settings import Settings
from ..whatsapp.outgoing import Text
from . import prompt
from .brain import Answer, BrainFailed, Heard
from .guards.claims import Claim, honest
from .guards.grounds import Grounds
from .guards.sayable import sayable
from .guards.veil import Veil, VeiledToolbox
from .llm.exchange import Completions, Exchange, Patience, Record
from .llm.loop import STEPS, Ended, Loop
from .llm.speech import clean

if TYPE_CHECKING:
    from groq import AsyncGroq

log = logging.getLogger(__name__)


def connect(settings: Settings) -> "AsyncGroq":
    """Return a client for the service that the settings name; close it with `await client.close()`."""
    from groq import AsyncGroq, DefaultAioHttpClient  # noqa: PLC0415 - half a second, paid where a key is set

    return AsyncGroq(
        api_key=settings.groq_api_key.get_secret_value(),
        # The SDK wants the host root; the address in the service's own documentation has the path on it.
        base_url=settings.groq_base_url.rstrip("/").removesuffix("/openai/v1"),
        # The retry is ours: this one sleeps through long limits, for minutes.
        max_retries=0,
        timeout=Patience().request,
        # httpx's own transport has a p95 three times higher at 50 conversations at once.
        http_client=DefaultAioHttpClient(),
    )


class GroqBrain:
    """Answer turns with the first of `models` that is well; raise `BrainFailed` when none is, within the deadline."""

    def __init__(
        self,
        client: "AsyncGroq",
        models: Sequence[str],
        record: Record,
        clock: Clock,
        *,
        patience: Patience | None = None,
        steps: int = STEPS,
    ) -> None:
        self._patience = patience or Patience()
        self._completions = Completions(client, models, record, clock, patience=self._patience)
        self._steps = steps

    @property
    def rests(self) -> bool:
        """Tell whether all models are left alone for a while: whoever asks now is not answered."""
        return all(breaker.rests for breaker in self._completions.breakers.values())

    async def answer(self, heard: Heard) -> Answer:
        """Return what the model proposes or has to say; what it says was checked against what the tools showed."""
        veil = Veil()
        try:
            async with asyncio.timeout(self._patience.turn):
                ended = await self._think(heard, veil)
        except BrainFailed:
            raise
        except TimeoutError:
            raise BrainFailed(f"no answer within {self._patience.turn} s") from None
        except Exception as error:
            # A defect of ours must not leave a person without an answer while the rules could give one.
            log.exception("the Groq brain broke")
            raise BrainFailed(type(error).__name__) from error
        if ended.proposal:
            return Answer(proposal=ended.proposal, tokens=ended.tokens)
        if ended.say:
            return Answer(say=ended.say, tokens=ended.tokens)
        return Answer(say=Text(_spoken(heard, ended, veil)), tokens=ended.tokens)

    async def _think(self, heard: Heard, veil: Veil) -> Ended:
        toolbox = VeiledToolbox(heard.toolbox, veil)
        messages = prompt.messages(heard, veil)
        # All but the first and the last, which are the system's and this turn's.
        exchange = Exchange(self._completions, heard.asker, toolbox.schemas(), earlier=len(messages) - 2)
        return await Loop(exchange.ask, toolbox, messages, steps=self._steps).run()


def _spoken(heard: Heard, ended: Ended, veil: Veil) -> str:
    """Make the model's text fit to be sent; raise `BrainFailed` where nothing worth saying is left of it.

    What is left out was claimed and not done, or said and not shown. The rules then answer from the rows.
    """
    text = clean(ended.text)
    kept, claim = honest(text, ended.seen, heard.asker.local.date())
    kept, dropped = sayable(kept, _grounds(heard, ended), cut=bool(claim)) if kept else ("", [])
    if claim or dropped:
        # Not the words: they may be somebody's.
        about = {"claim": claim, "unshown": len(dropped), "conversation": str(heard.asker.conversation_id)}
        log.warning("a model's words were held back", extra=about)
    if not kept:
        raise BrainFailed("nothing sayable in the answer")
    if claim is Claim.DONE:
        kept = f"{kept}\n\n{chat('nothing_changed')}"
    return veil.lift(kept)


def _grounds(heard: Heard, ended: Ended) -> Grounds:
    """Gather what this turn showed the model, and what the person said."""
    grounds = Grounds(heard.asker.local.date())
    for data in (*ended.seen, *ended.refused):
        grounds.shown(data)
    for label in prompt.offered_times(heard).values():
        grounds.told(label, free=True)
    for line in prompt.recent(heard.history):
        (grounds.told if line.author is Author.BOT else grounds.said)(line.text)
    grounds.told(prompt.pending_question(heard))
    grounds.told(prompt.moment(heard.asker.local))
    grounds.said(heard.text[: prompt.TEXT_LIMIT])
    grounds.called(heard.professional_name, phrases.first_name(heard.asker.name))
    return grounds
