"""Who may think in a turn before the rules answer: Groq, while there is a key and the plan has turns left."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..clock import Clock
from ..db import Database
from ..models import ModelCall
from ..settings import Settings
from .brain import Asker, Brain
from .groq import GroqBrain, connect
from .llm.exchange import CallRecord
from .llm.quota import Metered

if TYPE_CHECKING:
    from groq import AsyncGroq


class Available:
    """The models of this installation, in the order they are asked."""

    def __init__(self, settings: Settings, db: Database, clock: Clock) -> None:
        self._db = db
        self.groq: AsyncGroq | None = connect(settings) if settings.groq_api_key.get_secret_value() else None
        models = [settings.groq_model, settings.groq_fallback_model]
        self._thinker = GroqBrain(self.groq, models, self._record, clock) if self.groq else None
        self._models: Sequence[Brain] = (Metered(self._thinker, db, clock),) if self._thinker else ()

    async def for_turn(self, asker: Asker) -> Sequence[Brain]:
        """Return who may answer this asker, first choice first: nobody while the models are left alone."""
        return () if self._thinker and self._thinker.rests else self._models

    async def close(self) -> None:
        if self.groq:
            await self.groq.close()

    async def _record(self, call: CallRecord) -> None:
        async with self._db.begin() as session:
            session.add(ModelCall(**asdict(call)))
