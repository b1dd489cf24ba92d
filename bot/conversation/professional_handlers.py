"""What a professional can begin with: what each intent leads to, and the few words that need nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from .. import phrases
from ..notify.render import chat
from . import (
    client_acts,
    professional_acts,
    professional_clients,
    professional_days,
    professional_lists,
    professional_many,
    professional_money,
    professional_reads,
    professional_revenue,
    professional_series,
    shorter_day,
)
from .brain import Answer
from .intents import Intent
from .small_talk import bye, greeted, kept, thanks
from .talk import Talk, do
from .undoing import undo

MENU: Final = (
    do("agenda", "Agenda de hoje"),
    do("book", "Marcar cliente"),
    do("revenue", "Faturamento"),
    do("help", "Ajuda"),
)
OPENING: Final = (do("agenda", "Agenda de hoje"), do("revenue", "Faturamento"), do("help", "Ajuda"))


async def _greet(talk: Talk) -> Answer:
    words = chat("greeting_professional", name=phrases.first_name(talk.asker.name))
    return greeted(talk, words, OPENING)


async def _services(talk: Talk) -> Answer:
    return talk.text(await client_acts.told(talk, Intent.SERVICES))


async def _prices(talk: Talk) -> Answer:
    return talk.text(await client_acts.told(talk, Intent.PRICES))


async def _hours(talk: Talk) -> Answer:
    return talk.text(await client_acts.told(talk, Intent.HOURS))


async def _help(talk: Talk) -> Answer:
    return talk.say("help_professional")


async def _who(talk: Talk) -> Answer:
    return talk.say("who_professional")


async def _link(talk: Talk) -> Answer:
    # "Meu link" in words is answered before any brain is asked.
    return talk.say("link_hint")


async def _tell(talk: Talk) -> Answer:
    return talk.say("tells_by_itself")


async def _note(talk: Talk) -> Answer:
    return talk.say("notes_elsewhere")


async def _cancelled(talk: Talk) -> Answer:
    return talk.say("cancelled_unlisted")


HANDLERS: Final[Mapping[Intent, Callable[[Talk], Awaitable[Answer]]]] = {
    Intent.GREET: _greet,
    Intent.THANKS: thanks,
    Intent.BYE: bye,
    Intent.HELP: _help,
    Intent.WHO: _who,
    Intent.AGENDA: professional_reads.agenda,
    Intent.NEXT: professional_reads.upcoming,
    Intent.PENDING: professional_reads.waiting,
    Intent.REVENUE: professional_revenue.revenue,
    Intent.CUSTOMER: professional_clients.customer,
    Intent.UNPAID: professional_reads.unpaid,
    Intent.VISITS: professional_clients.visits,
    Intent.FREE: professional_reads.free_times,
    Intent.MORE: professional_reads.free_times,
    Intent.BOOK: professional_acts.book,
    Intent.CANCEL: professional_acts.cancel,
    Intent.RESCHEDULE: professional_acts.move,
    Intent.EVERYBODY: professional_many.one_by_one,
    Intent.SERIES: professional_series.book,
    Intent.WAITLIST: professional_lists.waitlist,
    Intent.SERVICES: _services,
    Intent.PRICES: _prices,
    Intent.HOURS: _hours,
    Intent.BLOCK: professional_days.block,
    Intent.OPEN: professional_days.open_up,
    Intent.SHORTER: shorter_day.propose,
    Intent.HOLIDAYS: professional_days.holidays,
    Intent.SET_PRICE: professional_money.price,
    Intent.SET_LENGTH: professional_money.length,
    Intent.PIX_KEY: professional_money.pix_key,
    Intent.CHART: professional_money.chart,
    Intent.EXPORT: professional_money.export,
    Intent.CPF: professional_money.cpf,
    Intent.DEADLINE: professional_money.deadline,
    Intent.LATE: professional_money.late,
    Intent.LINK: _link,
    Intent.PLAN: professional_lists.plan,
    Intent.DROP: kept,
    Intent.KEEP: kept,
    Intent.UNDO: undo,
    Intent.TELL: _tell,
    Intent.NOTE: _note,
    Intent.CANCELLED: _cancelled,
}
TAPS: Final[Mapping[str, Intent]] = {
    "agenda": Intent.AGENDA,
    "book": Intent.BOOK,
    "cancel": Intent.CANCEL,
    "move": Intent.RESCHEDULE,
    "help": Intent.HELP,
    "revenue": Intent.REVENUE,
    "prices": Intent.SERVICES,
    "hours": Intent.HOURS,
}
