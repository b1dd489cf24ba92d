"""What services cost and how long they take, as it is said: "aumenta a barba em 10%", "corte 60 e barba 40"."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ... import phrases
from ..dialogue.talk import Data
from ..reading.amounts import amounts_in, part_of, read_cents
from ..reading.business import read_minutes
from ..reading.catalogue import meant
from ..reading.vocabulary import plain

_DEARER: Final = re.compile(r"(?<!\S)(?:aument\w+|sub(?:a|ir|o)|sobe|reajust\w+|acrescent\w+)(?!\S)")
_CHEAPER: Final = re.compile(r"(?<!\S)(?:abaix\w+|baix\w+|diminu\w+|reduz\w*|tir(?:a|ar|e)|descont\w*)(?!\S)")
# "Para 60" is what it shall cost, "em 10" by how much it changes.
_TO, _BY = frozenset({"para", "pra", "por", "p", "a"}), frozenset({"em", "mais", "menos"})
_CLAUSES: Final = re.compile(r"\s+e\s+|,\s+|[;\n]+", re.IGNORECASE)
# "O corte e a barba" are two, "corte e barba" may be the name of one.
_ARTICLE: Final = re.compile(r"(?:[ao]s?|d[ao]s?)\s", re.IGNORECASE)
# As many as the tool takes at once.
MOST: Final = 10
# A lower number beside a service may be an hour.
_LEAST: Final = 24_00
_ALL: Final = re.compile(r"(?<!\S)(?:tudo|tod[oa]s(?: [ao]s)?(?: meus)? (?:precos|valores|servicos))(?!\S)")


def turn_in(text: str) -> int:
    """Return 1 where something shall cost more, -1 where less, 0 where that is not said."""
    words = plain(text)
    return 1 if _DEARER.search(words) else -1 if _CHEAPER.search(words) else 0


def change_in(text: str, turn: int) -> dict[str, int]:
    """Return the price that is named, or by how much it changes; nothing for a number that may be either, and for
    several that may be it."""
    said = amounts_in(text)
    to = [one for one in said if one.lead in _TO and not one.percent]
    if not said or len({one.value for one in to or said}) > 1:
        return {}
    last = to[0] if to else said[-1]
    if last.percent:
        return {"percent": last.value}
    if not to and (last.lead in _BY or (turn and last.joined)):
        return {"by": last.value}
    return {"to": last.value} if to or not turn else {}


def new_price(change: Mapping[str, int], turn: int, now: int | None) -> int | None:
    """Return the price that was asked for, in centavos; None where that is not clear."""
    if "to" in change:
        return int(change["to"])
    if not change or not turn or now is None:
        return None
    by = part_of(now, change["percent"]) if "percent" in change else change["by"]
    return now + turn * by if now + turn * by >= 0 else None


def price_of(service: Data) -> int | None:
    """Return what a service costs now, in centavos."""
    return read_cents(str(service["price"]).removeprefix("R$ "))


def several(text: str, services: Sequence[Data], *, lengths: bool = False) -> list[str] | None:
    """Return each of several services as it shall be, as the tool reads it; nothing where one of them is not clear,
    None where it is not about several. With `lengths` a number alone is one of minutes."""
    turn = turn_in(text)
    shared = change_in(text, turn)
    if _ALL.search(plain(text)) and not lengths:
        return [_whole(each, shared, turn, None) for each in services] if 1 < len(services) <= MOST and shared else None
    clauses = _clauses(text, services)
    if len(clauses) < 2:
        return None
    wanted: list[str] = []
    for clause, service in clauses:
        minutes, change = read_minutes(clause), change_in(clause, turn)
        if lengths and minutes is None and "to" in change:
            minutes, change = change["to"] // 100, {}
        # "O corte e a barba em 10%": what both change by is said once.
        wanted.append(_whole(service, change if change or minutes else shared, turn, minutes))
    return wanted if all(wanted) else []


def implied(text: str, services: Sequence[Data]) -> bool:
    """Tell whether a text without a verb of prices is about them all the same: "corte 60 e barba 40"."""
    return all(one.value >= _LEAST for one in amounts_in(text)) and bool(several(text, services))


def _whole(service: Data, change: Mapping[str, Any], turn: int, minutes: int | None) -> str:
    now = price_of(service)
    cents = new_price(change, turn, now) if change or not minutes else now
    if cents is None:
        return ""
    return f"{service['name']}, {minutes or service['minutes']} min, {phrases.money(cents)}"


def _clauses(text: str, services: Sequence[Data]) -> list[tuple[str, Data]]:
    """Take a text apart, one service a clause; what names none, and a part of a name, belong to what is beside."""
    said: list[str] = []
    for piece in filter(str.strip, _CLAUSES.split(text)):
        part_of_name = said and not _figures(said[-1]) and not _ARTICLE.match(piece)
        if said and (part_of_name or not (meant(said[-1], services) and meant(piece, services))):
            said[-1] = f"{said[-1]} e {piece}"
        else:
            said.append(piece)
    found = [(clause, meant(clause, services)) for clause in said]
    clear = [(clause, one[0]) for clause, one in found if len(one) == 1]
    distinct = {service["token"] for _, service in clear}
    return clear if len(clear) == len(found) == len(distinct) else []


def _figures(clause: str) -> bool:
    return bool(amounts_in(clause) or read_minutes(clause))
