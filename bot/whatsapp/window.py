"""The customer-service window: free text for 24 hours after a person wrote, approved templates after that."""

from datetime import datetime, timedelta

from ..models.enums import Channel

LENGTH = timedelta(hours=24)
# Meta's clock decides when the message arrives there, not ours when it leaves.
MARGIN = timedelta(minutes=5)


def is_open(last_inbound_at: datetime | None, now: datetime, channel: Channel = Channel.CLOUD) -> bool:
    """Tell whether free text may still be sent to somebody who last wrote at `last_inbound_at` (provider time)."""
    if channel is not Channel.CLOUD:  # the window is Meta's; its templates exist nowhere else
        return True
    return last_inbound_at is not None and now < last_inbound_at + LENGTH - MARGIN
