"""request_payment, set_pix_key and send_revenue_chart: ask for a Pix, and show what came in as a picture."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import charge, pix, takings
from bot.agenda.pix import KeyKind
from bot.agenda.takings import Stretch
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.models import Professional
from bot.models.enums import Role
from bot.notify.render import chat
from bot.whatsapp.outgoing import Outgoing, Text

from . import periods
from .appointments import as_asked, own_appointment, still_as_asked
from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda

KEY_KINDS: Mapping[KeyKind, str] = {
    KeyKind.CPF: "CPF",
    KeyKind.CNPJ: "CNPJ",
    KeyKind.EMAIL: "e-mail",
    KeyKind.PHONE: "celular",
    KeyKind.RANDOM: "chave aleatória",
}


class RequestPayment(Tool):
    """Propose asking a client to pay one appointment by Pix. The professional is then asked to confirm; nothing is
    sent before their yes."""

    name: ClassVar[str] = "request_payment"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    appointment: str
    """Token of the appointment."""

    async def call(self, context: Context) -> ToolResult:
        appointment_id = UUID(context.redeem(self.appointment, "appointment")["id"])
        own = await own_appointment(context.session, context.asker, appointment_id)
        row = own.row
        ready = await charge.prepare(context.session, row, now=context.asker.now)
        question = chat("confirm_payment_request", **ready.words)
        return ToolResult({}, Proposal(self.name, as_asked(row), question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        asked = await still_as_asked(session, asker, arguments)
        sent = await charge.request(
            session,
            asked.id,
            professional_id=professional_id,
            now=asker.now,
            key=key,
        )
        return charge.receipt(sent)


class SetPixKey(Tool):
    """Propose keeping the professional's Pix key, with which clients pay. The professional is then asked to confirm."""

    name: ClassVar[str] = "set_pix_key"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    key: str
    """The key as it was written: CPF, CNPJ, e-mail, mobile number or random key."""

    async def call(self, context: Context) -> ToolResult:
        key = pix.read_key(self.key)
        question = chat("confirm_pix_key", kind=KEY_KINDS[key.kind], key=key.written)
        return ToolResult({}, Proposal(self.name, {"key": key.written}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        professional = await session.get_one(Professional, professional_id)
        professional.pix_key = pix.read_key(arguments["key"]).written
        return Text(chat("done_pix_key", key=professional.pix_key))


class SendRevenueChart(Tool):
    """Draw the professional's revenue of a period beside the period before, as a picture that is sent to them."""

    name: ClassVar[str] = "send_revenue_chart"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    period: str = "este mês"
    """The professional's own words for the period, e.g. "esta semana" or "mês passado"."""

    async def call(self, context: Context) -> ToolResult:
        period = periods.asked(context, self.period)
        previous = periods.before(period)
        picture = await takings.chart(
            context.session,
            context.professional_id,
            Stretch(period.start, period.end, period.label),
            Stretch(previous.start, previous.end, previous.label),
            now=context.asker.now,
        )
        return ToolResult({"period": period.label}, say=picture)
