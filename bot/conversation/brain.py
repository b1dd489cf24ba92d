"""What a brain is: something that reads a turn and answers it. Groq is one, the rules are another.

A brain reads through the toolbox and never writes. What it wants written it proposes; the turn stores the
proposal, asks the person with its own words and runs it after their yes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from ..models.enums import Author, Role
from ..whatsapp.outgoing import Outgoing

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from ..models import Professional


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is speaking, from the verified sender; no model can name or change any of this."""

    role: Role
    conversation_id: UUID
    contact_id: UUID
    # The agenda in question: one's own as a professional, the chosen one as a client; None while none is chosen.
    professional_id: UUID | None
    # The client record of this contact with that professional, once there is one.
    client_id: UUID | None
    name: str
    now: datetime
    zone: ZoneInfo

    @property
    def local(self) -> datetime:
        """The moment of the turn as wall time in the professional's zone."""
        return self.now.astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Line:
    """One earlier line of the conversation."""

    author: Author
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that waits for a yes: which tool, with which exact arguments, and the question that is asked."""

    tool: str
    arguments: Mapping[str, Any]
    question: str
    # The time kept while the person decides, if it is about time: professional, start, end.
    hold: tuple[UUID, datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found out (`data`, JSON for a model), or the write it proposes."""

    data: Mapping[str, Any]
    proposal: Proposal | None = None
    # Short tokens that the tool handed out, to be kept with the conversation: token → what it stands for.
    tokens: Mapping[str, Any] = field(default_factory=dict)
    # A picture or a file for the person: it ends the turn, and no model is shown it.
    say: Outgoing | None = None


class Toolbox(Protocol):
    """The tools one asker may use; each call is a transaction of its own, unless they were given one to read in."""

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        """Return the tools as JSON schemas in the shape chat-completion services take."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a tool; a refusal or a bad argument comes back as data with `ok: false`, never as an exception."""
        ...


class Toolkit(Protocol):
    """All the tools there are: bound to an asker for reading, or run after a yes."""

    def for_asker(
        self,
        asker: Asker,
        state: Mapping[str, Any],
        *,
        professional: "Professional | None" = None,
        session: "AsyncSession | None" = None,
    ) -> Toolbox:
        """Return the tools this asker may use; `state` holds the tokens handed out before.

        The `professional` of the turn is not read again where it is given. With a `session` all tools read in its
        transaction, for a brain that waits for nobody.
        """
        ...

    async def perform(
        self, session: "AsyncSession", asker: Asker, tool: str, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        """Do what was agreed to, in the caller's transaction, once per `key`; raise `Refused` when it cannot be.

        Return what to tell the person, or None where a receipt is already owed to them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """The turn as a brain sees it."""

    asker: Asker
    text: str
    history: Sequence[Line]
    # What the dialogue has gathered so far (a copy); the answer may return an updated one.
    state: Mapping[str, Any]
    toolbox: Toolbox
    professional_name: str = ""
    # The id of the option that was tapped, or whose number was typed; it belongs to this conversation.
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a brain wants to happen: say something, or propose a write, and remember the dialogue."""

    say: Outgoing | None = None
    proposal: Proposal | None = None
    # None keeps the state as it is.
    state: Mapping[str, Any] | None = None
    tokens: Mapping[str, Any] = field(default_factory=dict)
    # The professional the person chose, found by the rules; a model never sets it.
    professional_id: UUID | None = None
    # A person should take over.
    handoff: bool = False


class Brain(Protocol):
    """Something that answers a turn within its deadline."""

    async def answer(self, heard: Heard) -> Answer: ...


class BrainFailed(Exception):
    """The brain could not answer (service down, deadline, nonsense): the next one in line takes the turn."""
