"""`odys export PHONE`: everything that is kept about a person, as JSON (LGPD, art. 18)."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from ..accounts import privacy
from ..db import Database
from ..errors import Stop
from ..jobs.findings import State
from ..jobs.outside import database
from ..settings import Settings
from ..whatsapp.phones import international


def run(options: argparse.Namespace) -> int:
    return asyncio.run(_run(options, Settings()))


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    digits = digits_of(options.phone)
    db = await opened(settings)
    try:
        async with db.begin() as session:
            people = await privacy.people_of(session, digits)
            kept = await privacy.export_people(session, people)
    finally:
        await db.close()
    if not people:
        raise Stop("nothing is kept about this phone")
    text = json.dumps({"people": kept}, ensure_ascii=False, indent=2) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        _write(Path(options.out), text)
    return 0


def digits_of(phone: str) -> str:
    """Read the phone as it was given on the command line."""
    digits = international(phone)
    if digits is None:
        raise Stop("that is no phone: write it with its area code, 11 98888-7777, or from abroad with +")
    return digits


async def opened(settings: Settings) -> Database:
    """Open the database of the settings, once it is known to answer at the newest revision."""
    for finding in await database(settings):
        if finding.state is not State.OK:
            raise Stop(f"database: {finding.english}")
    return Database(settings.database_url)


def _write(path: Path, text: str) -> None:
    """Write a file that nobody else on the machine can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)  # it may have been there before
    print(f"written to {path}; it is everything about one person: send it safely, then delete it", file=sys.stderr)
