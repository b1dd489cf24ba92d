"""Who calls a webhook and cannot show who they are: each is counted, and about one a second is logged.

Anybody may call as often as they like; how much that writes is for us to say.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from bot import metrics

log = logging.getLogger(__name__)

# Seconds from one line about a webhook to the next.
APART: Final = 1.0


class Strangers:
    """The callers of one webhook whose proof was missing or wrong."""

    def __init__(self, webhook: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._webhook = webhook
        self._monotonic = monotonic
        self._silent_until = 0.0
        self._left_out = 0

    def note(self, **about: object) -> None:
        """Count one; log them, and how many were left out before, unless another was logged just now."""
        metrics.failed("unproven", self._webhook)
        now = self._monotonic()
        if now < self._silent_until:
            self._left_out += 1
            return
        said = {"webhook": self._webhook, "left_out": self._left_out, **about}
        log.warning("a webhook was called without proof of who calls", extra=said)
        self._silent_until, self._left_out = now + APART, 0
