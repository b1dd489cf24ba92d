"""The auditor notices each kind of damage: a check that cannot fail is worth nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .auditor import audit
from .evidence import Blow, Evidence, Taken

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START = NOW + timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def inbound(number: int, **more: Any) -> dict[str, Any]:
    known = {"id": f"in{number}", "external_id": f"wamid.{number}", "kind": "message", "lane": "l", "type": "text"}
    times = {"received_at": NOW - 9 * MINUTE, "due_at": NOW - 9 * MINUTE, "handled_at": NOW - 8 * MINUTE}
    return {**known, **times, "status": "done", "attempts": 1, "conversation_id": "talk", "error": "", **more}


def outbound(number: int, **more: Any) -> dict[str, Any]:
    known = {"id": f"out{number}", "conversation_id": "talk", "contact_id": "ana", "kind": "chat", "status": "read"}
    times = {"due_at": NOW - 8 * MINUTE, "created_at": NOW - 8 * MINUTE, "lease_until": None}
    empty = {"error_code": "", "error": "", "appointment_id": None, "appointment_start_at": None, "dedup_key": None}
    return {**known, **times, **empty, "transport": "whatsapp", "attempts": 1, "provider_id": f"fake{number}", **more}


def appointment(name: str, start: datetime, **more: Any) -> dict[str, Any]:
    times = {"start_at": start, "end_at": start + 30 * MINUTE, "created_at": NOW - timedelta(days=9)}
    return {"id": name, "professional_id": "bia", "client_id": "ana", "status": "confirmed", **times, **more}


def events(name: str) -> list[dict[str, Any]]:
    at = NOW - timedelta(days=9)
    booked = {"appointment_id": name, "action": "book", "from_status": None, "to_status": "pending_confirmation"}
    confirmed = {"action": "confirm", "from_status": "pending_confirmation", "to_status": "confirmed"}
    return [{**booked, "at": at}, {"appointment_id": name, **confirmed, "at": at}]


def reminders(number: int, of: str, start: datetime, **more: Any) -> list[dict[str, Any]]:
    known = {"appointment_id": of, "appointment_start_at": start, "created_at": NOW - 99 * MINUTE, **more}
    return [outbound(number, kind="reminder_24h", **known), outbound(number + 1, kind="reminder_2h", **known)]


def sound() -> Evidence:
    """Return the evidence of a day without a fault: a burst, a tap, two appointments, one of which is today."""
    rows: dict[str, Any] = {
        "inbound": [inbound(1), inbound(2), inbound(3, handled_at=NOW - 5 * MINUTE)],
        "outbound": [
            outbound(1, dedup_key="turn:in1"),
            outbound(2, dedup_key="turn:in3", created_at=NOW - 5 * MINUTE),
            outbound(3, kind="review_request", status="skipped"),
            *reminders(4, "a1", START),
            *reminders(6, "a2", START + timedelta(days=2), status="queued", due_at=NOW + 60 * MINUTE),
        ],
        "appointments": [appointment("a1", START), appointment("a2", START + timedelta(days=2))],
        "events": [*events("a1"), *events("a2")],
        "conversations": [{"id": "talk", "contact_id": "ana", "silent_until": None}],
    }
    sent = (1, 2, 4, 5)
    states = ("sent", "delivered", "read")
    told = {f"fake{number}:{state}": (f"out{number}", state) for number in sent for state in states}
    nowhere = {"kind": "status", "type": None, "lane": "", "conversation_id": None}
    rows["inbound"] += [inbound(10 + place, external_id=one, **nowhere) for place, one in enumerate(told)]
    posted = [*told, "wamid.1", "wamid.2", "wamid.3"]
    taken = [Taken(f"out{number}", f"fake{number}", "5511", 100.0 + number) for number in sent]
    return Evidence(NOW, set(posted), Counter(posted), taken, told, {}, [Blow("kill worker-1", 50, 51, killed=1)], rows)


def row(found: Evidence, table: str, identifier: str) -> Any:
    return next(one for one in found.rows[table] if one["id"] == identifier)


def change(table: str, identifier: str, **values: Any) -> Callable[[Evidence], object]:
    return lambda found: row(found, table, identifier).update(values)


def drop(table: str, identifier: str) -> Callable[[Evidence], object]:
    return lambda found: found.rows[table].remove(row(found, table, identifier))  # type: ignore[attr-defined]


def add(table: str, new: dict[str, Any]) -> Callable[[Evidence], object]:
    return lambda found: found.rows[table].append(new)  # type: ignore[attr-defined]


def again(number: int, at: float) -> Callable[[Evidence], object]:
    return lambda found: found.taken.append(Taken(f"out{number}", f"again{number}", "5511", at))


def untaken(number: int) -> Callable[[Evidence], object]:
    return lambda found: found.taken.remove(next(one for one in found.taken if one.opaque == f"out{number}"))


def unposted(found: Evidence) -> None:
    found.posted.discard("wamid.2")


DAMAGES: dict[str, tuple[Callable[[Evidence], object], str]] = {
    "an answered message without a row": (drop("inbound", "in2"), "was answered 200 and has 0 rows"),
    "a message with two rows": (add("inbound", inbound(2)), "has 2 rows"),
    "a row of nothing that was posted": (unposted, "was never posted"),
    "a status without a row": (drop("inbound", "in10"), "was answered 200 and has 0 rows"),
    "a message nobody handled": (change("inbound", "in3", status="new"), "wamid.3 is new"),
    "a message that was parked": (change("inbound", "in3", status="dead"), "wamid.3 is dead"),
    "a turn without an answer": (drop("outbound", "out2"), "wamid.3: no answer"),
    "a burst with two answers": (add("outbound", outbound(8, dedup_key="turn:in2")), "2 answers"),
    "an answer to nothing": (add("outbound", outbound(8, dedup_key="turn:in99")), "which nobody handled"),
    "an answer that never left": (change("outbound", "out2", status="queued"), "the answer is queued"),
    "an answer that was given up": (change("outbound", "out2", status="failed"), "the answer is failed"),
    "a message that nobody owes": (drop("outbound", "out4"), "is owed by no row"),
    "a time that was sold twice": (
        add("appointments", appointment("a3", START + 20 * MINUTE)),
        "are at the same time",
    ),
    "a long appointment over two others": (change("appointments", "a1", end_at=START + timedelta(days=3)), "same time"),
    "a history with a gap": (lambda found: found.rows["events"].pop(0), "but it was None"),  # type: ignore[attr-defined]
    "a status without a history": (change("appointments", "a1", status="cancelled"), "its history ends with confirmed"),
    "a reminder that was never written": (drop("outbound", "out7"), "a2 has no reminder_2h"),
    "a reminder that waits too long": (change("outbound", "out6", due_at=NOW - MINUTE), "is due and queued"),
    "a skipped reminder that went out": (change("outbound", "out4", status="skipped"), "is marked as skipped"),
    "a reminder that went out on paper": (untaken(5), "never went out"),
    "a status that went backwards": (change("outbound", "out1", status="sent"), "is sent (), and Meta said read"),
    "a status that Meta never told": (change("outbound", "out3", status="delivered"), "Meta never said so"),
    "a failure of what arrived": (change("outbound", "out1", status="failed"), "Meta said read"),
    "a message that waits": (change("outbound", "out3", status="uncertain"), "is uncertain since"),
    "a message that a dead sender holds": (change("outbound", "out3", status="sending"), "is sending since"),
    "a status that waits": (change("inbound", "in10", status="new"), "still waits"),
    "a message that went out twice": (again(1, 200.0), "nobody was killed over it"),
    "more repetitions than kills": (
        lambda found: (
            [again(number, 300.0)(found) for number in (1, 2)]
            and found.blows.__setitem__(0, Blow("kill worker-1", 50, 120, killed=1))
        ),
        "2 messages went out twice, with 1 kills",
    ),
    "a process that ended by itself": (lambda found: found.complaints.append("web-0 ended by itself"), "by itself"),
}


def test_a_day_without_a_fault_has_nothing_wrong() -> None:
    verdict = audit(sound())
    assert (verdict.wrong, verdict.twice, verdict.failed) == ([], {}, 0)


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_auditor_notices(damage: str) -> None:
    harm, words = DAMAGES[damage]
    found = sound()
    harm(found)
    assert any(words in one for one in audit(found).wrong), audit(found).wrong


def test_what_a_kill_explains_is_counted_and_forgiven_once() -> None:
    found = sound()
    found.blows[0] = Blow("kill worker-1", 101.5, 101.6, killed=1)
    again(1, 190.0)(found)
    verdict = audit(found)
    assert (verdict.wrong, verdict.twice) == ([], {"out1": "kill worker-1"})
