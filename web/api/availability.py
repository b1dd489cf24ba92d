"""When a professional works: the week, the dates that differ from it, and the rules around appointments."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import booking
from bot.agenda.hours import DayException, Window, local_date
from bot.agenda.workweek import (
    MOST_WINDOWS,
    BadDate,
    BadWindow,
    hours_lines,
    set_coming_exceptions,
    set_weekly_hours,
    usual_week,
)
from bot.models import AvailabilityException, Professional
from bot.models.enums import ExceptionKind, LatePolicy

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..schemas import Answer, Body, Day, Line

Minute = Annotated[int, Field(ge=0, le=1440)]
# A year of dates that differ every day is the most a calendar can need.
MOST_DATES = 366


class WindowBody(Body):
    """A working window in minutes of the local day; 0 is Monday, 1440 is midnight at the end of the day."""

    weekday: Annotated[int, Field(ge=0, le=6)] = Field(examples=[0])
    start_minute: Minute = Field(examples=[540])
    end_minute: Minute = Field(examples=[720])


class ExceptionBody(Body):
    """A date that differs: closed, other hours, extra hours, a blocked part, or a holiday kept as a working day."""

    date: Day = Field(examples=["2026-12-25"])
    kind: ExceptionKind
    start_minute: Minute | None = None
    end_minute: Minute | None = None
    reason: Annotated[Line, Field(max_length=120)] = ""


class Rules(Body):
    """How appointments are spaced, how soon and how far ahead they may be, and how late they may be cancelled."""

    slot_interval_minutes: Annotated[int, Field(ge=5, le=720)] | None = None
    buffer_before_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    buffer_after_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    min_notice_minutes: Annotated[int, Field(ge=0, le=43_200)] = 60
    horizon_days: Annotated[int, Field(ge=1, le=365)] = 60
    max_per_day: Annotated[int, Field(ge=1, le=200)] | None = None
    max_per_week: Annotated[int, Field(ge=1, le=1000)] | None = None
    cancel_deadline_hours: Annotated[int, Field(ge=0, le=720)] = 0
    late_policy: LatePolicy = LatePolicy.ALLOW


class NewAvailability(Body):
    """What is given replaces what there was; what is left out stays."""

    week: Annotated[list[WindowBody], Field(max_length=MOST_WINDOWS)] | None = None
    exceptions: Annotated[list[ExceptionBody], Field(max_length=MOST_DATES)] | None = None
    rules: Rules | None = None


class AvailabilityView(Answer):
    timezone: str
    week: list[WindowBody]
    # From today on.
    exceptions: list[ExceptionBody]
    rules: Rules
    summary: list[str] = Field(examples=[["segunda a sexta: 9h–12h e 13h–18h"]])


@endpoint("GET", "/api/availability", who=Who.PROFESSIONAL)
async def show_availability(call: Call) -> AvailabilityView:
    """Show the week, the coming dates that differ from it, and the rules."""
    async with call.db.begin() as session:
        return await _shown(session, call)


@endpoint("PUT", "/api/availability", who=Who.PROFESSIONAL, refuses=(BadWindow, BadDate))
async def set_availability(call: Call, body: NewAvailability) -> AvailabilityView:
    """Replace the week, the coming dates that differ, the rules: any of the three. Appointments stay as they are."""
    owner = call.professional.professional_id
    async with call.db.begin() as session:
        await booking.lock(session, owner)  # two weeks written at once would both be kept
        if body.week is not None:
            await set_weekly_hours(session, owner, [as_window(window) for window in body.week])
        if body.exceptions is not None:
            different = [DayException(**each.model_dump()) for each in body.exceptions]
            await set_coming_exceptions(session, owner, _today(call), different)
        if body.rules is not None:
            row = await session.get_one(Professional, owner)
            for name, value in body.rules.model_dump().items():
                setattr(row, name, value)
            await session.flush()
        return await _shown(session, call)


async def _shown(session: AsyncSession, call: Call) -> AvailabilityView:
    owner: UUID = call.professional.professional_id
    row = await session.get_one(Professional, owner)
    week = await usual_week(session, owner)
    dates = await session.scalars(
        select(AvailabilityException)
        .where(AvailabilityException.professional_id == owner, AvailabilityException.date >= _today(call))
        .order_by(AvailabilityException.date, AvailabilityException.start_minute)
    )
    return AvailabilityView(
        timezone=row.timezone,
        week=[WindowBody.model_validate(each, from_attributes=True) for each in week],
        exceptions=[ExceptionBody.model_validate(each, from_attributes=True) for each in dates],
        rules=Rules.model_validate(row, from_attributes=True),
        summary=hours_lines(week),
    )


def _today(call: Call) -> date:
    return local_date(call.professional.timezone, call.now)


def as_window(body: WindowBody) -> Window:
    return Window(body.weekday, body.start_minute, body.end_minute)


ENDPOINTS: tuple[Endpoint, ...] = (show_availability, set_availability)
