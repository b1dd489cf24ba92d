"""Show the person that they were read and are being answered."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from ..models.enums import Channel
from .inbox import Held

log = logging.getLogger(__name__)


class ReadReceipts(Protocol):
    """The part of the transports that marks messages as read."""

    async def mark_read(
        self, channel: Channel, account: str, message_id: str, event: Mapping[str, Any], *, typing: bool = True
    ) -> None: ...


class Receipts:
    """Mark messages read and show "digitando…"; a courtesy, so it neither delays nor fails a turn."""

    def __init__(self, receipts: ReadReceipts) -> None:
        self._receipts = receipts
        self._running: set[asyncio.Task[None]] = set()

    async def typing(self, held: Held) -> None:
        """Begin to show it; the receipt is sent beside the turn."""
        task = asyncio.create_task(self._show(held))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Return when nothing is being shown any more."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _show(self, held: Held) -> None:
        try:
            row = held.rows[-1]
            if row.channel is Channel.APP:
                return
            await self._receipts.mark_read(row.channel, row.account, row.external_id, row.event)
        except Exception as error:
            log.info("the read receipt was not sent", extra={"reason": type(error).__name__})
