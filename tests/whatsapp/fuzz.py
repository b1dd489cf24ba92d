"""Mutated deliveries against the parser and the real endpoint, each with healthy neighbours that must come through.

    python -m tests.whatsapp.fuzz --parser 50000 --endpoint 5000 [--seed N] [--database URL]

The same seed makes the same deliveries. The endpoint runs on an SQLite file of its own unless a database is named.
"""

import argparse
import asyncio
import copy
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from bot.db import Database
from bot.migrations.run import migrate
from bot.models import Inbound
from bot.models.enums import InboundKind, InboundStatus
from bot.whatsapp.events import Broken, Message
from bot.whatsapp.reading import read

from ..conftest import StillClock
from ..payloads import OWN, own
from ..web.hook import Hook, served

Json = Any
GROUP = 25  # deliveries between two looks at the database
ODD: list[Callable[[random.Random], Json]] = [
    lambda _: None,
    lambda _: True,
    lambda _: [],
    lambda _: {},
    lambda _: "",
    lambda _: "\0",
    lambda _: "a\0b\ud800c",
    lambda _: "\udfff" * 3,
    lambda _: "😀" * 300,
    lambda _: "x" * 70_000,
    lambda _: float("nan"),
    lambda _: float("-inf"),
    lambda _: 1e308,
    lambda _: -1,
    lambda _: 2**63,
    lambda _: 10**40,
    lambda _: "9" * 400,
    lambda _: "-1",
    lambda _: "1e999",
    lambda _: "99999999999999",
    lambda _: [[[[]]]],
    lambda _: nested(60),
    lambda dice: dice.randrange(-(10**12), 10**12),
    lambda dice: str(dice.randrange(10**15)),
    lambda dice: "".join(chr(dice.randrange(0xD7FF)) for _ in range(dice.randrange(40))),
    lambda dice: {dice.choice(["id", "type", "body", "from", "\0", "wa_id"]): dice.choice([None, 1, "x", [], {}])},
    lambda dice: dice.choice(["text", "button", "interactive", "system", "edit", "revoke", "contacts", "messages"]),
]


def nested(depth: int) -> Json:
    value: Json = "end"
    for _ in range(depth):
        value = [value]
    return value


def places(value: Json) -> list[tuple[Json, Any]]:
    """Return every container in a JSON value with each of its keys."""
    inside = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    here = [(value, key) for key, _ in inside]
    return here + [place for _, inner in inside if isinstance(inner, dict | list) for place in places(inner)]


def mutated(body: Json, dice: random.Random) -> Json:
    """Return a body with one to four things wrong in it."""
    body = copy.deepcopy(body)
    for _ in range(dice.choice([1, 1, 2, 4])):
        if not isinstance(body, dict | list) or not (found := places(body)):
            return body
        holder, key = dice.choice(found)
        match dice.randrange(7):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder[key:key] = [copy.deepcopy(holder[key]) for _ in range(dice.randrange(1, 4))]
            case 1 if isinstance(holder, dict):
                holder[f"{key}_"] = holder.pop(key)
            case 2:
                other, name = dice.choice(found)
                holder[key] = copy.deepcopy(other[name]) if name in range(len(other)) or name in other else None
            case 3:
                holder[key] = [holder[key]]
            case 4 if isinstance(holder, list):
                dice.shuffle(holder)
            case _:
                holder[key] = dice.choice(ODD)(dice)
    return body


def healthy(identifier: str) -> Json:
    """Return a message in which nothing is wrong."""
    return {
        "from": "5511900001111",
        "id": identifier,
        "timestamp": "1795000000",
        "type": "text",
        "text": {"body": f"sou {identifier}"},
    }


def with_neighbours(body: Json, dice: random.Random, name: str) -> tuple[Json, list[str]]:
    """Put healthy messages beside what is wrong: in an entry of their own and, where there is one, in the same list."""
    entry: Json = copy.deepcopy(own("text").body["entry"][0])
    entry["changes"][0]["value"]["messages"] = [healthy(f"{name}.entry")]
    names = [f"{name}.entry"]
    entries = body.get("entry") if isinstance(body, dict) else None
    for each in entries if isinstance(entries, list) else []:
        changes = each.get("changes") if isinstance(each, dict) else None
        for change in changes if isinstance(changes, list) else []:
            value = change.get("value") if isinstance(change, dict) else None
            said = value.get("messages") if isinstance(value, dict) else None
            if isinstance(said, list) and change.get("field") not in ("history", "standby"):
                names.append(f"{name}.beside{len(names)}")
                said.insert(dice.randrange(len(said) + 1), healthy(names[-1]))
    around = entries if isinstance(entries, list) else [body]
    around.insert(dice.randrange(len(around) + 1), entry)
    return {"object": "whatsapp_business_account", "entry": around}, names


