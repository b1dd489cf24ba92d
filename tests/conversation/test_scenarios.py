"""Whole conversations, written as YAML, through the real webhook on both databases; the rows at the end decide.

A scenario starts on the demo's agenda (Saturday 21/11/2026, 10h in São Paulo) and is a list of steps:

    - julia: "oi, queria marcar um corte amanhã de manhã"   # one message, or a list of them in a burst
      hears: ["Corte", "livres"]                            # every piece must be in what Júlia then reads
    - julia taps: "9h"                                       # the option whose title contains this
      hears: {julia: ["Posso marcar"], rafael: []}           # [] means: nothing at all
      never: ["agendado"]                                    # must not be read by anybody in this step
    - later: {days: 1}

`rows` lists, of the appointments made or changed in the scenario, what must be true at its end.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from sqlalchemy import select

from bot.db import Database
from bot.models import Appointment, Client, Conversation, PendingAction, Professional, Service
from bot.models.enums import PendingStatus
from bot.seed import CLIENTS, PROFESSIONAL, ZONE
from bot.text import plain

from ..conftest import StillClock
from ..stage import STRANGER, Stage, stage

FOLDER = Path(__file__).resolve().parent.parent / "conversations"
PEOPLE: Mapping[str, str] = {
    "rafael": PROFESSIONAL.phone,
    **{plain(one.name.split()[0]): one.phone for one in CLIENTS},
    "stranger": STRANGER,
}


def scenarios() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for scenario in yaml.safe_load(path.read_text()):
            yield pytest.param(scenario, id=f"{path.stem}: {scenario['name']}")


@pytest.mark.parametrize("scenario", list(scenarios()))
async def test_scenario(scenario: dict[str, Any], db: Database, clock: StillClock) -> None:
    if "now" in scenario:
        clock.moment = datetime.fromisoformat(str(scenario["now"]))
    async with stage(db, clock, seeded=scenario.get("seed", "rafael") == "rafael") as here:
        began = clock.now()
        for number, step in enumerate(scenario["steps"], start=1):
            await _play(here, step, f"step {number} {step}")
        await _check(db, scenario, began)


async def _play(here: Stage, step: dict[str, Any], where: str) -> None:
    speaker = ""
    for key, value in step.items():
        who, _, verb = key.partition(" ")
        if key in {"hears", "never", "offers"}:
            continue
        if key == "later":
            await here.later(**value)
            continue
        speaker = who
        phone = PEOPLE[who]
        if verb == "taps":
            await here.taps(phone, str(value))
        elif verb == "sends":
            await here.sends(phone, **value)
        else:
            await here.says(phone, *([value] if isinstance(value, str) else value))
    heard = {who: here.heard(phone) for who, phone in PEOPLE.items()}
    wanted = step.get("hears", {})
    for who, pieces in (wanted if isinstance(wanted, dict) else {speaker: wanted}).items():
        if pieces == []:
            assert heard[who] == "", f"{where}: {who} heard {heard[who]!r}"
        for piece in pieces if isinstance(pieces, list) else [pieces]:
            assert re.search(piece, heard[who], re.IGNORECASE), f"{where}: {who} heard {heard[who]!r}"
    for piece in step.get("never", []):
        for who, text in heard.items():
            assert not re.search(piece, text, re.IGNORECASE), f"{where}: {who} heard {text!r}"
    for title in step.get("offers", []):
        assert any(title in option for option in here.options(PEOPLE[speaker])), where


async def _check(db: Database, scenario: dict[str, Any], began: datetime) -> None:
    zone = ZoneInfo(ZONE)
    async with db.begin() as session:
        found = [
            {
                "client": client.name,
                "service": row.service_name,
                "status": row.status.value,
                "payment": row.payment.value,
                "start": row.start_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
                "weekday": row.start_at.astimezone(zone).strftime("%a").lower(),
                "hour": row.start_at.astimezone(zone).strftime("%H:%M"),
                "attends": row.attendance_confirmed_at is not None,
            }
            for row, client in await session.execute(
                select(Appointment, Client)
                .join(Client, Client.id == Appointment.client_id)
                .where(Appointment.updated_at > began)
                .order_by(Appointment.created_at)
            )
        ]
        if "rows" in scenario:
            expected = scenario["rows"]
            assert len(found) == len(expected), found
            for row, wish in zip(found, expected, strict=True):
                assert {name: row[name] for name in wish} == wish, found
        open_questions = (
            await session.scalars(select(PendingAction).where(PendingAction.status == PendingStatus.OPEN))
        ).all()
        assert len(open_questions) == scenario.get("open", 0)
        for professional in scenario.get("professionals", []):
            await _check_professional(session, professional)
        held = (await session.scalars(select(Conversation).where(Conversation.turn_token.is_not(None)))).all()
        assert held == []


async def _check_professional(session: Any, wish: dict[str, Any]) -> None:
    row = (await session.scalars(select(Professional).where(Professional.slug == wish["slug"]))).one()
    for name in ("name", "profession", "address"):
        if name in wish:
            assert getattr(row, name) == wish[name]
    services = await session.scalars(
        select(Service).where(Service.professional_id == row.id).order_by(Service.position, Service.created_at)
    )
    if "services" in wish:
        assert [[one.name, one.minutes, one.price_cents] for one in services] == wish["services"]
