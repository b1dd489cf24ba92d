"""A phone and the turn behind it, in memory: what a brain says is shown, what it proposes waits for a yes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bot.conversation import buttons
from bot.conversation.brain import Answer, Asker, Brain, Heard, Proposal
from bot.conversation.reading.yesno import read_yes_no
from bot.models.enums import Role
from bot.whatsapp.outgoing import Choices, Option, Outgoing, Text
from bot.whatsapp.outgoing import plain as words_of

from .fake_toolbox import JULIA, NOW, PROFESSIONAL, ZONE, Agenda, FakeToolbox, Visit


@dataclass
class Phone:
    """Somebody's phone and the turn behind it: keeps state, menus and the question that waits for a yes."""

    brain: Brain
    agenda: Agenda
    role: Role = Role.CLIENT
    professional_id: UUID | None = PROFESSIONAL
    now: datetime = NOW
    state: dict[str, Any] = field(default_factory=dict)
    pending: Proposal | None = None
    last: Outgoing | None = None
    # The ids of all that could ever be tapped here.
    shown: list[str] = field(default_factory=list)
    done: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    down: bool = False
    name: str = ""

    async def says(self, text: str) -> str:
        """Type a message and return what is shown in answer."""
        menu = self.state.get("menu") or []
        if text.strip().isdecimal() and 1 <= int(text) <= len(menu):
            chosen = str(menu[int(text) - 1])
            if self.pending is not None and chosen in {"yes", "no"}:
                return self._decide(chosen == "yes")
            return await self._turn(text, chosen)
        if self.pending is not None and (decision := read_yes_no(text, self.pending.tool)) is not None:
            return self._decide(decision)
        return await self._turn(text, None)

    async def taps(self, title: str) -> str:
        """Tap the option whose title holds `title`."""
        assert isinstance(self.last, Choices), f"nothing to tap: {self.last}"
        found = [each for each in self.last.options if each.title == title]
        found = found or [each for each in self.last.options if title in each.title]
        assert found, f"no {title!r} in {[each.title for each in self.last.options]}"
        if self.pending is not None and found[0].id in {"yes", "no"}:
            return self._decide(found[0].id == "yes")
        return await self._turn("", found[0].id)

    async def gets(self, payload: str) -> str:
        """Tap a button of an earlier message."""
        if self.pending is not None and payload in {"yes", "no"}:
            return self._decide(payload == "yes")
        return await self._turn("", payload)

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.last.options] if isinstance(self.last, Choices) else []

    @property
    def dialog(self) -> Mapping[str, Any]:
        return dict(self.state.get("dialog") or {})

    def _decide(self, yes: bool) -> str:
        assert self.pending is not None
        proposal, self.pending = self.pending, None
        self.state["dialog"] = {}
        if not yes:
            self.last = Text("Certo.")
            return words_of(self.last)
        self.done.append((proposal.tool, proposal.arguments))
        _write(self.agenda, proposal)
        self.last = Text("Feito.")
        return words_of(self.last)

    async def _turn(self, text: str, payload: str | None) -> str:
        default = "Rafael Nogueira" if self.role is Role.PROFESSIONAL else JULIA
        asker = Asker(self.role, uuid4(), uuid4(), self.professional_id, None, self.name or default, self.now, ZONE)
        state = {**self.state}
        if self.pending is not None:
            question = {"tool": self.pending.tool, "arguments": self.pending.arguments}
            state["pending"] = {**question, "question": self.pending.question}
        toolbox = FakeToolbox(self.agenda, asker, dict(self.state.get("tokens", {})), down=self.down)
        name = "Rafael Nogueira" if self.professional_id else ""
        answer = await self.brain.answer(Heard(asker, text, [], state, toolbox, name, payload))
        return self._conclude(answer)

    def _conclude(self, answer: Answer) -> str:
        self.answers.append(answer)
        assert (answer.say is not None) + (answer.proposal is not None) + answer.handoff == 1, "one bubble a turn"
        if answer.professional_id is not None:
            self.professional_id = answer.professional_id
        if answer.state is not None and answer.state.get("pending", "") is None:
            self.pending = None
        if answer.proposal is not None:
            self.pending = answer.proposal
            self.last = Choices(answer.proposal.question, (Option("yes", "Sim"), Option("no", "Não")))
        else:
            self.last = answer.say
        if answer.state is not None:
            self.state = {key: value for key, value in answer.state.items() if key != "pending"}
        self.state["tokens"] = {**self.state.get("tokens", {}), **answer.tokens}
        self.state["menu"] = [each.id for each in self.last.options] if isinstance(self.last, Choices) else []
        self.shown += self.state["menu"]
        _checked(self.state)
        return words_of(self.last) if self.last is not None else "[atendente]"


def _checked(state: Mapping[str, Any]) -> None:
    """A token that is offered must be one that the conversation keeps."""
    for payload in state["menu"]:
        verb, value = buttons.decode(payload)
        if verb in {"slot", "service", "client", "appt"}:
            assert value in state["tokens"], payload


def _write(agenda: Agenda, proposal: Proposal) -> None:
    arguments = proposal.arguments
    if proposal.tool == "book_appointment":
        start = datetime.fromisoformat(arguments["start"])
        agenda.visits.append(Visit(arguments["client"], arguments["service_id"], start, "pending_confirmation"))
        return
    visit = next(each for each in agenda.visits if each.id == arguments["appointment_id"])
    match proposal.tool, arguments.get("action"):
        case "cancel_appointment", _:
            visit.status = "cancelled"
        case "reschedule_appointment", _:
            visit.start = datetime.fromisoformat(arguments["start"])
        case _, "paid":
            visit.payment = "paid"
        case _, action:
            visit.status = {"confirm": "confirmed", "reject": "rejected", "complete": "completed"}.get(
                str(action), str(action)
            )


def later(phone: Phone, **by: float) -> None:
    """Let time pass for one phone."""
    phone.now = phone.now + timedelta(**by)
