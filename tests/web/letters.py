"""A letter as the worker writes it, by somebody who means no good."""

from datetime import UTC, datetime
from email.message import EmailMessage

from bot.notify.email.letter import Letter, compose, write

ATTACK = "<img src=x onerror=parent.broken=1>"


def a_letter(subject: str = ATTACK, *, invitation: bytes = b"BEGIN:VCALENDAR") -> EmailMessage:
    text = "Olá <script>parent.broken = 1</script>"
    written: Letter = write("alert", {"subject": subject, "text": text})
    return compose(
        written,
        sender="Odys <odys@localhost>",
        to="julia@exemplo.com.br",
        name="Júlia Ramos",
        message_id="1",
        at=datetime(2026, 11, 21, 13, tzinfo=UTC),
        invitation=invitation,
        method="REQUEST" if invitation else "",
    )
