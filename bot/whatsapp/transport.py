"""What a way out to WhatsApp is: the Cloud API is one, an Evolution instance another."""

from dataclasses import dataclass
from typing import Protocol

from .outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person is reached: by the digits their messages came from, else by the id Meta gave them."""

    phone: str | None = None
    bsuid: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; whether it arrives is told by statuses with this id."""

    provider_id: str


class Transport(Protocol):
    """Send one message, once."""

    async def send(
        self, account: str, to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None
    ) -> Accepted:
        """Send from number `account`; raise `SendFailed`. `opaque` comes back with every status."""
        ...
