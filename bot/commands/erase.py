"""`odys erase PHONE`: erase a person everywhere (LGPD, art. 18); the figures of agendas stay, without a name."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from ..accounts import privacy
from ..clock import Clock, SystemClock
from ..errors import Stop
from ..settings import Settings
from .export import digits_of, opened


def run(options: argparse.Namespace) -> int:
    return asyncio.run(_run(options, Settings(), SystemClock()))


async def _run(options: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    digits = digits_of(options.phone)
    db = await opened(settings)
    try:
        async with db.begin() as session:
            people = await privacy.people_of(session, digits)
            kept = await privacy.export_people(session, people)
        if not people:
            raise Stop("nothing is kept about this phone")
        print(_summary(kept))
        if not options.yes and not await asyncio.to_thread(_sure):
            print("nothing was erased", file=sys.stderr)
            return 1
        async with db.begin() as session:
            # Found again: while somebody was asked, more may have come in.
            await privacy.erase_people(session, await privacy.people_of(session, digits), now=clock.now())
        await db.forget()
    finally:
        await db.close()
    print("erased; what was owed to others about it is on its way")
    return 0


def _summary(kept: Sequence[privacy.Export]) -> str:
    """Say how much is about to go, and nothing of what it says."""
    lines = [f"{len(kept)} found behind this phone"]
    for person in kept:
        counts = [f"{len(rows)} {name}" for name, rows in person.items() if isinstance(rows, list) and rows]
        lines.append("  " + (", ".join(counts) or "an address alone"))
        if "agenda" in person:
            agenda = person["agenda"]
            if subscription := agenda["professional"]["stripe_subscription_id"]:
                lines.append(
                    f"  the subscription {subscription} is alive: end it at Stripe first, or it goes on charging"
                )
            lines.append(
                f"  and an agenda with {len(agenda['clients'])} clients and {len(agenda['appointments'])} appointments:"
                " all of it goes, and whoever has an appointment to come is told"
            )
    return "\n".join(lines)


def _sure() -> bool:
    return input("Erase all of it, for good? Type yes: ").strip().lower() == "yes"
