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
    r"^(?:(?:quero|pode ser|prefiro|fico com|vou querer|escolho|esse|pode marcar|marca) )?(?:o |a |n[ao] |d[ao] )?"
    rf"(?:(?P<ordinal>{'|'.join(f'{stem}[oa]' for stem in _ORDINALS)})(?P<noun> (?:opcao|horario|da lista|item|mesmo))?"
    rf"|(?:opcao |numero |telefone )(?P<number>\d|{'|'.join(_NUMBERS)})"
    r"|(?P<last>ultim[oa])"
    r"|(?P<any>qualquer(?: um| uma| horario)?|tanto faz|o mais cedo|mais cedo possivel|o que tiver))"
    r"(?: (?:opcao|horario|da lista|mesmo|por favor))*$"
)
# Ordinals of the masculine, and these, name no day of the week.
_NO_DAY: Final = re.compile(r"^(?:primeir[oa]|segundo|terceir[oa]|quarto|quinto|sexto|setim[oa]|oitav[oa]|non[oa])$")


def chosen(text: str, things: Sequence[T], *, alike: bool) -> T | None:
    """Return the thing that was chosen by its place, or None when it is not certain that one was.

    Of things that are `alike`, such as times, any will do when it is all the same to the person.
    """
    found = _CLEAR.match(re.sub(r"[.!,;?]", " ", plain(text)).strip())
    if not found or not things:
        return None
    if found["last"]:
        return things[-1]
    if found["any"]:
        return things[0] if alike else None
    if number := found["number"]:
        place = int(number) if number.isdigit() else _NUMBERS.index(number) + 1
    else:
        if not found["noun"] and not _NO_DAY.match(found["ordinal"]):
            return None
        place = next(index for index, stem in enumerate(_ORDINALS, 1) if found["ordinal"][:-1] == stem)
    return things[place - 1] if 1 <= place <= len(things) else None
