"""Tell a professional, inside the application, about a message that did not arrive: once a message, in plain words."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid5

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import Client, Contact, Notification, Outbound, Professional, User
from ..whatsapp.faults import Action, Fault

KIND = "message_failed"
_NAMESPACE = UUID("5a3c1f0e-8d0b-4c55-9a51-6d4f0d0a7b11")

# What each message is, after "A mensagem com"; the professional never sees our names.
_WHAT: Mapping[str, str] = MappingProxyType(
    {
        "chat": "a resposta do assistente",
        "booking_requested": "o recibo do pedido de horário",
        "booking_request_received": "um novo pedido de horário",
        "booking_confirmed": "a confirmação do horário",
        "booking_rejected": "a recusa do pedido",
        "booking_rejected_receipt": "o recibo da recusa",
        "booking_cancelled_by_client": "um cancelamento feito pelo cliente",
        "booking_cancelled_receipt": "o recibo do cancelamento",
        "booking_cancelled_by_professional": "o aviso de cancelamento",
        "booking_rescheduled": "a mudança de horário",
        "reminder_24h": "o lembrete da véspera",
        "reminder_2h": "o lembrete do dia",
        "daily_agenda": "a agenda do dia",
        "payment_request": "o pedido de pagamento",
        "payment_received": "o recibo do pagamento",
        "review_request": "o pedido de avaliação",
        "no_show_notice": "o aviso de falta",
        "series_booked": "a confirmação da série de horários",
        "waitlist_offer": "a oferta de um horário que vagou",
        "login_code": "o código de acesso",
    }
)
_BY_CODE: Mapping[str, str] = MappingProxyType(
    {
        "window_closed": "a última mensagem dessa pessoa tem mais de 24 horas, e o WhatsApp não deixa responder depois",
        "unconfirmed": "o WhatsApp não confirmou o envio; pode ter chegado",
        "no_address": "não há telefone cadastrado",
        "131062": "o WhatsApp não aceita esse tipo de mensagem para quem esconde o telefone",
        "131042": "a conta do WhatsApp está sem forma de pagamento",
    }
)
_BY_ACTION: Mapping[Action, str] = MappingProxyType(
    {
        Action.UNREACHABLE: "esse número não recebe mensagens no WhatsApp",
        Action.STOPPED_OFFERS: "essa pessoa pediu ao WhatsApp para não receber esse tipo de mensagem",
        Action.TEMPLATE: "o modelo dessa mensagem não está liberado no WhatsApp",
        Action.STOP_ACCOUNT: "o WhatsApp bloqueou os envios do nosso número",
        Action.DROP: "o WhatsApp preferiu não entregar",
        Action.BUG: "houve um erro nosso, que já ficou registrado",
    }
)
_OTHERWISE = "o WhatsApp não aceitou a mensagem, mesmo depois de várias tentativas"


async def tell(session: AsyncSession, row: Outbound, fault: Fault, now: datetime) -> None:
    """Write a notification for the professional whom a failed message concerns, if there is one."""
    if row.professional_id is None:
        return
    owner = select(Professional.user_id, User.contact_id).join(User, User.id == Professional.user_id)
    found = (await session.execute(owner.where(Professional.id == row.professional_id))).one_or_none()
    if found is None:
        return
    # As the professional calls them; somebody may have no other name yet.
    card = (Client.contact_id == Contact.id) & (Client.professional_id == row.professional_id)
    called = select(func.coalesce(Client.name, Contact.name)).outerjoin_from(Contact, Client, card)
    name = await session.scalar(called.where(Contact.id == row.contact_id).limit(1)) if row.contact_id else ""
    to_owner = found.contact_id is not None and found.contact_id == row.contact_id
    values = {
        "id": _id(row),
        "user_id": found.user_id,
        "kind": KIND,
        "title": "Não consegui falar com você no WhatsApp"
        if to_owner
        else f"Não consegui avisar {name or 'um cliente'}",
        "body": _body(row, fault, to_owner=to_owner),
        "appointment_id": row.appointment_id,
        "created_at": now,
    }
    await session.execute(insert_new(session, Notification, values))


async def take_back(session: AsyncSession, row: Outbound) -> None:
    """Forget the notification: the message arrived after all."""
    await session.execute(delete(Notification).where(Notification.id == _id(row)))


def _id(row: Outbound) -> UUID:
    # Of the message: whatever fails twice is told once.
    return uuid5(_NAMESPACE, str(row.id))


def _body(row: Outbound, fault: Fault, *, to_owner: bool) -> str:
    what = _WHAT.get(row.kind, "um aviso")
    why = _BY_CODE.get(fault.code) or _BY_ACTION.get(fault.action, _OTHERWISE)
    advice = "Confira na agenda." if to_owner else "Se for importante, fale com a pessoa por outro meio."
    return f"A mensagem com {what} não foi entregue: {why}. {advice}"
