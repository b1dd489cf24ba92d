"""The waitlist: what a client waits for, and who waits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import clients, waitlist
from bot.agenda.hours import DAY, at_wall, minute_of
from bot.agenda.openings import clock_label
from bot.agenda.refusals import BadWish, NotWaiting
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dates import Kind, Part
from bot.conversation.reading.wish import PART_WORDS
from bot.errors import Invalid
from bot.models import Client, Service, WaitlistEntry
from bot.models.enums import Role, WaitlistStatus
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing, Text

from .base import CLIENT, Context, Effect, Tool, own_agenda
from .moments import leaves_out, several, understood
from .services import find_service

_ANY_DAY: Final = re.compile(r"|(?:em |n?o |para )?(?:qualquer (?:dia|hora|horario)\W*(?: e )?)+|tanto faz.*")


class WishUnclear(Invalid):
    """A waitlist entry is about one day or about any."""

    code = "wish_unclear"
    sentence = "Para que dia? Por exemplo, “quinta de manhã” ou “qualquer dia”."


@dataclass(frozen=True, slots=True)
class Wish:
    """A local day or any, and wall minutes in it or any."""

    day: date | None = None
    start: int | None = None
    end: int | None = None

    @property
    def fields(self) -> dict[str, Any]:
        return {"day": self.day, "start_minute": self.start, "end_minute": self.end}


class JoinWaitlist(Tool):
    """Propose putting the client on the waitlist for a day or part of a day that is full. The client is then asked
    to confirm; when a time comes free, the system offers it."""

    name: ClassVar[str] = "join_waitlist"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = CLIENT

    when: str = ""
    """The client's own words: "quinta de manhã". Empty: any day."""
    service: str = ""
    """Name or token of the service. Leave empty when it was not said."""

    async def call(self, context: Context) -> ToolResult:
        service = await find_service(context, self.service)
        wish = _wish(context, self.when, service)
        await waitlist.check(context.session, context.professional_id, now=context.asker.now, **wish.fields)
        if not await _possible(context, wish, service):
            raise BadWish
        professional = await context.professional()
        question = chat(
            "confirm_waitlist",
            service=service.name,
            professional=professional.name,
            when=_words(wish, service, context.asker.local.date()),
        )
        arguments = {
            "service_id": str(service.id),
            "day": wish.day.isoformat() if wish.day else None,
            "start": wish.start,
            "end": wish.end,
        }
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        client = await clients.for_contact(session, professional_id, asker.contact_id, now=asker.now)
        entry = await waitlist.join(
            session,
            professional_id=professional_id,
            client_id=client.id,
            service_id=UUID(arguments["service_id"]),
            now=asker.now,
            day=date.fromisoformat(arguments["day"]) if arguments["day"] else None,
            start_minute=arguments["start"],
            end_minute=arguments["end"],
        )
        service = await session.get_one(Service, entry.service_id)
        when = words_of(entry, service, asker.local.date())
        return Text(chat("done_waitlist", service=service.name, when=when))


class GetWaitlist(Tool):
    """List who is on the waitlist: for the professional everybody, for a client their own wishes."""

    name: ClassVar[str] = "get_waitlist"

    async def call(self, context: Context) -> ToolResult:
        mine = None if context.asker.role is Role.PROFESSIONAL else context.asker.contact_id
        rows = await waitlist.entries(context.session, context.professional_id, contact_id=mine)
        today = context.asker.local.date()
        return ToolResult({"waiting": [_view(context, *row, today) for row in rows]})


