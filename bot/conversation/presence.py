"""Show the person that they were read and are being answered."""

import asyncio
import logging
from typing import Protocol

from ..models.enums import Channel
from .inbox import Held

log = logging.getLogger(__name__)


class ReadReceipts(Protocol):
    """The part of a transport that marks messages as read."""

    async def mark_read(self, account: str, message_id: str, *, typing: bool = False) -> None: ...


class CloudPresence:
    """Mark messages read and show "digitando…"; a courtesy, so it neither delays nor fails a turn."""

    def __init__(self, receipts: ReadReceipts) -> None:
        self._receipts = receipts
        self._running: set[asyncio.Task[None]] = set()

    async def typing(self, held: Held) -> None:
        """Begin to show it; the receipt is sent beside the turn."""
        if held.conversation.channel is not Channel.CLOUD:
            return
        task = asyncio.create_task(self._show(held))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Return when nothing is being shown any more."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _show(self, held: Held) -> None:
        try:
            await self._receipts.mark_read(held.conversation.account, held.rows[-1].external_id, typing=True)
        except Exception as error:
            log.info("the read receipt was not sent", extra={"reason": type(error).__name__})
