"""Reads every line that the tests log: a secret or somebody's whole number fails the test it came in."""

import logging
import re
from typing import Final

from bot.log import CHATTY, JsonLines

# The secrets that the stages of the tests are set up with.
CANARIES: Final = (
    "a-secret-of-the-tests-that-is-long-enough",
    "a-cron-secret-of-the-tests",
    "app-secret-de-teste",
    "canary-",
)
_NUMBER: Final = re.compile(r"(?<![\w-])\+?55[1-9][1-9]9?[6-9]\d{7}(?![\w-])", re.ASCII)


class Watchman(logging.Handler):
    """Formats each record as an operator would see it, and keeps what should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if _NUMBER.search(line) or any(canary in line for canary in CANARIES):
            self.seen.append(line)

    def watch(self) -> None:
        """Read everything from now on, as much of it as production logs; a command may have sent us away."""
        root = logging.getLogger()
        root.addHandler(self)
        root.setLevel(logging.INFO)
        for chatty in CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)

    def report(self) -> list[str]:
        """Return what was seen since the last look."""
        seen, self.seen = self.seen, []
        return seen
