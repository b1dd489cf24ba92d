"""The phones of the simulator: whose they are, and what is on their screens."""

import re
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ...models.enums import Role
from ...phrases import phone as written

# What a phone keeps in memory; older messages scroll away for good.
KEPT = 200
# What is quoted above an answer: enough to recognise the message.
QUOTE = 90
# How a message without words is quoted.
_NAMES = {"audio": "Mensagem de voz"}
# One mark of WhatsApp's formatting, which a quote does without.
_MARK = re.compile(r"[*_~`]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone: its number as WhatsApp's digits, their name, and the side of the agenda they play."""

    phone: str
    name: str = ""
    role: Role = Role.CLIENT

    def to_json(self) -> dict[str, str]:
        """Return what a page shows of a person."""
        number = written(self.phone)
        return {"phone": self.phone, "name": self.name or number, "number": number, "role": self.role.value}


@dataclass(frozen=True, slots=True)
class Tap:
    """Something to tap below a message: what comes back, what is shown, and a code that is copied instead."""

    id: str
    title: str
    description: str = ""
    section: str = ""
    copies: str = ""


@dataclass(slots=True)
class Bubble:
    """One message on a screen, of the phone's owner (`mine`) or of the business."""

    id: str
    phone: str
    mine: bool
    at: datetime
    kind: str
    text: str = ""
    header: str = ""
    footer: str = ""
    # How the taps come back: "button", "list" or "template"; empty without taps.
    taps: str = ""
    options: tuple[Tap, ...] = ()
    label: str = ""
    tapped: str = ""
    media: str = ""
    filename: str = ""
    seconds: int = 0
    quote: str = ""
    # Of one's own: pending, sent, delivered, read, failed; of the business: accepted, sent, delivered, read.
    status: str = "pending"
    seen: bool = False
    # Of the business: its own id of the message, and what Meta would charge it as.
    tracker: str = ""
    category: str = "service"

    def to_json(self) -> dict[str, Any]:
        """Return what a page needs to draw the message."""
        shown = asdict(self)
        del shown["tracker"], shown["category"]
        return shown | {"at": self.at.isoformat()}

    def excerpt(self) -> str:
        """Return the first line, as it is quoted above an answer."""
        lines = self.text.strip().splitlines() or [_NAMES.get(self.kind) or self.filename or "Imagem"]
        line = _MARK.sub("", lines[0])
        return line if len(line) <= QUOTE else line[: QUOTE - 1] + "…"


@dataclass(slots=True)
class Phone:
    """A phone with its one conversation."""

    person: Person
    bubbles: deque[Bubble] = field(default_factory=lambda: deque(maxlen=KEPT))
    # When its owner last wrote; None while they have not since the simulator started.
    wrote_at: datetime | None = None

    def find(self, message_id: str) -> Bubble | None:
        """Return the message with that id, if it is still on the screen."""
        return next((bubble for bubble in reversed(self.bubbles) if bubble.id == message_id), None)

    def unseen(self) -> list[Bubble]:
        """Return the messages of the business that the owner has not looked at."""
        return [bubble for bubble in self.bubbles if not bubble.mine and not bubble.seen]

    def to_json(self) -> dict[str, Any]:
        """Return the owner and the whole screen."""
        return self.person.to_json() | {"bubbles": [bubble.to_json() for bubble in self.bubbles]}
