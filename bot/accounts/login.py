"""Proving who one is, with six digits, in either direction.

Reverse: the page shows a code, the person sends it to us on WhatsApp, we ask "é você?" there, and the page, which
holds a secret, gets in. Sent: we send a code by WhatsApp or e-mail, and the person types it into the page.

Whether an account exists is never told: the answer to asking for a code is the same. A code that is sent costs one
row more than one that is not; with three in ten minutes to a phone, nobody measures that through a network.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import insert_new
from ..models import Contact, LoginCode, Outbound, User, new_id
from ..models.enums import Transport
from ..notify import messages, outbox
from ..whatsapp.phones import phone_key
from .codes import Hasher, new_code, new_secret

LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
# To one phone or address within the life of a code: enough for the impatient, too few to flood anybody.
MOST_SENT: Final = 3
# And in a day: five tries at each of ten codes guess one account in 20,000, where 432 codes would guess one in 463.
DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 10


class Entry(StrEnum):
    """What became of an attempt to enter."""

    IN = "in"
    WAITING = "waiting"
    WRONG = "wrong"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Asked:
    """A login that has begun: what the browser keeps, and of a reverse one the code to show."""

    secret: str
    expires_at: datetime
    code: str = ""


async def ask_reverse(session: AsyncSession, hashed: Hasher, *, now: datetime, name: str = "") -> Asked:
    """Begin a login whose code the person will send to us; no two that are alive share a code."""
    while True:
        code = new_code()
        alive = select(LoginCode.id).where(LoginCode.code_hash == hashed(f"reverse:{code}"), LoginCode.expires_at > now)
        if await session.scalar(alive.limit(1)) is None:
            break
    secret = new_secret()
    session.add(_row(hashed, f"reverse:{code}", secret, now, reverse=True, name=name))
    return Asked(secret, now + LIFE, code)


async def ask_by_phone(
    session: AsyncSession, hashed: Hasher, contact: Contact | None, *, now: datetime, name: str = "", new: bool
) -> Asked:
    """Begin a login by a code sent to a phone; without an account nothing is sent unless one is to be made (`new`)."""
    key = _key(contact)
    user = await _user(session, _is(contact)) if contact else None
    code, secret = new_code(), new_secret()
    welcome = contact is not None and (new or user is not None)
    welcome = welcome and not await _too_many(session, LoginCode.phone_key == key, now)
    row = _row(hashed, f"sent:{code}" if welcome else secrets.token_hex(16), secret, now, name=name)
    row.phone_key, row.user_id = key, user.id if user else None
    row.contact_id = contact.id if contact else None
    session.add(row)
    if welcome and contact:
        await outbox.owe(
            session,
            messages.LoginCode(code=code),
            contact_id=contact.id,
            professional_id=None,
            now=now,
            expires_at=now + LIFE,
        )
    return Asked(secret, now + LIFE)


async def ask_by_email(
    session: AsyncSession, hashed: Hasher, email: str, *, now: datetime, name: str = "", new: bool
) -> Asked:
    """Begin a login by a code sent to an address; as with phones, nothing tells whether it is known."""
    user = await _user(session, User.email == email)
    code, secret = new_code(), new_secret()
    welcome = (new or user is not None) and not await _too_many(session, LoginCode.email == email, now)
    row = _row(hashed, f"sent:{code}" if welcome else secrets.token_hex(16), secret, now, name=name)
    row.email, row.user_id = email, user.id if user else None
    session.add(row)
    if welcome:
        session.add(
            Outbound(
                transport=Transport.EMAIL,
                kind=messages.LoginCode.name,
                payload={"code": code, "to": email},
                priority=messages.LoginCode.priority,
                due_at=now,
                expires_at=now + LIFE,
                created_at=now,
            )
        )
    return Asked(secret, now + LIFE)


async def enter(
    session: AsyncSession, hashed: Hasher, secret: str, code: str, *, now: datetime
) -> tuple[Entry, User | None]:
    """Try to finish a login; a wrong code is counted, so the caller must let the transaction commit."""
    row = await session.scalar(
        select(LoginCode).where(LoginCode.browser_hash == hashed(f"browser:{secret}")).with_for_update()
    )
    if row is None or row.used_at is not None or row.expires_at <= now or row.attempts >= TRIES:
        return Entry.OVER, None
    if row.reverse:
        if row.granted_at is None:
            return Entry.WAITING, None
    else:
        row.attempts += 1
        if not hmac.compare_digest(row.code_hash, hashed(f"sent:{code}")):
            return (Entry.WRONG if row.attempts < TRIES else Entry.OVER), None
    row.used_at = now
    return Entry.IN, await _account(session, row, now)


async def find_reverse(session: AsyncSession, hashed: Hasher, code: str, *, now: datetime) -> LoginCode | None:
    """Find the login that waits for this code from a phone."""
    return await session.scalar(
        select(LoginCode).where(
            LoginCode.code_hash == hashed(f"reverse:{code}"),
            LoginCode.reverse,
            LoginCode.expires_at > now,
            LoginCode.used_at.is_(None),
            LoginCode.granted_at.is_(None),
        )
    )


async def decide(session: AsyncSession, login_id: UUID, contact_id: UUID, *, granted: bool, now: datetime) -> bool:
    """Let the browser that waits in as this contact, or send it away; False when it waits no more."""
    row = await session.get(LoginCode, login_id, with_for_update=True)
    if row is None or not row.reverse or row.used_at or row.granted_at or row.expires_at <= now:
        return False
    if granted:
        row.granted_at, row.contact_id = now, contact_id
    else:
        row.used_at = now
    return True


def _row(hashed: Hasher, proof: str, secret: str, now: datetime, *, reverse: bool = False, name: str = "") -> LoginCode:
    return LoginCode(
        code_hash=hashed(proof),
        browser_hash=hashed(f"browser:{secret}"),
        reverse=reverse,
        name=name,
        expires_at=now + LIFE,
        created_at=now,
    )


async def _too_many(session: AsyncSession, whose: ColumnElement[bool], now: datetime) -> bool:
    lately = func.coalesce(func.sum(case((LoginCode.created_at > now - LIFE, 1), else_=0)), 0)
    sent = select(lately, func.count()).select_from(LoginCode).where(whose, LoginCode.created_at > now - DAY)
    few, many = (await session.execute(sent)).one()
    return bool(few >= MOST_SENT or many >= MOST_A_DAY)


async def _user(session: AsyncSession, who: ColumnElement[bool]) -> User | None:
    # Whom a contact already is goes before whoever has only their number.
    order = (User.contact_id.is_(None), User.created_at)
    return await session.scalar(select(User).where(who).order_by(*order).limit(1))


def _is(contact: Contact) -> ColumnElement[bool]:
    """Match the login of a contact: bound to it, or still bound to nobody and of the same number."""
    mine, key = User.contact_id == contact.id, _key(contact)
    return or_(mine, and_(User.phone_key == key, User.contact_id.is_(None))) if key else mine


def _key(contact: Contact | None) -> str | None:
    return phone_key(contact.phone) if contact and contact.phone else None


async def _account(session: AsyncSession, row: LoginCode, now: datetime) -> User:
    """Return the account behind what was proved, and make it when there is none yet."""
    contact = await session.get(Contact, row.contact_id) if row.contact_id else None
    key = _key(contact)
    whose = User.email == row.email if contact is None else _is(contact)
    values = {
        "id": new_id(),
        "contact_id": contact.id if contact else None,
        "name": row.name or (contact.name if contact else ""),
        "phone_key": key,
        "email": None if contact else row.email,
        "created_at": now,
    }
    if (known := await _user(session, whose)) is None:
        await session.execute(insert_new(session, User, values))
        known = (await session.scalars(select(User).where(whose))).one()
    if contact is not None and known.contact_id is None:
        known.contact_id = contact.id
    return known
