"""Series: the same hour every week, every two weeks or every month."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agenda import following, occurrences, series
from bot.agenda.desk import lock
from bot.agenda.occurrences import MOST, Occurrence
from bot.agenda.pattern import Pattern
from bot.agenda.refusals import (
    ClientUnknown,
    InThePast,
    KeyReused,
    NotASeries,
    NotInPlan,
    PlanLimit,
    SeriesLost,
    SeriesTooLong,
    ServiceUnknown,
)
from bot.errors import NotFound
from bot.models import Appointment, Client, RecurringSchedule
from bot.models.enums import STANDING, Actor, Frequency

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body, Day, Line, Moment, Query, local
from .lookups import own_client


class SeriesUnknown(NotFound):
    code = "series_unknown"
    sentence = "Não encontrei essa série."


class NewSeries(Body):
    """A rhythm and where it starts; it ends after `count`, with `until`, or not at all.

    With `preview` nothing is booked: every occurrence comes back with why it is not free and what to take instead.
    Then send the `starts` that were chosen.
    """

    client_id: UUID
    service_id: UUID
    frequency: Frequency
    starts_on: Day = Field(examples=["2026-11-26"])
    start_minute: Annotated[int, Field(ge=0, le=1439)] = Field(examples=[900])
    count: Annotated[int, Field(ge=2, le=MOST)] | None = None
    until: Day | None = None
    preview: bool = False
    starts: Annotated[list[Moment], Field(max_length=MOST)] | None = None
    idempotency_key: Annotated[Line, Field(min_length=8, max_length=100)] | None = None

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        if self.count is not None and self.until is not None:
            raise ValueError("count or until")
        return self

    @property
    def pattern(self) -> Pattern:
        return Pattern(
            frequency=self.frequency,
            starts_on=self.starts_on,
            start_minute=self.start_minute,
            count=self.count,
            until=self.until,
        )


class OccurrenceView(Answer):
    start: datetime
    free: bool
    reason: str | None = Field(None, examples=["slot_taken"])
    message: str | None = None
    proposal: datetime | None = None
    # The national holiday it is on. That alone closes nothing: whoever does not work then has closed the day.
    holiday: str | None = Field(None, examples=["Natal"])
    proposal_holiday: str | None = None


class SeriesView(Answer):
    id: UUID
    client_id: UUID
    client: str
    frequency: Frequency
    starts_on: date
    start_minute: int
    count: int | None
    until: date | None
    ended_at: datetime | None


class SeriesAnswer(Answer):
    """A preview has occurrences and no series; a booked series has both."""

    series: SeriesView | None = None
    occurrences: list[OccurrenceView]


class EndQuery(Query):
    # Cancel this appointment of the series and all that follow; without it, everything that is still ahead.
    from_appointment: UUID | None = None


@endpoint("GET", "/api/recurring-schedules", who=Who.PROFESSIONAL, refuses=(BadCursor,))
async def list_series(call: Call, query: Paged) -> Page[SeriesView]:
    """List the series, the newest first."""
    mine = (
        select(RecurringSchedule, Client.name)
        .join(Client, Client.id == RecurringSchedule.client_id)
        .where(RecurringSchedule.professional_id == call.professional.professional_id)
    )
    statement = after_cursor(mine, query, RecurringSchedule.created_at, RecurringSchedule.id, falling=True)
    async with call.db.begin() as session:
        rows = (await session.execute(statement)).all()
    return page(rows, query, lambda row: (row[0].created_at, row[0].id), lambda row: _view(row[0], row[1]))


@endpoint(
    "POST",
    "/api/recurring-schedules",
    who=Who.PROFESSIONAL,
    status=201,
    or_status=200,  # a preview makes nothing
    refuses=(ClientUnknown, ServiceUnknown, NotInPlan, PlanLimit, SeriesTooLong, SeriesLost, InThePast, KeyReused),
)
async def book_series(call: Call, body: NewSeries) -> SeriesAnswer:
    """Preview a series, or book the times that were chosen: all of them, or none."""
    owner, zone = call.professional.professional_id, call.professional.timezone
    async with call.db.begin() as session:
        client = await own_client(session, call, body.client_id)
        starts = body.starts
        if body.preview or starts is None:
            found = await occurrences.preview(session, owner, body.service_id, body.pattern, now=call.now)
            if body.preview:
                call.status = 200
                return SeriesAnswer(occurrences=[_occurrence(each, zone) for each in found])
            starts = [each.at for each in found]
        booked = await series.book(
            session,
            professional_id=owner,
            client_id=client.id,
            service_id=body.service_id,
            pattern=body.pattern,
            starts=starts,
            now=call.now,
            idempotency_key=body.idempotency_key,
        )
        shown = _view(booked.series, client.name)
        made = [OccurrenceView(start=local(row.start_at, zone), free=True) for row in booked.rows]
    await call.bell.ring("send", key="now")
    return SeriesAnswer(series=shown, occurrences=made)


@endpoint("DELETE", "/api/recurring-schedules/{series_id}", who=Who.PROFESSIONAL, refuses=(SeriesUnknown, NotASeries))
async def end_series(call: Call, series_id: UUID, query: EndQuery) -> None:
    """Cancel what is still ahead of a series, or one appointment of it and all that follow."""
    owner = call.professional.professional_id
    async with call.db.begin() as session:
        await lock(session, owner)  # the job that books ahead is not to book behind what is cancelled
        row = await session.get(RecurringSchedule, series_id)
        if row is None or row.professional_id != owner:
            raise SeriesUnknown
        if first := await _first(session, row, query.from_appointment, call.now):
            await following.cancel_following(
                session, first, actor=Actor.PROFESSIONAL, now=call.now, professional_id=owner
            )
        row.ended_at = row.ended_at or call.now
    await call.bell.ring("send", key="now")


async def _first(session: AsyncSession, row: RecurringSchedule, wanted: UUID | None, now: datetime) -> UUID | None:
    """Find where the cancelling begins; an appointment of another series is none of this one."""
    ahead = select(Appointment.id).where(
        Appointment.series_id == row.id, Appointment.start_at > now, Appointment.status.in_(STANDING)
    )
    if wanted is not None:
        ahead = ahead.where(Appointment.id == wanted)
    first = await session.scalar(ahead.order_by(Appointment.start_at).limit(1))
    if wanted is not None and first is None:
        raise NotASeries
    return first


def _occurrence(each: Occurrence, zone: str) -> OccurrenceView:
    return OccurrenceView(
        start=local(each.at, zone),
        free=each.refusal is None,
        reason=each.refusal.code if each.refusal else None,
        message=each.refusal.message if each.refusal else None,
        proposal=local(each.proposal, zone) if each.proposal else None,
        holiday=each.holiday,
        proposal_holiday=each.proposal_holiday,
    )


def _view(row: RecurringSchedule, client: str) -> SeriesView:
    return SeriesView(
        id=row.id,
        client_id=row.client_id,
        client=client,
        frequency=row.frequency,
        starts_on=row.starts_on,
        start_minute=row.start_minute,
        count=row.count,
        until=row.until,
        ended_at=row.ended_at,
    )


ENDPOINTS: tuple[Endpoint, ...] = (list_series, book_series, end_series)
