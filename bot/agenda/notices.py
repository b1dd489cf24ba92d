"""Who is told what: each change of an appointment becomes owed messages and notifications, in its own transaction.

Every value comes from a row that the same transaction has written. Nobody is notified in the application of what they
did themselves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..models import Appointment, Client, Professional
from ..models.enums import Action, Actor, Status
from ..notify.fit import clip
from ..notify.messages import (
    BookingCancelledByClient,
    BookingCancelledByProfessional,
    BookingCancelledReceipt,
    BookingConfirmed,
    BookingRejected,
    BookingRejectedReceipt,
    BookingRequested,
    BookingRequestReceived,
    BookingRescheduled,
    NoShowNotice,
    PaymentReceived,
    ReviewRequest,
    SeriesBooked,
)
from ..notify.render import QUOTE, chat
from ..whatsapp.outgoing import Outgoing, Text
from .entry import Rows
from .hours import zone_of
from .parties import Parties
from .told import Told, notification


def booked(told: Told) -> None:
    """Tell of a new appointment: a request to both sides, or the professional's own booking to the client."""
    row, when = told.row, told.when()
    if row.status is Status.CONFIRMED:
        told.client(_confirmed(told), title="Horário marcado", email=True)
        return
    asked = BookingRequested(**told.to_client, when=when, price=told.price, appointment_id=str(row.id))
    told.client(asked)
    _ask_professional(told, when, "Novo pedido de horário")


def moved(told: Told, actor: Actor, old_start: datetime) -> None:
    """Tell of a new time: as done where the professional chose it, as a request where they have yet to answer."""
    old_when, when, about = told.when(old_start), told.when(), str(told.row.id)
    if actor is Actor.CLIENT:
        both = f"{when} (antes: {old_when})"
        told.client(BookingRequested(**told.to_client, when=both, price=told.price, appointment_id=about), email=True)
        _ask_professional(told, both, "Pedido para remarcar")
    else:
        message = BookingRescheduled(**told.to_client, old_when=old_when, when=when, appointment_id=about)
        told.client(message, title="Horário remarcado", email=True)


def acted(told: Told, action: Action, actor: Actor, given_up: datetime | None = None) -> None:
    """Tell of a move of the life cycle: who hears what is fixed by the action and by who took it.

    `given_up` is the confirmed time that the client left for one that is now rejected: both are gone.
    """
    client, owner, when = told.to_client, told.to_professional, told.when()
    match action:
        case Action.CONFIRM:
            told.client(_confirmed(told, invites=True), title="Horário confirmado", email=True)
        case Action.REJECT:
            both = f"{when} (o de antes, {told.when(given_up)}, já foi liberado)" if given_up else when
            told.client(BookingRejected(**client, when=both), title="Pedido recusado", email=True)
            told.professional(BookingRejectedReceipt(**owner, when=when))
        case Action.CANCEL if actor is Actor.CLIENT:
            told.professional(BookingCancelledByClient(**owner, when=when), title="Horário cancelado")
            told.client(BookingCancelledReceipt(**client, when=when), email=True)
        case Action.CANCEL:
            told.client(BookingCancelledByProfessional(**client, when=when), title="Horário cancelado", email=True)
        case Action.COMPLETE:
            review = ReviewRequest(**client, appointment_id=str(told.row.id))
            told.client(review, title="Como foi o atendimento?")
        case Action.NO_SHOW:
            told.client(NoShowNotice(**client, when=when), title="Falta registrada")
        case Action.PAID:
            told.client(PaymentReceived(**client, amount=told.price), title="Pagamento recebido")


def series_booked(told: Told, rhythm: str, rows: Sequence[Appointment]) -> None:
    """Tell the client of a whole series in one message."""
    message = SeriesBooked(
        **told.to_client,
        rhythm=rhythm,
        count=phrases.plural(len(rows), "horário", "horários"),
        first_when=told.when(rows[0].start_at),
        last_when=told.when(rows[-1].start_at),
    )
    told.client(message, title="Horários fixos marcados")


