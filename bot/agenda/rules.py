"""What shapes the free times of a service, and refuses the absurd."""

from dataclasses import dataclass, field
from typing import Final

from ..errors import Invalid
from .hours import DAY, DayException, Hours, Window

MAX_MINUTES: Final = 7 * DAY  # nothing that is booked by the minute lasts longer than a week
MAX_DAYS: Final = 3660  # ten years in one call; more is a mistake or an attack


class BadMinutes(Invalid):
    code = "bad_minutes"
    sentence = "A duração precisa ficar entre 1 minuto e 7 dias."


class BadInterval(Invalid):
    code = "bad_interval"
    sentence = "O intervalo entre horários precisa ficar entre 1 minuto e 7 dias."


class BadBuffer(Invalid):
    code = "bad_buffer"
    sentence = "A folga antes ou depois do atendimento precisa ficar entre 0 minuto e 24 horas."


class BadNotice(Invalid):
    code = "bad_notice"
    sentence = "A antecedência mínima e os dias de agenda aberta não podem ser negativos, nem passar de dez anos."


class BadLimit(Invalid):
    code = "bad_limit"
    sentence = "O limite de atendimentos precisa ser de pelo menos 1."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that shapes the free times of one service; lengths are minutes. Absurd values are refused here."""

    zone: str
    minutes: int
    weekly: tuple[Window, ...]
    exceptions: tuple[DayException, ...] = ()
    interval: int | None = None
    buffer_before: int = 0
    buffer_after: int = 0
    min_notice: int = 0
    horizon_days: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    hours: Hours = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.minutes <= MAX_MINUTES:
            raise BadMinutes(minutes=self.minutes)
        if not 1 <= self.step <= MAX_MINUTES:
            raise BadInterval(interval=self.interval)
        if not (0 <= self.buffer_before <= DAY and 0 <= self.buffer_after <= DAY):
            raise BadBuffer(before=self.buffer_before, after=self.buffer_after)
        if not 0 <= self.min_notice <= MAX_DAYS * DAY or not 0 <= (self.horizon_days or 0) <= MAX_DAYS:
            raise BadNotice(min_notice=self.min_notice, horizon_days=self.horizon_days)
        if any(limit is not None and limit < 1 for limit in (self.max_per_day, self.max_per_week)):
            raise BadLimit(max_per_day=self.max_per_day, max_per_week=self.max_per_week)
        object.__setattr__(self, "hours", Hours(self.zone, self.weekly, self.exceptions))

    @property
    def step(self) -> int:
        """The minutes from one offered time to the next."""
        return self.minutes if self.interval is None else self.interval

    @property
    def limited(self) -> bool:
        """Whether a day or a week can be full."""
        return self.max_per_day is not None or self.max_per_week is not None
