"""Every "no" of the agenda that is about a time or about a row; those of the life cycle are with it.

Facts that fill a sentence are already written for people. A refused time also carries `nearest`: up to three free
times as aware UTC, in calendar order.
"""

from typing import Final

from .. import phrases
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..models.enums import Plan
from ..models.plans import PLANS, Capability, plans_with


class SlotTaken(Conflict):
    code = "slot_taken"
    sentence = "O horário de {when} já está ocupado."


class DayFull(Conflict):
    code = "day_full"
    sentence = "A agenda desse dia já está cheia: {day}."


class WeekFull(Conflict):
    code = "week_full"
    sentence = "A agenda da semana desse dia já está cheia: {day}."


class InThePast(Invalid):
    code = "in_the_past"
    sentence = "O horário de {when} já passou."


class TooSoon(Invalid):
    code = "too_soon"
    sentence = "O horário de {when} está muito em cima: é preciso marcar com pelo menos {notice} de antecedência."


class TooFar(Invalid):
    code = "too_far"
    sentence = "Ainda não dá para marcar para {when}: a agenda está aberta até {until}."


class ClosedDay(Invalid):
    code = "closed_day"
    sentence = "Não há atendimento nesse dia: {day}."


class ClosedThen(Invalid):
    """The day is open, and this part of it was blocked."""

    code = "closed_then"
    sentence = "A agenda está fechada nesse horário: {when}."


class OutsideHours(Invalid):
    code = "outside_hours"
    sentence = "O horário de {when} não cabe no expediente desse dia ({hours})."


class NotAStart(Invalid):
    """The time is open, and appointments begin at other minutes."""

    code = "not_a_start"
    sentence = "Não há atendimento que comece nesse horário: {when}."


NOT_FREE: Final = (
    SlotTaken,
    DayFull,
    WeekFull,
    InThePast,
    TooSoon,
    TooFar,
    ClosedDay,
    ClosedThen,
    OutsideHours,
    NotAStart,
)
"""Every refusal of a time."""


class ProfessionalUnknown(NotFound):
    code = "professional_unknown"
    sentence = "Não encontrei esse profissional."


class ServiceUnknown(NotFound):
    code = "service_unknown"
    sentence = "Não encontrei esse serviço."


class ServiceChanged(Conflict):
    """Its name, length or price is another than somebody agreed to."""

    code = "service_changed"
    sentence = "Esse serviço mudou. Veja como está agora."


class ClientUnknown(NotFound):
    code = "client_unknown"
    sentence = "Não encontrei esse cliente."


class AppointmentUnknown(NotFound):
    code = "appointment_unknown"
    sentence = "Não encontrei esse agendamento."


class AppointmentChanged(Conflict):
    """Somebody else moved the appointment between our reading and our writing."""

    code = "appointment_changed"
    sentence = "Esse agendamento acabou de mudar. Veja como está agora."


class AppointmentMoved(Conflict):
    """What somebody answers showed another time than the appointment has now: that is not what they agree to."""

    code = "appointment_moved"
    sentence = "Esse agendamento mudou de horário depois dessa mensagem: agora é {when}. Veja a mensagem mais recente."


class KeyReused(Conflict):
    """An idempotency key that belongs to another booking: another client's, or of another time or service."""

    code = "idempotency_key_reused"
    sentence = "Essa chave de repetição já foi usada em outro agendamento."


class NotInPlan(Forbidden):
    """The professional's plan does not have it; the sentence says which one does."""

    code = "not_in_plan"
    sentence = "{what} parte do plano {plan} ({price} por mês)."

    def __init__(self, capability: Capability) -> None:
        cheapest = plans_with(capability)[0]
        price = phrases.money(PLANS[cheapest].price_cents)
        what = _IN_PLANS[capability]
        super().__init__(what=what, plan=cheapest.value.capitalize(), price=price, capability=capability)


# What only some plans have, as the sentence begins.
_IN_PLANS: Final = {
    Capability.REMINDER_2H: "O lembrete de duas horas antes faz",
    Capability.SERIES: "Os horários fixos fazem",
    Capability.DAILY_AGENDA: "A agenda do dia pela manhã faz",
    Capability.VOICE: "Os áudios fazem",
    Capability.WAITLIST: "A lista de espera faz",
    Capability.PIX_REQUEST: "A cobrança por Pix faz",
    Capability.OWN_NUMBER: "O número próprio faz",
}


class PlanLimit(Forbidden):
    """The professional's plan has no appointments left this month; the sentence says which one has no limit."""

    code = "plan_limit"
    sentence = (
        "O seu plano inclui {limit} agendamentos por mês, e os deste mês já foram usados. "
        "O plano {plan} ({price} por mês) não tem esse limite."
    )

    def __init__(self, plan: Plan) -> None:
        limit = PLANS[plan].appointments_a_month
        open_plan = next(each for each, terms in PLANS.items() if terms.appointments_a_month is None)
        price = phrases.money(PLANS[open_plan].price_cents)
        super().__init__(limit=limit, plan=open_plan.value.capitalize(), price=price)


class NoExchange(Conflict):
    """One of two appointments does not fit where the other is; the sentence says why."""

    code = "no_exchange"
    sentence = "Não dá para trocar esses dois. {reason} Se quiser, remarque um deles para outro horário."


class NotTaking(Conflict):
    """The same, as a client hears it: what plan a professional has is nobody's business."""

    code = "not_taking"
    sentence = "A agenda de {professional} não está recebendo novos horários por aqui. Fale direto com {professional}."


class SeriesTooLong(Invalid):
    code = "series_too_long"
    sentence = "Uma série tem de 2 a {most} horários."


class NotASeries(Invalid):
    code = "not_a_series"
    sentence = "Esse agendamento não faz parte de uma série."


class SeriesLost(Conflict):
    """Some times of a series are not free: nothing was booked or moved. `starts` holds them, aware UTC."""

    code = "series_lost"
    sentence = "Nada foi marcado, porque nem todos os horários da série estão livres: {when}."


class NoWaitlist(Invalid):
    code = "no_waitlist"
    sentence = "{professional} não usa lista de espera."


class TooManyWishes(Conflict):
    code = "too_many_wishes"
    sentence = "Você já está esperando por {most} horários. Desista de algum antes de pedir outro."


class OfferOver(Conflict):
    code = "offer_over"
    sentence = "Essa vaga já não está guardada para você. Você continua podendo pedir outro horário."


class NotWaiting(NotFound):
    code = "not_waiting"
    sentence = "Não encontrei esse pedido na lista de espera."


class BadWish(Invalid):
    """What somebody waits for can never come: a day that is over, or hours that end before they start."""

    code = "bad_wish"
    sentence = "Esse dia ou período não serve para a lista de espera."
