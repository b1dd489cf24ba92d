"""T19: eight clients book, cancel and look at once while everything is killed, and their history contradicts nothing.

The suite plays until some hundreds of operations were answered; `ODYS_LONG=1` goes on for ten minutes.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from ..processes import until
from .auditor import audit
from .bookers import Bookers, agendas_of
from .ground import PATIENCE
from .history import Operation, Outcome, Row, check
from .mishaps import Lengths, kill, postgres_killed, struck
from .trial import Trial

CLIENTS = 8
LENGTHS = Lengths()
SECONDS = 600 if os.environ.get("ODYS_LONG") else 0


async def test_t19_jepsen_lite(running: Trial) -> None:
    """What was confirmed to a client is so, nothing is there that nobody asked for, and no time is sold twice."""
    dice, ends = random.Random(19), time.monotonic() + SECONDS
    agendas = await agendas_of(running, 3)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        bookers = Bookers(running, http, agendas, dice)
        working = [asyncio.create_task(bookers.work()) for _ in range(CLIENTS)]
        try:
            for mishap in _mishaps(running, dice):
                await _some_more(bookers, 20, running)
                await mishap()
            while time.monotonic() < ends:
                await _some_more(bookers, 40, running)
                await dice.choice(_mishaps(running, dice))()
            await _some_more(bookers, 20, running)
        finally:
            bookers.going_home = True
            await asyncio.gather(*working)
        rows = await bookers.rows()
    assert check(bookers.history, rows) == []
    kinds = {(one.kind, one.outcome) for one in bookers.history}
    assert {
        ("book", Outcome.DONE),
        ("book", Outcome.REFUSED),
        ("cancel", Outcome.DONE),
        ("list", Outcome.DONE),
    } <= kinds
    await running.calm()
    assert audit(await running.evidence()).wrong == []


def _mishaps(trial: Trial, dice: random.Random) -> list[Callable[[], asyncio.Future[None]]]:
    async def jump() -> None:
        hours = timedelta(hours=dice.choice((1, 2)))
        # Back and forward again: what is due by a clock that ran ahead would wait for hours.
        with struck(trial, "clock"):
            trial.clock.jump(-hours)
            await asyncio.sleep(0.3)
            trial.clock.jump(hours)

    blows = (lambda: kill(trial, LENGTHS), lambda: postgres_killed(trial, LENGTHS), jump)
    return [lambda blow=blow: asyncio.ensure_future(blow()) for blow in (*blows, *blows[:2])]  # type: ignore[misc]


async def _some_more(bookers: Bookers, count: int, trial: Trial) -> None:
    """Return when so many more operations were answered."""
    known = len(bookers.history)

    def answered() -> bool:
        return sum(one.outcome is not Outcome.UNKNOWN for one in bookers.history[known:]) >= count

    await until(answered, PATIENCE, trial.crew.logs)


# -- the checker notices


def _row(identifier: str = "a", **more: str) -> Row:
    return {"id": identifier, "agenda": "bia", "start": "10h", "status": "confirmed", "key": f"k-{identifier}", **more}


def _book(identifier: str, called: float, answered: float, outcome: Outcome = Outcome.DONE) -> Operation:
    return Operation("book", "bia", called, answered, outcome, "10h", f"k-{identifier}", identifier)


def _cancel(identifier: str, called: float, answered: float, outcome: Outcome = Outcome.DONE) -> Operation:
    return Operation("cancel", "bia", called, answered, outcome, appointment=identifier)


def _look(called: float, answered: float, *seen: str) -> Operation:
    return Operation("list", "bia", called, answered, Outcome.DONE, seen=frozenset(seen))


SOUND = [_book("a", 1, 2), _look(3, 4, "a"), _cancel("a", 5, 6), _book("b", 5.5, 6.5), _look(7, 8, "b")]
ROWS = [_row("a", status="cancelled"), _row("b")]


def test_a_history_without_a_fault_contradicts_nothing() -> None:
    assert check(SOUND, ROWS) == []
    lost_answers = [replace(one, outcome=Outcome.UNKNOWN) for one in SOUND if one.kind != "list"]
    assert check(lost_answers, ROWS) == []


@pytest.mark.parametrize(
    ("history", "rows", "words"),
    [
        (SOUND, ROWS[:1], "was booked as b, and there is None"),
        (SOUND, [ROWS[0], _row("b", start="11h")], "was booked as b"),
        (SOUND, [_row("a"), _row("b", status="cancelled")], "was cancelled, and is"),
        (SOUND, [*ROWS, _row("c", start="11h")], "was never asked for"),
        ([*SOUND, _book("c", 9, 10, Outcome.REFUSED)], [*ROWS, _row("c", start="12h")], "was refused"),
        (SOUND, [*ROWS, _row("c", key="k-b", start="12h")], "was booked 2 times"),
        ([_book("a", 1, 2), _book("b", 3, 4)], [_row("a"), _row("b")], "given to a and to b"),
        ([_book("a", 1, 2), _book("b", 1, 2)], [_row("a"), _row("b")], "taken 2 times"),
        ([_book("a", 1, 2), _look(3, 4)], [_row("a")], "misses it"),
        ([_book("a", 1, 2)], [_row("a", status="cancelled")], "nobody asked for it"),
    ],
)
def test_the_checker_notices(history: list[Operation], rows: list[Row], words: str) -> None:
    assert any(words in one for one in check(history, rows)), check(history, rows)
