"""Ask a client to pay by Pix: the code as one of the 19 messages, and its QR while they are in the chat.

Odys never sees the money. A code that was sent says nothing about a payment; the professional says when it came.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Conflict, Invalid
from ..models import Appointment
from ..models.enums import Action, Actor, Payment
from ..models.plans import Capability, allows
from ..notify import outbox
from ..notify.messages import PaymentRequest
from ..notify.render import chat
from ..whatsapp.outgoing import Image, Text
from . import pix
from .hours import zone_of
from .ledger import find_locked
from .lifecycle import after
from .parties import Parties, Reach, load_parties
from .refusals import NotInPlan
from .talks import open_talk


class PixKeyMissing(Invalid):
    code = "pix_key_missing"
    sentence = "Para cobrar por Pix, cadastre primeiro a sua chave Pix."


class PriceOpen(Invalid):
    code = "price_open"
    sentence = "Esse atendimento está sem preço, então não há o que cobrar."


class AlreadyPaid(Conflict):
    code = "already_paid"
    sentence = "Esse atendimento já está pago."


class ClientUnreachable(Invalid):
    code = "client_unreachable"
    sentence = "Não consigo escrever para {client} pelo WhatsApp."


class ClientOptedOut(Invalid):
    code = "client_opted_out"
    sentence = "{client} pediu para não receber mensagens por aqui."


@dataclass(frozen=True, slots=True)
class Charge:
    """An appointment that can be charged: to whom, and the code that pays it."""

    row: Appointment
    who: Parties
    contact: Reach
    code: str

    @property
    def words(self) -> dict[str, str]:
        """What the professional reads about it."""
        local = self.row.start_at.astimezone(zone_of(self.who.professional.timezone))
        return {
            "client": self.who.client.name,
            "service": self.row.service_name,
            "when": phrases.moment(local),
            "amount": phrases.money(self.row.price_cents),
        }


async def prepare(session: AsyncSession, row: Appointment, *, now: datetime) -> Charge:
    """Check that an appointment can be charged by Pix now, or refuse with the reason."""
    who = await load_parties(session, row.professional_id, row.client_id)
    professional = who.professional
    if not allows(professional.plan, Capability.PIX_REQUEST):
        raise NotInPlan(Capability.PIX_REQUEST)
    # What could not be marked as paid cannot be charged either.
    after(row.status, row.payment, Action.PAID, Actor.PROFESSIONAL, start_at=row.start_at, end_at=row.end_at, now=now)
    if row.payment is Payment.PAID:
        raise AlreadyPaid
    if not row.price_cents:
        raise PriceOpen
    if not (professional.pix_key or "").strip():
        raise PixKeyMissing
    contact = who.contact
    if contact is None or contact.unreachable_at is not None:
        raise ClientUnreachable(client=who.client.name)
    if contact.opted_out_at is not None:
        raise ClientOptedOut(client=who.client.name)
    code = pix.br_code(
        pix.read_key(professional.pix_key or ""),
        name=professional.name,
        amount_cents=row.price_cents,
        reference=pix.reference_of(row.id),
    )
    return Charge(row, who, contact, code)


async def request(
    session: AsyncSession, appointment_id: UUID, *, professional_id: UUID, now: datetime, key: str
) -> Charge:
    """Owe a client the Pix code of an appointment, once per `key`; asking again with another key reminds them."""
    row = await find_locked(session, appointment_id, professional_id=professional_id, contact_id=None)
    charge = await prepare(session, row, now=now)
    message = PaymentRequest(
        client=phrases.first_name(charge.who.client.name),
        professional=charge.who.professional.name,
        service=row.service_name,
        amount=phrases.money(row.price_cents),
        pix_code=charge.code,
    )
    await outbox.owe(
        session,
        message,
        contact_id=charge.contact.id,
        professional_id=professional_id,
        appointment=row,
        now=now,
        dedup_key=f"{message.name}:{key}",
    )
    # No template carries a picture: outside the window the code alone is sent.
    if talk := await open_talk(session, charge.who.professional.account, charge.contact.id, now):
        # Right after the text. Its caption is the code alone, so that a long press copies what the bank takes.
        await outbox.say(
            session,
            qr_image(charge.code),
            talk,
            now=now,
            dedup_key=f"{message.name}:qr:{key}",
            priority=message.priority,
        )
    return charge


def qr_image(code: str) -> Image:
    """Return the QR of a code as a message."""
    from .pictures import qr_png  # noqa: PLC0415 - two libraries, where somebody is asked to pay

    return Image(base64.b64encode(qr_png(code)).decode(), code)


def receipt(charge: Charge) -> Text:
    """Say to the professional what is on its way."""
    return Text(chat("done_payment_requested", **charge.words))
