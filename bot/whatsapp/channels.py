"""Both ways to WhatsApp behind one face: each call goes to the channel that it names."""

from collections.abc import Mapping
from typing import Any

from ..models.enums import Channel
from .cloud import CloudApi
from .evolution.client import EvolutionApi
from .outgoing import Outgoing
from .tolerant import mapping
from .transport import Accepted, Address


class Channels:
    """Send, fetch and mark read over the Cloud API and over Evolution."""

    def __init__(self, cloud: CloudApi, evolution: EvolutionApi) -> None:
        self._cloud, self._evolution = cloud, evolution

    async def send(
        self, account: str, to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None
    ) -> Accepted:
        """Send by the channel that `to` names; raise `SendFailed`."""
        way = self._cloud if to.channel is Channel.CLOUD else self._evolution
        return await way.send(account, to, message, opaque=opaque, reply_to=reply_to)

    async def media(self, channel: Channel, account: str, event: Mapping[str, Any]) -> bytes:
        """Return the bytes of what came with a message event; raise `MediaUnavailable`."""
        if channel is Channel.CLOUD:
            return await self._cloud.media(str(event.get("media_id") or ""))
        return await self._evolution.media(account, mapping(event.get("details")))

    async def mark_read(
        self, channel: Channel, account: str, message_id: str, event: Mapping[str, Any], *, typing: bool = True
    ) -> None:
        """Show that a message was read, and that an answer is being written; a courtesy, so it never fails."""
        if channel is Channel.CLOUD:
            await self._cloud.mark_read(account, message_id, typing=typing)
        else:
            await self._evolution.mark_read(account, message_id, mapping(event.get("details")), typing=typing)
