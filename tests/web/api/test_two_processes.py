"""Two web processes and two hundred callers at once: every limit to the number, every count exact, nothing stuck."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.agenda import workweek
from bot.agenda.hours import Window
from bot.clock import SystemClock
from bot.db import Database
from bot.models import Appointment, Professional, Usage
from bot.models.enums import Plan

from ...agenda.factories import a_professional, a_service
from ...processes import Installation, installation

CALLERS = 200
ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
async def book(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.close()


@pytest.fixture
async def pair(
    postgres_url: str, redis_database: str, book: Database, tmp_path: Path
) -> AsyncIterator[tuple[Installation, Installation]]:
    environment = {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_database,
        "ODYS_ENV": "development",
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }
    async with installation(environment, tmp_path) as one, installation(environment, tmp_path) as other:
        await one.start("web")
        await one.ready()
        await other.start("web")
        await other.ready()
        yield one, other


async def an_agenda(book: Database, plan: Plan, number: int) -> tuple[Professional, str]:
    """Open an agenda that works day and night, so that there are more times than callers."""
    async with book.begin() as session:
        owner = await a_professional(session, plan=plan, number=number, min_notice_minutes=0)
        await workweek.set_weekly_hours(session, owner.id, [Window(day, 0, 1440) for day in range(7)])
        service = await a_service(session, owner)
        return owner, str(service.id)


async def test_limits_and_plans_are_exact_whichever_process_is_asked(
    pair: tuple[Installation, Installation], book: Database
) -> None:
    await a_limit_is_exact(pair, book)
    await a_plan_is_used_up_to_the_last_appointment(pair, book)


async def a_limit_is_exact(pair: tuple[Installation, Installation], book: Database) -> None:
    owner, _ = await an_agenda(book, Plan.PRO, 97770000)

    async def call(http: aiohttp.ClientSession, address: str, number: int) -> int:
        url = f"{pair[number % 2].url}/api/professionals/{owner.slug}"
        async with http.get(url, headers={"X-Forwarded-For": address}) as answer:
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) > 0
            return answer.status

    statuses = Counter[int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        # Whom nobody counts within half a second is let in, and that is said: a starved machine may come to that.
        for address in ("203.0.113.7", "203.0.113.8", "203.0.113.9"):
            before = uncounted(pair)
            statuses = Counter(await asyncio.gather(*(call(http, address, number) for number in range(CALLERS))))
            if uncounted(pair) == before:
                break
    assert statuses == {200: 60, 429: CALLERS - 60}


def uncounted(pair: tuple[Installation, Installation]) -> int:
    """Return how often the processes said that nobody counts."""
    return sum(each.logs().count("nobody counts requests") for each in pair)


async def a_plan_is_used_up_to_the_last_appointment(pair: tuple[Installation, Installation], book: Database) -> None:
    owner, service = await an_agenda(book, Plan.FREE, 96660000)
    month = datetime.now(ZONE).date().replace(day=1)
    first = (
        (SystemClock().now() + timedelta(days=1)).astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    )

    async def call(http: aiohttp.ClientSession, number: int) -> str:
        body = {
            "professional": owner.slug,
            "service_id": service,
            "start": (first + timedelta(minutes=30 * number)).isoformat(),
            "name": f"Cliente {number}",
            "phone": f"11 9{70000000 + number}",
        }
        headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}"}
        async with http.post(f"{pair[number % 2].url}/api/booking", json=body, headers=headers) as answer:
            found = await answer.json()
            return "booked" if answer.status == 201 else str(found["error"]["code"])

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        told = Counter(await asyncio.gather(*(call(http, number) for number in range(CALLERS))))
    async with book.begin() as session:
        booked = await session.scalar(select(func.count()).select_from(Appointment))
        used = await session.scalar(select(Usage.count).where(Usage.month == month))
    assert (told["booked"], booked, used) == (30, 30, 30), told
    assert set(told) == {"booked", "not_taking"}
