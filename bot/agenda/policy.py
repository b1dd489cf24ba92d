"""What a client may still do shortly before an appointment: the professional's cancellation rule.

The rule is about the client alone: the professional can always cancel or move. It holds for moving too, since
moving gives up the old time. Without a number of hours the deadline is the start itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..errors import Conflict
from ..models.enums import Actor, LatePolicy


class TooLate(Conflict):
    code = "too_late"
    sentence = "O prazo para desmarcar ou remarcar já passou. Fale direto com o profissional."


class NotWarned(Conflict):
    """It has become late since somebody agreed to it, and they are to be warned first."""

    code = "not_warned"
    sentence = "O prazo para desmarcar ou remarcar já passou. Confirme de novo."


class Notice(StrEnum):
    """How a cancellation came: in time, late, or late where the client is to be warned before it happens."""

    IN_TIME = "in_time"
    LATE = "late"
    LATE_WARN = "late_warn"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a question about an appointment showed: its start, how giving it up would come, and with how many others."""

    start_at: datetime
    notice: Notice = Notice.IN_TIME
    # Of a series: itself and those that follow.
    count: int = 1


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Until how many hours before the start a client is free to give a time up, and what happens after that."""

    deadline_hours: int = 0
    late: LatePolicy = LatePolicy.ALLOW

    def deadline(self, start_at: datetime) -> datetime:
        """The last moment that is in time, in elapsed hours before the start."""
        return start_at - timedelta(hours=max(0, self.deadline_hours))


def notice_given(policy: CancellationPolicy, actor: Actor, *, start_at: datetime, now: datetime) -> Notice:
    """Judge a cancellation or a move at `now`; refuse with `TooLate` where the rule forbids it."""
    deadline = policy.deadline(start_at)
    if actor is not Actor.CLIENT or now <= deadline:
        return Notice.IN_TIME
    match policy.late:
        case LatePolicy.ALLOW:
            return Notice.LATE
        case LatePolicy.WARN:
            return Notice.LATE_WARN
        case LatePolicy.REFUSE:
            raise TooLate(deadline=deadline, start_at=start_at)
