"""book_series: a fixed time for a client, previewed with every conflict before it is asked about."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import occurrences, series
from bot.agenda.hours import minute_of
from bot.agenda.loading import load_agenda
from bot.agenda.occurrences import Occurrence
from bot.agenda.pattern import Pattern
from bot.agenda.refusals import ServiceChanged
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dialogue.refusals import Outdated
from bot.conversation.reading.rhythm import Rhythm, read_rhythm, repeats
from bot.errors import Invalid
from bot.models import Client, Service
from bot.models.enums import Frequency, Role
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing, Text

from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .moments import foreign, in_words, leaves_out
from .services import find_service, service_of
from .shown import agreed, as_shown
from .whom import client_id_of, client_named, whom_for

# Lines of conflicts that fit a question beside the rest of it.
TOLD = 5
# What is shorter than the refusal's sentence, for a line of the preview.
REASONS: Mapping[str, str] = {
    "slot_taken": "ocupado",
    "day_full": "dia cheio",
    "week_full": "semana cheia",
    "closed_day": "sem atendimento",
    "closed_then": "agenda fechada",
    "outside_hours": "fora do expediente",
    "in_the_past": "já passou",
}

# What is left of a rhythm and speaks of another one: "e depois quinzenal", "e dia 20".
_MORE: Final = re.compile(r"\bdepois\b|\bdia \d|\d/\d|\d ?h\b|\bas \d")
_TIMES: Final = re.compile(r"\b\d+ (?:vezes|sessoes|encontros|aulas|consultas)\b")


class RhythmUnclear(Invalid):
    """The words do not say how often and on which day."""

    code = "rhythm_unclear"
    sentence = "Em que dia e com que frequência? Por exemplo: “toda quinta às 15h” ou “quinzenal, terça às 9h”."


class RhythmHasGaps(RhythmUnclear):
    sentence = "Um horário fixo não pula datas: marque sem a exceção e depois cancele o dia que não vale."


class RhythmHourMissing(Invalid):
    code = "rhythm_hour_missing"
    sentence = "A que horas? Por exemplo: “às 15h”."


class BookSeries(Tool):
    """Propose a fixed time for a client: every week, every two weeks or every month. Conflicts are found and solved
    by the system, which then asks the professional to confirm."""

    name: ClassVar[str] = "book_series"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    rhythm: str
    """The professional's own words: "toda quinta às 15h por 10 semanas", "quinzenal, terça 9h, até dezembro"."""
    client: str = ""
    """Name, phone or token of the client."""
    service: str = ""
    """Name or token of the service. Leave empty when it was not said."""
    new_client: bool = False
    """True for somebody who is not in the address book yet."""
    phone: str = ""
    """Only with new_client: their phone, if the professional said it."""

    async def call(self, context: Context) -> ToolResult:
        # Whoever's plan has no series hears that first, and not what is missing for one.
        occurrences.require_plan(await load_agenda(context.session, context.professional_id, now=context.asker.now))
        pattern = _pattern(_read(self.rhythm, context.asker.local))
        service = await find_service(context, self.service)
        name, whom = await whom_for(context, self.client, new=self.new_client, phone=self.phone)
        return ToolResult({}, await self._asked(context, service, pattern, name, whom))

    @classmethod
    async def _asked(
        cls, context: Context, service: Service, pattern: Pattern, client: str, whom: Mapping[str, Any]
    ) -> Proposal:
        """Ask about the times that the preview chooses for the service as it is now."""
        found = await occurrences.preview(
            context.session, context.professional_id, service.id, pattern, now=context.asker.now
        )
        check_most_free(found)
        starts = [at for each in found if (at := each.chosen)]
        zone, today = context.asker.zone, context.asker.local.date()
        question = chat(
            "confirm_series",
            client=client,
            service=service.name,
            duration=phrases.duration(service.minutes),
            rhythm=pattern.rhythm,
            count=phrases.plural(len(starts), "horário", "horários"),
            first=phrases.day(starts[0].astimezone(zone).date(), today),
            last=phrases.day(starts[-1].astimezone(zone).date(), today),
            endless=pattern.endless,
            price=phrases.money(service.price_cents) if service.price_cents else "",
            lines=conflicts(context, found),
        )
        times = {"pattern": _dumped(pattern), "starts": [at.isoformat() for at in starts]}
        return Proposal(cls.name, {**whom, **as_shown(service), **times}, question)

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        pattern, service = _loaded(arguments["pattern"]), agreed(arguments)
        try:
            booked = await series.book(
                session,
                professional_id=professional_id,
                client_id=await client_id_of(session, asker, professional_id, arguments),
                service_id=service.id,
                pattern=pattern,
                starts=[datetime.fromisoformat(each) for each in arguments["starts"]],
                now=asker.now,
                idempotency_key=key,
                agreed=service,
            )
        except ServiceChanged:
            context = Context(session, asker, {}, {})
            name = await client_named(session, arguments)
            asked = await cls._asked(context, await service_of(context, service.id), pattern, name, arguments)
            raise Outdated(asked) from None
        client = await session.get_one(Client, booked.series.client_id)
        count = phrases.plural(len(booked.rows), "horário", "horários")
        first = booked.rows[0]
        return Text(
            chat(
                "done_series",
                client=client.name,
                service=first.service_name,
                rhythm=pattern.rhythm,
                count=count,
                first=phrases.moment(first.start_at.astimezone(asker.zone), asker.local.date()),
            )
        )


