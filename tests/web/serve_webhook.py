"""The whole web process, with settings for tests: `python -m tests.web.serve_webhook DATABASE PORT [REDIS]`.

To be killed, to be measured, and to be run several times over one database. Without a Redis nobody is woken.
"""

import asyncio
import sys

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.db import Database
from bot.queue import ArqBell, SilentBell, connect
from bot.serving import serve, spare_the_garbage_search, until_stopped
from bot.settings import Settings
from web.app import create

from ..fakes.graph import SECRET


async def main(url: str, port: int, redis_url: str = "") -> None:
    """Serve until told to stop."""
    db = Database(url)
    redis = await connect(redis_url) if redis_url else None
    settings = Settings(_env_file=None, whatsapp_app_secret=[SecretStr(SECRET)])
    app = create(settings, db, ArqBell(redis) if redis else SilentBell(), SystemClock(), redis=redis)
    async with serve(app, "127.0.0.1", port, grace=5):
        spare_the_garbage_search()
        await until_stopped()
    await db.close()
    if redis:
        await redis.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
