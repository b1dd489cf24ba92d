"""The letters of the demo: nobody carries them, so the simulator shows them, as a mail program would."""

from collections.abc import AsyncIterator, Mapping
from email.message import EmailMessage
from typing import Any, Protocol

from aiohttp import web

from bot.notify.email.sink import invitation_of, page_of

PATH = "/simulador/cartas"
# A letter is somebody else's page: it runs nothing, loads nothing and is shown nowhere but in ours.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    ]
)


class Letters(Protocol):
    """Where letters are kept."""

    def letter(self, number: int) -> EmailMessage | None: ...

    def follow(self) -> AsyncIterator[Mapping[str, Any]]: ...


def add_letters(app: web.Application, letters: Letters) -> None:
    """Serve each letter's page and its invitation."""

    def asked(request: web.Request) -> EmailMessage:
        letter = letters.letter(int(request.match_info["number"]))
        if letter is None:
            raise web.HTTPNotFound
        return letter

    async def show(request: web.Request) -> web.Response:
        headers = {
            "Content-Security-Policy": _POLICY,
            "X-Frame-Options": "SAMEORIGIN",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return web.Response(text=page_of(asked(request)), content_type="text/html", headers=headers)

    async def invitation(request: web.Request) -> web.Response:
        found = invitation_of(asked(request))
        if found is None:
            raise web.HTTPNotFound
        name, content = found
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type="text/calendar", charset="utf-8", headers=headers)

    app.router.add_get(PATH + r"/{number:\d{1,9}}", show)
    app.router.add_get(PATH + r"/{number:\d{1,9}}/convite.ics", invitation)
