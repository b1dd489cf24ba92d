"""A letter: subject, text and page from one template, the invitation beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup, escape

from ...settings import templates_directory
from .. import messages, render

_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
# All that Python takes for the end of a line: a header with one in it is refused, and the letter with it.
_LINE_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_text = Environment(
    loader=FileSystemLoader(templates_directory() / "email"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - the plain half of a letter
    auto_reload=False,
)
_pages = Environment(
    loader=FileSystemLoader(templates_directory() / "email"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class NoSuchLetter(Exception):
    """A kind of message that has no words for e-mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, before anybody is named."""

    subject: str
    text: str
    html: str


def write(kind: str, payload: Mapping[str, str]) -> Letter:
    """Write what an outbound row says."""
    if "subject" in payload and "text" in payload:  # written out already
        subject, body = payload["subject"], payload["text"]
    else:
        subject, body = _rendered(kind, payload)
    subject = _LINE_BREAKS.sub(" ", subject).strip()
    paragraphs = [[_emphasized(line) for line in part.split("\n")] for part in body.strip().split("\n\n")]
    html = _pages.get_template("page.html.j2").render(subject=subject, paragraphs=paragraphs)
    return Letter(subject, _BOLD.sub(r"\1", body).strip() + "\n", html)


def _rendered(kind: str, payload: Mapping[str, str]) -> tuple[str, str]:
    message = messages.from_json(kind, {name: value for name, value in payload.items() if name != "to"})
    # Two stars are ours alone: nobody's name makes a word bold.
    values = {name: value.replace("**", "") for name, value in message.values().items()}
    values["aside"] = render.aside(message).strip()
    try:
        whole = _text.get_template(f"{kind}.txt.j2").render(values)
    except TemplateNotFound as error:
        raise NoSuchLetter(kind) from error
    subject, _, body = whole.partition("\n\n")
    return subject, body


def _emphasized(line: str) -> Markup:
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(line))))  # noqa: S704 - escaped first


def compose(
    letter: Letter,
    *,
    sender: str,
    to: str,
    name: str,
    message_id: str,
    at: datetime,
    invitation: bytes = b"",
    method: str = "",
) -> EmailMessage:
    """Put a letter into an envelope: both halves, and the invitation as calendars look for it.

    The message id is our row's: a letter that is sent again after a doubt is the same letter.
    """
    mail = EmailMessage()
    from_name, from_address = parseaddr(sender)
    mail["From"] = Address(from_name, addr_spec=from_address)
    mail["To"] = Address(_LINE_BREAKS.sub(" ", name), addr_spec=to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message_id}@{from_address.partition('@')[2] or 'odys'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "pt-BR"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if invitation:
        mail.add_alternative(
            invitation, maintype="text", subtype="calendar", params={"method": method, "charset": "utf-8"}
        )
        mail.add_attachment(invitation, maintype="application", subtype="ics", filename="convite.ics")
    return mail
