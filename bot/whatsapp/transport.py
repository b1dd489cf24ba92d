"""What a way out to WhatsApp is: the Cloud API is one, an Evolution instance another."""

from dataclasses import dataclass
from typing import Protocol

from ..models.enums import Channel
from ..settings import Settings
from .outgoing import Outgoing

# One of our numbers (or instances), and the channel it is on.
Line = tuple[Channel, str]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person is reached: by the digits their messages came from, else by the id the channel gave them."""

    phone: str | None = None
    bsuid: str | None = None
    lid: str | None = None
    channel: Channel = Channel.CLOUD

    @property
    def reachable(self) -> bool:
        """Tell whether the channel has anything to go by; each knows its own kind of id."""
        return bool(self.phone or (self.bsuid if self.channel is Channel.CLOUD else self.lid))


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


def default_line(settings: Settings) -> Line:
    """Return the number that messages leave from when neither conversation nor professional names one."""
    return (Channel.CLOUD if settings.cloud else Channel.EVOLUTION), settings.default_account
