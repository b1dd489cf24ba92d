"""A circuit breaker: a model that keeps failing is left alone for a while instead of being waited for."""

import time
from collections import deque
from collections.abc import Callable


class Breaker:
    """Open after `failures` within `window` seconds, stay open for `rest` seconds, then let one request try."""

    def __init__(
        self,
        *,
        failures: int = 5,
        window: float = 60.0,
        rest: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._window = window
        self._rest = rest
        self._monotonic = monotonic
        self._failed: deque[float] = deque(maxlen=failures)
        # None while closed; otherwise the moment from which the next request may try.
        self._open_until: float | None = None

    @property
    def rests(self) -> bool:
        """Tell whether nobody may ask now, without taking the turn of the one who may."""
        return self._open_until is not None and self._monotonic() < self._open_until

    def admits(self) -> bool:
        """Return whether a request may go out now; when half open, only one at a time may."""
        if self._open_until is None:
            return True
        if self.rests:
            return False
        # The probe may never report back (its turn was cancelled): the next one gets its chance after a rest.
        self.rest(self._rest)
        return True

    def succeeded(self) -> None:
        """Close: the model answers again."""
        self._failed.clear()
        self._open_until = None

    def failed(self) -> None:
        """Count a failure; open on the last one allowed, or at once when it was the probe."""
        now = self._monotonic()
        self._failed.append(now)
        recent = sum(1 for moment in self._failed if now - moment <= self._window)
        if self._open_until is not None or recent >= self._limit:
            self.rest(self._rest)

    def rest(self, seconds: float) -> None:
        """Open for `seconds`, because the service itself said so."""
        self._open_until = self._monotonic() + seconds
