"""A dialogue without a model: what was heard, what is known so far, and the ways to answer.

The memory of a dialogue is `state["dialog"]`: JSON, the whole of it returned with every answer. `asked` says what
was asked last; an empty memory means that nothing is being gathered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from ...notify.render import chat
from ...whatsapp.outgoing import BODY_LIMIT, ROW_DESCRIPTION, ROW_TITLE, ROWS, Choices, Option, Outgoing, Text
from .. import buttons
from ..brain import Answer, Asker, Heard, Proposal
from ..reading.intents import Reading, understand
from ..reading.wish import Said

Data = Mapping[str, Any]

# A question and its two buttons share Meta's body limit; the buttons and a blank line take less than this.
QUESTION_LIMIT = BODY_LIMIT - 60
# Longer than anybody looks for a free afternoon, shorter than until the next day.
FORGOTTEN = timedelta(hours=3)


@dataclass(slots=True)
class Talk:
    """One turn of a dialogue."""

    heard: Heard
    said: Said
    reading: Reading
    # What is gathered, changed in place.
    memory: dict[str, Any]
    tokens: dict[str, Any] = field(default_factory=dict)
    # What answers a question that came along: said above the answer to the rest.
    preface: str = ""
    # What the last tool that makes a picture or a file said instead of making it.
    refusal: Data = field(default_factory=dict)

    @classmethod
    def begin(cls, heard: Heard) -> Self:
        """Take a turn apart."""
        said = Said.read(heard.text, heard.asker.local)
        memory = dict(heard.state.get("dialog") or {})
        settled = memory.get("asked") == "yes" and not heard.state.get("pending")
        if settled or (heard.payload is None and _stale(memory, heard.asker.now)):
            memory = {}
        return cls(heard, said, understand(heard.text, heard.asker.role), memory)

    @property
    def asker(self) -> Asker:
        return self.heard.asker

    @property
    def now(self) -> datetime:
        """The professional's wall time."""
        return self.heard.asker.local

    @property
    def pending(self) -> Data:
        """What waits for a yes; empty when nothing does."""
        return self.heard.state.get("pending") or {}

    @property
    def asked(self) -> str:
        return str(self.memory.get("asked", ""))

    @property
    def known_tokens(self) -> Mapping[str, Any]:
        return {**self.heard.state.get("tokens", {}), **self.tokens}

    async def call(self, tool: str, **arguments: Any) -> tuple[Data, Proposal | None]:
        """Use a tool and keep the tokens it handed out."""
        result = await self.heard.toolbox.call(tool, arguments)
        self.tokens.update(result.tokens)
        return result.data, result.proposal

    async def show(self, tool: str, **arguments: Any) -> Answer | None:
        """Use a tool that makes a picture or a file, and answer with it; None when it refused, with its data kept."""
        result = await self.heard.toolbox.call(tool, arguments)
        self.tokens.update(result.tokens)
        self.refusal = result.data
        return self.answer(result.say) if result.say is not None else None

    def forget(self) -> None:
        """Begin anew: what was gathered is dropped, and so is what waited for a yes."""
        self.memory.clear()
        self.memory["dropped"] = True

    def answer(self, say: Outgoing | None = None, **more: Any) -> Answer:
        """Answer with the memory as it is now."""
        state = {**self.heard.state}
        if self.memory.pop("dropped", False):
            state["pending"] = None
        if self.memory:
            self.memory["at"] = self.asker.now.isoformat()
        state["dialog"] = self.memory
        return Answer(say=say, state=state, tokens=self.tokens, **more)

    def say(self, template: str, /, **values: object) -> Answer:
        """Answer with a template."""
        return self.text(chat(template, **values))

    def text(self, words: str) -> Answer:
        """Answer with words that came out of a template or a tool."""
        return self.answer(Text(self._prefaced(words)))

    def ask(self, asked: str, words: str, options: Sequence[Option] = (), *, label: str = "Ver opções") -> Answer:
        """Ask for what is missing, and remember the question, so that it can be put again."""
        if self.pending:
            # A yes from here on answers this question, not the one before.
            self.memory["dropped"] = True
        self.memory["asked"] = asked
        self.memory["question"] = words
        self.memory["options"] = [[option.id, option.title, option.description] for option in options]
        body = self._prefaced(words)
        # What was asked beside it waits when both do not fit one bubble: the options must.
        return self.answer(choices(body if fits(body, options) else words, options, label=label))

    def ask_again(self, words: str = "") -> Answer:
        """Put the open question once more, below `words`."""
        if self.pending and self.asked == "yes":
            # The turn puts what waits for a yes below whatever is said.
            return self.text(words or str(self.pending.get("question")))
        question = str(self.memory.get("question", ""))
        body = "\n\n".join(dict.fromkeys(part for part in (words, question) if part))
        return self.answer(choices(self._prefaced(body), [Option(*each) for each in self.memory.get("options", [])]))

    def propose(self, proposal: Proposal) -> Answer:
        """Have a write confirmed; what led to it is kept for corrections."""
        for spent in ("question", "options", "offered"):
            self.memory.pop(spent, None)
        self.memory["asked"] = "yes"
        if self.preface and len(self.preface) + len(proposal.question) < QUESTION_LIMIT:
            question = f"{self.preface}\n\n{proposal.question}"
            proposal = Proposal(proposal.tool, proposal.arguments, question, proposal.hold)
        return self.answer(proposal=proposal)

    def _prefaced(self, words: str) -> str:
        return f"{self.preface}\n\n{words}" if self.preface else words


def start_of(talk: Talk, found: Data) -> datetime:
    """Return when an appointment, or a time on offer, starts: as the professional's wall time."""
    return datetime.fromisoformat(str(found["start"])).astimezone(talk.asker.zone)


def _stale(memory: Data, now: datetime) -> bool:
    """A question of this morning is not what "oi" answers tonight."""
    return bool(memory) and now - datetime.fromisoformat(memory.get("at") or now.isoformat()) > FORGOTTEN


def choices(body: str, options: Sequence[Option], *, label: str = "Ver opções") -> Outgoing:
    """Return a question with its options; without what describes them, or as plain text, where it grew too long."""
    for shown in (tuple(options), tuple(Option(each.id, each.title) for each in options)):
        if shown and fits(body, shown):
            return Choices(body, shown, label)
    return Text(body)


def fits(body: str, options: Sequence[Option]) -> bool:
    """Tell whether a question and its options fit one bubble."""
    return not options or len(body) + len(Choices("?", tuple(options)).numbered) - 1 <= BODY_LIMIT


def option(verb: str, value: object, title: str, description: str = "") -> Option:
    """Return an option whose words fit a list; a title that is cut continues in the description."""
    if len(title) > ROW_TITLE:
        description = " · ".join(part for part in (title, description) if part)
        title = title[: ROW_TITLE - 1].rstrip() + "…"
    if len(description) > ROW_DESCRIPTION:
        description = description[: ROW_DESCRIPTION - 1].rstrip() + "…"
    return Option(buttons.encode(verb, value), title, description)


def do(name: str, title: str) -> Option:
    """Return an option that steers the dialogue."""
    return option("do", name, title)


def fitting(options: Sequence[Option], *more: Option) -> list[Option]:
    """Return as many options as a list has rows, those of `more` among them."""
    return [*options[: ROWS - len(more)], *more]
