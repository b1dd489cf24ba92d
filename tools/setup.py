"""set_hours, save_services and set_duration: what an agenda offers and when, changed after it was set up."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import owners
from bot.agenda.desk import lock
from bot.agenda.hours import Window
from bot.agenda.workweek import hours_lines, set_weekly_hours, usual_week
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.reading.business import ServiceWish, read_changes, read_service
from bot.errors import Invalid
from bot.models import Service
from bot.models.enums import Role
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing, Text

from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .services import all_services, find_service, week

# More at once do not fit one question.
MOST_AT_ONCE = 10
# What hours of every week never say: a date, a certain week, a beginning.
_ONCE: Final = re.compile(
    r"\b(?:que vem|proxim[oa]s?|n?es[st][ae] (?:semana|segunda|terca|quarta|quinta|sexta|sabado|domingo)|quinzena\w*"
    r"|feriados?|a partir d[eao] (?!\d|hoje|agora)\w+)\b|\d/\d|\bdia \d"
)
# A name that still holds a price or a length is two services in one text.
_TWO: Final = re.compile(r"r\$|\breais\b|\d ?(?:min|h\b|hora)", re.IGNORECASE)


class HoursUnclear(Invalid):
    code = "hours_unclear"

    @property
    def message(self) -> str:
        return chat("hours_not_understood")


class NotEveryWeek(HoursUnclear):
    """The hours are those of one date, or of some weeks only."""

    @property
    def message(self) -> str:
        return "Isso muda o horário de toda semana. Para um dia só, peça para abrir ou fechar a agenda nesse dia."


class ServiceUnclear(Invalid):
    code = "service_unclear"

    @property
    def message(self) -> str:
        return chat("service_not_understood")


class SetHours(Tool):
    """Propose other working hours for some weekdays, every week from now on; the weekdays that are not named stay as
    they are. The professional is then asked to confirm."""

    name: ClassVar[str] = "set_hours"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    hours: str
    """Weekdays with hours: "segunda a sexta, das 9h às 12h e das 13h às 18h; sábado fechado"."""

    async def call(self, context: Context) -> ToolResult:
        if _ONCE.search(plain(self.hours)):
            raise NotEveryWeek
        days = read_changes(self.hours)
        if days is None:
            raise HoursUnclear
        lines = hours_lines(_changed(await week(context), days))
        question = chat("confirm_hours", lines="\n".join(lines))
        # JSON has no numbers for keys.
        return ToolResult({}, Proposal(self.name, {"days": {str(day): days[day] for day in days}}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        await lock(session, professional_id)  # what is changed is the week as it will be replaced
        days = {int(day): spans for day, spans in arguments["days"].items()}
        changed = _changed(await usual_week(session, professional_id), days)
        await set_weekly_hours(session, professional_id, changed)
        return Text(chat("done_hours", lines="\n".join(hours_lines(changed))))


class SaveServices(Tool):
    """Propose new services; one of the same name gets the new length and price. The professional is then asked to
    confirm."""

    name: ClassVar[str] = "save_services"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    services: list[str] = Field(min_length=1, max_length=MOST_AT_ONCE)
    """Each with its name, length and price: "Corte, 30 min, R$ 50"."""

    async def call(self, context: Context) -> ToolResult:
        wishes = [wish for text in self.services if (wish := read_service(text)) and not _TWO.search(wish.name)]
        if len({plain(wish.name) for wish in wishes}) < len(self.services):
            raise ServiceUnclear
        for wish in wishes:
            owners.checked_service(wish.name, wish.minutes, wish.price_cents)
        offered = {plain(row.name): row for row in await all_services(context)}
        lines = [_wished(wish, offered.get(plain(wish.name))) for wish in wishes]
        each = [{"name": one.name, "minutes": one.minutes, "cents": one.price_cents} for one in wishes]
        known = [offered.get(plain(wish.name)) for wish in wishes]
        # A service that was not there cannot be taken away again by chat.
        before = {"before": {"services": [_written(row) for row in known if row]}} if all(known) else {}
        question = chat("confirm_services", lines="\n".join(lines))
        return ToolResult({}, Proposal(self.name, {"services": each, **before}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        rows = [
            await owners.add_service(
                session,
                own_agenda(asker),
                name=one["name"],
                minutes=one["minutes"],
                price_cents=one["cents"],
                now=asker.now,
            )
            for one in arguments["services"]
        ]
        return Text(chat("done_services", lines="\n".join(map(_line, rows))))


class SetDuration(Tool):
    """Propose another length for one of the professional's services. The professional is then asked to confirm."""

    name: ClassVar[str] = "set_duration"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    minutes: int
    service: str = ""
    """Name or token of the service. Leave empty when it was not said."""

    async def call(self, context: Context) -> ToolResult:
        service = await find_service(context, self.service)
        owners.checked_service(service.name, self.minutes, service.price_cents)
        question = chat(
            "confirm_duration",
            service=service.name,
            old=phrases.duration(service.minutes),
            new=phrases.duration(self.minutes),
        )
        before = {"minutes": service.minutes, "service": service.name}
        arguments = {"service_id": str(service.id), "minutes": self.minutes, "before": before}
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        service = await owners.edit_service(
            session, own_agenda(asker), UUID(arguments["service_id"]), minutes=arguments["minutes"]
        )
        return Text(chat("done_services", lines=_line(service)))


def _changed(now: Sequence[Window], days: Mapping[int, Sequence[Sequence[int]]]) -> list[Window]:
    """Return a week with other hours on some days."""
    kept = [window for window in now if window.weekday not in days]
    return [*kept, *(Window(day, start, end) for day, spans in days.items() for start, end in spans)]


def _wished(wish: ServiceWish, now: Service | None) -> str:
    today = f" (hoje: {phrases.duration(now.minutes)}, {phrases.money(now.price_cents)})" if now else ""
    return f"{_line(wish)}{today}"


def _written(row: Service) -> str:
    return f"{row.name}, {row.minutes} min, {phrases.money(row.price_cents)}"


def _line(one: ServiceWish | Service) -> str:
    return f"• *{one.name}*: {phrases.duration(one.minutes)}, {phrases.money(one.price_cents)}"
