"""Professionals one follows, and what clients thought of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import reviews
from bot.agenda.refusals import AppointmentUnknown, ProfessionalUnknown
from bot.agenda.reviews import NotCompleted, ReviewedAlready
from bot.db import insert_new
from bot.errors import Conflict, Forbidden
from bot.models import Appointment, Client, Follow, Professional, Review, new_id

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..paging import BadCursor, Page, Paged, after_cursor, page
from ..schemas import Answer, Body, Prose, Query
from .lookups import Slug, professional_named


class NotReviewed(Conflict):
    code = "not_reviewed"
    sentence = "Esse atendimento ainda não foi avaliado: não há o que responder."


class FollowView(Answer):
    professional: str = Field(examples=["bia-souza"])
    name: str
    profession: str
    created_at: datetime


class FollowRequest(Body):
    professional: Slug = Field(examples=["bia-souza"])


class UnfollowQuery(Query):
    professional: Slug


class ReviewView(Answer):
    id: UUID
    rating: int = Field(ge=1, le=5)
    comment: str
    # The first name only: a review is public.
    author: str = Field(examples=["Júlia"])
    reply: str | None
    created_at: datetime


class ReviewQuery(Paged):
    professional: Slug


class NewReview(Body):
    """A client's rating of a completed appointment, or the professional's reply to the rating it got."""

    appointment_id: UUID
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Annotated[Prose, StringConstraints(max_length=2000)] = ""
    reply: Annotated[Prose, StringConstraints(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "NewReview":
        if (self.rating is None) is (self.reply is None):
            raise ValueError("rating or reply")
        return self


@endpoint("GET", "/api/follows", who=Who.USER, refuses=(BadCursor,))
async def list_follows(call: Call, query: Paged) -> Page[FollowView]:
    """List the professionals the caller keeps at hand, the newest first."""
    mine = (
        select(Follow, Professional)
        .join(Professional, Professional.id == Follow.professional_id)
        .where(Follow.user_id == call.user.user_id)
    )
    async with call.db.begin() as session:
        rows = (await session.execute(after_cursor(mine, query, Follow.created_at, Follow.id, falling=True))).all()
    return page(rows, query, lambda row: (row[0].created_at, row[0].id), lambda row: _follow(row[0], row[1]))


@endpoint("POST", "/api/follows", who=Who.USER, status=201, refuses=(ProfessionalUnknown,))
async def follow(call: Call, body: FollowRequest) -> FollowView:
    """Keep a professional at hand; doing it twice changes nothing."""
    async with call.db.begin() as session:
        professional = await professional_named(session, body.professional)
        row = {
            "id": new_id(),
            "user_id": call.user.user_id,
            "professional_id": professional.id,
            "created_at": call.now,
        }
        await session.execute(insert_new(session, Follow, row))
        mine = select(Follow).where(Follow.user_id == call.user.user_id, Follow.professional_id == professional.id)
        return _follow((await session.scalars(mine)).one(), professional)


@endpoint("DELETE", "/api/follows", who=Who.USER, refuses=(ProfessionalUnknown,))
async def unfollow(call: Call, query: UnfollowQuery) -> None:
    """Let go of a professional."""
    async with call.db.begin() as session:
        professional = await professional_named(session, query.professional)
        mine = (Follow.user_id == call.user.user_id, Follow.professional_id == professional.id)
        await session.execute(delete(Follow).where(*mine))


@endpoint("GET", "/api/reviews", who=Who.USER, refuses=(ProfessionalUnknown, BadCursor))
async def list_reviews(call: Call, query: ReviewQuery) -> Page[ReviewView]:
    """List the reviews of a professional, the newest first."""
    async with call.db.begin() as session:
        professional = await professional_named(session, query.professional)
        theirs = (
            select(Review, Client.name)
            .join(Client, Client.id == Review.client_id)
            .where(Review.professional_id == professional.id)
        )
        rows = (await session.execute(after_cursor(theirs, query, Review.created_at, Review.id, falling=True))).all()
    return page(rows, query, lambda row: (row[0].created_at, row[0].id), lambda row: _review(row[0], row[1]))


@endpoint(
    "POST",
    "/api/reviews",
    who=Who.USER,
    status=201,
    refuses=(AppointmentUnknown, Forbidden, NotCompleted, ReviewedAlready, NotReviewed),
)
async def review(call: Call, body: NewReview) -> ReviewView:
    """Rate a completed appointment, once; or reply, as its professional, to the rating it got."""
    async with call.db.begin() as session:
        found = (
            await session.execute(
                select(Appointment, Client)
                .join(Client, Client.id == Appointment.client_id)
                .where(Appointment.id == body.appointment_id)
            )
        ).one_or_none()
        if found is None:
            raise AppointmentUnknown
        appointment, client = found
        owns = call.owner is not None and appointment.professional_id == call.owner.professional_id
        booked = client.contact_id is not None and client.contact_id == call.user.contact_id
        if not (owns or booked):
            raise AppointmentUnknown
        row = await (_reply if body.reply is not None else _rate)(session, call, body, appointment, owns=owns)
        return _review(row, client.name)


async def _rate(session: AsyncSession, call: Call, body: NewReview, appointment: Appointment, *, owns: bool) -> Review:
    if owns:
        raise Forbidden
    made = await reviews.rate(session, appointment, body.rating or 0, body.comment, now=call.now)
    return await session.get_one(Review, made)


async def _reply(session: AsyncSession, call: Call, body: NewReview, appointment: Appointment, *, owns: bool) -> Review:
    if not owns:
        raise Forbidden
    row = await session.scalar(select(Review).where(Review.appointment_id == appointment.id))
    if row is None:
        raise NotReviewed
    row.reply, row.replied_at = body.reply, call.now
    await session.flush()
    return row


def _follow(row: Follow, professional: Professional) -> FollowView:
    return FollowView(
        professional=professional.slug,
        name=professional.name,
        profession=professional.profession,
        created_at=row.created_at,
    )


def _review(row: Review, author: str) -> ReviewView:
    return ReviewView(
        id=row.id,
        rating=row.rating,
        comment=row.comment,
        author=phrases.first_name(author),
        reply=row.reply,
        created_at=row.created_at,
    )


ENDPOINTS: tuple[Endpoint, ...] = (list_follows, follow, unfollow, list_reviews, review)
