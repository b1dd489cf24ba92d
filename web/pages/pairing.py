"""`/conectar/INSTANCE`: the QR code that connects a phone to an Evolution instance, for whoever holds the link.

A code is good for some twenty seconds, so a page shows it that fetches the next one by itself; no mail could.
"""

import logging
from base64 import b64encode
from hashlib import sha256

import aiohttp
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.settings import templates_directory
from bot.whatsapp.evolution.client import EvolutionApi, InstanceTrouble
from bot.whatsapp.evolution.faults import LICENCE
from bot.whatsapp.evolution.pairing import PATH, admits

from ..keys import CLOCK, SETTINGS

log = logging.getLogger(__name__)

_REFRESH = 15  # seconds, a little less than a code lives
_WAIT = (
    "No celular do número: WhatsApp > Dispositivos conectados > Conectar dispositivo.",
    "Aponte a câmera para o código abaixo. Ele muda sozinho a cada poucos segundos.",
)
_environment = Environment(
    loader=FileSystemLoader(templates_directory()), undefined=StrictUndefined, autoescape=True, trim_blocks=True
)
_TEMPLATE = _environment.get_template("pages/pairing.html.j2")


async def show(request: web.Request) -> web.Response:
    """Show the code, or that nothing is left to do; 403 without one of our links."""
    settings, instance = request.app[SETTINGS], request.match_info["instance"]
    if not admits(settings, instance, request.query.get("k", ""), request.app[CLOCK].now()):
        return _page(403, "Este link não vale mais", "Peça outro a quem cuida do Odys.")
    async with aiohttp.ClientSession() as http:
        api = EvolutionApi(http, settings)
        try:
            if (await api.instance(instance)).state == "open":
                return _page(200, "Conectado", "Este número está ligado ao Odys. Pode fechar a página.")
            pairing = await api.connect(instance)
        except InstanceTrouble as trouble:
            log.warning("no QR code", extra={"instance": instance, "code": trouble.fault.code})
            return _trouble(trouble.fault.code)
    if not (pairing.picture or pairing.code):
        return _page(200, "Preparando o código", "Ele aparece aqui em instantes.", refresh=3)
    return _page(200, "Conectar o WhatsApp", *_WAIT, picture=pairing.picture, code=pairing.code, refresh=_REFRESH)


def _trouble(code: str) -> web.Response:
    if code == LICENCE:
        return _page(503, "A Evolution pede uma licença", "Ative-a no painel dela, ou use a versão 2.3.7.")
    return _page(503, "A Evolution não responde", "Tente de novo em um minuto.", refresh=60)


def _page(status: int, title: str, *lines: str, picture: str = "", code: str = "", refresh: int = 0) -> web.Response:
    html = _TEMPLATE.render(title=title, lines=lines, picture=picture, code=code, refresh=refresh)
    style = html.partition("<style>")[2].partition("</style>")[0]
    proof = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{proof}'; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8", headers=headers)


def add_pairing(app: web.Application) -> None:
    """Serve the page from `app`, which must hold `SETTINGS` and `CLOCK`."""
    app.router.add_get(PATH + "/{instance}", show)
