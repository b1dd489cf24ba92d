"""Meta's Cloud API: one thin client over one aiohttp session.

It tries once. Whether to try again is the sender's affair, because only the outbox knows what became of a message.
"""

import base64
import json
import logging
import re
from typing import Any

import aiohttp
from yarl import URL

from ..settings import Settings
from .faults import Action, Fault, SendFailed, of_answer, of_exception
from .outgoing import Document, Image, Outgoing
from .tolerant import items, mapping, text
from .transport import Accepted, Address
from .wire import request_body

log = logging.getLogger(__name__)

# Meta answers in well under a second; a request that hangs for 15 is not going to end well.
TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=3)
# What may be asked of Meta at once: what more there is waits here and not at its door.
CONNECTIONS = 192
# The largest audio or video WhatsApp carries.
LARGEST_MEDIA = 16 * 1024 * 1024
LARGEST_ANSWER = 1024 * 1024
# Where Meta keeps media; the token goes nowhere else.
_MEDIA_HOSTS = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
_MEDIA_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}", re.ASCII)


def connector() -> aiohttp.TCPConnector:
    """Return room for as many messages as are sent at once, and for the media and read marks beside them."""
    return aiohttp.TCPConnector(limit=CONNECTIONS + 32)


class MediaUnavailable(Exception):
    """A file somebody sent cannot be had: gone after seven days, too large, or Meta does not answer."""


class CloudApi:
    """Speak to the Cloud API at `settings.whatsapp_api_url`."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: Settings, *, timeout: aiohttp.ClientTimeout = TIMEOUT
    ) -> None:
        self._session, self._timeout = session, timeout
        self._url = settings.whatsapp_api_url.rstrip("/")
        # Answers what came without saying to which number it was sent.
        self._default = settings.whatsapp_phone_number_id
        self._addresses: dict[str, URL] = {}
        self._headers = {"Authorization": f"Bearer {settings.whatsapp_token.get_secret_value()}"}

    async def send(
        self, account: str, to: Address, message: Outgoing, *, opaque: str, reply_to: str | None = None
    ) -> Accepted:
        """Send `message` from number `account`; raise `SendFailed` with what to do about it."""
        media_id = await self._upload(account, message) if isinstance(message, Image | Document) else ""
        body = request_body(to, message, opaque=opaque, reply_to=reply_to, media_id=media_id)
        answer = await self._post(f"{account or self._default}/messages", json=body)
        accepted = mapping(next(iter(items(answer.get("messages"))), None))
        provider_id = text(accepted.get("id"), 256)
        if not provider_id:
            raise SendFailed(Fault("no_message_id", Action.AWAIT_STATUS))
        return Accepted(provider_id)

    async def mark_read(self, account: str, message_id: str, *, typing: bool = True) -> None:
        """Show the blue ticks, and "typing" for up to 25 s; a courtesy, so its failure is nobody's."""
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        if typing:
            body["typing_indicator"] = {"type": "text"}
        try:
            await self._post(f"{account or self._default}/messages", json=body)
        except SendFailed as failed:
            log.info("could not mark as read", extra={"code": failed.fault.code})

    async def media(self, media_id: str) -> bytes:
        """Return the bytes of something a person sent; raise `MediaUnavailable`."""
        if not _MEDIA_ID.fullmatch(media_id):
            raise MediaUnavailable("not a media id")
        try:
            async with self._request("GET", URL(f"{self._url}/{media_id}")) as answer:
                found = mapping(await json_of(answer))
                if answer.status != 200:
                    raise MediaUnavailable(of_answer(answer.status, found).code)
            url = URL(text(found.get("url")))
            if not self._may_have_token(url):
                raise MediaUnavailable("an address that is not Meta's")
            # No redirects: the token is meant for these hosts alone, and so is our network.
            async with self._request("GET", URL(str(url), encoded=True)) as answer:
                if answer.status != 200:
                    raise MediaUnavailable(f"http_{answer.status}")
                return await _limited(answer, LARGEST_MEDIA)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MediaUnavailable(type(error).__name__) from error

    async def _upload(self, account: str, file: Image | Document) -> str:
        name, mime = (file.filename, file.mime) if isinstance(file, Document) else ("imagem.png", "image/png")
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", mime)
        form.add_field("file", base64.b64decode(file.data), filename=name, content_type=mime)
        try:
            answer = await self._post(f"{account or self._default}/media", data=form)
        except SendFailed as failed:
            if failed.fault.action is not Action.AWAIT_STATUS:
                raise
            # Nothing was sent yet: whatever became of the upload, it can be done again.
            raise SendFailed(Fault(failed.fault.code, Action.RETRY, failed.fault.details)) from failed
        media_id = text(answer.get("id"), 200)
        if not media_id:
            raise SendFailed(Fault("no_media_id", Action.RETRY_ONCE))
        return media_id

    async def _post(self, path: str, **content: Any) -> dict[str, Any]:
        """POST and return the JSON object of a 2xx answer; anything else is a `SendFailed`."""
        try:
            async with self._request("POST", self._address(path), **content) as answer:
                body, status = await json_of(answer), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailed(of_exception(error)) from error
        if not 200 <= status < 300 or not isinstance(body, dict) or "error" in body:
            raise SendFailed(of_answer(status, body))
        return body

    def _address(self, path: str) -> URL:
        # There are a few for each number of ours; to take one apart costs a tenth of sending to it.
        if path not in self._addresses:
            self._addresses[path] = URL(f"{self._url}/{path}")
        return self._addresses[path]

    def _request(self, method: str, url: URL, **content: Any) -> Any:
        return self._session.request(
            method,
            url,
            headers=self._headers,
            timeout=self._timeout,
            allow_redirects=False,
            **content,
        )

    def _may_have_token(self, url: URL) -> bool:
        ours = URL(self._url)
        return url.origin() == ours.origin() or (url.scheme == "https" and url.host in _MEDIA_HOSTS)


async def json_of(answer: aiohttp.ClientResponse) -> Any:
    """Return the JSON of an answer, or None: proxies and outages answer in HTML."""
    raw = await _limited(answer, LARGEST_ANSWER)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


async def _limited(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise ValueError("the answer is too large")
    return bytes(body)
