"""The routes under /api, one module a subject; each declares its endpoints and is listed here."""

from collections.abc import Sequence

from ..endpoint import Endpoint
from . import (
    appointments,
    availability,
    billing,
    booking,
    clients,
    cron,
    me,
    notifications,
    onboarding,
    series,
    services,
    session,
    social,
)

_SUBJECTS = (
    session,
    onboarding,
    me,
    services,
    availability,
    booking,
    appointments,
    clients,
    series,
    social,
    notifications,
    billing,
    cron,
)
ENDPOINTS: Sequence[Endpoint] = [declared for subject in _SUBJECTS for declared in subject.ENDPOINTS]
