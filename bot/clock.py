"""The clock: the only place that reads the machine's time."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """Tell the machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """Tell the machine's time plus a shift, so that a demonstration can jump ahead."""

    def __init__(self, shift: timedelta = timedelta()) -> None:
        self._shift = shift

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def jump(self, by: timedelta) -> None:
        """Move the clock by `by`; the demo only ever moves it forward."""
        self._shift += by

    def jump_to(self, moment: datetime) -> None:
        """Make `moment` the present."""
        self._shift = moment - datetime.now(UTC)
