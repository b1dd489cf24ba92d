"""Which of the things on the table: "o primeiro", "a segunda opção", "o último", "qualquer um"."""

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from .vocabulary import plain

T = TypeVar("T")

_NUMBERS: Final = ("um", "dois", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove")
_ORDINALS: Final = ("primeir", "segund", "terceir", "quart", "quint", "sext", "setim", "oitav", "non")
# The soonest one there is, and whichever will do.
FIRST: Final = (
    r"(?:primeir[oa] (?:horario |vaga |data |dia |hora )?(?:que (?:tiver|houver|aparecer|der|vier|surgir|voce tiver)"
    r"|disponivel|livre|vag[oa]|possivel)(?: livre| vag[oa]| disponivel)?"
    r"|mais (?:cedo|rapido) (?:possivel|que (?:tiver|der|puder))|quanto antes(?: possivel)?)"
)
ANY: Final = (
    r"(?:qualquer(?: um| uma| horario| dia(?: da semana)?| data| hora)*|tanto faz|quando (?:der|tiver)"
    rf"|(?<=o )(?:mais cedo|que tiver)|{FIRST})"
)
# "A segunda" on a list of times may be a Monday: only what cannot be a day is an ordinal there.
_CLEAR: Final = re.compile(
    r"^(?:(?:quero|pode ser|prefiro|fico com|vou querer|escolho|esse|pode marcar|marca) )?(?P<the>o |a |n[ao] |d[ao] )?"
    rf"(?:(?P<ordinal>{'|'.join(f'{stem}[oa]' for stem in _ORDINALS)}|\d[oa])"
    r"(?P<noun> (?:opcao|horario|da lista|item|mesmo))?"
    rf"|(?:opcao |op |numero |telefone )(?P<number>\d|{'|'.join(_NUMBERS)})|(?(the)(?P<digit>\d)|(?!))"
    r"|(?P<last>ultim[oa])"
    rf"|(?P<any>{ANY}))"
    r"(?: (?:opcao|horario|da lista|mesmo|por favor))*$"
)
_ANY: Final = re.compile(rf"^(?:(?:quero|pode ser|prefiro|para|em) )?(?:n?[oa] )?(?:{ANY})(?: mesmo| por favor)*$")
_FIRST: Final = re.compile(
    rf"(?<!\S)(?:{FIRST}|(?<!meu )primeir[oa] (?:horario|vaga)(?! (?:nao|ja|era|e)(?!\S)))(?!\S)"
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
    found = _CLEAR.match(_bare(text))
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


def any_will_do(text: str) -> bool:
    """Tell whether a message leaves the choice of a time to us: "qualquer dia", "o quanto antes"."""
    return bool(_ANY.match(_bare(text)))


def wants_first(text: str) -> bool:
    """Tell whether a message asks for the soonest time that there is, and not for a list."""
    return bool(_FIRST.search(_bare(text)))


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[.!,;?]", " ", plain(text.translate(_RAISED))).split())


def _place(word: str) -> int:
    if word[0].isdigit():
        return int(word[0])
    return 1 + (_NUMBERS.index(word) if word in _NUMBERS else _ORDINALS.index(word[:-1]))
