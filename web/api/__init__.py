"""The routes under /api, one module a subject; each declares its endpoints and is listed here."""

from collections.abc import Sequence

from ..endpoint import Endpoint
from . import appointments, booking, session

ENDPOINTS: Sequence[Endpoint] = (*session.ENDPOINTS, *booking.ENDPOINTS, *appointments.ENDPOINTS)
