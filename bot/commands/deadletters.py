"""`odys deadletters`: what came in and could not be handled, what was owed and could not be sent; try it again."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import Clock, SystemClock
from ..db import Database
from ..jobs.findings import State
from ..jobs.outside import database
from ..log import mask
from ..models import Contact, Inbound, Outbound
from ..models.enums import InboundKind, InboundStatus, OutboundStatus, Transport
from ..notify.delivery import spoken
from ..settings import Settings
from ..whatsapp.faults import ACTIONS, Action
from ..whatsapp.outgoing import plain
from .table import show

# More than anybody reads at once, and more than one transaction should move.
MOST, MOST_AT_ONCE = 200, 5000
_LONGEST_REASON = 100
# What may work now though it did not then: the number was shut, or nothing had left.
_AGAIN = frozenset({Action.RETRY, Action.THROTTLED, Action.SLOW_DOWN, Action.RETRY_ONCE, Action.STOP_ACCOUNT})
_NEVER_LEFT = frozenset({"no_connection", "no_media_id", "http_429"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of either queue; `hopeless` says why it is not tried again unless somebody names it."""

    id: UUID
    at: datetime
    way: str
    kind: str
    who: str
    reason: str
    text: str
    hopeless: str = ""
    # Not even when named: nothing can be done with it.
    unreadable: bool = False


def run(options: argparse.Namespace) -> int:
    return asyncio.run(_run(options, Settings(), SystemClock()))


async def _run(options: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    for finding in await database(settings):
        if finding.state is not State.OK:
            print(f"database: {finding.english}", file=sys.stderr)
            return 1
    db = Database(settings.database_url)
    try:
        async with db.begin() as session:
            if options.what == "list":
                return _list(await _letters(session, MOST), texts=options.text)
            return await _retry(session, await _letters(session, MOST_AT_ONCE), options.id, clock.now())
    finally:
        await db.close()


# -- reading


async def _letters(session: AsyncSession, most: int) -> list[Letter]:
    """Return the dead of both queues, newest first."""
    dead = await session.scalars(
        select(Inbound)
        .where(Inbound.status == InboundStatus.DEAD)
        .order_by(Inbound.received_at.desc(), Inbound.id.desc())
        .limit(most)
    )
    failed = await session.execute(
        select(Outbound, Contact.phone)
        .outerjoin(Contact, Contact.id == Outbound.contact_id)
        .where(Outbound.status == OutboundStatus.FAILED)
        .order_by(Outbound.due_at.desc(), Outbound.id.desc())
        .limit(most)
    )
    letters = [_received(row) for row in dead] + [_owed(row, phone) for row, phone in failed]
    return sorted(letters, key=lambda letter: letter.at, reverse=True)[:most]


def _received(row: Inbound) -> Letter:
    event = row.event
    # A message has a lane; what could not even be read has only what came over the wire.
    unreadable = "raw" in event or (row.kind is InboundKind.MESSAGE and not row.lane)
    return Letter(
        id=row.id,
        at=row.received_at,
        way="in",
        kind=str(event.get("type") or row.kind.value),
        who=_masked(event.get("from") or event.get("recipient") or event.get("bsuid")),
        reason=_short(row.error),
        text=str(event.get("text") or event.get("raw") or ""),
        hopeless="it cannot be read; it is kept to look at" if unreadable else "",
        unreadable=unreadable,
    )


def _owed(row: Outbound, phone: str | None) -> Letter:
    code = row.error_code
    worth = code in _NEVER_LEFT or ACTIONS.get(code) in _AGAIN
    return Letter(
        id=row.id,
        at=row.due_at,
        way="out",
        kind=row.kind,
        who=_masked(phone) if row.transport is Transport.WHATSAPP else row.transport.value,
        reason=_short(f"{code} {row.error}"),
        text=_spoken(row),
        hopeless="" if worth else f"code {code}: again would fail again, or could arrive twice",
    )


def _spoken(row: Outbound) -> str:
    if row.transport is not Transport.WHATSAPP:
        return str(row.payload.get("text") or "")
    try:
        return plain(spoken(row))
    except Exception as error:  # a row may be here because it cannot be worded
        return f"({type(error).__name__})"


def _masked(address: Any) -> str:
    digits = str(address or "")
    return f"***{digits[-2:]}" if digits else "–"


def _short(reason: str) -> str:
    """Return the first line of a reason, for the others quote parameters, and with them what people wrote."""
    line = mask(reason.strip().split("\n", 1)[0])
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"


def _list(letters: Sequence[Letter], *, texts: bool) -> int:
    if not letters:
        print("nothing: everything that came in was handled, and everything owed was sent")
        return 0
    rows = [
        (str(letter.id), f"{letter.at:%Y-%m-%d %H:%M}Z", letter.way, letter.kind, letter.who, letter.reason)
        for letter in letters
    ]
    if texts:
        rows = [(*row[:-1], f"{row[-1]} · {letter.text}") for row, letter in zip(rows, letters, strict=True)]
    show(rows, ("id", "when", "way", "kind", "who", "reason" + (" · text" if texts else "")))
    if len(letters) == MOST:
        print(f"\nthe newest {MOST}; there may be more")
    return 0


# -- trying again


async def _retry(session: AsyncSession, letters: Sequence[Letter], named: str | None, now: datetime) -> int:
    chosen = [letter for letter in letters if named is None or str(letter.id).startswith(named.lower())]
    if named is not None and len(chosen) != 1:
        what = f"{len(chosen)} letters begin" if chosen else "no dead letter begins"
        print(f"{what} with {named!r}; `odys deadletters list` shows their ids", file=sys.stderr)
        return 2
    again = [letter for letter in chosen if not letter.unreadable and (named is not None or not letter.hopeless)]
    for letter in chosen:
        if letter not in again:
            print(f"left   {letter.id}  {letter.hopeless}")
    for letter in again:
        print(f"again  {letter.id}  {letter.kind}")
    ids = {way: [letter.id for letter in again if letter.way == way] for way in ("in", "out")}
    await _requeue(session, ids["in"], ids["out"], now)
    left = len(chosen) - len(again)
    print(f"\n{len(again)} will be tried again by the worker within seconds" + (f", {left} left" if left else ""))
    return 1 if named is not None and not again else 0


async def _requeue(session: AsyncSession, received: Sequence[UUID], owed: Sequence[UUID], now: datetime) -> None:
    """Put rows back where the worker looks; the state is checked again, for somebody else may have been here."""
    await session.execute(
        update(Inbound)
        .where(Inbound.id.in_(received), Inbound.status == InboundStatus.DEAD)
        .values(status=InboundStatus.NEW, attempts=0, error="", due_at=now, handled_at=None)
    )
    await session.execute(
        update(Outbound)
        .where(Outbound.id.in_(owed), Outbound.status == OutboundStatus.FAILED)
        .values(status=OutboundStatus.QUEUED, attempts=0, error_code="", error="", due_at=now, lease_until=None)
    )
