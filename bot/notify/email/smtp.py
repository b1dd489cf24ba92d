"""Carry letters by SMTP, as `SMTP_URL` says: smtp://user:password@host:587 (STARTTLS), smtps://…:465, smtp://host:25."""

from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from .post import Away, Refused

TIMEOUT = 30  # a slow server greets late on purpose, against spammers
_PERMANENT = range(500, 600)


class SmtpMail:
    """Hand letters to one mail server."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL is smtp://user:password@host:port or smtps://…")
        self._host, self._secure = parts.hostname, parts.scheme == "smtps"
        self._port = parts.port or (465 if self._secure else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, letter: EmailMessage) -> None:
        """Send one letter over a connection of its own; encrypted wherever the server offers it."""
        try:
            await aiosmtplib.send(
                letter,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._secure,
                timeout=self._timeout,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            if all(code in _PERMANENT for code in codes):
                raise Refused(f"recipient refused: {codes}") from error
            raise Away(f"recipient put off: {codes}") from error
        except aiosmtplib.SMTPResponseException as error:
            # A wrong password is the operator's to mend: the letter waits for that.
            if error.code in _PERMANENT and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
                raise Refused(f"refused: {error.code}") from error
            raise Away(f"{type(error).__name__} {error.code}") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Away(type(error).__name__) from error