class LeaveWaitlist(Tool):
    """Propose taking one wish off the waitlist. The person is then asked to confirm."""

    name: ClassVar[str] = "leave_waitlist"
    effect: ClassVar[Effect] = Effect.PROPOSE

    entry: str
    """Token from get_waitlist."""

    async def call(self, context: Context) -> ToolResult:
        entry_id = context.redeem(self.entry, "waiting")["id"]
        mine = None if context.asker.role is Role.PROFESSIONAL else context.asker.contact_id
        rows = await waitlist.entries(context.session, context.professional_id, contact_id=mine)
        for entry, client, service in rows:
            if str(entry.id) == entry_id:
                question = chat(
                    "confirm_leave_waitlist",
                    client=client.name if mine is None else "",
                    service=service.name,
                    when=words_of(entry, service, context.asker.local.date()),
                )
                return ToolResult({}, Proposal(self.name, {"entry_id": entry_id}, question))
        raise NotWaiting

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        whose = {"contact_id": asker.contact_id}
        if asker.role is Role.PROFESSIONAL and asker.professional_id is not None:
            whose = {"professional_id": asker.professional_id}
        await waitlist.leave(session, UUID(arguments["entry_id"]), **whose)
        return Text(chat("done_left_waitlist"))


def _wish(context: Context, words: str, service: Service) -> Wish:
    """Read what is waited for: one day or any, an hour, a part of the day or a stretch of it."""
    if leaves_out(words):
        raise WishUnclear
    when = understood(words, context.asker.local)
    if when.alternatives:
        raise several(when, context.asker.local)
    if when.kind is Kind.NONE and _ANY_DAY.fullmatch(plain(words)):
        return Wish()
    day = when.day if when.day and not when.time_only else None
    match when.kind:
        case Kind.DATE:
            return Wish(day)
        case Kind.POINT if when.time is not None:
            start = minute_of(when.time)
            return Wish(day, start, min(start + service.minutes, DAY))
        case Kind.PART if when.part is not None:
            return Wish(day, *map(minute_of, when.part.hours))
        case Kind.RANGE | Kind.AFTER | Kind.BEFORE:
            start = minute_of(when.start.time()) if when.start else 0
            end = minute_of(when.end.time()) if when.end else DAY
            return Wish(day, start, end or DAY)
    raise WishUnclear


async def _possible(context: Context, wish: Wish, service: Service) -> bool:
    """Say whether the hours of that day ever let such a time come free."""
    if wish.day is None:
        return True
    zone = context.asker.zone.key
    # A time that begins in the window and ends in it, too.
    last = (DAY if wish.end is None else wish.end) - service.minutes + 1
    start, end = at_wall(zone, wish.day, wish.start or 0), at_wall(zone, wish.day, max(last, 0))
    if end <= start:
        return False
    return await waitlist.full(context.session, context.professional_id, service, start, end, now=context.asker.now)


def words_of(entry: WaitlistEntry, service: Service, today: date) -> str:
    """Say what an entry waits for: "quinta, 26/11, de manhã", "qualquer dia, depois das 15h"."""
    return _words(Wish(entry.day, entry.start_minute, entry.end_minute), service, today)


def _words(wish: Wish, service: Service, today: date) -> str:
    day = phrases.day(wish.day, today) if wish.day else "qualquer dia"
    if wish.start is None or wish.end is None:
        return day
    parts = {tuple(map(minute_of, part.hours)): PART_WORDS[part] for part in Part}
    start, end = wish.start, wish.end
    if part := parts.get((start, end)):
        return f"{day}, {part}"
    if end - start == service.minutes:
        return f"{day}, às {clock_label(start)}"
    if end == DAY:
        return f"{day}, a partir das {clock_label(start)}"
    if start == 0:
        return f"{day}, até as {clock_label(end)}"
    return f"{day}, entre {clock_label(start)} e {clock_label(end)}"


def _view(context: Context, entry: WaitlistEntry, client: Client, service: Service, today: date) -> dict[str, Any]:
    local = entry.created_at.astimezone(context.asker.zone)
    since = phrases.day(local.date(), today, relative=True) if today - local.date() <= timedelta(days=1) else ""
    offered = entry.status is WaitlistStatus.OFFERED and entry.offered_start_at is not None
    return {
        "token": context.hand_out({"kind": "waiting", "id": str(entry.id)}),
        "client": client.name if context.asker.role is Role.PROFESSIONAL else phrases.first_name(client.name),
        "service": service.name,
        "when": words_of(entry, service, today),
        "since": since or phrases.day(local.date(), today),
        "offered": phrases.moment(entry.offered_start_at.astimezone(context.asker.zone), today)
        if offered and entry.offered_start_at
        else "",
    }
