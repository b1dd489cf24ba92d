"""The turn: one person's messages in, one answer owed, everything committed at once.

    take → (voice to text) → answered directly? → else brain → conclude

What needs no model (a tapped button, a yes, all of it where the rules are asked first) is read, answered and written
in one transaction. A model thinks with no transaction open, and is concluded in one afterwards. Either way the answer,
the change and "these messages are handled" are one commit: a process may die anywhere and nothing happens twice.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from .. import metrics
from ..clock import Clock
from ..db import Database
from ..settings import Settings
from ..trace import TRACE
from . import entering, inbox, pending, scene
from .brain import Answer, Asker, Brain, BrainFailed, Heard, Toolbox, Toolkit
from .conclude import conclude
from .desks import Desk, Desks, NoDesk
from .dialogue.going_on import asked_before, go_on
from .dialogue.refusals import Undone
from .direct import answer_directly
from .inbox import Held, Lost
from .scene import Scene

log = logging.getLogger(__name__)

# A brain that needs longer than this has failed as far as the person is concerned; the loop's own deadline
# (25 s) ends it before.
DEADLINE = 28.0
# Lanes that one process is busy with, most of them thinking: enough for the seventy a second whose model takes three
# seconds.
AT_ONCE = 200
# Seconds after which no other turn of a lane begins: its job has a minute, and a turn that thinks takes half of it.
LONGEST = 10.0


class Ears(Protocol):
    """Something that turns a voice note into text."""

    async def listen(self, held: Held) -> str | Answer:
        """Return what was said, or the answer that explains why it could not be heard."""
        ...


class Presence(Protocol):
    """Something that shows the person that they were read and are being answered."""

    async def typing(self, held: Held) -> None: ...


class Brains(Protocol):
    """Who may think: the models in the order they are asked. When none of them answers, the rules do."""

    async def for_turn(self, asker: Asker) -> Sequence[Brain]:
        """Return them, without asking the database: the turn's transaction is open."""
        ...


