"""Tell Sentry what broke, where SENTRY_DSN is set: the kind of error and its place in the code, nothing of people's.

What an exception says is left out, because it likes to quote what somebody wrote: it is in our log, beside the ids
that are told. Nothing is collected that is not named here, whatever a later version of the SDK learns to collect.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from .errors import Stop
from .log import mask
from .settings import Settings

MISSING: Final = (
    "SENTRY_DSN is set, but the package sentry-sdk is not installed: "
    "install it (uv sync --no-dev --extra sentry), or leave SENTRY_DSN empty"
)
# How long, in seconds, the end of a process waits for what is still to be told.
FLUSH: Final = 2.0
_WHOLE: Final = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment", "sdk")
_FRAME: Final = ("filename", "function", "module", "lineno", "in_app", "context_line", "pre_context", "post_context")
# What our log lines add that is an id or a word of ours.
_EXTRA: Final = frozenset(
    {"conversation", "inbound", "outbound", "professional", "series", "request", "method", "route", "kind", "code"}
    | {"action", "job", "check", "tool", "brain", "model", "status", "event"}
)
_WORD: Final = re.compile(r"[\w.:/{}-]{1,80}")


def start(settings: Settings, process: str) -> None:
    """Begin to tell errors that are logged or end the process; raise `Stop` when that cannot be."""
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    try:
        # Imported here: it is optional, and a fifth of a second for whoever does not use it.
        import sentry_sdk  # noqa: PLC0415
        from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
        from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415
        from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
        from sentry_sdk.utils import BadDsn  # noqa: PLC0415
    except ImportError as error:
        raise Stop(MISSING) from error
    if sentry_sdk.get_client().is_active():
        return
    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=settings.odys_env,
            server_name="",  # a host's name may be its owner's
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=None, event_level=logging.ERROR),
                ExcepthookIntegration(),
                DedupeIntegration(),
            ],
            before_send=_before_send,
        )
    except BadDsn as error:
        raise Stop("SENTRY_DSN is no address of Sentry's: https://KEY@HOST/NUMBER") from error
    sentry_sdk.set_tag("process", process)


def stop() -> None:
    """Wait a moment until what is left is told."""
    if told := sys.modules.get("sentry_sdk"):
        told.flush(timeout=FLUSH)


def _before_send(event: Any, _hint: Mapping[str, Any]) -> Any:
    return safe(event)


def safe(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event may leave: a new one, of known parts alone."""
    kept: dict[str, Any] = {name: event[name] for name in _WHOLE if name in event}
    kept["tags"] = {"process": str((event.get("tags") or {}).get("process", ""))}
    if entry := event.get("logentry"):
        # The sentence as it stands in the code, not what was put into it; of several lines, the first.
        kept["logentry"] = {"message": mask(str(entry.get("message", "")).split("\n", 1)[0])[:200]}
    if errors := (event.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_error(each) for each in errors]}
    extra = event.get("extra") or {}
    kept["extra"] = {name: mask(str(extra[name])) for name in _EXTRA & set(extra) if _WORD.fullmatch(str(extra[name]))}
    return kept


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or ()
    shown = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    kept = {name: error[name] for name in ("type", "module") if name in error}
    return {**kept, "value": "", "stacktrace": {"frames": shown}}
