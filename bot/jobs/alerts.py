"""Tell about changes: an e-mail to the operator, and what is serious inside the application as well.

Nothing is told over WhatsApp, for that is what may be down.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Notification, Outbound, Professional, User
from ..notify import outbox
from ..phrases import duration, moment
from ..settings import Settings
from .findings import Finding, State

log = logging.getLogger(__name__)

# Sent before all other mail; of no use to anybody a day later.
PRIORITY, LIFE = 1, timedelta(days=1)
# The operator's clock, as far as the text of an alert goes.
_ZONE = ZoneInfo("America/Sao_Paulo")
_WORD = {State.BAD: "PROBLEMA", State.WARN: "ATENÇÃO", State.OK: "RESOLVIDO"}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as it was; `lasted` is how long the trouble took that is over now."""

    finding: Finding
    lasted: timedelta | None = None
    # It is, or was until now, worse than something to look at.
    serious: bool = False


async def tell(session: AsyncSession, changes: Sequence[Change], settings: Settings, now: datetime) -> None:
    """Owe one e-mail about all changes; write a notification about each serious one for those whom it concerns."""
    if changes and settings.alert_email:
        session.add(_mail(changes, settings.alert_email, now))
    for change in changes:
        if not change.serious:
            continue
        finding = change.finding
        for user in await _concerned(session, finding.subject, settings):
            title = f"{_WORD[finding.state].capitalize()}: {finding.title}"[:160]
            session.add(Notification(user_id=user, kind=outbox.ALERT, title=title, body=finding.text, created_at=now))


async def _concerned(session: AsyncSession, account: str, settings: Settings) -> Sequence[UUID]:
    """Return the operator's login, and the owner of the number that an alert is about."""
    whose = [func.lower(User.email) == settings.alert_email.lower()] if settings.alert_email else []
    if account:
        whose.append(User.id.in_(select(Professional.user_id).where(Professional.account == account)))
    return (await session.scalars(select(User.id).where(or_(*whose)))).all() if whose else []


def log_all(changes: Sequence[Change]) -> None:
    """Write a line for each change."""
    for change in changes:
        finding = change.finding
        level = logging.INFO if finding.state is State.OK else logging.ERROR
        extra = {"check": finding.check, "state": finding.state.value, "reason": finding.english}
        log.log(level, "alert" if level == logging.ERROR else "recovered", extra=extra)


def _mail(changes: Sequence[Change], to: str, now: datetime) -> Outbound:
    """Owe one e-mail about everything that changed in this run."""
    local = now.astimezone(_ZONE)
    ordered = sorted(changes, key=lambda change: list(_WORD).index(change.finding.state))
    text = "\n\n".join(
        [
            f"O que mudou até {moment(local)} (horário de Brasília):",
            *(_paragraph(change) for change in ordered),
            "A situação de tudo, a qualquer momento: odys doctor",
        ]
    )
    return outbox.alert(to, _subject(ordered), text, priority=PRIORITY, now=now, expires_at=now + LIFE)


def _subject(changes: Sequence[Change]) -> str:
    first = changes[0].finding
    rest = f" (e mais {len(changes) - 1})" if len(changes) > 1 else ""
    return f"[Odys] {_WORD[first.state].capitalize()}: {first.title}{rest}"


def _paragraph(change: Change) -> str:
    finding = change.finding
    over = f"\nDurou {duration(max(1, change.lasted // timedelta(minutes=1)))}." if change.lasted else ""
    return f"{_WORD[finding.state]} · {finding.title}\n{finding.text}{over}"
