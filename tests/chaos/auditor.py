"""The auditor: looks at the evidence alone, and says in plain words what was promised and not kept.

Every message that was answered 200 has its row and its one reply, no time was sold twice, every due reminder went out
once or was marked, statuses say what Meta said, nothing is stuck, and nothing went out twice without a reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .evidence import Blow, Evidence, Row

OCCUPIES = {"pending_confirmation", "confirmed", "completed"}
ARRIVED = {"sent": 1, "delivered": 2, "read": 3}
OVER = {*ARRIVED, "failed", "skipped"}
# They say nothing that could be answered.
SILENT = {"reaction", "edit", "revoke", "system", "welcome"}
# A POST and the note of its answer take less than this, or the sender has given up: seconds.
IN_FLIGHT = 25.0


@dataclass(frozen=True)
class Verdict:
    """What is wrong, what went out twice and why, and what people were told could not be sent."""

    wrong: list[str]
    twice: dict[str, str]
    failed: int


def audit(found: Evidence) -> Verdict:
    """Check every promise."""
    twice = dict(_twice(found))
    wrong = [
        *found.complaints,
        *_lost(found),
        *_unanswered(found),
        *_invented(found),
        *_oversold(found),
        *_histories(found),
        *_reminders(found),
        *_statuses(found),
        *_stuck(found),
        *_too_often(found, twice),
    ]
    return Verdict(wrong, twice, sum(row["status"] == "failed" for row in found.rows["outbound"]))


def _lost(found: Evidence) -> Iterator[str]:
    """What was answered 200 is there, once; what was never posted is not."""
    there = Counter(row["external_id"] for row in found.rows["inbound"])
    for identifier in found.acknowledged:
        if there[identifier] != 1:
            yield f"{identifier} was answered 200 and has {there[identifier]} rows"
    for identifier in there.keys() - found.posted:
        yield f"{identifier} has a row and was never posted"


def _unanswered(found: Evidence) -> Iterator[str]:
    """Every message was handled in one turn, and what that turn said went out."""
    turns: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
    for row in found.rows["inbound"]:
        if row["kind"] == "message" and row["type"] not in SILENT and row["error"] != "replayed":
            if row["status"] != "done" or row["conversation_id"] is None:
                yield f"{row['external_id']} is {row['status']}: {row['error']}"
            else:
                turns[row["conversation_id"], row["handled_at"]].append(row)
    replies: dict[str, Row] = {}
    said: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
    people = {row["id"]: row["contact_id"] for row in found.rows["conversations"]}
    for row in found.rows["outbound"]:
        said[row["contact_id"], row["created_at"]].append(row)
        if (row["dedup_key"] or "").startswith("turn:"):
            replies[row["dedup_key"].removeprefix("turn:")] = row
    for (talk, moment), rows in turns.items():
        names = ", ".join(row["external_id"] for row in rows)
        answers = [replies.pop(row["id"]) for row in rows if row["id"] in replies]
        if len(answers) > 1:
            yield f"{names}: {len(answers)} answers"
        if not answers and not said[people[talk], moment]:
            yield f"{names}: no answer"
        for answer in answers:
            if answer["status"] not in ARRIVED and not _shown_as_failed(found, answer):
                yield f"{names}: the answer is {answer['status']} ({answer['error_code']} {answer['error']})"
    for identifier, row in replies.items():
        yield f"an answer to {identifier}, which nobody handled: {row['id']}"


def _shown_as_failed(found: Evidence, row: Row) -> bool:
    """Tell whether a message may have been given up where people see it: doubtful twice, once through no fault of ours.

    Of its window it may have been too late as well: the clock was moved.
    """
    if row["status"] != "failed":
        return False
    return row["error_code"] == "window_closed" or row["id"] in found.mishaps


def _invented(found: Evidence) -> Iterator[str]:
    """Nothing went out that is not owed, and to nobody twice under two ids."""
    owed = {row["id"] for row in found.rows["outbound"]}
    for one in found.taken:
        if one.opaque not in owed:
            yield f"{one.id} went out and is owed by no row"


def _oversold(found: Evidence) -> Iterator[str]:
    """No professional has two appointments at once."""
    days: dict[Any, list[Row]] = defaultdict(list)
    for row in found.rows["appointments"]:
        if row["status"] in OCCUPIES:
            days[row["professional_id"]].append(row)
    for rows in days.values():
        rows.sort(key=lambda row: row["start_at"])
        latest = None
        for before, row in pairwise(rows):
            latest = before if latest is None or before["end_at"] > latest["end_at"] else latest
            if row["start_at"] < latest["end_at"]:
                yield f"{latest['id']} and {row['id']} are at the same time"


def _histories(found: Evidence) -> Iterator[str]:
    """What happened to an appointment leads without a gap to where it stands."""
    stands = {row["id"]: row["status"] for row in found.rows["appointments"]}
    reached: dict[Any, str | None] = dict.fromkeys(stands)
    for event in found.rows["events"]:
        which = event["appointment_id"]
        if event["from_status"] is not None and event["from_status"] != reached[which]:
            yield f"{which}: {event['action']} from {event['from_status']}, but it was {reached[which]}"
        reached[which] = event["to_status"]
    for which, status in stands.items():
        if reached[which] != status:
            yield f"{which} is {status}, and its history ends with {reached[which]}"


def _reminders(found: Evidence) -> Iterator[str]:
    """Every confirmed appointment ahead has its reminders, and each that was due went out or is marked."""
    went_out = Counter(one.opaque for one in found.taken)
    told: dict[Any, set[str]] = defaultdict(set)
    starts = {row["id"]: row["start_at"] for row in found.rows["appointments"]}
    for row in found.rows["outbound"]:
        if row["appointment_start_at"] is None:
            continue
        if row["appointment_start_at"] == starts[row["appointment_id"]]:
            told[row["appointment_id"]].add(row["kind"])
        if row["due_at"] <= found.now and row["status"] not in OVER:
            yield f"the {row['kind']} {row['id']} is due and {row['status']}"
        if row["status"] == "skipped" and went_out[row["id"]]:
            yield f"the {row['kind']} {row['id']} went out and is marked as skipped"
        if row["status"] in ARRIVED and not went_out[row["id"]]:
            yield f"the {row['kind']} {row['id']} is {row['status']} and never went out"
    confirmed: dict[Any, Any] = {}
    for event in found.rows["events"]:
        if event["action"] in ("confirm", "reschedule") and event["to_status"] == "confirmed":
            confirmed[event["appointment_id"]] = event["at"]
    for row in found.rows["appointments"]:
        since = confirmed.get(row["id"])
        # More than a day and a night ahead, so that the quiet hours change nothing.
        if row["status"] == "confirmed" and since and (row["start_at"] - since).total_seconds() > 40 * 3600:
            for kind in {"reminder_24h", "reminder_2h"} - told[row["id"]]:
                yield f"the confirmed appointment {row['id']} has no {kind}"


def _statuses(found: Evidence) -> Iterator[str]:
    """Every message stands where Meta said at last, and what Meta never took does not count as sent."""
    said: dict[str, str] = {}
    for identifier, (opaque, state) in found.told.items():
        if found.acknowledged[identifier] and ARRIVED[state] > ARRIVED.get(said.get(opaque, ""), 0):
            said[opaque] = state
    for row in found.rows["outbound"]:
        if row["transport"] != "whatsapp":
            continue
        last = said.get(row["id"])
        if last is None and row["status"] in ARRIVED:
            yield f"{row['id']} is {row['status']}, and Meta never said so"
        elif last is not None and row["status"] != last:
            yield f"{row['id']} is {row['status']} ({row['error_code']}), and Meta said {last}"


def _stuck(found: Evidence) -> Iterator[str]:
    """Nothing waits whose time has come."""
    for row in found.rows["inbound"]:
        if row["status"] == "new" and row["due_at"] <= found.now:
            yield f"{row['external_id']} ({row['kind']}) still waits since {row['due_at']}"
        if row["status"] == "dead":
            yield f"{row['external_id']} ({row['kind']}) is a dead letter: {row['error']}"
    for row in found.rows["outbound"]:
        waits = row["status"] in ("queued", "uncertain") and row["due_at"] <= found.now
        if waits or row["status"] == "sending":
            yield f"{row['id']} ({row['kind']}) is {row['status']} since {row['due_at']}"


def _twice(found: Evidence) -> Iterator[tuple[str, str]]:
    """Yield what went out more than once, with the reason, or none."""
    times: dict[str, list[float]] = defaultdict(list)
    for one in found.taken:
        times[one.opaque].append(one.at)
    for opaque, moments in times.items():
        for first, _ in pairwise(sorted(moments)):
            yield opaque, next((blow.what for blow in found.blows if _explains(blow, first)), "")


def _explains(blow: Blow, taken_at: float) -> bool:
    """Tell whether a kill fell between Graph's taking a message and our noting it."""
    return blow.killed > 0 and blow.began - IN_FLIGHT <= taken_at <= blow.ended


def _too_often(found: Evidence, twice: dict[str, str]) -> Iterator[str]:
    """Only a kill between Graph's taking and our noting may have a message go out again, and only one a kill."""
    for opaque, reason in twice.items():
        if not reason:
            yield f"{opaque} went out twice, and nobody was killed over it"
    kills = sum(blow.killed for blow in found.blows)
    if len(twice) > kills:
        yield f"{len(twice)} messages went out twice, with {kills} kills"
