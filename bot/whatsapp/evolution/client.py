"""A client of an Evolution server: every instance on it is a number of ours. It tries once, like Meta's."""

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from ...settings import Settings
from ..cloud import LARGEST_MEDIA, MediaUnavailable
from ..faults import Action, Fault, SendFailed, of_exception
from ..outgoing import Outgoing
from ..tolerant import decode, items, mapping, text
from ..transport import Accepted, Address
from . import jids
from .faults import of_answer
from .wire import request

log = logging.getLogger(__name__)

# It types for up to 2.4 s and then sends; one that needs longer than this hangs, as it does when WhatsApp is gone.
TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=3)
# Media comes as base64 inside JSON.
_LARGEST_ANSWER = LARGEST_MEDIA * 4 // 3 + 2**20
_TYPING_MS = 3000
# What a webhook of ours hears: everything that has a meaning here, and nothing about other people.
EVENTS = (
    "MESSAGES_UPSERT",
    "MESSAGES_UPDATE",
    "MESSAGES_EDITED",
    "MESSAGES_DELETE",
    "SEND_MESSAGE",
    "CONNECTION_UPDATE",
    "QRCODE_UPDATED",
    "STATUS_INSTANCE",
    "LOGOUT_INSTANCE",
    "REMOVE_INSTANCE",
)