def conflicts(context: Context, found: Sequence[Occurrence]) -> str:
    """List what is not free, why, and what is taken instead, and what is on a holiday, one a line."""
    zone, today = context.asker.zone, context.asker.local.date()
    lines = []
    for each in found:
        if not (reason := _reason(each)):
            continue
        instead = "fica assim mesmo" if each.refusal is None else "fica de fora"
        if each.proposal:
            holiday = f" (feriado: {each.proposal_holiday})" if each.proposal_holiday else ""
            instead = f"fica {phrases.moment(each.proposal.astimezone(zone), today)}{holiday}"
        lines.append(f"• {phrases.day(each.at.astimezone(zone).date(), today)} ({reason}): {instead}")
    return phrases.cut(lines, TOLD, "outro, do mesmo jeito", "outros, do mesmo jeito")


def _reason(each: Occurrence) -> str:
    """Say why an occurrence wants a look: it is not free, or on a holiday, which alone keeps nobody from working."""
    if each.holiday and (each.refusal is None or each.refusal.code == "closed_day"):
        return f"feriado: {each.holiday}"
    return REASONS.get(each.refusal.code, "não dá") if each.refusal else ""


def check_most_free(found: Sequence[Occurrence]) -> None:
    """Refuse a series of which more than half is not free: that is another series, and the person should say which."""
    refused = [each for each in found if each.refusal is not None]
    if refused and refused[0].refusal and 2 * len(refused) > len(found):
        raise refused[0].refusal


def _read(words: str, local: datetime) -> Rhythm:
    """Read a repetition, all of it: what one rhythm cannot say is refused, and not left out."""
    rhythm, left = read_rhythm(in_words(words, local), local)
    if leaves_out(left):
        raise RhythmHasGaps
    several = foreign(words) or repeats(left) or _MORE.search(plain(left))
    if several or (rhythm.count is None and _TIMES.search(plain(words))):
        raise RhythmUnclear
    return rhythm


def _pattern(rhythm: Rhythm) -> Pattern:
    if rhythm.frequency is None or rhythm.day is None:
        raise RhythmUnclear
    if rhythm.at is None:
        raise RhythmHourMissing
    return Pattern(
        frequency=rhythm.frequency,
        starts_on=rhythm.day,
        start_minute=minute_of(rhythm.at),
        count=rhythm.count,
        until=None if rhythm.count else rhythm.last_day,
    )


def _dumped(pattern: Pattern) -> dict[str, Any]:
    return {
        "frequency": pattern.frequency.value,
        "starts_on": pattern.starts_on.isoformat(),
        "start_minute": pattern.start_minute,
        "count": pattern.count,
        "until": pattern.until.isoformat() if pattern.until else None,
    }


def _loaded(data: Mapping[str, Any]) -> Pattern:
    return Pattern(
        frequency=Frequency(data["frequency"]),
        starts_on=date.fromisoformat(data["starts_on"]),
        start_minute=data["start_minute"],
        count=data["count"],
        until=date.fromisoformat(data["until"]) if data["until"] else None,
    )
