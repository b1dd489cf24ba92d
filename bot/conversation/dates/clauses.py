"""Tell the days and hours a person wants from those they refuse, take back or only mention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .hours import Clock, Hours, Kind, Part
from .lexicon import CODE
from .patterns import compiled
from .pieces import Piece, What, any_of

DAYLIKE = {What.DAY, What.VAGUE, What.PAST, What.ANY}
SIGNS = any_of("comma", "stop", "asked")
STOPS = any_of("stop", "asked")
BREAKS = SIGNS + CODE["but"]
RESTARTS = any_of("wish", "want", "ask", "ser")
NOT = CODE["not"]
BECAUSE = CODE["because"]

# Said before or after a day, these make it an end of a stretch and not the day that is meant.
BOUND = compiled(
    "(?:ate | desde | apos | antes [de da do] | depois [de da do] | a? partir [de da do] | apartir [de da do]) [o a]? $"
)
BOUND_HOUR = compiled(
    "[ate desde apos antes depois partir apartir entre] [w ws de do da o a as about umas muito mais]{0,2} $"
)
ONWARDS = compiled("em diante | para frente")
THROUGH = compiled("(?:ate [o a]? | ao | a) $")
# "Não tem sexta?" asks for it, "sexta às 10, não é" too; "se não der" refuses nothing yet.
ASKS = compiled("not (?:w | para)? ask")
ASKS_HERE = compiled("not da (?! $)")
NOT_ASK = compiled("not ask $")
TAG = compiled("not e $")
IF_NOT = compiled("(?<!know) unless .* not")
STILL_NOT = compiled("not [w know unless que]{0,3} $")
ONLY_NO = compiled("(?:[not fix])* not (?:[not fix])* $")
CANNOT = compiled("not (?:w? [wish want] | (?:da | ask) $)")
CONTRAST = compiled("not [e de na no a para]? $")
TAKEN_BACK = compiled("fix | [means want] say | ou better")


@dataclass(slots=True)
class Clause:
    """A stretch of the message between two breaks, with its pieces and the sign that ends it."""

    start: int
    end: int
    sign: str
    pieces: list[Piece]


def wanted(codes: str, found: Sequence[Piece]) -> list[Piece]:
    """Keep the pieces that are meant, in order."""
    kept: list[Piece] = []
    refused: list[Piece] = []
    listing = False  # "não posso terça, quarta": the second may be refused too
    fixes: list[tuple[int, bool]] = []
    clauses = list(_clauses(codes, _bounded(codes, found)))
    for at, clause in enumerate(clauses):
        words = codes[clause.start : clause.end]
        if not clause.pieces:
            if ONLY_NO.match(words) and clause.sign != CODE["asked"]:
                fixes.append((clause.start, False))
            elif CANNOT.search(words) and not IF_NOT.search(words) and clause.sign != CODE["asked"] and at:
                gone = clauses[at - 1].pieces
                refused += gone
                kept = [piece for piece in kept if piece not in gone]
            listing = False
            continue
        if listing and _only_named(codes, clause):
            refused += clause.pieces
            continue
        if kept and CONTRAST.fullmatch(codes, clause.start, clause.pieces[0].start):
            return []  # "sexta às 10, não às 11": a refusal or a correction
        held = HELD.search(words) and any(_asks_anew(codes, later) for later in clauses[at + 1 :])
        no = clause.pieces if held else _refused(codes, clause)
        refused += no
        days = [piece.days for piece in no if piece.days]
        kept = [piece for piece in kept if piece.days not in days]  # "quinta às 15h. Quinta não, sexta"
        if CODE["then"] not in words:
            kept += [piece for piece in clause.pieces if piece not in no]
        listing = bool(no) and clause.sign == CODE["comma"] and _opens_list(codes, clause)
        if words.startswith(CODE["better"]) and clause.pieces[0].start <= clause.start + 2:
            fixes.append((clause.start, False))
    fixes += [(match.start(), False) for match in TAKEN_BACK.finditer(codes)]
    kept = _carried(_rest_of_day(kept, refused), refused)
    swap = _swap(codes, kept)
    if swap is not None:
        fixes.append((swap, True))
    for place, swapped in sorted(fixes):
        kept = _corrected(kept, place, swapped=swapped)
    return kept


def _clauses(codes: str, found: Sequence[Piece]) -> Iterator[Clause]:
    """Cut at signs and "mas", and where a new wish begins: "não posso terça quero quarta"."""
    clause = Clause(0, 0, "", [])
    left = list(found)
    place = 0
    while place < len(codes):
        if left and left[0].start == place:
            piece = left.pop(0)
            clause.pieces.append(piece)
            place = piece.end
            continue
        code = codes[place]
        reason = code == BECAUSE and clause.pieces and _of_hours(codes, place, left)
        fresh = code in RESTARTS and clause.pieces and not STILL_NOT.search(codes[max(place - 4, 0) : place])
        if code in BREAKS or fresh or reason:
            clause.end, clause.sign = place, _sign(codes, place)
            yield clause
            clause = Clause(place if fresh else place + 1, 0, "", [])
        place += 1
    clause.end = len(codes)
    yield clause


def _of_hours(codes: str, place: int, left: Sequence[Piece]) -> bool:
    """Tell whether a reason is about hours alone, "porque eu saio às 5": a day in it may be another wish."""
    end = next((at for at in range(place, len(codes)) if codes[at] in BREAKS), len(codes))
    return all(piece.what is What.HOURS for piece in left if piece.start < end)


def _sign(codes: str, place: int) -> str:
    """Give the sign a clause ends with; for one that only runs on, none."""
    return codes[place] if codes[place] in BREAKS else ""


def _bounded(codes: str, found: Sequence[Piece]) -> list[Piece]:
    """Make "até sexta", "depois do dia 10", "amanhã em diante" no day."""
    pieces = list(found)
    for at, piece in enumerate(pieces):
        before = codes[max(piece.start - 4, 0) : piece.start]
        if piece.what is What.HOURS and piece.hours[0].kind is Kind.POINT and BOUND_HOUR.search(before):
            pieces[at] = replace(piece, what=What.VAGUE)
        if piece.what is not What.DAY:
            continue
        if BOUND.search(before) or ONWARDS.match(codes, piece.end):
            pieces[at] = replace(piece, what=What.VAGUE)
        through = THROUGH.search(before)
        if at and through and pieces[at - 1].end == piece.start - len(through[0]) and pieces[at - 1].what in DAYLIKE:
            pieces[at - 1 : at + 1] = [replace(each, what=What.VAGUE) for each in pieces[at - 1 : at + 1]]
    return pieces


def _refused(codes: str, clause: Clause) -> list[Piece]:
    words = codes[clause.start : clause.end]
    if BUSY.search(AFTER_WORK.sub("", words) if any(map(_timed, clause.pieces)) else words):
        return clause.pieces
    if OPENS in words and all(piece.what is What.HOURS for piece in clause.pieces):
        return clause.pieces  # "fecham às 18h?"
    if NOT in words:
        keeps = IF_NOT.search(words) or TAG.search(words) or _asks(codes, clause)
        return [] if keeps else clause.pieces
    besides = BESIDES.search(words)
    return [piece for piece in clause.pieces if besides and piece.start > clause.start + besides.start()]


def _asks_anew(codes: str, clause: Clause) -> bool:
    return bool(clause.pieces and NEW_WISH.search(codes, clause.start, clause.end))


# The time somebody has is not the one they ask for: "meu horário é quinta, pode ser sexta?".
HELD = compiled("[mine have] [slot noun] | booked")
BESIDES = compiled("except | instead")
BUSY = compiled("busy | (?:have one? | one) engaged | have engaged | e holiday")
# "Quarta depois do trabalho, umas seis e meia" names its hour; without one nobody knows which it is.
AFTER_WORK = compiled("[depois antes apos] [do da] busy")
OPENS = CODE["opens"]


def _asks(codes: str, clause: Clause) -> bool:
    """Tell "não tem sexta?" from "sexta não tem, e sábado?"."""
    words = codes[clause.start : clause.end]
    if clause.sign == CODE["asked"] and ASKS_HERE.search(words):
        return True
    ends_so = NOT_ASK.search(words) and clause.sign not in STOPS
    return bool(ASKS.search(words)) and _asked(codes, clause) and not ends_so


def _asked(codes: str, clause: Clause) -> bool:
    """Tell whether the sentence a clause stands in ends as a question."""
    return next((code for code in codes[clause.end :] if code in STOPS), "") == CODE["asked"]


def _opens_list(codes: str, clause: Clause) -> bool:
    """Tell "não posso terça, …" from "não terça, …" and "terça não, …"."""
    first, last = clause.pieces[0].start, clause.pieces[-1].start
    before = codes[clause.start : first]
    opens = CODE["except"] in before or (NOT in before and not CONTRAST.search(before))
    return opens or bool(CANNOT.search(codes[first:last]))


def _only_named(codes: str, clause: Clause) -> bool:
    """Tell a clause that is nothing but days: it may go on with what was refused."""
    words = codes[clause.start : clause.end]
    named = all(piece.what in DAYLIKE and not piece.hours for piece in clause.pieces)
    return named and not NEW_WISH.search(words)


NEW_WISH = compiled("[wish want ask ser serve swap only better] | ^ da [na no para as a]")


def _timed(piece: Piece) -> bool:
    return bool(piece.hours or piece.part)


def _carried(kept: list[Piece], refused: Sequence[Piece]) -> list[Piece]:
    """Keep the day of "sexta às 10 não dá, às 11?"; an hour beside a refused day alone is of no certain day."""
    days = [piece for piece in refused if piece.what is What.DAY]
    if not days or not kept or any(piece.what in DAYLIKE for piece in kept):
        return kept
    if len(days) == 1 and any(_timed(piece) for piece in refused):
        return [replace(days[0], hours=(), part=None), *kept]
    return []


def _rest_of_day(kept: list[Piece], refused: Sequence[Piece]) -> list[Piece]:
    """Keep the rest of the days of "terça, menos de manhã"; what is left beside an afternoon is no stretch."""
    parts = {piece.part for piece in refused}
    rest = REST.get(parts.pop()) if len(parts) == 1 else None
    whole = all(piece.what is What.DAY and not _timed(piece) for piece in kept)
    if rest is None or not kept or not whole or any(piece.what is not What.PART for piece in refused):
        return kept
    return [*kept, replace(refused[0], what=What.HOURS, hours=(rest,), part=None)]


REST: dict[Part | None, Hours] = {
    Part.MORNING: Hours(Kind.AFTER, low=Clock(12)),
    Part.EVENING: Hours(Kind.BEFORE, high=Clock(18)),
}


def _swap(codes: str, kept: Sequence[Piece]) -> int | None:
    """Find the new time of "mudar de terça para quinta": the piece after "para", once another was named."""
    verb = codes.find(CODE["swap"])
    if verb < 0:
        return None
    for piece in kept[1:]:
        before = codes[max(piece.start - 2, 0) : piece.start]
        if piece.start > verb and (codes[piece.start] in TOWARDS or TO_A.search(before)):
            return piece.start
    return None


TOWARDS = any_of("para", "pras")
TO_A = compiled("[para por pras] [o a na no]? $")


def _corrected(kept: Sequence[Piece], place: int, *, swapped: bool) -> list[Piece]:
    """Let what is said after a correction replace what was said before it, day for day and hour for hour."""
    before = [piece for piece in kept if piece.start < place]
    after = [piece for piece in kept if piece.start >= place]
    if not before or not after:
        return list(kept)
    day = any(piece.what in DAYLIKE for piece in after)
    hour = any(_timed(piece) for piece in after)
    stays = [
        piece for piece in before if not (day and piece.what in DAYLIKE) and not ((hour or swapped) and _timed(piece))
    ]
    return [*stays, *after]
