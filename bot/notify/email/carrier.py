"""Who carries letters, as the settings say."""

from ...settings import Settings
from .post import Mail
from .sink import Sink


def carrier(settings: Settings) -> Mail | None:
    """Return the mail server that the settings name; development keeps letters in memory instead."""
    if url := settings.smtp_url.get_secret_value():
        from .smtp import SmtpMail  # noqa: PLC0415 - its library is loaded where letters leave by SMTP

        return SmtpMail(url)
    return None if settings.production else Sink()
