"""Getting in and out: codes in either direction, tokens that renew, the first account."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.accounts import login, sessions
from bot.accounts.codes import Hasher
from bot.accounts.login import Asked, Entry
from bot.accounts.sessions import Opened
from bot.agenda.clients import NotAPhone, contact_of_phone, known_by
from bot.auth import LIFETIME
from bot.errors import Unauthenticated
from bot.models import Contact, ContactIdentity, Inbound
from bot.models.enums import InboundKind
from bot.whatsapp.phones import international
from bot.whatsapp.transport import Line as OurLine
from bot.whatsapp.transport import default_line

from ..call import Call
from ..endpoint import Endpoint, Who, endpoint
from ..limits import Limit
from ..schemas import Answer, Body, Email, Line

Secret = Annotated[str, StringConstraints(min_length=20, max_length=100)]
Name = Annotated[Line, StringConstraints(min_length=2, max_length=80)]
Phone = Annotated[Line, StringConstraints(max_length=30)]


class CodeWrong(Unauthenticated):
    code = "code_wrong"
    sentence = "Esse código não confere. Veja os seis números e tente de novo."


class LoginOver(Unauthenticated):
    """The code was used, is too old or was guessed at too often."""

    code = "login_over"
    sentence = "Esse pedido de entrada não vale mais. Peça um código novo."


class Registration(Body):
    """A new account, by a phone or an e-mail that a code will prove; neither: a code to send us on WhatsApp."""

    name: Name = Field(examples=["Bia Souza"])
    phone: Phone | None = Field(None, examples=["11 97777-0000"])
    email: Email | None = None


class AskReverse(Body):
    """Ask for a code to send to us on WhatsApp."""

    by: Literal["whatsapp"]


class AskSent(Body):
    """Ask for a code that we send, to a phone on WhatsApp or to an e-mail address."""

    by: Literal["code"]
    phone: Phone | None = Field(None, examples=["11 97777-0000"])
    email: Email | None = None


class Finish(Body):
    """Come back with the secret, and with the code when it was sent."""

    by: Literal["secret"]
    secret: Secret
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = Field(None, examples=["482913"])


class Renew(Body):
    """Turn a refresh token over."""

    by: Literal["refresh"]
    refresh_token: Secret


class Login(RootModel[Annotated[AskReverse | AskSent | Finish | Renew, Field(discriminator="by")]]):
    """One step of getting in."""


class Begun(Answer):
    """A login that has begun; the page keeps the secret and comes back with it."""

    secret: str
    expires_at: datetime
    # Of a reverse login: what to show, and where the person sends it.
    code: str | None = Field(None, examples=["482913"])
    link: str | None = Field(None, examples=["https://wa.me/5511900000000?text=ENTRAR%20482913"])


class TokensView(Answer):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(examples=[900])
    refresh_token: str


class Step(Answer):
    """Where a login stands: `begun`, `waiting` for the yes on WhatsApp, or in with `tokens`."""

    status: Literal["begun", "waiting", "in"]
    login: Begun | None = None
    tokens: TokensView | None = None


@endpoint("POST", "/api/register", who=Who.ANYBODY, limit=Limit.REGISTER, status=201, refuses=(NotAPhone,))
async def register(call: Call, body: Registration) -> Begun:
    """Begin an account; it exists once the code is proved at `/api/session`."""
    hashed = hasher(call)
    async with call.db.begin() as session:
        if body.phone:
            contact = await _contact(session, body.phone, call.now, new=True)
            begun = _begun(await login.ask_by_phone(session, hashed, contact, now=call.now, name=body.name, new=True))
        elif body.email:
            email = body.email.lower()
            begun = _begun(await login.ask_by_email(session, hashed, email, now=call.now, name=body.name, new=True))
        else:
            begun = await _reverse(session, hashed, call, body.name)
    await call.bell.ring("send", key="now")
    return begun


@endpoint("POST", "/api/session", who=Who.ANYBODY, limit=Limit.LOGIN, refuses=(NotAPhone, CodeWrong, LoginOver))
async def enter(call: Call, body: Login) -> Step:
    """Take one step of getting in: ask for a code, come back with it, or renew."""
    match body.root:
        case AskReverse():
            async with call.db.begin() as session:
                return Step(status="begun", login=await _reverse(session, hasher(call), call, ""))
        case AskSent() as asked:
            return Step(status="begun", login=await _sent(call, asked))
        case Finish(secret=secret, code=code):
            return await _finish(call, secret, code or "")
        case Renew(refresh_token=token):
            async with call.db.begin() as session:
                opened = await sessions.renew(session, hasher(call), token, now=call.now)
            if opened is None:
                raise LoginOver
            return Step(status="in", tokens=_tokens(call, opened))


@endpoint("DELETE", "/api/session", who=Who.USER)
async def leave(call: Call) -> None:
    """End the session that the token belongs to."""
    if call.user.session_id is not None:
        async with call.db.begin() as session:
            await sessions.revoke(session, call.user.session_id, now=call.now)
    call.gate.forget(call.user.user_id)


async def _finish(call: Call, secret: str, code: str) -> Step:
    opened = None
    async with call.db.begin() as session:
        entry, user = await login.enter(session, hasher(call), secret, code, now=call.now)
        if user is not None:
            opened = await sessions.open_session(session, hasher(call), user.id, now=call.now)
    # Refused only now: the try that was wrong has to stay counted.
    if entry is Entry.WRONG:
        raise CodeWrong
    if entry is Entry.OVER:
        raise LoginOver
    return Step(status="in", tokens=_tokens(call, opened)) if opened else Step(status="waiting")


async def _sent(call: Call, asked: AskSent) -> Begun:
    hashed = hasher(call)
    async with call.db.begin() as session:
        if asked.email:
            begun = await login.ask_by_email(session, hashed, asked.email.lower(), now=call.now, new=False)
        else:
            contact = await _contact(session, asked.phone or "", call.now, new=False)
            begun = await login.ask_by_phone(session, hashed, contact, now=call.now, new=False)
    await call.bell.ring("send", key="now")
    return _begun(begun)


async def _contact(session: AsyncSession, phone: str, now: datetime, *, new: bool) -> Contact | None:
    digits = international(phone)
    if digits is None:
        raise NotAPhone
    if new:
        return await session.get_one(Contact, await contact_of_phone(session, digits, name="", now=now))
    here = select(Contact).join(ContactIdentity, ContactIdentity.contact_id == Contact.id).where(known_by(digits))
    return await session.scalar(here.limit(1))


async def _reverse(session: AsyncSession, hashed: Hasher, call: Call, name: str) -> Begun:
    asked = await login.ask_reverse(session, hashed, now=call.now, name=name)
    number = await _our_number(session, default_line(call.settings))
    link = f"https://wa.me/{number}?text=ENTRAR%20{asked.code}" if number else None
    return Begun(secret=asked.secret, expires_at=asked.expires_at, code=asked.code, link=link)


async def _our_number(session: AsyncSession, line: OurLine) -> str:
    """Return the number that the newest message on our own line came to: webhooks name it, settings only its id."""
    channel, account = line
    event = await session.scalar(
        select(Inbound.event)
        .where(Inbound.kind == InboundKind.MESSAGE, Inbound.channel == channel, Inbound.account == account)
        .order_by(Inbound.received_at.desc())
        .limit(1)
    )
    return str((event or {}).get("our_number") or "")


def _begun(asked: Asked) -> Begun:
    return Begun(secret=asked.secret, expires_at=asked.expires_at)


def _tokens(call: Call, opened: Opened) -> TokensView:
    return TokensView(
        access_token=call.gate.tokens.issue(opened.user_id, opened.session_id, call.now),
        expires_in=int(LIFETIME.total_seconds()),
        refresh_token=opened.refresh_token,
    )


def hasher(call: Call) -> Hasher:
    return Hasher.of(call.settings.secret_key.get_secret_value())


ENDPOINTS: tuple[Endpoint, ...] = (register, enter, leave)
