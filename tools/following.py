"""cancel_series and move_series: this one and all that follow."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import booking, following
from bot.agenda.occurrences import series_lost
from bot.agenda.pattern import pattern_of
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dates import Kind, cut
from bot.conversation.reading.rhythm import repeats
from bot.models import Appointment, Client, RecurringSchedule
from bot.models.enums import Action, Actor, Role
from bot.notify.render import chat
from bot.text import plain
from bot.whatsapp.outgoing import Outgoing, Text

from .appointments import Own, SameTime, as_agreed, as_asked, deadline, own_appointment, scope
from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda
from .moments import DayUnclear, leaves_out, said
from .series import check_most_free, conflicts

# A weekday without its date: that of the week in which the series is now.
_WEEKDAY: Final = re.compile(r"^(?!.*(?:\d/\d|\d-\d|\bdia \d|\d de [a-z])).*\b(?:seg|ter|qua|qui|sex|sab|dom)[a-z]*\b")


class CancelSeries(Tool):
    """Propose cancelling an appointment of a series and all that follow it. The person is then asked to confirm."""

    name: ClassVar[str] = "cancel_series"
    effect: ClassVar[Effect] = Effect.PROPOSE

    appointment: str
    """Token of the first appointment to cancel, one that has a `series`."""

    async def call(self, context: Context) -> ToolResult:
        row, client, professional = await _of_token(context, self.appointment)
        rows = await following.following(context.session, row)
        judged = [
            booking.may(each, Action.CANCEL, professional, now=context.asker.now, actor=context.actor) for each in rows
        ]
        mine = context.asker.role is Role.PROFESSIONAL
        question = chat(
            "confirm_cancel_series",
            other=f"Cliente: *{client.name}*" if mine else f"Com: *{professional.name}*",
            service=row.service_name,
            count=phrases.plural(len(rows), "horário", "horários"),
            first=_when(context, rows[0].start_at),
            last=_when(context, rows[-1].start_at) if len(rows) > 1 else "",
            late=deadline(professional, judged[0]),
        )
        return ToolResult({}, Proposal(self.name, {**as_asked(row), "count": len(rows)}, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        appointment_id, agreed = UUID(arguments["appointment_id"]), as_agreed(arguments)
        gone = await following.cancel_following(session, appointment_id, now=asker.now, agreed=agreed, **scope(asker))
        if asker.role is not Role.PROFESSIONAL:
            return None
        client = await session.get_one(Client, gone[0].client_id)
        return Text(
            chat(
                "done_cancelled_series",
                client=client.name,
                service=gone[0].service_name,
                count=phrases.plural(len(gone), "horário", "horários"),
                first=phrases.moment(gone[0].start_at.astimezone(asker.zone), asker.local.date()),
            )
        )


class MoveSeries(Tool):
    """Propose moving an appointment of a series, and all that follow it, to another day of the week or hour."""

    name: ClassVar[str] = "move_series"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    appointment: str
    """Token of the first appointment to move, one that has a `series`."""
    to: str
    """The new day or hour in the professional's own words: "sexta às 10h", "às 16h"."""

    async def call(self, context: Context) -> ToolResult:
        row, client, _ = await _of_token(context, self.appointment)
        start = _target(self.to, row.start_at.astimezone(context.asker.zone), context.asker.local)
        found = await following.preview_move(
            context.session, row.id, start, professional_id=context.professional_id, now=context.asker.now
        )
        check_most_free(found)
        if lost := [each.at for each in found if each.chosen is None]:
            raise series_lost(context.asker.zone.key, lost, context.asker.now)
        question = chat(
            "confirm_move_series",
            client=client.name,
            service=row.service_name,
            old_when=_when(context, row.start_at),
            when=_when(context, found[0].chosen or start),
            others=await _others(context.session, row, start, len(found) - 1),
            lines=conflicts(context, found),
        )
        instead = {each.at.isoformat(): each.proposal.isoformat() for each in found if each.refusal and each.proposal}
        arguments = {**as_asked(row), "count": len(found), "start": start.isoformat(), "instead": instead}
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        professional_id = own_agenda(asker)
        moved = await following.move_following(
            session,
            UUID(arguments["appointment_id"]),
            datetime.fromisoformat(arguments["start"]),
            actor=Actor.PROFESSIONAL,
            now=asker.now,
            professional_id=professional_id,
            instead={
                datetime.fromisoformat(at): datetime.fromisoformat(other) for at, other in arguments["instead"].items()
            },
            agreed=as_agreed(arguments),
        )
        client = await session.get_one(Client, moved[0].client_id)
        return Text(
            chat(
                "done_moved_series",
                client=client.name,
                service=moved[0].service_name,
                count=phrases.plural(len(moved), "horário", "horários"),
                first=phrases.moment(moved[0].start_at.astimezone(asker.zone), asker.local.date()),
            )
        )


async def _others(session: AsyncSession, row: Appointment, start: datetime, count: int) -> str:
    """Say how many more go along, and the rhythm they go into; nothing when there are none."""
    if not count:
        return ""
    series = await session.get_one(RecurringSchedule, row.series_id)
    return f"{phrases.plural(count, 'horário', 'horários')} ({pattern_of(series).starting(start).rhythm})"


async def _of_token(context: Context, token: str) -> Own:
    appointment_id = UUID(context.redeem(token, "appointment")["id"])
    return await own_appointment(context.session, context.asker, appointment_id)


def _when(context: Context, at: datetime) -> str:
    return phrases.moment(at.astimezone(context.asker.zone), context.asker.local.date())


def _target(words: str, old: datetime, now: datetime) -> datetime:
    """Return where the first of a series goes: a weekday is that of the same week, an hour alone keeps the day."""
    when = said(words, now)
    left = cut(words, when)
    if when.kind not in (Kind.DATE, Kind.POINT) or leaves_out(left) or repeats(left):
        raise DayUnclear
    day = old.date()
    if when.day is not None and not when.time_only:
        day = _in_week_of(day, when.day.weekday()) if _WEEKDAY.search(plain(when.text)) else when.day
    hour = when.time or old.time()
    start = datetime.combine(day, time(hour.hour, hour.minute), tzinfo=old.tzinfo)
    if start == old:
        raise SameTime(when=phrases.moment(old, now.date()))
    return start if start > now else start + timedelta(weeks=1)


def _in_week_of(day: date, weekday: int) -> date:
    return day - timedelta(days=day.weekday()) + timedelta(days=weekday)
