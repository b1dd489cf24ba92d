"""The webhook in a process of its own, to be killed: `python -m tests.web.serve_webhook DATABASE_URL PORT`."""

import sys

from aiohttp import web
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.db import Database
from bot.queue import SilentBell
from bot.settings import Settings
from bot.whatsapp.intake import Intake
from web.keys import INTAKE, SETTINGS
from web.webhooks import add_routes

from ..fakes.graph import SECRET


async def application(url: str) -> web.Application:
    app = web.Application()
    app[SETTINGS] = Settings(_env_file=None, whatsapp_app_secret=[SecretStr(SECRET)])
    app[INTAKE] = Intake(Database(url), SilentBell(), SystemClock(), burst_wait=1.2)
    add_routes(app)
    return app


if __name__ == "__main__":
    web.run_app(application(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)
