"""The routes under /api, one module a subject; each declares its endpoints and is listed here."""

from collections.abc import Sequence

from ..endpoint import Endpoint

ENDPOINTS: Sequence[Endpoint] = ()
