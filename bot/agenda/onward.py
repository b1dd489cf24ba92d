"""Where the rest of a series goes when its first is moved: into one rhythm, which the days still unbooked follow too.

The first goes where it was told to go, and the new rhythm starts there. Each of the others leaves the date that the
old rhythm gave it, also if it was moved alone since, for the date of the new one nearest to as far as the first
moves. Whatever was moved alone from an earlier date to behind the first has no date in the new rhythm: it moves as
far as the first does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Appointment
from .hours import at_wall, local_date, minute_of, zone_of
from .ledger import moves
from .pattern import Pattern


@dataclass(frozen=True, slots=True)
class Stand:
    """When an appointment of a series is, and when it was before it was moved alone; the same if it never was."""

    at: datetime
    origin: datetime

    @property
    def alone(self) -> bool:
        return self.at != self.origin


@dataclass(frozen=True, slots=True)
class Onward:
    """The new rhythm, the new times of what is booked, in its order, and how many numbers later each date counts."""

    pattern: Pattern
    starts: Sequence[datetime]
    old: Pattern
    ahead: int

    def shifted(self, day: date | None) -> date | None:
        """Turn a date up to which something holds in the old rhythm into that of the new one."""
        return None if day is None else self.pattern.nth(self.old.last(day) + self.ahead)


def onward(old: Pattern, zone: str, stands: Sequence[Stand], start_at: datetime) -> Onward:
    """Move a rest, its first to `start_at`; it is sorted by where it stands."""
    wall, first = _wall(zone, start_at), _wall(zone, stands[0].at)
    new = old.starting(wall)
    numbers = [old.nearest(local_date(zone, stand.origin)) for stand in stands]
    ahead = -numbers[0]
    # How far the others are from the new rhythm is read off one that stands in the old one, if there is any.
    if inside := [number for number, stand in zip(numbers[1:], stands[1:], strict=True) if not stand.alone]:
        wanted = new.nearest(old.nth(inside[0]) + (wall.date() - first.date()))
        ahead = max(wanted, 1) - inside[0]
    starts, taken = [start_at], {0}
    for number, stand in zip(numbers[1:], stands[1:], strict=True):
        if (place := number + ahead) < 1 or place in taken:
            starts.append(_as_far(zone, stand.at, wall - first))
        else:
            starts.append(at_wall(zone, new.nth(place), new.start_minute))
            taken.add(place)
    return Onward(new, starts, old, ahead)


async def stands_of(session: AsyncSession, rows: Sequence[Appointment]) -> list[Stand]:
    """Read where appointments of a series stood before they were moved alone."""
    origins = {row.id: row.start_at for row in rows}
    alone = set()
    for move in await moves(session, *rows):
        if not move.alone:  # it stands in that rhythm since
            alone.discard(move.appointment_id)
            origins[move.appointment_id] = move.new_start
        elif move.appointment_id not in alone:
            alone.add(move.appointment_id)
            origins[move.appointment_id] = move.old_start
    return [Stand(row.start_at, origins[row.id]) for row in rows]


def _wall(zone: str, moment: datetime) -> datetime:
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None)


def _as_far(zone: str, moment: datetime, by: timedelta) -> datetime:
    wall = _wall(zone, moment) + by
    return at_wall(zone, wall.date(), minute_of(wall))
