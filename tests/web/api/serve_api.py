"""The API as a process of its own, with its people in it, for whoever attacks it from outside.

python -m tests.web.api.serve_api DATABASE_URL    # prints one line of JSON: address and tokens
"""

import asyncio
import json
import sys

from bot.db import Database

from ...agenda.factories import an_appointment
from .stage import CRON_SECRET, api


async def main(url: str) -> None:
    db = Database(url)
    async with api(db, chat_wait_seconds=0.1) as stage:  # no worker runs here: every turn takes too long
        async with db.begin() as session:
            row = await an_appointment(session, stage.owner, stage.client, stage.service)
        shown = {
            "url": str(stage.http.make_url("/")).rstrip("/"),
            "owner": stage.as_owner["Authorization"],
            "client": stage.as_client["Authorization"],
            "cron": CRON_SECRET,
            "slug": stage.owner.slug,
            "service": str(stage.service.id),
            "appointment": str(row.id),
            "customer": str(stage.client.id),
        }
        print(json.dumps(shown), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
