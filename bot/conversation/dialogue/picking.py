"""Which appointment is meant, and what is wanted of it: "passa o de quinta pra sexta às 10h"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ...whatsapp.outgoing import Option
from ..dates import Kind, When, read
from ..reading import catalogue
from ..reading.intents import without_phone
from ..reading.vocabulary import plain
from ..reading.wish import Said, Wish, at, clock, fits
from .offer import note, wishes_of
from .refusals import slot_option
from .talk import Data, Talk, option, start_of

# "de quinta pra sexta", "das 10 pras 11": where it stands and where it should go.
_FROM_TO: Final = re.compile(
    r"(?<!\w)(?P<source>d[aeo]s?\s.+?)\s+(?P<target>(?:pra|para|pro|p)s?\s.+)$", re.IGNORECASE | re.DOTALL
)
# "Não vou poder ir terça, quero quarta 16h": what is given up, and what is wanted for it.
_FOR_IT: Final = re.compile(
    r"^(?P<source>.*?(?<!\w)(?:n[ãa]?o?|cancel\w*|desmarc\w*|desmarqu\w*)(?!\w).*?)[\s,;.!?]+"
    r"(?P<target>(?<!\bn[ãa]o )(?<!\bn )(?:quer(?:o|ia)|prefiro|gostaria|pod(?:e|ia|eria)|tem|teria|d[áa](?:va|ria)?"
    r"|seria|ser[áa]|me|bota|coloca|passa|marca\w*|remarca\w*|agenda\w*|encaixa\w*|s[óo]|consigo|posso)(?!\w).+)$",
    re.IGNORECASE | re.DOTALL,
)
_NO: Final = re.compile(r"(?<!\w)n(?:[ãa]o)?(?!\w)", re.IGNORECASE)
_REFUSED: Final = re.compile(
    r"(.*(?<!\w)n(?:[ãa]o)? (?:vou|posso|consigo|d[áa]|vai)(?!\w).*?)[\s,.;]+(?:mas|por[ée]m|s[óo] que)\s",
    re.IGNORECASE | re.DOTALL,
)
_SAME_HOUR: Final = re.compile(r" mesm[oa] (?:horario|hora) ")
_BARE: Final = re.compile(r"^(d[ao]s\s+\d{1,2})$", re.IGNORECASE)
_OF: Final = re.compile(r"(?:^|\s)(?:d[aeo]s?|[oa]\s+d[aeo]s?)\s*$", re.IGNORECASE)
_STARTS_OF: Final = re.compile(r"^(?:[oa]\s+)?d[aeo]s?\s", re.IGNORECASE)
# "Adia em uma hora", "antecipa 30 min": from when it is, not from now. Hours without "em" may be of the clock.
_BY: Final = re.compile(
    r"(?<!\w)(?:adi[ae](?!nt)\w*|empurr\w*|atras(?:a|ar|e)|(?P<back>antecip\w+|adiant\w+)"
    r"|(?:jog|pass|mud|mov)\w+(?=.*?\b(?:(?:pra|para|p)\s+frente|mais\s+tarde)\b))\b.*?"
    r"(?P<by>(?P<in>\s(?:em|por|mais))?\s(?:(?P<number>\d{1,3})|uma|(?P<two>duas)|(?P<half>meia))\s?"
    r"(?:(?(in)|(?(half)|(?!)))(?P<hours>h|hs|horas?)|min(?:s|utos?)?)(?P<more>\s+e\s+meia)?(?:\s+(?:(?:pra|para|p)\s+frente|mais\s+tarde))?)(?!\w)",
    re.IGNORECASE | re.DOTALL,
)

WORDS: Final = {
    "pending_confirmation": "aguardando confirmação",
    "confirmed": "confirmado",
    "completed": "concluído",
    "no_show": "faltou",
    "rejected": "recusado",
    "cancelled": "cancelado",
}


@dataclass(frozen=True, slots=True)
class Move:
    """Which time is spoken of as the present one, and which ones are wanted instead."""

    source: When
    wishes: tuple[Wish, ...]


def move_in(said: Said, now: datetime) -> Move:
    """Take a wish to move apart."""
    nothing = read("", now)
    text = without_phone(said.text)
    if by := _BY.search(text):
        return Move(read(text[: by.start("by")] + text[by.end("by") :], now), ())
    if both := _FROM_TO.search(text) or _FOR_IT.search(text):
        # "Das 10": beside another hour, a bare number is one.
        source = given_up(Said.read(_BARE.sub(r"\1h", both["source"]), now), now)
        target = Said.read(both["target"], now)
        if (source.kind is not Kind.NONE or source.alternatives) and target.dated:
            return Move(source, tuple(target.wishes))
    if not said.dated:
        return Move(nothing, ())
    if said.when.kind is not Kind.NONE and names_present(said):
        return Move(said.when, ())
    return Move(nothing, tuple(said.wishes))


def given_up(said: Said, now: datetime) -> When:
    """Return when a message speaks of, or the time that it refuses: "não posso terça" is about Tuesday."""
    if refused := _REFUSED.match(without_phone(said.text)):  # "quinta não posso, mas sexta eu vou"
        when = read(_NO.sub(" ", refused[1]), now)
        if when.kind is not Kind.NONE:
            return when
    return said.when if said.dated else read(_NO.sub(" ", without_phone(said.text)), now)


def names_present(said: Said) -> bool:
    """Tell whether the time in a message says which appointment is meant: "o de quinta", "a das 15h"."""
    start = said.when.spans[0][0]
    return bool(_STARTS_OF.match(said.when.text) or _OF.search(without_phone(said.text)[:start]))


def shift_in(text: str) -> timedelta | None:
    """Read "meia hora" beside a word that puts something off by it, or brings it forward: that is less than nothing."""
    found = _BY.search(without_phone(text))  # which is cut to what is read
    if found is None:
        return None
    count = float(found["number"] or (2 if found["two"] else 0.5 if found["half"] else 1)) + 0.5 * bool(found["more"])
    by = timedelta(hours=count) if found["hours"] else timedelta(minutes=count)
    return -by if found["back"] else by


def nudged(said: Said, local: datetime) -> Wish | None:
    """Read "mais tarde" and "mais cedo", which are about the day and hour that are now."""
    words = plain(said.text)
    day = local.date().isoformat()
    if " mais tarde " in words:
        return Wish(day, stretch=f"depois das {clock((local + timedelta(minutes=1)).time())}")
    if " mais cedo " in words:
        return Wish(day, stretch=f"antes das {clock(local.time())}")
    return None


def filtered(appointments: Sequence[Data], when: When) -> list[Data]:
    """Return the appointments that a time may speak of."""
    return [each for each in appointments if fits(when, datetime.fromisoformat(each["start"]))]


def of_service(talk: Talk, appointments: Sequence[Data]) -> list[Data]:
    """Return the appointments for the service that a message names; all of them where it names none of theirs."""
    services = [{"name": name} for name in dict.fromkeys(each["service"] for each in appointments)]
    named = {service["name"] for service in catalogue.meant(talk.said.rest, services)}
    return [each for each in appointments if each["service"] in named] or list(appointments)


def on_its_day(talk: Talk, local: datetime) -> list[Wish]:
    """Return what is wanted instead: a new hour alone is one of the same day, while that is ahead."""
    if away := shift_in(talk.said.text) or shift_in(str(talk.memory.get("by", ""))):
        return note(talk, at(local + away))
    hour_said = any(wish.hour for wish in talk.said.wishes)
    within = any(wish.stretch or wish.part for wish in talk.said.wishes)  # "mais tarde, depois das 17" says how late
    if not (hour_said or within) and (later := nudged(talk.said, local)):
        return note(talk, later)
    if _SAME_HOUR.search(plain(talk.said.text)) and not hour_said:
        note(talk, Wish(hour=f"{local:%H:%M}"))
    wishes = wishes_of(talk)
    if local > talk.now and all(not wish.empty and not wish.has_day for wish in wishes):
        return note(talk, Wish(day=local.date().isoformat()))
    return wishes


def options_of(talk: Talk, appointments: Sequence[Data], *, whose: bool = False) -> list[Option]:
    """Return appointments as options: by time, with the service, and with the client where there are several."""
    return [_option(talk, each, whose=whose) for each in appointments]


def _option(talk: Talk, each: Data, *, whose: bool) -> Option:
    time = slot_option("", start_of(talk, each)).title
    about = f"{each['service']}, {WORDS.get(each['status'], each['status'])}"
    return option("appt", each["token"], each["client"] if whose else time, f"{time}, {about}" if whose else about)


def lines_of(appointments: Sequence[Data]) -> str:
    """Return a client's appointments, one a line."""
    return "\n".join(f"• {each['label']}: {each['service']} ({WORDS.get(each['status'], '')})" for each in appointments)
