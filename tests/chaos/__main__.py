"""The long campaign, by hand: `python -m tests.chaos --messages 20000 --kills 200`.

Prints how it goes in one line and a report at the end; the exit status is not 0 when a promise was broken. What is
drawn by dice can be drawn again with `--seed`; `--only redis,postgres` chooses mishaps by the beginning of their names;
`--keep FOLDER` leaves the logs of all processes and the rows as they were at the end there, for whoever asks why.
"""

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from .auditor import Verdict
from .campaign import Campaign, wage
from .evidence import Evidence
from .mishaps import MISHAPS, Lengths
from .trial import Trial, trial

# About as many clients as are needed for everybody to think a moment before they answer.
MESSAGES_EACH = 45


def main() -> int:
    options = _options()
    chosen = [name for name in MISHAPS if not options.only or name.startswith(tuple(options.only.split(",")))]
    lengths = Lengths(redis=options.redis_seconds, postgres=options.postgres_seconds, mood=options.mood_seconds)
    campaign = Campaign(
        options.messages, options.kills, chosen, options.rounds, rate=options.rate, lengths=lengths, say=_say
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it ends the servers it started
    print(f"seed {options.seed}: {options.messages} messages, {options.kills} kills, {', '.join(chosen)}")
    with tempfile.TemporaryDirectory(prefix="odys-chaos-") as folder:
        Path(folder).chmod(0o755)  # Postgres runs as somebody else
        return asyncio.run(_wage(Path(folder), options, campaign))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", default="", help="mishaps, by the beginning of their names")
    parser.add_argument("--rounds", type=int, default=2, help="how often each mishap strikes")
    parser.add_argument("--rate", type=float, default=60, help="messages a second, at most")
    parser.add_argument("--professionals", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a new folder for the logs and the rows")
    parser.add_argument("--redis-seconds", type=float, default=60)
    parser.add_argument("--postgres-seconds", type=float, default=30)
    parser.add_argument("--mood-seconds", type=float, default=20)
    return parser.parse_args()


async def _wage(folder: Path, options: argparse.Namespace, campaign: Campaign) -> int:
    professionals = options.professionals or max(6, options.messages // (7 * MESSAGES_EACH))
    began = time.monotonic()
    async with trial(folder, seed=options.seed, professionals=professionals) as whole:
        await whole.open(webs=2, workers=2, senders=1)
        try:
            found, verdict = await wage(whole, campaign)
        finally:
            if options.keep:
                shutil.copytree(folder / "crew", options.keep, ignore=shutil.ignore_patterns("*.exit"))
        if options.keep:
            (options.keep / "rows.json").write_text(json.dumps(found.rows, default=str))
        print("\n" + report(whole, found, verdict, time.monotonic() - began))
    return 1 if verdict.wrong else 0


def report(whole: Trial, found: Evidence, verdict: Verdict, seconds: float) -> str:
    """Put down what happened and what the auditor says, a line each."""
    statuses = Counter(row["status"] for row in found.rows["outbound"])
    tries = Counter(row["attempts"] for row in found.rows["inbound"] if row["kind"] == "message")
    lines = {
        "took": f"{seconds:.0f} s",
        "said": f"{whole.said} messages; {len(found.rows['inbound'])} rows with the statuses",
        "deliveries": ", ".join(f"{name} {count}" for name, count in whole.post.answers.most_common()),
        "tries": ", ".join(f"{count} messages {each}" for each, count in sorted(tries.items())),
        "sent": f"{len(found.taken)} taken by Graph; rows: {dict(statuses)}",
        "appointments": dict(Counter(row["status"] for row in found.rows["appointments"])),
        "killed": f"{whole.kills} processes; {len(whole.crew.all)} started",
        "mishaps": dict(whole.struck),
        "model": f"asked {whole.model.asked} times",
        "at Graph": dict(Counter(found.mishaps.values())),
        "sent twice": f"{len(verdict.twice)}: {dict(Counter(verdict.twice.values()))}",
        "shown as failed": verdict.failed,
        "wrong": len(verdict.wrong),
    }
    table = [f"{name:>16}  {value}" for name, value in lines.items()]
    return "\n".join([*table, *(f"  - {one[:1500]}" for one in verdict.wrong[:40])])


def _say(line: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{line:<110}", end="", flush=True)
    elif time.monotonic() - _Said.at > 20:
        _Said.at = time.monotonic()
        print(line, flush=True)


class _Said:
    at = 0.0


if __name__ == "__main__":
    sys.exit(main())