class InstanceTrouble(Exception):
    """Evolution did not do what was asked of an instance; the fault says why."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.code)


@dataclass(frozen=True, slots=True)
class Instance:
    """What Evolution says about an instance: "open", "connecting", "close"; and the number it speaks for."""

    state: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """How to connect a phone: a picture (data URL) of a QR code, and a code to type; both empty when connected."""

    picture: str = ""
    code: str = ""


class EvolutionApi:
    """Speak to the server at `settings.evolution_api_url`; an `account` is the name of an instance on it."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: Settings, *, timeout: aiohttp.ClientTimeout = TIMEOUT
    ) -> None:
        self._session, self._timeout = session, timeout
        self._url = settings.evolution_api_url.rstrip("/")
        self._headers = {"apikey": settings.evolution_api_key.get_secret_value()}

    async def send(
        self, account: str, to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None
    ) -> Accepted:
        """Send `message` from instance `account`; raise `SendFailed` with what to do about it."""
        endpoint, body = request(to, message, opaque=opaque, reply_to=reply_to)
        answer = await self._call("POST", f"message/{endpoint}", account, body, to_lid=not to.phone)
        provider_id = text(mapping(answer.get("key")).get("id"), 256)
        if not provider_id:
            raise SendFailed(Fault("no_message_id", Action.AWAIT_STATUS))
        return Accepted(provider_id)

    async def mark_read(self, account: str, message_id: str, details: Mapping[str, Any], *, typing: bool) -> None:
        """Show the blue ticks, and "typing" for a moment; a courtesy, so its failure is nobody's."""
        jid = text(details.get("jid"), 160)
        read = {"readMessages": [{"id": message_id, "fromMe": False, "remoteJid": jid}]}
        to = jids.phone_of(jid) or jid
        try:
            await self._call("POST", "chat/markMessageAsRead", account, read)
            if typing:
                presence = {"number": to, "presence": "composing", "delay": _TYPING_MS}
                await self._call("POST", "chat/sendPresence", account, presence)
        except SendFailed as failed:
            log.info("could not mark as read", extra={"code": failed.fault.code})

    async def media(self, account: str, details: Mapping[str, Any]) -> bytes:
        """Return the bytes of a voice note: those that came with it, else fetched; raise `MediaUnavailable`."""
        if inline := text(details.get("base64"), _LARGEST_ANSWER):
            return _bytes(inline)
        if not mapping(details.get("media")):
            raise MediaUnavailable("nothing to fetch it by")
        asked = {"message": details["media"], "convertToMp4": False}
        try:
            answer = await self._call("POST", "chat/getBase64FromMediaMessage", account, asked)
        except SendFailed as failed:
            raise MediaUnavailable(failed.fault.code) from failed
        return _bytes(text(answer.get("base64"), _LARGEST_ANSWER))

    async def instance(self, account: str) -> Instance:
        """Return how an instance is; raise `InstanceTrouble`."""
        about = await self._ask("GET", "instance/connectionState", account)
        state = text(mapping(about.get("instance")).get("state"), 40) or text(about.get("state"), 40)
        return Instance(state or "unknown")

    async def phone(self, account: str) -> str | None:
        """Return the digits of the number that an instance speaks for; raise `InstanceTrouble`."""
        about = await self._ask("GET", "instance/fetchInstances", "", query={"instanceName": account})
        found = [mapping(each) for each in items(about.get("items"))] or [about]
        inside = mapping(found[0].get("instance")) or found[0]
        return jids.phone_of(text(inside.get("ownerJid"), 160) or text(inside.get("owner"), 160))

    async def restart(self, account: str) -> None:
        """Restart the connection of an instance, which refuses when it is closed; raise `InstanceTrouble`."""
        try:
            await self._ask("POST", "instance/restart", account)
        except InstanceTrouble as trouble:
            if trouble.fault.code != "http_404":
                raise
            await self._ask("PUT", "instance/restart", account)  # as its documentation has it

    async def connect(self, account: str) -> Pairing:
        """Begin to connect a phone and return how; raise `InstanceTrouble`."""
        about = await self._ask("GET", "instance/connect", account)
        inside = mapping(about.get("qrcode")) or about
        picture = text(inside.get("base64"), 100_000)
        return Pairing(picture if picture.startswith("data:image/png;base64,") else "", _code(inside))

    async def hear(self, account: str, address: str, token: str) -> None:
        """Let an instance tell `address` everything that happens, showing `token`; raise `InstanceTrouble`."""
        webhook = {
            "enabled": True,
            "url": address,
            "headers": {"authorization": f"Bearer {token}"},
            "byEvents": False,
            "base64": False,
            "events": list(EVENTS),
        }
        await self._ask("POST", "webhook/set", account, {"webhook": webhook})

    async def told_to(self, account: str) -> str:
        """Return the address that an instance tells what happens; empty when none; raise `InstanceTrouble`."""
        try:
            about = await self._ask("GET", "webhook/find", account)
        except InstanceTrouble as trouble:
            if trouble.fault.code == "http_200":  # "null": nobody has set one
                return ""
            raise
        inside = mapping(about.get("webhook")) or about
        return text(inside.get("url"), 500) if inside.get("enabled") is not False else ""

    async def _ask(
        self,
        method: str,
        endpoint: str,
        account: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            return await self._call(method, endpoint, account, body, query=query)
        except SendFailed as failed:
            raise InstanceTrouble(failed.fault) from failed

    async def _call(
        self,
        method: str,
        endpoint: str,
        account: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        to_lid: bool = False,
    ) -> dict[str, Any]:
        """Return the JSON of a 2xx answer, a list under "items"; anything else is a `SendFailed`."""
        path = f"{self._url}/{endpoint}" + (f"/{quote(account, safe='')}" if account else "")
        try:
            url = URL(path, encoded=True).with_query(query or {})
            async with self._session.request(
                method, url, json=body, headers=self._headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                found, status = await _json(answer), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailed(of_exception(error)) from error
        if isinstance(found, list) and 200 <= status < 300:
            return {"items": found}
        # Some failures come as a success that says it is none.
        if not 200 <= status < 300 or not isinstance(found, dict) or found.get("error") not in (None, False):
            raise SendFailed(of_answer(status, found, to_lid=to_lid))
        return found


def _code(inside: Mapping[str, Any]) -> str:
    """Return a pairing code; the other "code" is the QR code in letters, which nobody can type."""
    code = text(inside.get("pairingCode"), 20)
    return code if code.isalnum() else ""


def _bytes(written: str) -> bytes:
    try:
        found = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaUnavailable("not base64") from error
    if not found or len(found) > LARGEST_MEDIA:
        raise MediaUnavailable("empty" if not found else "too large")
    return found


async def _json(answer: aiohttp.ClientResponse) -> Any:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise ValueError("the answer is too large")
    try:
        return decode(bytes(body))
    except ValueError:
        return None
