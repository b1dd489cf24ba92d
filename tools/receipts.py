"""export_receipts and note_cpf: what was paid as a file, and the numbers that a receipt needs."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import receipts
from bot.agenda.documents import read_cpf, write_cpf
from bot.agenda.refusals import ClientUnknown
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.errors import Invalid
from bot.models import Client, Professional
from bot.models.enums import Role
from bot.notify.render import chat
from bot.whatsapp.outgoing import Document, Outgoing, Text

from . import periods
from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .customers import find_customer

# Lines of what was left out that fit under a file.
TOLD: Final = 6


class NothingPaid(Invalid):
    code = "nothing_paid"
    sentence = "Nenhum pagamento registrado no período: {period}."


class NotOneFile(Invalid):
    """Receipts of two years, or more than a thousand, are two files; one is sent at a time."""

    code = "not_one_file"
    sentence = "Isso dá mais de um arquivo: peça um período menor, dentro do mesmo ano."


class ReceiptDataMissing(Invalid):
    code = "receipt_data_missing"
    sentence = "Para gerar os recibos do Receita Saúde {missing}. Escreva, por exemplo, “meu CPF é 000.000.000-00”."


class CpfInvalid(Invalid):
    code = "cpf_invalid"
    sentence = "Esse CPF não parece certo. Confira os números e mande de novo."


class ExportReceipts(Tool):
    """Send the professional a CSV file of what was paid in a period: for health professions in the layout of Receita
    Saúde, for others a plain list."""

    name: ClassVar[str] = "export_receipts"
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    period: str = "este mês"
    """The professional's own words for the period, e.g. "outubro" or "mês passado"."""

    async def call(self, context: Context) -> ToolResult:
        period = periods.asked(context, self.period)
        paid = await receipts.payments(context.session, context.professional_id, period.start, period.end)
        if not paid:
            raise NothingPaid(period=period.label)
        professional = await context.professional()
        occupation = receipts.occupation_of(professional.profession)
        if occupation is None:
            file = receipts.listing(paid, _name(period.start, period.end))
            count = phrases.plural(file.lines, "pagamento", "pagamentos")
            caption = chat("payments_file", period=period.label, count=count, total=phrases.money(file.cents))
            return ToolResult({"period": period.label}, say=_document(file, caption))
        issuer = receipts.Issuer(professional.cpf or "", occupation, professional.council_number)
        found = receipts.export(paid, issuer)
        if found.issuer:
            raise ReceiptDataMissing(missing=phrases.listing(found.issuer))
        if len(found.files) > 1:
            raise NotOneFile
        lines = _left(found.left)
        if not found.files:
            return ToolResult(
                {"period": period.label}, say=Text(chat("receipts_none", period=period.label, lines=lines))
            )
        file = found.files[0]
        count, total = phrases.plural(file.lines, "recibo", "recibos"), phrases.money(file.cents)
        caption = chat("receipts_file", period=period.label, count=count, total=total, lines=lines)
        return ToolResult({"period": period.label}, say=_document(file, caption))


class NoteCpf(Tool):
    """Propose noting a CPF for receipts: the professional's own, or a client's. The professional is then asked to
    confirm."""

    name: ClassVar[str] = "note_cpf"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    cpf: str
    """The CPF as it was written."""
    client: str = ""
    """Name, phone or token of the client. Empty: the professional's own CPF."""

    async def call(self, context: Context) -> ToolResult:
        digits = read_cpf(self.cpf)
        if digits is None:
            raise CpfInvalid
        arguments = {"cpf": digits}
        name = ""
        if self.client.strip():
            customer = await find_customer(context, self.client)
            arguments["client_id"], name = str(customer.id), customer.name
        return ToolResult({}, Proposal(self.name, arguments, chat("confirm_cpf", client=name, cpf=write_cpf(digits))))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        if "client_id" not in arguments:
            professional = await session.get_one(Professional, professional_id)
            professional.cpf = arguments["cpf"]
            return Text(chat("done_cpf", client=""))
        client = await session.get(Client, UUID(arguments["client_id"]))
        if client is None or client.professional_id != professional_id:
            raise ClientUnknown
        client.cpf = arguments["cpf"]
        return Text(chat("done_cpf", client=client.name))


def _document(file: receipts.File, caption: str) -> Document:
    return Document(base64.b64encode(file.content).decode(), file.name, caption)


def _name(start: date, end: date) -> str:
    if start.day == 1 and end == periods.next_month(start):
        return f"pagamentos-{start:%Y-%m}.csv"
    return f"pagamentos-{start:%Y-%m-%d}-a-{end - timedelta(days=1):%Y-%m-%d}.csv"


def _left(left: Sequence[receipts.Left]) -> str:
    lines = [f"• {each.payment.client}, {each.payment.paid_on:%d/%m}: {', '.join(each.reasons)}" for each in left]
    return phrases.cut(lines, TOLD, "pagamento", "pagamentos")