@dataclass(frozen=True, slots=True)
class Turns:
    """Run turns with these collaborators."""

    db: Database
    clock: Clock
    settings: Settings
    toolkit: Toolkit
    brains: Brains
    rules: Brain
    desks: Desks
    ears: Ears | None = None
    presence: Presence | None = None
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self, lane: str) -> int:
        """Answer what is due in a lane and return how many turns that took; what is left then is for the next sweep."""
        count, more, ends = 0, True, time.monotonic() + LONGEST
        with suppress(NoDesk):
            async with self.room:
                while more and time.monotonic() < ends:
                    async with self.desks.one() as desk:
                        if (here := await self._take(lane)) is None:
                            break
                        answered, more = await self._one(here, desk)
                        count += answered
        return count

    async def _take(self, lane: str) -> Scene | None:
        """Hold the next turn of a lane, and everything that is known before it thinks."""
        limit, now = timedelta(seconds=self.settings.burst_limit_seconds), self.clock.now()
        try:
            async with self.db.begin() as session:
                held = await inbox.take(session, lane, now=now, burst_limit=limit, lease=self._lease)
                return await scene.load(session, held, now=now) if held is not None else None
        except Exception as error:
            async with self.db.begin() as session:
                await inbox.stumble(session, lane, error, now=now)
            raise

    async def _one(self, here: Scene, desk: Desk) -> tuple[bool, bool]:
        """Take a turn; tell whether it was answered, and whether more waits in its lane."""
        held = here.held
        try:
            with metrics.timed(metrics.TURN, outcome="failed") as noted:
                async with self._renewed(held):
                    more = await self._answer(here, desk)
                noted["outcome"] = "answered"
        except Lost:
            log.warning("the conversation was taken over", extra={"conversation": str(held.conversation.id)})
            return False, False
        except Exception as error:
            metrics.failed("turn", type(error).__name__)
            log.exception("a turn failed", extra={"conversation": str(held.conversation.id)})
            await self._give_back(held, error)
            return False, False
        except asyncio.CancelledError:  # its job ran out of time, or the process ends
            await asyncio.shield(self._put_back(held))
            raise
        return True, more

    async def _answer(self, here: Scene, desk: Desk) -> bool:
        silent = here.conversation.silent_until
        if self.presence and not (silent and silent > here.now):
            await self.presence.typing(here.held)
        try:
            if self.ears and here.first.event.get("voice"):
                return await self._listen(self.ears, here, desk)
            return await self._read(here, desk)
        except Undone as undone:
            async with self.db.begin() as session:
                await pending.refused(session, undone.question, here.now)
                return await conclude(session, here, undone.answer)

    async def _listen(self, ears: Ears, here: Scene, desk: Desk) -> bool:
        """Answer what was spoken."""
        desk.rise()
        heard = await ears.listen(here.held)
        await desk.sit()
        if isinstance(heard, Answer):
            return await self._conclude(here, heard)
        async with self.db.begin() as session:
            here = await scene.load(session, here.held, now=self.clock.now(), text=heard)
        return await self._read(here, desk)

    async def _read(self, here: Scene, desk: Desk) -> bool:
        """Answer what was written: at once, or after a model has thought."""
        async with self.db.begin() as session:
            answer = await entering.answer(session, here, self.settings) or await answer_directly(
                session, here, self.toolkit
            )
            models = await self._models(here) if answer is None else ()
            if not models:
                return await self._concluded(session, here, answer or await self._by_rules(session, here))
        desk.rise()
        answer = await self._think(here, models)
        await desk.sit()
        async with self.db.begin() as session:
            return await self._concluded(session, here, answer or await self._by_rules(session, here))

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.settings.turn_lease_seconds)

    async def _conclude(self, here: Scene, answer: Answer) -> bool:
        async with self.db.begin() as session:
            return await self._concluded(session, here, answer)

    async def _concluded(self, session: AsyncSession, here: Scene, answer: Answer) -> bool:
        if asked_before(answer):
            here, answer = await go_on(session, here, answer, self.toolkit, self.rules)
        return await conclude(session, here, answer)

    async def _models(self, here: Scene) -> Sequence[Brain]:
        plain = here.payload is not None or here.asker.professional_id is None
        return () if plain else await self.brains.for_turn(here.asker)

    async def _think(self, here: Scene, models: Sequence[Brain]) -> Answer | None:
        """Return what the first model says that can say something."""
        heard = heard_of(here, self.toolkit.for_asker(here.asker, here.state, professional=here.professional))
        for model in models:
            try:
                async with asyncio.timeout(DEADLINE):
                    answer = await model.answer(heard)
            except (BrainFailed, TimeoutError) as failure:
                metrics.failed("brain", type(model).__name__)
                log.warning("a brain failed", extra={"brain": type(model).__name__, "reason": str(failure)[:200]})
                TRACE.note("turn", f"{type(model).__name__} falhou", reason=type(failure).__name__)
                continue
            TRACE.note("turn", f"{type(model).__name__} respondeu", role=here.asker.role)
            return answer
        return None

    async def _by_rules(self, session: AsyncSession, here: Scene) -> Answer:
        toolbox = self.toolkit.for_asker(here.asker, here.state, professional=here.professional, session=session)
        answer = await self.rules.answer(heard_of(here, toolbox))
        TRACE.note("turn", f"{type(self.rules).__name__} respondeu", role=here.asker.role)
        return answer

    async def _give_back(self, held: Held, error: Exception) -> None:
        with suppress(Lost):
            async with self.db.begin() as session:
                await inbox.give_back(session, held, error, now=self.clock.now())

    async def _put_back(self, held: Held) -> None:
        """Let the conversation go as it is; nobody needs to wait for the end of the lease."""
        with suppress(Lost):
            async with self.db.begin() as session:
                await inbox.put_back(session, held)

    @asynccontextmanager
    async def _renewed(self, held: Held) -> AsyncIterator[None]:
        """Renew the lease while the turn goes on; losing it is noticed by the guard of the final commit."""

        async def keep(pause: float) -> None:
            while True:
                async with self.db.begin() as session:
                    await inbox.renew(session, held, now=self.clock.now(), lease=self._lease)
                await asyncio.sleep(pause)

        keepers: list[asyncio.Task[None]] = []
        third = self.settings.turn_lease_seconds / 3
        # Most turns are over long before: only one that takes its time gets a keeper.
        later = asyncio.get_running_loop().call_later(third, lambda: keepers.append(asyncio.create_task(keep(third))))
        try:
            yield
        finally:
            later.cancel()
            for keeper in keepers:
                keeper.cancel()
                await asyncio.wait([keeper])
                if not keeper.cancelled() and (error := keeper.exception()):
                    log.warning("the lease was not renewed", extra={"reason": type(error).__name__})


def heard_of(here: Scene, toolbox: Toolbox) -> Heard:
    """Return the turn as a brain sees it."""
    state = here.state
    if here.quoted is not None and here.quoted.appointment_id:
        state["about"] = str(here.quoted.appointment_id)
    if here.pending is not None:
        state["pending"] = {
            "tool": here.pending.tool,
            "arguments": here.pending.arguments,
            "question": here.pending.question,
        }
    return Heard(
        asker=here.asker,
        text=here.text,
        history=here.history,
        state=state,
        toolbox=toolbox,
        professional_name=here.professional.name if here.professional else "",
        payload=here.payload,
    )
