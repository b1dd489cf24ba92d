"""The trace: what happens behind the scenes, told as it happens. Off unless the demo turns it on.

Other modules call `TRACE.note(kind, title, …)`; while nobody looks, that is one comparison.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from .clock import Clock, SystemClock
from .feed import Feed
from .log import mask

# Enough to scroll back through a whole booking dialogue.
KEPT = 400
# A panel is for reading: a prompt or a long list is cut there.
LONGEST = 1200


class Kind(StrEnum):
    """What a note is about."""

    WEBHOOK = "webhook"
    TURN = "turn"
    TOOL = "tool"
    ROW = "row"
    SEND = "send"
    STATUS = "status"
    JOB = "job"


class Trace:
    """Collect notes for whoever follows; phone numbers and secrets in them are masked."""

    def __init__(self) -> None:
        self.enabled = False
        self._clock: Clock = SystemClock()
        self._feed = Feed(KEPT)

    def start(self, clock: Clock) -> None:
        """Begin to collect; notes carry the time of `clock`."""
        self._clock = clock
        self.enabled = True

    def stop(self) -> None:
        """Collect no more and forget what there is."""
        self.enabled = False
        self._feed = Feed(KEPT)

    def note(self, kind: Kind | str, title: str, **detail: Any) -> None:
        """Tell that something happened: one line to read, and its facts (anything JSON can hold, ids, times)."""
        if not self.enabled:
            return
        event = {
            "id": self._feed.last + 1,
            "at": self._clock.now().isoformat(timespec="milliseconds"),
            "kind": Kind(kind).value,
            "title": mask(title),
            "detail": {name: _plain(value) for name, value in detail.items()},
        }
        self._feed.publish(event)

    async def follow(self) -> AsyncGenerator[Mapping[str, Any], None]:
        """Yield the notes that are kept, then each new one."""
        async for _, event in self._feed.follow(self._feed.oldest):
            yield event


def _plain(value: Any) -> Any:
    """Return `value` as plain JSON for a reader: masked, and cut where it is long."""
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in value]
        case date():
            return value.isoformat()
        case _:
            text = mask(str(value))
            return text if len(text) <= LONGEST else text[:LONGEST] + "…"


TRACE = Trace()
