"""What a professional can begin with: what each intent leads to, and the few words that need nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..client import acts as client_acts
from ..dialogue.small_talk import bye, greeted, kept, thanks
from ..dialogue.talk import Talk, do
from ..dialogue.undoing import undo
from ..reading.intents import Intent
from . import acts, clients, days, lists, many, money, reads, revenue, series, shorter_day

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
    Intent.AGENDA: reads.agenda,
    Intent.NEXT: reads.upcoming,
    Intent.PENDING: reads.waiting,
    Intent.REVENUE: revenue.revenue,
    Intent.CUSTOMER: clients.customer,
    Intent.UNPAID: reads.unpaid,
    Intent.VISITS: clients.visits,
    Intent.FREE: reads.free_times,
    Intent.MORE: reads.free_times,
    Intent.BOOK: acts.book,
    Intent.CANCEL: acts.cancel,
    Intent.RESCHEDULE: acts.move,
    Intent.EVERYBODY: many.one_by_one,
    Intent.SERIES: series.book,
    Intent.WAITLIST: lists.waitlist,
    Intent.SERVICES: _services,
    Intent.PRICES: _prices,
    Intent.HOURS: _hours,
    Intent.BLOCK: days.block,
    Intent.OPEN: days.open_up,
    Intent.SHORTER: shorter_day.propose,
    Intent.HOLIDAYS: days.holidays,
    Intent.SET_PRICE: money.price,
    Intent.SET_LENGTH: money.length,
    Intent.PIX_KEY: money.pix_key,
    Intent.CHART: money.chart,
    Intent.EXPORT: money.export,
    Intent.CPF: money.cpf,
    Intent.DEADLINE: money.deadline,
    Intent.LATE: money.late,
    Intent.LINK: _link,
    Intent.PLAN: lists.plan,
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
