"""Which of the things on the table: "o primeiro", "a segunda opção", "o último", "qualquer um"."""

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from .vocabulary import plain

T = TypeVar("T")

_NUMBERS: Final = ("um", "dois", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove")
_ORDINALS: Final = ("primeir", "segund", "terceir", "quart", "quint", "sext", "setim", "oitav", "non")
# "A segunda" on a list of times may be a Monday: only what cannot be a day is an ordinal there.
_CLEAR: Final = re.compile(
    r"^(?:(?:quero|pode ser|prefiro|fico com|vou querer|escolho|esse|pode marcar|marca) )?(?P<the>o |a |n[ao] |d[ao] )?"
    rf"(?:(?P<ordinal>{'|'.join(f'{stem}[oa]' for stem in _ORDINALS)}|\d[oa])"
    r"(?P<noun> (?:opcao|horario|da lista|item|mesmo))?"
    rf"|(?:opcao |op |numero |telefone )(?P<number>\d|{'|'.join(_NUMBERS)})|(?(the)(?P<digit>\d)|(?!))"
    r"|(?P<last>ultim[oa])"
    r"|(?P<any>qualquer(?: um| uma| horario)?|tanto faz|o mais cedo|mais cedo possivel|o que tiver))"
    r"(?: (?:opcao|horario|da lista|mesmo|por favor))*$"
)
_RAISED: Final = str.maketrans("ºª", "oa")
# Ordinals of the masculine, and these, name no day of the week.
_NO_DAY: Final = re.compile(
    r"^(?:1[oa]|\do|primeir[oa]|segundo|terceir[oa]|quarto|quinto|sexto|setim[oa]|oitav[oa]|non[oa])$"
)


def chosen(text: str, things: Sequence[T], *, alike: bool) -> T | None:
    """Return the thing that was chosen by its place, or None when it is not certain that one was.

    Of things that are `alike`, such as times, any will do when it is all the same to the person.
    """
    said = plain(text.translate(_RAISED))
    found = _CLEAR.match(" ".join(re.sub(r"[.!,;?]", " ", said).split()))
    if not found or not things:
        return None
    if found["last"]:
        return things[-1]
    if found["any"]:
        return things[0] if alike else None
    if not (found["number"] or found["digit"] or found["noun"] or _NO_DAY.match(found["ordinal"])):
        return None
    place = _place(found["number"] or found["digit"] or found["ordinal"])
    return things[place - 1] if 1 <= place <= len(things) else None


def _place(word: str) -> int:
    if word[0].isdigit():
        return int(word[0])
    return 1 + (_NUMBERS.index(word) if word in _NUMBERS else _ORDINALS.index(word[:-1]))
