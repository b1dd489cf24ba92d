"""What a tool is: arguments a model may fill in, a description it reads, an effect, and who may use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from secrets import token_hex
from typing import Any, ClassVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda.booking import Openings
from bot.agenda.refusals import AppointmentUnknown
from bot.conversation.brain import Asker, ToolResult
from bot.errors import Forbidden, NotFound
from bot.models import Professional
from bot.models.enums import Actor, Role
from bot.whatsapp.outgoing import Outgoing

BOTH = frozenset(Role)
PROFESSIONAL = frozenset({Role.PROFESSIONAL})
CLIENT = frozenset({Role.CLIENT})


class Effect(StrEnum):
    """A tool either reads, or proposes a write that a person then confirms."""

    READ = "read"
    PROPOSE = "propose"


class TokenUnknown(NotFound):
    """A token that was not handed out in this conversation, or is long forgotten."""

    code = "token_unknown"
    sentence = "Não encontrei essa opção. Veja a lista atual."


class NoAgenda(Forbidden):
    """A client has not chosen a professional yet."""

    code = "no_professional"
    sentence = "Com qual profissional você quer falar?"


def own_agenda(asker: Asker) -> UUID:
    """Return the agenda that a yes is about; without one, what was proposed exists no more."""
    if asker.professional_id is None:
        raise AppointmentUnknown
    return asker.professional_id


@dataclass(slots=True)
class Context:
    """What a tool works with: an open transaction, who asks, and the tokens handed out so far.

    What was `read` once is the same for every call of a turn; what is written later is checked again then.
    """

    session: AsyncSession
    asker: Asker
    tokens: Mapping[str, Any]
    fresh: dict[str, Any]
    read: dict[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def professional_id(self) -> UUID:
        if self.asker.professional_id is None:
            raise NoAgenda
        return self.asker.professional_id

    @property
    def actor(self) -> Actor:
        """As whom the asker books: the same rules bind an owner less than a client."""
        return Actor.PROFESSIONAL if self.asker.role is Role.PROFESSIONAL else Actor.CLIENT

    async def professional(self) -> Professional:
        if "professional" not in self.read:
            self.keep("professional", [await self.session.get_one(Professional, self.professional_id)])
        return cast(Professional, self.read["professional"][0])

    @property
    def openings(self) -> Openings | None:
        """The free times that were read last, in this very transaction: what is older may be somebody else's by now."""
        session, found = self.read.get("openings", (None, None))
        return found if session is self.session else None

    @openings.setter
    def openings(self, found: Openings) -> None:
        self.read["openings"] = (self.session, found)

    def keep(self, name: str, rows: Sequence[Any]) -> None:
        """Keep rows for the calls to come: outside the session, whose end may be a refusal that undoes them."""
        for row in rows:
            self.session.expunge(row)
        self.read[name] = rows

    def hand_out(self, value: Mapping[str, Any]) -> str:
        """Return a short token for `value`; the same value keeps the token it already has."""
        for token, known in chain(self.tokens.items(), self.fresh.items()):
            if known == value:
                self.fresh[token] = dict(value)
                return token
        token = token_hex(2)  # 65,536 values, sixty alive at a time: short enough for a model to copy
        while token in self.tokens or token in self.fresh:
            token = token_hex(2)
        self.fresh[token] = dict(value)
        return token

    def redeem(self, token: str, kind: str) -> Mapping[str, Any]:
        """Return what a token of this kind stands for, or refuse."""
        token = token.strip().lower()
        value = self.fresh.get(token) or self.tokens.get(token)
        if not value or value.get("kind") != kind:
            raise TokenUnknown(kind=kind)
        return dict(value)


class Tool(BaseModel):
    """A tool call: its fields are the arguments, its docstring is what a model is told."""

    # Built when it is first called: thirty of them are a tenth of what a start takes.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        str_max_length=300,
        coerce_numbers_to_str=True,
        defer_build=True,
    )

    name: ClassVar[str]
    effect: ClassVar[Effect] = Effect.READ
    roles: ClassVar[frozenset[Role]] = BOTH

    async def call(self, context: Context) -> ToolResult:
        """Read and return data, or return a proposal; never write."""
        raise NotImplementedError

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        """Do what was proposed and agreed to."""
        raise NotImplementedError

    @classmethod
    def offer(cls) -> dict[str, Any]:
        """Return the tool in the shape chat-completion services take."""
        parameters = cls.model_json_schema()
        parameters.pop("title", None)
        parameters.pop("description", None)
        for each in parameters.get("properties", {}).values():
            each.pop("title", None)
        parameters.setdefault("properties", {})
        description = " ".join((cls.__doc__ or "").split())
        return {
            "type": "function",
            "function": {"name": cls.name, "description": description, "parameters": parameters},
        }
