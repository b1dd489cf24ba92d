"""Reminders in a storm, audited from outside: what reached the telephones against what had been promised.

The suite runs a short storm. The long one is run by hand:

    uv run python -m tests.jobs.test_reminder_storm --appointments 10000 --kills 15
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from bot import phrases
from bot.migrations.run import migrate
from bot.models import Outbound
from bot.models.enums import OutboundStatus

from .. import servers
from ..conftest import create_database
from ..fakes.graph import Sent
from .storm import Plan, Storm, storm
from .storm_town import DAYS, KINDS, Due, asleep, morning_after, planned

ARRIVED = (OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.READ)


@dataclass
class Found:
    """What the audit counted, and everything that is wrong."""

    received: int = 0
    reminders: int = 0
    skipped: int = 0
    changed: int = 0
    undecided: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Audit:
    """Compare the diary of Graph with the promises of the town; the rows only say which message is whose."""

    storm: Storm
    rows: dict[str, Outbound]

    @classmethod
    async def of(cls, storm: Storm) -> "Audit":
        async with storm.db.begin() as session:
            rows = (await session.scalars(select(Outbound))).all()
        return cls(storm, {str(row.id): row for row in rows})

    def run(self) -> Found:
        found = Found(received=len(self.storm.diary))
        found.wrong += [*self._once(), *self._settled(), *self._in_daytime(), *self._digests(), *self._logged()]
        heard: dict[tuple[UUID, str, datetime], list[int]] = {}
        for place, sent in enumerate(self.storm.diary):
            row = self.rows[sent.opaque]
            if row.kind in KINDS and row.appointment_id and row.appointment_start_at:
                heard.setdefault((row.appointment_id, row.kind, row.appointment_start_at), []).append(place)
        found.reminders = sum(map(len, heard.values()))
        for story in self.storm.town.stories:
            for due in planned(story):
                found.wrong += self._reminder(due, heard.pop(due.key, []), found)
        found.wrong += [f"nobody promised {key}" for key in heard]
        found.skipped = sum(row.status is OutboundStatus.SKIPPED for row in self.rows.values())
        found.changed = sum(len(story.promises) > 1 or not story.stands for story in self.storm.town.stories)
        return found

    def _once(self) -> Iterator[str]:
        """No message was taken twice: each one's status tells whether it went out, even from a dead worker."""
        for opaque, count in Counter(sent.opaque for sent in self.storm.diary).items():
            if count > 1:
                at = [
                    when
                    for sent, when in zip(self.storm.diary, self.storm.diary.at, strict=True)
                    if sent.opaque == opaque
                ]
                yield f"{self.rows[opaque].kind} was taken {count} times: {', '.join(map(str, at))}"

    def _settled(self) -> Iterator[str]:
        """What was taken is known to have arrived, what was not is not, and nothing is left over or failed."""
        taken = {sent.opaque for sent in self.storm.diary}
        now = self.storm.clock.now()
        for identifier, row in self.rows.items():
            late = row.status is OutboundStatus.QUEUED and row.due_at <= now
            lost = row.status in ARRIVED and identifier not in taken
            untold = identifier in taken and row.status not in ARRIVED
            if late or lost or untold or row.status is OutboundStatus.FAILED:
                yield f"{row.kind} is {row.status}, {'taken' if identifier in taken else 'not taken'}: {row.error}"
            if row.status is OutboundStatus.SKIPPED and not (row.error or row.error_code):
                yield f"{row.kind} was skipped without a reason"

    def _in_daytime(self) -> Iterator[str]:
        for sent, at in zip(self.storm.diary, self.storm.diary.at, strict=True):
            row = self.rows[sent.opaque]
            zone = self.storm.town.professionals.get(row.professional_id) if row.professional_id else None
            if row.kind in KINDS and zone and asleep(at, zone):
                yield f"{row.kind} woke somebody at {at.astimezone(zone)}"

    def _digests(self) -> Iterator[str]:
        """Every professional gets one agenda on each morning before a day of work."""
        told = Counter[tuple[UUID, object]]()
        for sent, at in zip(self.storm.diary, self.storm.diary.at, strict=True):
            row = self.rows[sent.opaque]
            if row.kind == "daily_agenda" and row.professional_id:
                wall = at.astimezone(self.storm.town.professionals[row.professional_id])
                told[row.professional_id, wall.date()] += 1
                if not 8 <= wall.hour < 12:
                    yield f"an agenda of the day at {wall}"
        for professional_id, zone in self.storm.town.professionals.items():
            walls = [calm.astimezone(zone) for calm in self.storm.calms]
            for day in DAYS:
                if told[professional_id, day] != any(wall.date() == day and 8 <= wall.hour < 12 for wall in walls):
                    yield f"{told[professional_id, day]} agendas for {day}"

    def _logged(self) -> Iterator[str]:
        """No worker met a fault it did not expect."""
        for line in self.storm.crew.logs().splitlines():
            if line.startswith("{") and json.loads(line)["level"] in ("error", "critical"):
                yield f"logged: {line[:500]}"

    def _reminder(self, due: Due, heard: list[int], found: Found) -> Iterator[str]:
        """Judge one reminder: how often it may have come, when, and what it may say."""
        name, until = f"{due.kind} of {due.promise.start}, due {due.at}", due.promise.until
        if until is not None and due.at >= until:
            if heard:
                yield f"{name} came although it was called off at {until}"
            return
        since = self._helps_from(due)
        helped = any(
            since <= calm < due.expires and (until is None or calm < until) and not asleep(calm, due.story.zone)
            for calm in self.storm.calms
        )
        if helped and len(heard) != 1:
            yield f"{name} came {len(heard)} times"
        if not helped and due.at <= self.storm.calms[-1]:
            found.undecided += not heard
        for place in heard:
            at = self.storm.diary.at[place]
            if not due.at <= at < due.expires:
                yield f"{name} came at {at}"
            yield from self._says(due, self.storm.diary[place])

    def _helps_from(self, due: Due) -> datetime:
        """Say from when a reminder could leave: when it is due, or after the outage, out of the night."""
        began, ended = self.storm.outage
        if not began <= due.at <= ended:
            return due.at
        return morning_after(ended, due.story.zone) if asleep(ended, due.story.zone) else ended

    def _says(self, due: Due, sent: Sent) -> Iterator[str]:
        """The person was told this start, not another."""
        wall = due.promise.start.astimezone(due.story.zone)
        body = json.dumps(sent.body["template"]["components"], ensure_ascii=False)
        expected = phrases.moment(wall) if due.kind == "reminder_24h" else phrases.hour(wall)
        if expected not in body:
            yield f"{due.kind} of {wall} says {body}"


