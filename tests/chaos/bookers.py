"""Clients who book, cancel and look through the API, all after the same times, and write down what they were told."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg
from sqlalchemy import select

from bot.accounts.codes import Hasher
from bot.accounts.sessions import open_session
from bot.auth import Tokens
from bot.db import Database
from bot.models import Professional, Service
from bot.models.enums import Status

from .history import Operation, Outcome
from .trial import SECRET_KEY, Trial

ZONE = ZoneInfo("America/Sao_Paulo")
TIMES = 6  # of each agenda: few, so that clients get in each other's way
_PATIENCE = aiohttp.ClientTimeout(total=10)
_ROWS = """
SELECT a.id::text, p.slug AS agenda, a.start_at, a.status, a.idempotency_key AS key
FROM appointments a JOIN professionals p ON p.id = a.professional_id WHERE a.idempotency_key LIKE 'booker-%'
"""


@dataclass(frozen=True)
class Agenda:
    """One agenda: its link, a service, who owns it, and the times that everybody wants."""

    slug: str
    service: str
    user_id: Any
    session_id: Any
    times: tuple[str, ...]


@dataclass
class Bookers:
    """Everybody, and the history of what they did."""

    trial: Trial
    http: aiohttp.ClientSession
    agendas: list[Agenda]
    dice: random.Random
    history: list[Operation] = field(default_factory=list)
    going_home: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def work(self) -> None:
        """Be one of them, until it is time to go home; nobody leaves before an answer, for what they asked is done."""
        while not self.going_home:
            agenda = self.dice.choice(self.agendas)
            await self.dice.choice((self._book, self._book, self._cancel, self._look))(agenda)
            await asyncio.sleep(self.dice.uniform(0, 0.05))

    async def _book(self, agenda: Agenda) -> None:
        """Ask for a time until there is an answer: the key makes it one booking however often it is asked for."""
        number, start = next(self._numbers), self.dice.choice(agenda.times)
        body = {"professional": agenda.slug, "service_id": agenda.service, "start": start, "name": f"Cliente {number}"}
        body |= {"phone": f"21 9{70_000_000 + number % 5000}", "idempotency_key": f"booker-{number:08}"}
        outcome, tries = Outcome.UNKNOWN, 0
        while outcome is Outcome.UNKNOWN and tries < 4:
            began, tries = time.monotonic(), tries + 1
            outcome, found = await self._ask("POST", "/api/booking", agenda, json=body)
            told = str(found["appointment"]["id"]) if outcome is Outcome.DONE else ""
            self._note("book", agenda, began, outcome, start=start, key=body["idempotency_key"], appointment=told)

    async def _cancel(self, agenda: Agenda) -> None:
        ids = [one.appointment for one in self.history[-300:] if one.agenda == agenda.slug and one.kind == "book"]
        if not (which := [one for one in ids if one]):
            return
        appointment, began = self.dice.choice(which), time.monotonic()
        path = f"/api/appointments/{appointment}"
        outcome, _ = await self._ask("PATCH", path, agenda, json={"action": "cancel"})
        self._note("cancel", agenda, began, outcome, appointment=appointment)

    async def _look(self, agenda: Agenda) -> None:
        began, query = time.monotonic(), {"from": agenda.times[0][:10], "to": agenda.times[-1][:10], "limit": "100"}
        outcome, found = await self._ask("GET", "/api/appointments", agenda, params=query)
        shown = found.get("items", []) if outcome is Outcome.DONE else []
        if outcome is Outcome.DONE and found.get("next"):
            return  # more than a page: what it does not show proves nothing
        seen = frozenset(str(one["id"]) for one in shown if one["status"] != Status.CANCELLED)
        self._note("list", agenda, began, outcome, seen=seen)

    async def _ask(self, method: str, path: str, agenda: Agenda, **content: Any) -> tuple[Outcome, dict[str, Any]]:
        """Return whether it happened, as far as the answer tells, and the answer."""
        now = self.trial.clock.now()
        token = Tokens(SECRET_KEY, "http://localhost:8080").issue(agenda.user_id, agenda.session_id, now)
        address = f"10.{self.dice.randrange(256)}.{self.dice.randrange(256)}.{self.dice.randrange(256)}"
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        url = f"http://127.0.0.1:{self.dice.choice(self.trial.post.ports)}{path}"
        try:
            async with self.http.request(method, url, headers=headers, timeout=_PATIENCE, **content) as answer:
                if answer.status >= 500:
                    return Outcome.UNKNOWN, {}
                if answer.status >= 400:
                    return Outcome.REFUSED, {}
                return Outcome.DONE, await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError):
            await asyncio.sleep(0.1)
            return Outcome.UNKNOWN, {}

    def _note(self, kind: str, agenda: Agenda, began: float, outcome: Outcome, **more: Any) -> None:
        self.history.append(Operation(kind, agenda.slug, began, time.monotonic(), outcome, **more))

    async def rows(self) -> list[dict[str, str]]:
        """Read what is in the database of what they booked."""
        connection = await asyncpg.connect(self.trial.postgres.url)
        try:
            found = [dict(row) for row in await connection.fetch(_ROWS)]
        finally:
            await connection.close()
        return [{**row, "start": row["start_at"].astimezone(ZONE).isoformat()} for row in found]


async def agendas_of(trial: Trial, count: int) -> list[Agenda]:
    """Return some agendas of the city, each with a few times next week, and a session of their owner."""
    db, now = Database(trial.postgres.url), trial.clock.now()
    found = []
    try:
        async with db.begin() as session:
            owners = (await session.scalars(select(Professional).order_by(Professional.created_at).limit(count))).all()
            for owner in owners:
                service = (await session.scalars(select(Service).where(Service.professional_id == owner.id))).first()
                assert service is not None
                opened = await open_session(session, Hasher.of(SECRET_KEY), owner.user_id, now=now)
                found.append(Agenda(owner.slug, str(service.id), owner.user_id, opened.session_id, tuple(_times(now))))
    finally:
        await db.close()
    return found


def _times(now: datetime) -> list[str]:
    # Far enough ahead for a clock that jumps by days.
    day = (now.astimezone(ZONE) + timedelta(days=20)).replace(hour=10, minute=0, second=0, microsecond=0)
    return [(day + timedelta(minutes=30 * place)).isoformat() for place in range(TIMES)]