def deliveries(count: int, seed: int) -> Any:
    """Yield bodies as bytes, with the ids of the healthy messages in them (none where the bytes were broken)."""
    dice = random.Random(seed)
    bases = [case.body for case in OWN if isinstance(case.body, dict)]
    for number in range(count):
        body, names = with_neighbours(mutated(dice.choice(bases), dice), dice, f"wamid.F{seed}.{number}")
        raw = json.dumps(body).encode()
        if dice.randrange(10) == 0:
            names, broken = [], bytearray(raw)
            for _ in range(dice.randrange(1, 4)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            raw = bytes(broken[: dice.randrange(len(broken))] if dice.randrange(2) else broken)
        yield raw, names


def check_parser(count: int, seed: int, tick: Callable[[int], None] = lambda _: None) -> int:
    """Parse `count` deliveries; return how many events came out. Fail on the first that is not as it should be."""
    events = 0
    for number, (raw, names) in enumerate(deliveries(count, seed)):
        batch = read(raw)
        said = {event.id: event.text for event in batch.events if isinstance(event, Message)}
        for name in names:
            assert said.get(name) == f"sou {name}", (name, raw)
        for event in batch.events:
            json.dumps(event.event(), allow_nan=False, ensure_ascii=False).encode()
            assert not (isinstance(event, Broken) and event.reason.startswith("unexpected")), (event, raw)
        events += len(batch.events)
        tick(number)
    return events


async def check_endpoint(hook: Hook, count: int, seed: int, tick: Callable[[int], None] = lambda _: None) -> int:
    """Post `count` deliveries; return how many rows were stored. Each is 200, and no neighbour is missing."""
    expected: list[str] = []
    stored = 0
    for number, (raw, names) in enumerate(deliveries(count, seed)):
        status = await hook.post(raw)
        assert status == 200, (status, raw)
        expected += names
        if number % GROUP == GROUP - 1 or number == count - 1:
            stored += await _look(hook.db, expected)
            expected = []
        tick(number)
    return stored


async def _look(db: Database, expected: list[str]) -> int:
    async with db.begin() as session:
        rows = (await session.scalars(select(Inbound))).all()
        fine = {
            row.external_id: row.event["text"]
            for row in rows
            if row.kind is InboundKind.MESSAGE and row.status is InboundStatus.NEW
        }
        for name in expected:
            assert fine.get(name) == f"sou {name}", name
        await session.execute(delete(Inbound))
    return len(rows)


# -- by hand


def _bar(what: str, count: int) -> Callable[[int], None]:
    def tick(number: int) -> None:
        if number % 250 == 249 or number == count - 1:
            sys.stderr.write(f"\r{what}: {number + 1}/{count}")
            sys.stderr.flush()

    return tick


async def _endpoint(url: str, count: int, seed: int) -> int:
    db = Database(url)
    try:
        async with served(db, StillClock()) as hook:
            return await check_endpoint(hook, count, seed, _bar("endpoint", count))
    finally:
        await db.close()


def main() -> None:
    """Run as many as asked for and print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--parser", type=int, default=50_000)
    asked.add_argument("--endpoint", type=int, default=5_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--database", default="")
    args = asked.parse_args()
    began = time.perf_counter()
    events = check_parser(args.parser, args.seed, _bar("parser", args.parser))
    spent = time.perf_counter() - began
    print(f"\nparser: {args.parser} deliveries, {events} events, no exception, no neighbour lost, {spent:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        url = args.database or f"sqlite:///{Path(folder) / 'fuzz.sqlite3'}"
        migrate(url)
        began = time.perf_counter()
        rows = asyncio.run(_endpoint(url, args.endpoint, args.seed + 1))
        spent = time.perf_counter() - began
    print(f"\nendpoint: {args.endpoint} deliveries, {rows} rows, every one 200, no neighbour lost, {spent:.0f} s")


if __name__ == "__main__":
    main()
