"""The routes under /api, one module a subject; each declares its endpoints and is listed here."""

from collections.abc import Sequence

from ..endpoint import Endpoint
from . import (
    appointments,
    assistant,
    availability,
    billing,
    booking,
    clients,
    cron,
    me,
    messages,
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
    messages,
    notifications,
    assistant,
    billing,
    cron,
)
ENDPOINTS: Sequence[Endpoint] = [declared for subject in _SUBJECTS for declared in subject.ENDPOINTS]
