"""A professional who runs late: the next client of the day is told, while they can be reached in a few words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..errors import Invalid, NotFound
from ..models import Appointment, Conversation
from ..models.enums import STANDING
from ..notify import outbox
from ..notify.render import chat
from ..whatsapp.outgoing import Text
from .hours import DAY, at_wall, local_date, zone_of
from .parties import Parties, load_parties
from .refusals import AppointmentChanged
from .talks import open_talk

# Who was due so long ago is waiting at the door and was told.
JUST_BEGUN: Final = timedelta(minutes=10)
MINUTES: Final = range(1, 181)


class NobodyWaits(NotFound):
    code = "nobody_waits"
    sentence = "Não há mais ninguém marcado hoje para avisar."


class BadDelay(Invalid):
    code = "bad_delay"
    sentence = "De quantos minutos é o atraso? Posso avisar de 1 a 180."


class OutOfReach(Invalid):
    """WhatsApp lets free text through for a day after a person wrote, and there is no template for this."""

    code = "out_of_reach"
    sentence = (
        "O próximo é {client}, {hour}, mas não consigo avisar por aqui: a última mensagem de lá tem mais de um dia, "
        "e o WhatsApp não deixa. Melhor ligar."
    )


@dataclass(frozen=True, slots=True)
class Late:
    """The next appointment of the day, and the conversation its client can be told in."""

    row: Appointment
    who: Parties
    talk: Conversation

    @property
    def hour(self) -> str:
        return phrases.at_hour(self.row.start_at.astimezone(zone_of(self.who.professional.timezone)))


async def prepare(session: AsyncSession, professional_id: UUID, zone: str, minutes: int, *, now: datetime) -> Late:
    """Find whom to tell, or refuse with the reason."""
    if minutes not in MINUTES:
        raise BadDelay
    row = await session.scalar(
        select(Appointment)
        .where(
            Appointment.professional_id == professional_id,
            Appointment.start_at >= now - JUST_BEGUN,
            Appointment.start_at < at_wall(zone, local_date(zone, now), DAY),
            Appointment.status.in_(STANDING),
        )
        .order_by(Appointment.start_at)
        .limit(1)
    )
    if row is None:
        raise NobodyWaits
    who = await load_parties(session, professional_id, row.client_id)
    contact = who.contact
    talk = await open_talk(session, who.professional.account, contact.id, now) if contact else None
    if talk is None or contact is None or contact.unreachable_at or contact.opted_out_at:
        raise OutOfReach(client=who.client.name, hour=phrases.at_hour(row.start_at.astimezone(zone_of(zone))))
    return Late(row, who, talk)


async def tell(session: AsyncSession, row: Appointment, zone: str, minutes: int, *, now: datetime, key: str) -> Late:
    """Owe the client of `row` the news, once per `key`; who is not the next one any more is not told."""
    late = await prepare(session, row.professional_id, zone, minutes, now=now)
    if late.row.id != row.id:
        raise AppointmentChanged
    words = chat(
        "running_late",
        client=phrases.first_name(late.who.client.name),
        professional=late.who.professional.name,
        minutes=phrases.duration(minutes),
        hour=late.hour,
    )
    await outbox.say(session, Text(words), late.talk, now=now, dedup_key=f"late:{key}")
    return late