async def live_through(url: str, folder: Path, plan: Plan, *, loud: bool = False) -> tuple[Storm, Found]:
    """Run a whole storm and its audit."""
    async with storm(url, folder, plan, print if loud else lambda _: None) as weather:
        began = time.monotonic()
        await weather.rage()
        found = (await Audit.of(weather)).run()
        if loud:
            print(f"{time.monotonic() - began:.0f} s for the storm")
        assert weather.fake.violations == []
        return weather, found


async def test_t21_each_reminder_is_sent_once_and_none_after_a_cancel(postgres_url: str, tmp_path: Path) -> None:
    """Four workers killed at random, changed minds, a clock that jumps both ways, an outage of six hours."""
    weather, found = await live_through(postgres_url, tmp_path, Plan())
    assert found.wrong == []
    assert weather.kills >= 9  # five times one or more, and all four
    assert found.reminders > 600
    assert found.skipped > 0


async def test_t21_each_reminder_is_sent_once_with_one_worker_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "odys.sqlite3")
    plan = Plan(appointments=96, workers=1, kills=2)
    weather, found = await live_through(f"sqlite:///{tmp_path / 'odys.sqlite3'}", tmp_path, plan)
    assert found.wrong == []
    assert weather.kills == 3
    assert found.reminders > 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--appointments", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=7)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as server:
        url = create_database(server, "storm")
        migrate(url)
        weather, found = asyncio.run(live_through(url, Path(name), plan, loud=True))
    print(
        f"{plan.appointments} appointments, {found.changed} cancelled or moved, {weather.kills} workers killed: "
        f"{found.received} messages taken, {found.reminders} of them reminders; {found.skipped} skipped, "
        f"{found.undecided} too late after the outage; {weather.untold} taken from workers that died before they "
        f"wrote it down; {len(found.wrong)} wrong"
    )
    print("\n".join(found.wrong[:50]))
    raise SystemExit(bool(found.wrong))


if __name__ == "__main__":
    main()
