"""list_free_slots: the times that can be booked, as tokens; no date arithmetic is left to a model."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from bot import phrases
from bot.agenda import booking, waitlist
from bot.agenda.openings import Openings
from bot.conversation.brain import ToolResult
from bot.conversation.dates import Kind, When, window
from bot.errors import Refused
from bot.models import Service
from bot.models.enums import Role
from bot.text import plain

from . import views
from .base import Context, Tool
from .moments import DayUnclear, said
from .services import find_service

# What fits one WhatsApp list, with a row left for "more".
SHOWN = 9
# Without a day, the soonest times are looked for this far ahead.
SOONEST = timedelta(days=14)
_ANY: Final = re.compile(
    r"|(?:em |no |para )?(?:qualquer (?:dia|hora|horario)(?: (?:e|ou) (?:dia|hora|horario))?|tanto faz|o quanto antes"
    r"|o mais (?:cedo|rapido) possivel|os proximos horarios)"
)
# Refusals that are somebody's doing: the time may come free again.
TAKEN = frozenset({"slot_taken", "day_full", "week_full"})


class ListFreeSlots(Tool):
    """List the free times for a service around the day or hour the person asked for.
    Always call it before booking or rescheduling; only the tokens it returns can be booked."""

    name: ClassVar[str] = "list_free_slots"

    when: str = ""
    """The person's own words for the day, part of day or hour, e.g. "amanhã de manhã". Empty: the soonest times."""
    service: str = ""
    """Name or token of the service. Leave empty when it was not said."""
    after: str = ""
    """Token of the last slot shown, to see later ones."""
    appointment: str = ""
    """Token of the appointment that is to be moved, if one is: its own time counts as free."""

    async def call(self, context: Context) -> ToolResult:
        service = await find_service(context, self.service)
        when = None if _ANY.fullmatch(plain(self.when)) else said(self.when, context.asker.local)
        start, end = self._span(context, when)
        moving = UUID(context.redeem(self.appointment, "appointment")["id"]) if self.appointment else None
        context.openings = found = await booking.openings(
            context.session,
            context.professional_id,
            service,
            start,
            end,
            now=context.asker.now,
            conversation_id=context.asker.conversation_id,
            actor=context.actor,
            moving=moving,
        )
        times = _within(found.times, when, context.asker.zone)
        data: dict[str, Any] = {
            "service": views.service(context, service),
            "day_phrase": _day_phrase(when, context.asker.local),
            "slots": views.slots(context, times[:SHOWN], service),
            "more": len(times) > SHOWN,
        }
        data |= await self._exact(context, service, when, found, moving)
        taken = (data["refusal"] or {}).get("error") in TAKEN
        if context.asker.role is Role.CLIENT and (taken or not (times or data["exact"] or data["refusal"])):
            # Not where the day is closed: nobody could ever be offered anything.
            data["waitlist"] = await waitlist.full(
                context.session, context.professional_id, service, start, end, now=context.asker.now
            )
        return ToolResult(data)

    def _span(self, context: Context, when: When | None) -> tuple[datetime, datetime]:
        """Return the stretch of time to look at; an exact hour looks at its whole day."""
        now, zone = context.asker.now, context.asker.zone
        if self.after:
            since = datetime.fromisoformat(context.redeem(self.after, "slot")["start"]) + timedelta(minutes=1)
        else:
            since = now
        if when is None or (when.kind is Kind.PART and when.day is None):
            return since, max(since, now) + SOONEST
        found = window(when, context.asker.local)
        if found is None:
            raise DayUnclear
        first, last = found
        if when.kind is Kind.POINT:
            first = datetime.combine(first.date(), datetime.min.time())
            last = first + timedelta(days=1)
        return max(first.replace(tzinfo=zone), since), last.replace(tzinfo=zone)

    async def _exact(
        self, context: Context, service: Service, when: When | None, known: Openings, moving: UUID | None
    ) -> dict[str, Any]:
        """Say of an exact hour whether it is free; if not, why, and what is nearest."""
        found: dict[str, Any] = {"exact": None, "wanted": None, "refusal": None, "nearest": []}
        if when is None or when.kind is not Kind.POINT or when.day is None or when.time is None:
            return found
        wanted = datetime.combine(when.day, when.time, tzinfo=context.asker.zone)
        found["wanted"] = phrases.moment(wanted)
        refusal = await booking.refusal(
            context.session,
            context.professional_id,
            service,
            wanted.astimezone(UTC),
            now=context.asker.now,
            conversation_id=context.asker.conversation_id,
            actor=context.actor,
            moving=moving,
            known=known,
        )
        if refusal is None:
            return found | {"exact": views.slot(context, wanted.astimezone(UTC), service)}
        nearest = list(refusal.facts.get("nearest") or [])
        return found | {"refusal": _told(refusal), "nearest": views.slots(context, nearest, service)}


def _within(times: list[datetime], when: When | None, zone: ZoneInfo) -> list[datetime]:
    """Keep of several days the part or the hour that was asked for; all of them where the hour is nowhere free."""
    if when is None or (when.kind is not Kind.SPAN and when.day is not None):
        return times
    if when.part is not None:
        first, last = when.part.hours
        return [at for at in times if first <= at.astimezone(zone).time() < last]
    if when.since or when.until:
        since, until = when.since or time.min, when.until or time.max
        return [at for at in times if since <= at.astimezone(zone).time() < until]
    return [at for at in times if at.astimezone(zone).time() == when.time] or times


def _told(refusal: Refused) -> dict[str, str]:
    return {"error": refusal.code, "message": refusal.message}


_IN: Final = {"semana": "na", "próxima": "na", "proxima": "na", "fim": "no", "final": "no", "mês": "no", "mes": "no"}


def _day_phrase(when: When | None, local: datetime) -> str:
    if when is None:
        return "nos próximos dias"
    if when.day is None:
        words = when.text or "nesse período"
        return " ".join(filter(None, (_IN.get(words.split()[0].lower(), ""), words)))
    return phrases.day(when.day, today=local.date(), relative=True)
