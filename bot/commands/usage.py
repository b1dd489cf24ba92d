"""`odys usage`: what language models did in a month, for whom, and what that cost."""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import SystemClock
from ..conversation.llm.prices import SOURCE, dollars
from ..db import Database
from ..errors import Stop
from ..models import ModelCall, Professional
from ..models.account import Usage
from ..models.usage import Counted
from ..settings import Settings
from .table import show

NOBODY = "(no agenda)"


@dataclass(slots=True)
class Line:
    """One agenda's share: turns a model thought in, its requests, tokens, and dollars as far as prices are known."""

    turns: int = 0
    requests: int = 0
    failed: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    cost: float = 0.0
    unpriced: bool = False


def run(options: argparse.Namespace) -> int:
    begin = _month(options.month)
    lines = asyncio.run(_lines(begin))
    if not lines:
        print(f"no model was asked in {begin:%Y-%m}")
        return 0
    show(
        [_cells(name, line) for name, line in lines],
        ("agenda", "turns", "requests", "failed", "read", "written", "US$"),
    )
    print(f"\nUTC month {begin:%Y-%m}; prices: {SOURCE}")
    return 0


def _month(written: str) -> datetime:
    if not written:
        return SystemClock().now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        return datetime.strptime(written, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Stop(f"{written!r} is no month: write it as 2026-11") from None


async def _lines(begin: datetime) -> Sequence[tuple[str, Line]]:
    """Add up the requests of a month by agenda, the dearest first."""
    sums = (ModelCall.prompt_tokens, ModelCall.cached_tokens, ModelCall.completion_tokens)
    query = (
        select(ModelCall.professional_id, Professional.slug, ModelCall.model, ModelCall.outcome, func.count())
        .add_columns(*(func.coalesce(func.sum(column), 0) for column in sums))
        .outerjoin(Professional, Professional.id == ModelCall.professional_id)
        .where(ModelCall.at >= begin, ModelCall.at < begin + relativedelta(months=1))
        .group_by(ModelCall.professional_id, Professional.slug, ModelCall.model, ModelCall.outcome)
    )
    db = Database(Settings().database_url)
    try:
        async with db.begin() as session:
            rows = (await session.execute(query)).all()
            turns = await _turns(session, begin)
    finally:
        await db.close()
    found: dict[tuple[UUID | None, str], Line] = defaultdict(Line)
    for owner, slug, model, outcome, count, prompt, cached, completion in rows:
        line = found[owner, slug or NOBODY]
        line.turns = turns.get(owner, 0) if owner else 0
        cost = dollars(model, prompt, cached, completion)
        line.requests += count
        line.failed += count if outcome != "ok" else 0
        line.prompt, line.cached = line.prompt + prompt, line.cached + cached
        line.completion += completion
        line.cost += cost or 0.0
        line.unpriced |= cost is None and prompt > 0
    return sorted(((name, line) for (_, name), line in found.items()), key=lambda pair: -pair[1].cost)


async def _turns(session: AsyncSession, begin: datetime) -> dict[UUID, int]:
    """Return the turns that count for each agenda's plan, in a month of its own zone."""
    counted = select(Usage.professional_id, Usage.count).where(
        Usage.what == Counted.MODEL_TURNS.value, Usage.month == begin.date()
    )
    return {owner: turns for owner, turns in await session.execute(counted)}  # noqa: C416 - rows, not pairs


def _cells(name: str, line: Line) -> tuple[str, ...]:
    cost = f"{line.cost:.4f}" + (" and more: a model without a known price" if line.unpriced else "")
    read = f"{line.prompt} ({line.cached} cached)"
    return name, str(line.turns), str(line.requests), str(line.failed), read, str(line.completion), cost
