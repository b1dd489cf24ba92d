"""What clients think of completed appointments: one mark each, whichever way it comes in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..errors import Conflict
from ..models import Appointment, Review, new_id
from ..models.enums import Status

LOWEST, HIGHEST = 1, 5


class NotCompleted(Conflict):
    code = "not_completed"
    sentence = "Só dá para avaliar um atendimento que já foi concluído."


class ReviewedAlready(Conflict):
    code = "reviewed_already"
    sentence = "Esse atendimento já foi avaliado."


async def rate(session: AsyncSession, appointment: Appointment, rating: int, comment: str, *, now: datetime) -> UUID:
    """Write down what the client of an appointment thinks of it, 1 to 5, and return the review's id; once."""
    if appointment.status is not Status.COMPLETED:
        raise NotCompleted
    row = {
        "id": new_id(),
        "appointment_id": appointment.id,
        "professional_id": appointment.professional_id,
        "client_id": appointment.client_id,
        "rating": rating,
        "comment": comment,
        "created_at": now,
    }
    made: UUID | None = await session.scalar(insert_new(session, Review, row))
    if made is None:
        raise ReviewedAlready
    return made