def series_cancelled(told: Told, actor: Actor, others: int) -> None:
    """Tell of a cancelled rest of a series in one message to each side that `acted` would tell."""
    when = told.when() + _and_others(others)
    if actor is Actor.CLIENT:
        told.professional(
            BookingCancelledByClient(**told.to_professional, when=when), title="Horários fixos cancelados"
        )
        told.client(BookingCancelledReceipt(**told.to_client, when=when))
    else:
        message = BookingCancelledByProfessional(**told.to_client, when=when)
        told.client(message, title="Horários fixos cancelados")


def series_moved(told: Told, old_start: datetime, others: int) -> None:
    """Tell the client of a moved rest of a series in one message."""
    message = BookingRescheduled(
        **told.to_client,
        old_when=told.when(old_start) + _and_others(others),
        when=told.when() + _and_others(others),
        appointment_id=str(told.row.id),
    )
    told.client(message, title="Horários fixos remarcados")


def series_conflict(who: Parties, service: str, at: datetime, now: datetime) -> Rows:
    """Build the professional's notification of an occurrence that could not be booked."""
    zone = zone_of(who.professional.timezone)
    when = phrases.moment(at.astimezone(zone), now.astimezone(zone).date())
    body, title = f"{who.client.name}: {service}, {when}", "Horário fixo não coube na agenda"
    return [notification(who.professional.user_id, "series_conflict", title, body, now)]


def series_stopped(who: Parties, rhythm: str, now: datetime) -> Rows:
    """Build the professional's notification of a series that is not booked ahead any more."""
    body = (
        f"{who.client.name}: {rhythm}. O serviço não é mais oferecido, e nada mais será marcado; o que já está na"
        " agenda fica."
    )
    title = "Horário fixo chegou ao fim"
    return [notification(who.professional.user_id, "series_stopped", title, body, now)]


def _and_others(others: int) -> str:
    """Write how many more of a series share the fate of the first."""
    return f" (e mais {phrases.plural(others, 'horário', 'horários')} da série)" if others else ""


def _confirmed(told: Told, *, invites: bool = False) -> BookingConfirmed:
    return BookingConfirmed(
        **told.to_client,
        when=told.when(),
        address=told.who.professional.address,
        appointment_id=str(told.row.id),
        invited="sim" if invites and told.who.contact is not None and told.who.account_id is None else "",
    )


def _ask_professional(told: Told, when: str, title: str) -> None:
    request = BookingRequestReceived(
        **told.to_professional,
        when=when,
        price=told.price,
        appointment_id=str(told.row.id),
        note=clip(told.row.note, QUOTE),
    )
    told.professional(request, title=title)


# What the chat answers to the person who acted; the refused client's professional gets a message of the 19 instead.
_RECEIPTS: Final[Mapping[Action, str]] = {
    Action.BOOK: "done_booked",
    Action.RESCHEDULE: "done_rescheduled",
    Action.CONFIRM: "done_confirmed",
    Action.CANCEL: "done_cancelled",
    Action.COMPLETE: "done_completed",
    Action.NO_SHOW: "done_no_show",
    Action.PAID: "done_paid",
    Action.ATTEND: "attendance_thanks",
}


async def receipt(session: AsyncSession, row: Appointment, action: Action) -> Outgoing | None:
    """Say what the row now says, to the person who acted; None where one of the 19 already does."""
    if action not in _RECEIPTS:
        return None
    both = select(Client.name, Professional.timezone).join(Professional, Professional.id == Client.professional_id)
    client, zone = (await session.execute(both.where(Client.id == row.client_id))).one()
    when = phrases.moment(row.start_at.astimezone(zone_of(zone)))
    return Text(chat(_RECEIPTS[action], client=client, service=row.service_name, when=when))
