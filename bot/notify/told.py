"""What a provider told us about messages and numbers: a row of what came in, as those need it who act on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ..models.enums import Channel, InboundKind


@dataclass(frozen=True, slots=True)
class Told:
    """A status or a notice."""

    id: UUID
    kind: InboundKind
    channel: Channel
    account: str
    event: Mapping[str, Any]
    provider_at: datetime | None
