"""Keep letters instead of sending them: for an installation without a mail server, where the demo shows them."""

import logging
from collections.abc import AsyncGenerator, Mapping
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from ...feed import Feed

log = logging.getLogger(__name__)

# More than a demonstration ever writes; a few hundred kilobytes.
KEPT = 50


class Sink:
    """Take every letter, keep the last ones, and tell whoever follows."""

    def __init__(self, keep: int = KEPT) -> None:
        self._keep, self._feed = keep, Feed(keep)
        self._letters: dict[int, EmailMessage] = {}

    async def send(self, letter: EmailMessage) -> None:
        number = self._feed.last + 1
        self._letters[number] = letter
        self._letters.pop(number - self._keep, None)
        self._feed.publish(_told(number, letter))
        log.info("no mail server is set: a letter stays here")

    @property
    def letters(self) -> list[EmailMessage]:
        """The letters that are kept, oldest first."""
        return list(self._letters.values())

    def letter(self, number: int) -> EmailMessage | None:
        """Return a letter by the number it is told under."""
        return self._letters.get(number)

    async def follow(self) -> AsyncGenerator[Mapping[str, Any], None]:
        """Yield what is told of the letters that are kept, then of each new one."""
        async for _, told in self._feed.follow(self._feed.oldest):
            yield told


def page_of(letter: EmailMessage) -> str:
    """Return the half of a letter that looks like a page."""
    body = letter.get_body(("html",))
    return str(body.get_content()) if body is not None else ""


def invitation_of(letter: EmailMessage) -> tuple[str, bytes] | None:
    """Return the attached calendar entry, as its file name and bytes."""
    for part in letter.iter_attachments():
        if part.get_content_type() == "application/ics" and isinstance(content := part.get_content(), bytes):
            return part.get_filename() or "convite.ics", content
    return None


def _told(number: int, letter: EmailMessage) -> Mapping[str, Any]:
    to = letter["To"].addresses[0]
    invitation = invitation_of(letter)
    return {
        "id": number,
        "at": parsedate_to_datetime(str(letter["Date"])).isoformat(),
        "subject": str(letter["Subject"]),
        "name": to.display_name,
        "address": to.addr_spec,
        "invitation": invitation[0] if invitation else "",
    }
