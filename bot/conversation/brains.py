"""Who may think in a turn before the rules answer: Groq, while there is a key and the plan has turns left."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..clock import Clock
from ..db import Database
from ..models import ModelCall
from ..settings import Settings
from .brain import Asker, Brain
from .exchange import CallRecord
from .groq import GroqBrain, connect
from .quota import Metered

if TYPE_CHECKING:
    from groq import AsyncGroq


class Available:
    """The models of this installation, in the order they are asked."""

    def __init__(self, settings: Settings, db: Database, clock: Clock) -> None:
        self._db = db
        self.groq: AsyncGroq | None = connect(settings) if settings.groq_api_key.get_secret_value() else None
        models = [settings.groq_model, settings.groq_fallback_model]
        self._model = Metered(GroqBrain(self.groq, models, self._record, clock), db, clock) if self.groq else None

    async def for_turn(self, asker: Asker) -> Sequence[Brain]:
        """Return who may answer this asker, first choice first."""
        return (self._model,) if self._model else ()

    async def close(self) -> None:
        if self.groq:
            await self.groq.close()

    async def _record(self, call: CallRecord) -> None:
        async with self._db.begin() as session:
            session.add(ModelCall(**asdict(call)))
