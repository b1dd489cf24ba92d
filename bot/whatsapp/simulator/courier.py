"""Bring webhooks to the business: signed, tried again like Meta does, and told to the trace."""

import asyncio
import contextlib
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from ...trace import TRACE, Kind
from . import wire

# Meta tries for seven days; a demonstration gives up on a webhook after these waits.
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)
# How the trace names what is brought.
_WORDS = {
    "text": "texto",
    "interactive": "toque",
    "button": "toque",
    "audio": "áudio",
    "sent": "enviada",
    "delivered": "entregue",
    "read": "lida",
    "failed": "falhou",
}


class Courier:
    """Post webhooks to one address."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._session: ClientSession | None = None
        self._closed = False

    async def bring(self, body: Mapping[str, Any]) -> bool:
        """Post a webhook until it is answered 200; return whether it ever was."""
        raw, headers = wire.encode(body, self._secret)
        for wait in (*RETRY_SECONDS, None):
            if self._closed:
                break
            answer, start = "sem resposta", perf_counter()
            with contextlib.suppress(ClientError, OSError, TimeoutError):
                answer = await self._post(raw, headers)
            _note(body, f"{answer} em {(perf_counter() - start) * 1000:.0f} ms")
            if answer == "200":
                return True
            if wait is not None:
                await asyncio.sleep(wait)
        return False

    async def close(self) -> None:
        """Bring nothing more."""
        self._closed = True
        if self._session:
            await self._session.close()

    async def _post(self, raw: bytes, headers: Mapping[str, str]) -> str:
        self._session = self._session or ClientSession(timeout=ClientTimeout(total=10))
        async with self._session.post(self._url, data=raw, headers=headers) as response:
            return str(response.status)


def _note(body: Mapping[str, Any], answer: str) -> None:
    value = body["entry"][0]["changes"][0]["value"]
    if told := value.get("statuses"):
        TRACE.note(Kind.STATUS, f"{_WORDS[told[0]['status']]} → {answer}", body=body)
    else:
        kind = value["messages"][0]["type"]
        TRACE.note(Kind.WEBHOOK, f"{_WORDS.get(kind, kind)} → {answer}", body=body)
