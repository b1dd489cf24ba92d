"""WhatsApp itself, as far as two people and a business need it: phones, deliveries, ticks."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Coroutine, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web

from ...clock import Clock
from ...feed import Feed
from ...log import mask
from ...trace import TRACE, Kind
from ..phones import phone_key
from . import accept, wire
from .catalogue import Catalogue
from .courier import Courier
from .graph import application
from .media import VOICE_MIME, VOICE_SECONDS, Media, voice_note
from .phones import Bubble, Person, Phone
from .refusal import invalid, unknown

# What a page that was away for a moment can still be told without a fresh picture.
EVENTS = 500
# Meta's figure: free text for this long after a person's last message.
WINDOW = timedelta(hours=24)
# WhatsApp ends a typing indicator by itself.
TYPING_SECONDS = 25
# For what is on its way, in seconds: a status is told within one.
PATIENCE = 3
# How the trace names what comes.
_WORDS = {"text": "texto", "interactive": "botões", "image": "imagem", "document": "arquivo"}
STRANGERS = ("Rafaela", "Thiago", "Bianca", "Otávio", "Camila", "Jonas", "Priscila", "Davi", "Lívia", "Renato")


class UnknownPhone(LookupError):
    """No phone of the simulator has that number."""


class Simulator:
    """A Graph server and the people behind it.

    What people do (`say`, `tap`, `voice`, `read`) goes to `webhook_url`, signed with `app_secret`; what the
    business posts to the routes of `app()` appears on their phones. Every change is an event.
    """

    def __init__(
        self,
        *,
        webhook_url: str,
        app_secret: str,
        phone_number_id: str,
        clock: Clock,
        people: Sequence[Person],
        business_account_id: str = "100000000000001",
        templates: Iterable[Mapping[str, Any]] = (),
        delays: tuple[float, float] = (0.15, 0.4),
    ) -> None:
        """`templates`: what Meta has approved, as creation JSON; `delays`: seconds until sent and delivered."""
        self.business = wire.Business(business_account_id, phone_number_id)
        self.webhook_url = webhook_url
        self.clock = clock
        self.catalogue = Catalogue(templates)
        self.media = Media()
        # A page that sees another run knows that its picture is of a server that is gone.
        self.run = secrets.token_hex(4)
        self.feed = Feed(EVENTS)
        self._courier, self._delays = Courier(webhook_url, app_secret), delays
        self._phones = {phone_key(person.phone): Phone(person) for person in people}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def app(self) -> web.Application:
        """Return the Graph server; `WHATSAPP_API_URL` is its address plus a version, such as `/v26.0`."""
        app = application(self)

        async def close(_: web.Application) -> None:
            await self.close()

        app.on_cleanup.append(close)
        return app

    async def quiet(self) -> None:
        """Let what is on its way arrive now, and return when the business knows it, or soon if it does not listen."""
        self._hurry.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
        self._hurry.clear()

    async def close(self) -> None:
        """Drop what is under way and let go of connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()

    # What people do

    def stranger(self, name: str = "") -> Person:
        """Return a new person with a number that nobody has seen."""
        count = sum(phone.person.phone.startswith("55119700") for phone in self._phones.values())
        return self._add(Person(f"55119700{count + 1:05d}", name.strip() or STRANGERS[count % len(STRANGERS)])).person

    async def say(self, phone: str, text: str) -> str:
        """Write a message and return its id once the webhook has taken it, or was given up."""
        return await self._write(phone, {"type": "text", "text": {"body": text}}, kind="text", text=text)

    async def tap(
        self, phone: str, payload: str, title: str, kind: str = "button", context: str = "", description: str = ""
    ) -> str:
        """Tap on a reply button, a list row or the quick reply of a template (`kind`) below message `context`."""
        reply = {"id": payload, "title": title}
        match kind:
            case "button":
                content = {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
            case "list":
                reply |= {"description": description} if description else {}
                content = {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}}
            case "template":
                content = {"type": "button", "button": {"payload": payload, "text": title}}
            case _:
                raise ValueError(f"nothing to tap is called {kind!r}")
        asked = self._phone(phone).find(context) if context else None
        if asked:
            asked.tapped = payload
            self.announce("tapped", phone=asked.phone, id=asked.id, tapped=payload)
        quote = asked.excerpt() if asked else ""
        return await self._write(phone, content, context, kind="tap", text=title, quote=quote)

    async def voice(self, phone: str) -> str:
        """Send a short voice note of silence."""
        note = voice_note()
        media = self.media.put(note)
        audio = {"mime_type": VOICE_MIME, "sha256": note.sha256, "id": media, "voice": True}
        return await self._write(
            phone, {"type": "audio", "audio": audio}, kind="audio", media=media, seconds=VOICE_SECONDS
        )

    async def send(self, phone: str, content: Mapping[str, Any]) -> str:
        """Send a message of any other type; `content` is the type and the object of that name, as Meta writes them."""
        return await self._write(phone, content, kind=str(content["type"]))

    async def read(self, phone: str) -> None:
        """Look at the phone: everything on it counts as read."""
        unseen = self._phone(phone).unseen()
        for bubble in unseen:
            bubble.seen = True
        if not unseen:
            return
        self.announce("seen", phone=self._phone(phone).person.phone)
        # The others are told as read right after they are told as delivered.
        await self._tell([bubble for bubble in unseen if bubble.status == "delivered"], "read")

    # What the business does, by way of the Graph server

    def accept(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a message, put it on the phone it is for, and return Meta's answer."""
        to, fields = accept.recipient(body), accept.fields(body, self.catalogue)
        if fields["kind"] in ("image", "document"):
            self.media.need(fields["media"])
        phone = self._addressed(to)
        now, owner = self.clock.now(), phone.person.phone
        answered = phone.find(fields.pop("context"))
        bubble = Bubble(
            id=_message_id(),
            phone=owner,
            mine=False,
            at=now,
            status="accepted",
            quote=answered.excerpt() if answered else "",
            **fields,
        )
        # Somebody who has not written since the start may have written before it: they get the benefit of the doubt.
        closed = phone.wrote_at is not None and now >= phone.wrote_at + WINDOW
        failed = closed and bubble.kind != "template"
        what = body["template"]["name"] if bubble.kind == "template" else _WORDS[bubble.kind]
        TRACE.note(Kind.SEND, f"{what} → {mask(owner)}", body=body, answer=bubble.id)
        if failed:
            self._spawn(self._fail(bubble, wire.WINDOW_CLOSED))
        else:
            phone.bubbles.append(bubble)
            self.announce("message", bubble=bubble.to_json())
            self._spawn(self._deliver(bubble))
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": owner, "user_id": wire.user_id(owner)}],
            "messages": [{"id": bubble.id, "message_status": "accepted"}],
        }

    def acknowledge(self, message_id: str, *, typing: bool) -> None:
        """Mark a person's message and those before it as read; show that the business is typing."""
        for phone in self._phones.values():
            bubble = phone.find(message_id)
            if bubble and bubble.mine:
                for earlier in phone.bubbles:
                    if earlier.mine and earlier.at <= bubble.at and earlier.status in ("sent", "delivered"):
                        self._mark(earlier, "read")
                if typing:
                    self.announce("typing", phone=phone.person.phone, seconds=TYPING_SECONDS)
                return
        raise invalid("message_id is not a message of this number")

    # What a page sees

    def screen(self, phone: str) -> list[Bubble]:
        """Return the messages on a phone, the oldest first."""
        return list(self._phone(phone).bubbles)

    def snapshot(self) -> dict[str, Any]:
        """Return everything there is to see now."""
        phones = [phone.to_json() for phone in self._phones.values()]
        return {"type": "snapshot", "run": self.run, "now": self.clock.now().isoformat(), "phones": phones}

    def announce(self, kind: str, **facts: Any) -> None:
        """Tell those who follow that something changed."""
        self.feed.publish({"type": kind, **facts})

    async def events(self, after: str = "") -> AsyncGenerator[tuple[str, Mapping[str, Any]], None]:
        """Yield (id, event): first what came after the event `after`, or else a snapshot; then each change.

        Raise `Behind` when the follower was too slow: it may begin again with the last id it saw.
        """
        run, _, number = after.partition(".")
        seen = int(number) if number.isdecimal() else -1
        if run != self.run or not self.feed.covers(seen):
            seen = self.feed.last
            yield f"{self.run}.{seen}", self.snapshot()
        async for number_, event in self.feed.follow(seen):
            yield f"{self.run}.{number_}", event

    # Inside

    def _phone(self, digits: str) -> Phone:
        try:
            return self._phones[phone_key(digits)]
        except KeyError:
            raise UnknownPhone(digits) from None

    def _addressed(self, to: str) -> Phone:
        """Return the phone that the business means, by number or by the id WhatsApp gave it; a new one if need be."""
        for phone in self._phones.values():
            if to in (phone.person.phone, wire.user_id(phone.person.phone)):
                return phone
        if not to.isdecimal():
            raise unknown("recipient is nobody's id")
        return self._phones.get(phone_key(to)) or self._add(Person(to))

    def _add(self, person: Person) -> Phone:
        phone = self._phones[phone_key(person.phone)] = Phone(person)
        self.announce("person", person=person.to_json())
        return phone

    async def _write(self, digits: str, content: Mapping[str, Any], context: str = "", **shown: Any) -> str:
        """Put a person's message on their phone and bring it to the business, after those before it."""
        phone = self._phone(digits)
        owner = phone.person
        lock = self._locks.setdefault(owner.phone, asyncio.Lock())
        now = self.clock.now()
        bubble = Bubble(id=_message_id(), phone=owner.phone, mine=True, at=now, seen=True, **shown)
        phone.bubbles.append(bubble)
        phone.wrote_at = now
        self.announce("message", bubble=bubble.to_json())
        self._mark(bubble, "sent")
        async with lock:
            taken = await self._courier.bring(wire.message(self.business, owner, bubble, content, context))
        if bubble.status == "sent":  # a quick answer may have marked it as read before the webhook returned
            self._mark(bubble, "delivered" if taken else "failed")
        return bubble.id

    async def _deliver(self, bubble: Bubble) -> None:
        sent, delivered = self._delays
        await self._pass(sent)
        await self._tell([bubble], "sent")
        await self._pass(delivered - sent)
        await self._tell([bubble], "delivered")
        if bubble.seen and bubble.status == "delivered":
            await self._tell([bubble], "read")

    async def _fail(self, bubble: Bubble, failure: wire.Failure) -> None:
        await self._pass(self._delays[0])
        await self._tell([bubble], "failed", failure)

    async def _pass(self, seconds: float) -> None:
        """Let so much time pass, unless there is a hurry."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _tell(self, bubbles: Sequence[Bubble], status: str, failure: wire.Failure | None = None) -> None:
        """Tell the business what became of its messages."""
        if not bubbles:
            return
        for bubble in bubbles:
            bubble.status = status
        await self._courier.bring(wire.statuses(self.business, bubbles, status, self.clock.now(), failure))

    def _mark(self, bubble: Bubble, status: str) -> None:
        bubble.status = status
        self.announce("status", phone=bubble.phone, id=bubble.id, status=status)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _message_id() -> str:
    return "wamid." + secrets.token_urlsafe(24)
