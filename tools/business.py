"""get_plan, set_price, set_cancellation_deadline and warn_of_delay: how the professional works."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import delay, owners
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.reading.amounts import read_cents
from bot.errors import Invalid
from bot.models import Professional
from bot.models.enums import LatePolicy, Role
from bot.models.plans import PLANS, Capability, allows, plans_with
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing, Text

from .appointments import as_asked, still_as_asked
from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .services import find_service

# A week: whoever wants more notice than that wants no cancellations.
MOST_HOURS: Final = 168
# The price and nothing else: "mais 10", "10%" and "50 a partir de dezembro" are other things.
_PRICE: Final = re.compile(
    r"\W*(?:(?:por|para|pra|a|de|novo|preco|valor)\W+)*(?:r\$ ?)?(\d++(?:[.,]\d++)*+)(?: ?reais)?(?: cada)?[ .!]*"
)

CAPABILITIES: Final[Mapping[Capability, str]] = {
    Capability.REMINDER_2H: "lembrete duas horas antes",
    Capability.SERIES: "horários fixos",
    Capability.DAILY_AGENDA: "agenda do dia pela manhã",
    Capability.VOICE: "áudios",
    Capability.WAITLIST: "lista de espera",
    Capability.PIX_REQUEST: "cobrança por Pix",
    Capability.OWN_NUMBER: "número próprio de WhatsApp",
}


class PriceUnclear(Invalid):
    code = "price_unclear"
    sentence = "Qual é o novo preço? Escreva só o valor, por exemplo: “R$ 60”."


class BadDeadline(Invalid):
    code = "bad_deadline"
    sentence = "O prazo para cancelar vai de 0 a 168 horas antes do horário."


class GetPlan(Tool):
    """Read which plan the professional has and what it includes."""

    name: ClassVar[str] = "get_plan"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    async def call(self, context: Context) -> ToolResult:
        plan = (await context.professional()).plan
        terms = PLANS[plan]
        limit = terms.appointments_a_month
        has = [f"{limit} agendamentos por mês" if limit else "agendamentos sem limite"]
        has += [words for capability, words in CAPABILITIES.items() if allows(plan, capability)]
        lacks = [
            f"{words} (plano {plans_with(capability)[0].value.capitalize()})"
            for capability, words in CAPABILITIES.items()
            if not allows(plan, capability)
        ]
        return ToolResult(
            {
                "plan": plan.value.capitalize(),
                "price": phrases.money(terms.price_cents),
                "includes": has,
                "does_not_include": lacks,
            }
        )


class SetPrice(Tool):
    """Propose a new price for one of the professional's services. The professional is then asked to confirm."""

    name: ClassVar[str] = "set_price"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    price: str
    """The new price in reais, as it was said: "60", "R$ 1.250,50"."""
    service: str = ""
    """Name or token of the service. Leave empty when it was not said."""

    async def call(self, context: Context) -> ToolResult:
        service = await find_service(context, self.service)
        cents = _cents(self.price)
        if cents > owners.HIGHEST_PRICE:
            raise owners.BadPrice
        question = chat(
            "confirm_price",
            service=service.name,
            old=phrases.money(service.price_cents),
            new=phrases.money(cents),
        )
        before = {"price": phrases.money(service.price_cents), "service": service.name}
        arguments = {"service_id": str(service.id), "cents": cents, "before": before}
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        service = await owners.edit_service(
            session, own_agenda(asker), UUID(arguments["service_id"]), price_cents=arguments["cents"]
        )
        return Text(chat("done_price", service=service.name, price=phrases.money(service.price_cents)))


class SetCancellationDeadline(Tool):
    """Propose until how many hours before the start clients may cancel or move by themselves. The professional is
    then asked to confirm."""

    name: ClassVar[str] = "set_cancellation_deadline"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    hours: int
    """Hours before the start; 0 lets clients cancel until it begins."""
    late: Literal["refuse", "allow"] = "refuse"
    """What happens after the deadline."""

    async def call(self, context: Context) -> ToolResult:
        if not 0 <= self.hours <= MOST_HOURS:
            raise BadDeadline
        question = chat("confirm_deadline", hours=_hours(self.hours), late=self.late == "refuse")
        row = await context.professional()
        arguments: dict[str, Any] = {"hours": self.hours, "late": self.late}
        if row.late_policy is not LatePolicy.WARN:  # nobody can say that one by chat
            arguments["before"] = {"hours": row.cancel_deadline_hours, "late": row.late_policy.value}
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional = await session.get_one(Professional, own_agenda(asker))
        professional.cancel_deadline_hours = arguments["hours"]
        professional.late_policy = LatePolicy(arguments["late"]) if arguments["hours"] else LatePolicy.ALLOW
        return Text(chat("done_deadline", hours=_hours(arguments["hours"])))


class WarnOfDelay(Tool):
    """Propose telling the next client of today that the professional runs late. The professional is then asked to
    confirm."""

    name: ClassVar[str] = "warn_of_delay"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    minutes: int
    """By how many minutes."""

    async def call(self, context: Context) -> ToolResult:
        late = await delay.prepare(
            context.session,
            context.professional_id,
            context.asker.zone.key,
            self.minutes,
            now=context.asker.now,
        )
        question = chat(
            "confirm_late",
            client=late.who.client.name,
            service=late.row.service_name,
            hour=late.hour,
            minutes=phrases.duration(self.minutes),
        )
        return ToolResult({}, Proposal(self.name, {**as_asked(late.row), "minutes": self.minutes}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        asked = await still_as_asked(session, asker, arguments)
        late = await delay.tell(session, asked, asker.zone.key, arguments["minutes"], now=asker.now, key=key)
        return Text(chat("done_late", client=late.who.client.name, hour=late.hour))


def _hours(hours: int) -> str:
    return phrases.plural(hours, "hora", "horas") if hours else ""


def _cents(words: str) -> int:
    found = _PRICE.fullmatch(plain(words))
    cents = read_cents(found[1]) if found and "-" not in words and "+" not in words else None
    if cents is None:
        raise PriceUnclear
    return cents
