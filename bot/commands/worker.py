"""`odys worker`: what `arq worker.WorkerSettings` runs, and it outlives its Redis."""

import argparse
import asyncio
import sys
from importlib import import_module

from .. import sentry
from ..settings import Settings, UnsafeSettings


def run(_options: argparse.Namespace) -> int:
    settings = Settings()
    if settings.embedded:
        print("REDIS_URL is empty: `odys web` runs the worker inside itself.", file=sys.stderr)
        return 2
    try:
        settings.refuse_unsafe()
    except UnsafeSettings as error:
        print(f"refusing to start: {error}", file=sys.stderr)
        return 2
    sentry.start(settings, "worker")
    from ..jobs.steady import steady  # noqa: PLC0415 - slow to import, and only this command needs it

    asyncio.set_event_loop(asyncio.new_event_loop())  # arq asks for the loop of a main thread that has none yet
    steady(import_module("worker").WorkerSettings).run()
    sentry.stop()
    return 0
