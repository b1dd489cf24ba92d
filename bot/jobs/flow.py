"""Checks that the database answers: does what comes in get handled, and does what is owed arrive?"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Contact, ContactIdentity, Conversation, Inbound, Outbound, ServiceHealth
from ..models.enums import WENT_OUT, Channel, IdentityKind, InboundKind, OutboundStatus, Transport
from ..models.queues import DEAD, NEW, OWED, TROUBLED
from ..notify import numbers
from ..notify.outbox import PRIORITIES
from ..settings import Settings
from ..whatsapp.evolution import faults as evolution
from ..whatsapp.faults import ACTIONS, Action
from ..whatsapp.phones import forms
from ..whatsapp.rows import status_id
from ..whatsapp.transport import default_line
from .accounts import accounts
from .depth import anything_due
from .findings import Finding, State

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# People who write expect an answer within seconds, and a turn thinks for half a minute: one is odd, ten a breakdown.
LATE_ANSWER, NO_ANSWER = 1, 10
# Retries wait for up to ten minutes, but their due time moves with them. A minute past due is a dead sender, unless
# others leave meanwhile: an evening's reminders all come due at once, and a number sends 80 a second.
STUCK_SENDING, LATE_SENDING, NO_SENDING = 1, 5, 30
# Mail servers make strangers wait for a quarter of an hour.
LATE_EMAIL, NO_EMAIL = 30, 120
# So many people's waits say something, and a turn with a model that thinks as long as it may is answered in this time.
LATELY, FEW, SLOW = timedelta(minutes=10), 20, 30
# Meta tells "sent" within seconds.
STATUS_WAIT = timedelta(minutes=15)
MANY = 500
# Before this nobody says "usual"; a silence is odd when it is half as long again as any of four weeks.
ENOUGH, QUIET_HOURS, LONGER, SILENCE_SPAN = 30, 6, 1.5, timedelta(weeks=4)
# One message in twenty not arriving is more than phones that are switched off or gone.
FAILING, FAILING_SHARE = 5, 0.05

# Spelled out, so that both databases see that the partial indexes fit.
_UNHEARD = text("outbound.status = 'sent'")

_TOKEN = frozenset({"0", "3", "10", "190", "131005", *map(str, range(200, 300))})
_PAYMENT = frozenset({"131042"})
_EVOLUTION = {
    evolution.DISCONNECTED: "blocked_disconnected",
    evolution.LICENCE: "blocked_licence",
    **dict.fromkeys((evolution.NO_INSTANCE, evolution.KEY), "blocked_evolution"),
}
_TO_MEND = frozenset({Action.STOP_ACCOUNT, Action.TEMPLATE, Action.BUG})

_Waiting = Select[datetime, int]
Check = Callable[[AsyncSession, Settings, datetime], Awaitable[list[Finding]]]


async def answers(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """Is anybody waiting for an answer?"""
    waiting = select(func.min(Inbound.due_at), func.count()).where(
        NEW, Inbound.kind == InboundKind.MESSAGE, Inbound.due_at <= now
    )
    return [await _lateness(session, waiting, "answers", (LATE_ANSWER, NO_ANSWER), now)]


async def owed(session: AsyncSession, settings: Settings, now: datetime) -> list[Finding]:
    """Is anything late in leaving? E-mails count where a mail server is named."""
    checks = [("owed", Transport.WHATSAPP, (LATE_SENDING, NO_SENDING))]
    if settings.smtp_url.get_secret_value():
        checks.append(("owed_email", Transport.EMAIL, (LATE_EMAIL, NO_EMAIL)))
    if not await anything_due(session, now):
        return [Finding(check, State.OK, "owed_fine", {"waiting": 0, "minutes": 0}) for check, _, _ in checks]
    if not await _leaving(session, now):
        checks[0] = ("owed", Transport.WHATSAPP, (STUCK_SENDING, NO_SENDING))
    return [await _lateness(session, _owed(transport, now), check, limits, now) for check, transport, limits in checks]


async def _leaving(session: AsyncSession, now: datetime) -> bool:
    """Say whether any message left within the last minute."""
    lately = select(Outbound.id).where(Outbound.sent_at >= now - MINUTE, Outbound.transport == Transport.WHATSAPP)
    return await session.scalar(lately.limit(1)) is not None


def _owed(transport: Transport, now: datetime) -> _Waiting:
    return select(func.min(Outbound.due_at), func.count()).where(
        OWED, Outbound.priority.in_(PRIORITIES), Outbound.transport == transport, Outbound.due_at <= now
    )


async def _lateness(
    session: AsyncSession,
    waiting: _Waiting,
    check: str,
    limits: tuple[int, int],
    now: datetime,
) -> Finding:
    oldest: datetime | None
    oldest, count = (await session.execute(waiting)).one()
    minutes = (now - oldest) // MINUTE if oldest else 0
    late, dead = limits
    said = "answers" if check == "answers" else "owed"
    if oldest is None or now - oldest <= late * MINUTE:
        return Finding(check, State.OK, f"{said}_fine", {"waiting": count, "minutes": minutes})
    state = State.BAD if now - oldest > dead * MINUTE else State.WARN
    return Finding(check, state, f"{said}_late", {"waiting": count, "minutes": minutes})


async def latency(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """How long do nineteen of twenty people wait for their answer? Each counts once: some write without end."""
    rows = await session.execute(
        select(Inbound.lane, Inbound.received_at, Inbound.handled_at)
        .where(
            Inbound.received_at >= now - LATELY, Inbound.kind == InboundKind.MESSAGE, Inbound.handled_at.is_not(None)
        )
        .order_by(Inbound.received_at.desc())
        .limit(MANY)
    )
    waits = sorted({lane: handled - received for lane, received, handled in rows if handled}.values())
    if len(waits) < FEW:
        return [Finding("latency", State.OK, "latency_unknown")]
    seconds = round(waits[len(waits) * 95 // 100].total_seconds())
    if seconds > SLOW:
        return [Finding("latency", State.WARN, "latency_slow", {"seconds": seconds, "people": len(waits)})]
    return [Finding("latency", State.OK, "latency_fine", {"seconds": seconds})]


async def statuses(session: AsyncSession, settings: Settings, now: datetime) -> list[Finding]:
    """Did Meta fall silent about something it took? "Accepted" alone does not mean that it went anywhere."""
    missing = await _unheard_of(session, settings, now)
    if not missing:
        return [Finding("statuses", State.OK, "statuses_fine")]
    since = min(missing)
    last = await session.scalar(
        select(func.max(Inbound.received_at)).where(Inbound.received_at >= since, Inbound.kind == InboundKind.STATUS)
    )
    details: dict[str, str | int] = {"missing": len(missing), "minutes": (now - since) // MINUTE}
    if last is None:
        return [Finding("statuses", State.BAD, "statuses_stopped", details)]
    return [Finding("statuses", State.WARN, "statuses_missing", details)]


async def _unheard_of(session: AsyncSession, settings: Settings, now: datetime) -> list[datetime]:
    """Return when each message left that nothing was heard of since; those that arrived are past asking."""
    bsuid = (ContactIdentity.contact_id == Outbound.contact_id) & (ContactIdentity.kind == IdentityKind.BSUID)
    rows = await session.execute(
        select(Outbound.provider_id, Outbound.sent_at, Contact.phone, ContactIdentity.value)
        .outerjoin(Contact, Contact.id == Outbound.contact_id)
        .outerjoin(ContactIdentity, bsuid)
        .outerjoin(Conversation, Conversation.id == Outbound.conversation_id)
        .where(
            func.coalesce(Conversation.channel, default_line(settings)[0]) == Channel.CLOUD,
            _UNHEARD,
            Outbound.transport == Transport.WHATSAPP,
            Outbound.sent_at.between(now - DAY, now - STATUS_WAIT),
        )
        .order_by(Outbound.sent_at.desc())
        .limit(MANY)
    )
    # A status may name its recipient by either spelling of the phone, by an id, or not at all.
    possible: dict[tuple[str, datetime], set[str]] = {}
    for provider_id, sent_at, phone, identity in rows:
        if provider_id and sent_at:
            names = {"", identity or "", *(forms(phone) if phone else ())}
            ids = {status_id(provider_id, "sent", name) for name in names}
            possible.setdefault((provider_id, sent_at), set()).update(ids)
    found = await session.scalars(
        select(Inbound.external_id).where(
            Inbound.channel == Channel.CLOUD,
            Inbound.account.in_(await accounts(session, settings, Channel.CLOUD)),
            Inbound.external_id.in_({each for ids in possible.values() for each in ids}),
        )
    )
    heard = set(found)
    return [sent_at for (_, sent_at), ids in possible.items() if not ids & heard]


async def silence(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """Has nobody written for longer than ever? Never worse than a warning: it may be carnival."""
    messages = select(Inbound.received_at).where(Inbound.kind == InboundKind.MESSAGE)
    last = await session.scalar(messages.order_by(Inbound.received_at.desc()).limit(1))
    hours = int((now - last) / timedelta(hours=1)) if last else 0
    if last is None:
        return [Finding("silence", State.OK, "silence_new")]
    if hours < QUIET_HOURS:
        return [Finding("silence", State.OK, "silence_usual", {"hours": hours})]
    recent = messages.where(Inbound.received_at >= now - SILENCE_SPAN).order_by(Inbound.received_at.desc())
    times: Sequence[datetime] = (await session.scalars(recent.limit(20 * MANY))).all()
    if len(times) < ENOUGH:
        return [Finding("silence", State.OK, "silence_new")]
    longest = max(later - earlier for later, earlier in pairwise(times))
    if now - last <= LONGER * longest:
        return [Finding("silence", State.OK, "silence_usual", {"hours": hours})]
    usual = max(1, round(longest / timedelta(hours=1)))
    return [Finding("silence", State.WARN, "silence_long", {"hours": hours, "usual": usual})]


async def dead_letters(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """What came in and could not be handled; old ones stay until somebody deals with them, without alarm."""
    recent = func.count().filter(Inbound.received_at >= now - DAY)
    total, new = (await session.execute(select(func.count(), recent).where(DEAD))).one()
    details = {"total": total, "recent": new}
    if new:
        return [Finding("dead_letters", State.WARN, "dead_letters_new", details)]
    return [Finding("dead_letters", State.OK, "dead_letters_old" if total else "dead_letters_none", details)]


async def failures(session: AsyncSession, _settings: Settings, now: datetime) -> list[Finding]:
    """What was to leave within the last 24 hours and failed, by code."""
    rows = await session.execute(
        select(Outbound.error_code, func.count())
        .where(
            TROUBLED,
            Outbound.status == OutboundStatus.FAILED,
            Outbound.transport == Transport.WHATSAPP,
            Outbound.due_at.between(now - DAY, now),
        )
        .group_by(Outbound.error_code)
    )
    codes = Counter({code or "?": count for code, count in rows})
    if not codes:
        return [Finding("failures", State.OK, "failures_none")]
    total = codes.total() + await _sent_since(session, now - DAY)
    serious = ", ".join(sorted(code for code in codes if code == "wording" or ACTIONS.get(code) in _TO_MEND))
    details: dict[str, str | int] = {
        "failed": codes.total(),
        "total": total,
        "codes": ", ".join(f"{code} × {count}" for code, count in codes.most_common(8)),
        "serious": serious,
    }
    if serious:
        return [Finding("failures", State.BAD, "failures_serious", details, mark=serious)]
    if codes.total() >= FAILING and codes.total() > FAILING_SHARE * total:
        return [Finding("failures", State.WARN, "failures_many", details)]
    return [Finding("failures", State.OK, "failures_usual", details)]


async def _sent_since(session: AsyncSession, since: datetime) -> int:
    sent = select(func.count()).where(
        Outbound.sent_at >= since,
        Outbound.transport == Transport.WHATSAPP,
        Outbound.status.in_(WENT_OUT),
    )
    return await session.scalar(sent) or 0


async def blocked(session: AsyncSession, _settings: Settings, _now: datetime) -> list[Finding]:
    """Did the sender have to stop a number? It notes so itself, at the first refusal."""
    prefix = numbers.check_name("")
    rows = await session.execute(
        select(ServiceHealth.check, ServiceHealth.state, ServiceHealth.details)
        .where(ServiceHealth.check.startswith(prefix, autoescape=True), ServiceHealth.ended_at.is_(None))
        .order_by(ServiceHealth.check)
    )
    found = []
    for name, state, told in rows:
        check = f"blocked:{name.removeprefix(prefix)}"
        if state != numbers.STOPPED:
            found.append(Finding(check, State.OK, "sending_works"))
            continue
        code = str(told.get("code") or "?")
        details = {"code": code, "reason": str(told.get("details") or "?")[:200]}
        found.append(Finding(check, State.BAD, _blocked_by(code), details, mark=code))
    return found


def _blocked_by(code: str) -> str:
    if code in _EVOLUTION:
        return _EVOLUTION[code]
    return "blocked_token" if code in _TOKEN else "blocked_payment" if code in _PAYMENT else "blocked_account"


# What nobody should wait ten minutes to hear of.
PULSE: Sequence[Check] = (answers, owed)
CHECKS: Sequence[Check] = (*PULSE, latency, statuses, silence, dead_letters, failures, blocked)
