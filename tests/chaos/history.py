"""What clients of the agenda did and were told, and what must be true of it whatever happened in between.

An operation lies between the moment it was called and the moment its answer came. One without an answer may have
happened or not, now or later; everything else is certain, and is held against the database and against the others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

from .auditor import OCCUPIES


class Outcome(StrEnum):
    """What a client knows of an operation."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """One thing a client asked for. Of a booking, `key` is the client's; of a listing, `seen` is what it showed."""

    kind: str
    agenda: str
    called: float
    answered: float
    outcome: Outcome
    start: str = ""
    key: str = ""
    appointment: str = ""
    seen: frozenset[str] = frozenset()

    @property
    def certain(self) -> bool:
        return self.outcome is Outcome.DONE


Row = Mapping[str, str]


def check(history: Sequence[Operation], rows: Iterable[Row]) -> list[str]:
    """Return what contradicts itself; a row has `id`, `agenda`, `start`, `status` and `key`."""
    known = {row["id"]: row for row in rows}
    books = [one for one in history if one.kind == "book"]
    cancels = [one for one in history if one.kind == "cancel"]
    return [
        *_kept(books, cancels, known),
        *_no_phantoms(books, known),
        *_one_at_a_time(books, cancels),
        *_none_beside(known),
        *_read_what_was_written(history, books, cancels),
    ]


def _kept(books: Sequence[Operation], cancels: Sequence[Operation], known: Mapping[str, Row]) -> Iterator[str]:
    """What was confirmed to a client is so."""
    for one in books:
        row = known.get(one.appointment)
        if one.certain and (
            row is None or (row["agenda"], row["start"], row["key"]) != (one.agenda, one.start, one.key)
        ):
            yield f"{one.start} at {one.agenda} was booked as {one.appointment}, and there is {row}"
    touched = {one.appointment for one in cancels if one.outcome is not Outcome.REFUSED}
    for one in cancels:
        if one.certain and known.get(one.appointment, {}).get("status") != "cancelled":
            yield f"{one.appointment} was cancelled, and is {known.get(one.appointment)}"
    for row in known.values():
        if row["status"] == "cancelled" and row["id"] not in touched:
            yield f"{row['id']} is cancelled, and nobody asked for it"


def _no_phantoms(books: Sequence[Operation], known: Mapping[str, Row]) -> Iterator[str]:
    """What is there was asked for, once, and not refused."""
    asked: dict[str, set[Outcome]] = defaultdict(set)
    for one in books:
        asked[one.key].add(one.outcome)
    for key, count in Counter(row["key"] for row in known.values()).items():
        if count > 1:
            yield f"{key} was booked {count} times"
        if asked.get(key, {Outcome.REFUSED}) == {Outcome.REFUSED}:
            yield f"{key} is booked, and was never asked for or was refused"


def _one_at_a_time(books: Sequence[Operation], cancels: Sequence[Operation]) -> Iterator[str]:
    """A time that was given to one is given to another only after the first could have been cancelled."""
    gave_back: dict[str, float] = {}
    for one in cancels:
        if one.outcome is not Outcome.REFUSED:
            gave_back[one.appointment] = min(one.called, gave_back.get(one.appointment, one.called))
    times: dict[tuple[str, str], dict[str, Operation]] = defaultdict(dict)
    for one in books:
        if one.certain:
            times[one.agenda, one.start].setdefault(one.appointment, one)
    for (agenda, start), given in times.items():
        for first, second in permutations(given.values(), 2):
            if first.answered < second.called and gave_back.get(first.appointment, float("inf")) > second.answered:
                yield f"{start} at {agenda} was given to {first.appointment} and to {second.appointment}"


def _none_beside(known: Mapping[str, Row]) -> Iterator[str]:
    """No time is taken twice in the end."""
    taken = Counter((row["agenda"], row["start"]) for row in known.values() if row["status"] in OCCUPIES)
    for (agenda, start), count in taken.items():
        if count > 1:
            yield f"{start} at {agenda} is taken {count} times"


def _read_what_was_written(
    history: Sequence[Operation], books: Sequence[Operation], cancels: Sequence[Operation]
) -> Iterator[str]:
    """A listing shows what was booked before it was called for, unless somebody cancelled it before it was answered."""
    gone: dict[str, float] = {}
    for one in cancels:
        if one.outcome is not Outcome.REFUSED:
            gone[one.appointment] = min(one.called, gone.get(one.appointment, one.called))
    for look in history:
        if look.kind != "list" or not look.certain:
            continue
        for one in books:
            stands = one.certain and one.agenda == look.agenda and one.answered < look.called
            if stands and gone.get(one.appointment, float("inf")) > look.answered and one.appointment not in look.seen:
                yield f"{one.appointment} was booked at {one.answered:.3f}; a listing of {look.called:.3f} misses it"
