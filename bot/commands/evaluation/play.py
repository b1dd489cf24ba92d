"""Play a scenario on a stage and write down how it went."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select

from ...agenda import booking
from ...conversation.guards.claims import Claim, claims
from ...models import Appointment, ModelCall
from ...models.enums import Action, Actor, Source
from . import checks
from .cast import PEOPLE, client_of, local, owner_of, service_of
from .scenario import Scenario, Step
from .scripted import Script
from .stage import NobodyOffered, Stage

# Between bubbles of one phone, where their text is looked through as one.
BETWEEN: Final = "\n---\n"
MESSAGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "sticker": {"type": "sticker", "sticker": {"id": "1", "mime_type": "image/webp", "animated": False}},
    "image": {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg"}},
    "video": {"type": "video", "video": {"id": "1", "mime_type": "video/mp4"}},
    "document": {"type": "document", "document": {"id": "1", "filename": "exame.pdf"}},
    "location": {"type": "location", "location": {"latitude": -23.55, "longitude": -46.63}},
    "contacts": {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zé"}}]},
    "reaction": {"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "👍"}},
    "nothing": {"type": "text", "text": {"body": "   "}},
}


class Kind(StrEnum):
    """What can be wrong with a conversation."""

    ROWS = "rows"
    NOT_SAID = "not said"
    FORBIDDEN_TEXT = "forbidden text"
    FORBIDDEN_TOOL = "forbidden tool"
    FALSE_CLAIM = "claim without commit"
    SCRIPT = "script"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Violation:
    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


@dataclass
class Outcome:
    """How one trial of a scenario went."""

    scenario: Scenario
    trial: int = 1
    violations: list[Violation] = field(default_factory=list)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    # Seconds each turn took.
    turns: list[float] = field(default_factory=list)
    tools: dict[str, int] = field(default_factory=dict)
    calls: list[ModelCall] = field(default_factory=list)
    # Turns that the rules answered because the model did not.
    rescued: int = 0

    @property
    def passed(self) -> bool:
        return not self.violations

    def story(self) -> str:
        """Return the conversation and what was wrong with it, to read."""
        lines = [f"{line['who']:>9} {'>' if 'said' in line else '<'} {_shown(line)}" for line in self.transcript]
        return "\n".join([self.scenario.title, *lines, *map(str, self.violations)])


def _shown(line: Mapping[str, Any]) -> str:
    return str(line.get("said", line.get("heard"))).replace("\n", "\n" + " " * 12)


@dataclass
class Play:
    """One trial: `script` answers for a model; with `live`, a real one does, and its words are its own."""

    stage: Stage
    scenario: Scenario
    script: Script | None = None
    live: bool = False
    outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        self.outcome = Outcome(self.scenario)

    async def run(self) -> Outcome:
        """Play to the end, whatever goes wrong on the way."""
        began, outcome = self.stage.clock.now(), self.outcome
        done = await self._deeds()
        for step in self.scenario.steps:
            if self.script:
                voice = str(step.what) if step.verb == "voice" else ""
                self.script.expect(step.model, voice)
            try:
                await self._act(step)
            except NobodyOffered as missing:
                self._wrong(Kind.NOT_SAID, step, str(missing))
                break
            before, done = done, await self._deeds()
            await self._look(step, done_something=done > before)
        async with self.stage.db.begin() as session:
            for fault in await checks.faults(session, self.scenario, began):
                outcome.violations.append(Violation(Kind.ROWS, fault))
            for fault in await checks.broken(session):
                outcome.violations.append(Violation(Kind.BROKEN, fault))
            outcome.calls = list(await session.scalars(select(ModelCall).order_by(ModelCall.at)))
        for tool in sorted(self.stage.tools.used.keys() & set(self.scenario.forbid)):
            outcome.violations.append(Violation(Kind.FORBIDDEN_TOOL, tool))
        outcome.turns, outcome.tools = self.stage.turns, dict(self.stage.tools.used)
        outcome.rescued = self.stage.thinkers.rescued
        return outcome

    async def _deeds(self) -> int:
        async with self.stage.db.begin() as session:
            return await checks.deeds(session)

    async def _act(self, step: Step) -> None:
        stage = self.stage
        match step.who:
            case "later":
                return await stage.until(stage.clock.now() + timedelta(**step.what))
            case "until":
                return await stage.until(local(step.what))
            case "meanwhile":
                return await self._meanwhile(step.what)
            case "together":
                for who, text in step.what.items():
                    self._note(who, text)
                    await stage.say(PEOPLE[who].phone, text)
            case _:
                await self._person(step)
        await stage.settle()
        return None

    async def _person(self, step: Step) -> None:
        stage, phone = self.stage, PEOPLE[step.who].phone
        said = step.what if isinstance(step.what, list) else [step.what]
        for one in said:
            self._note(step.who, one)
        match step.verb:
            case "taps":
                await self._tap(phone, str(step.what))
            case "picks":
                await stage.pick(phone, int(step.what))
            case "voice" if self.script:
                await stage.simulator.voice(phone)
            case "voice":
                await stage.say(phone, str(step.what))
            case "sends":
                await stage.simulator.send(phone, MESSAGES[step.what] if isinstance(step.what, str) else step.what)
            case _:
                for text in said:
                    await stage.say(phone, str(text))

    async def _tap(self, phone: str, title: str) -> None:
        """Tap; where a model has asked in its own words, type what would have been tapped."""
        try:
            await self.stage.tap(phone, title)
        except NobodyOffered:
            if not self.live:
                raise
            await self.stage.say(phone, title)

    async def _meanwhile(self, what: Mapping[str, Any]) -> None:
        """Somebody comes through another door, such as the booking page of another process."""
        now = self.stage.clock.now()
        async with self.stage.db.begin() as session:
            owner = await owner_of(session, str(what.get("with", "rafael")))
            if "books" in what:
                client = await client_of(session, owner, what["books"])
                service = await service_of(session, owner, what["service"])
                await booking.book(
                    session,
                    professional_id=owner.id,
                    client_id=client.id,
                    service_id=service.id,
                    start_at=local(what["at"]),
                    source=Source.API,
                    actor=Actor.CLIENT,
                    now=now,
                )
            else:
                start = local(what["at"])
                row = (
                    await session.scalars(
                        select(Appointment).where(
                            Appointment.professional_id == owner.id, Appointment.start_at == start
                        )
                    )
                ).one()
                await booking.act(
                    session, row.id, Action.CANCEL, actor=Actor.PROFESSIONAL, professional_id=owner.id, now=now
                )
        await self.stage.settle()

    async def _look(self, step: Step, *, done_something: bool) -> None:
        """Read all phones and compare."""
        heard = {who: self.stage.heard(person.phone) for who, person in PEOPLE.items()}
        for who, bubbles in heard.items():
            for text in bubbles:
                self.outcome.transcript.append(
                    {"at": self.stage.clock.now().isoformat(), "who": who, "heard": text, "step": step.number}
                )
                if not done_something and claims(text) is Claim.DONE:
                    self._wrong(Kind.FALSE_CLAIM, step, f"{who} heard {text!r}")
        texts = {who: BETWEEN.join(bubbles) for who, bubbles in heard.items()}
        for name in ("told",) if self.live else ("told", "hears"):
            self._said(step, texts, step.checks.get(name, {}))
        for piece in (*step.checks.get("never", ()), *self.scenario.never):
            for who, text in texts.items():
                if re.search(piece, text, re.IGNORECASE):
                    self._wrong(Kind.FORBIDDEN_TEXT, step, f"{piece!r}: {who} heard {text!r}")
        if self.live:
            return
        offered = self.stage.offered(PEOPLE[step.who].phone) if step.who in PEOPLE else []
        for title in step.checks.get("offers", ()):
            if not any(title in one for one in offered):
                self._wrong(Kind.NOT_SAID, step, f"{title!r} is not offered, but {offered}")
        for fault in self.script.faults() if self.script else ():
            self._wrong(Kind.SCRIPT, step, fault)

    def _said(self, step: Step, texts: Mapping[str, str], wanted: Any) -> None:
        for who, pieces in (wanted if isinstance(wanted, Mapping) else {step.who: wanted}).items():
            text = texts.get(who, "")
            if pieces == [] and text:
                self._wrong(Kind.FORBIDDEN_TEXT, step, f"{who} should hear nothing, heard {text!r}")
            for piece in _pieces(pieces):
                if not re.search(piece, text, re.IGNORECASE):
                    self._wrong(Kind.NOT_SAID, step, f"{piece!r}: {who} heard {text!r}")

    def _note(self, who: str, said: Any) -> None:
        self.outcome.transcript.append({"at": self.stage.clock.now().isoformat(), "who": who, "said": said})

    def _wrong(self, kind: Kind, step: Step, what: str) -> None:
        self.outcome.violations.append(Violation(kind, f"{step}: {what}"))


def _pieces(pieces: Any) -> Sequence[str]:
    return pieces if isinstance(pieces, list) else [pieces]
