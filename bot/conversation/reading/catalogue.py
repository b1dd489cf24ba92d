"""Which services a text may mean, among the ones on offer: "queria cortar o cabelo" is a "Corte"."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .vocabulary import plain

Service = Mapping[str, Any]

# Words in a service's name that tell it from no other.
_GLUE: Final = frozenset({"de", "da", "do", "com", "e", "em", "a", "o", "para", "no", "na", "por"})
# "Cortar" and "corte", "hidratar" and "hidratação": what a verb shares with its noun.
_STEM: Final = 4
# What is done with a time says nothing of the service: "marcar" is no "Marcação".
_DEEDS: Final = ("marc", "agend", "reserv", "remarc", "desmarc", "cancel", "confirm")

# What is asked for by name where it may not be on offer: whoever names it must hear so.
_TRADE: Final = re.compile(
    r"(?<!\S)(sobrancelhas?|progressiva|hidratacao|luzes|mechas|reflexos?|escova|selagem|botox|tintura|coloracao|pezinho"
    r"|unhas?|manicure|pedicure|pe e mao|mao e pe|depilacao|massagem|penteado|maquiagem|cilios|alisamento|relaxamento"
    r"|platinado|pigmentacao|bigode|limpeza de pele)(?!\S)"
)
_ACCENTS: Final = {
    "hidratacao": "hidratação",
    "coloracao": "coloração",
    "pe e mao": "pé e mão",
    "mao e pe": "mão e pé",
    "depilacao": "depilação",
    "cilios": "cílios",
    "pigmentacao": "pigmentação",
}
# "Cabelo e barba": to do the hair is to cut it, where nothing else is said to be done with it.
_HAIR: Final = re.compile(
    r"(?:^ ?|(?<!\S)(?:fazer|quero|queria|marc\w+|e|,|para) )(?:[oa] |meu )?cabelo(?= (?:e|,) | ?$)"
)

# "Barba não, corte", "barba, não, corte", "barba digo corte": "barba" is what it shall not be; of "depois da barba" it
# says when.
_UNWANTED: Final = re.compile(
    r"(?<!\S)\S+ nao(?= [,.;!]| mas |\s*$)"
    r"|(?<!\S)(?:sem|menos|tirando|nao (?:quero|e|precisa|preciso|vou querer)(?: mais)?|em vez|ao inves)"
    r" (?:d?[aeo] |fazer )*\S+"
    r"|(?<!\S)\S+ (?:[,.;!] nao [,.;!]|(?:[,.;!] )?(?:nao )?(?:pera|perai|digo|ops|alias|quer dizer)(?!\S))"
    r"|(?<!\S)(?:depois|antes) d[oa] (?:meu |minha )?\S+"
)


def meant(text: str, services: Sequence[Service]) -> list[Service]:
    """Return the services a text may mean: one when it is clear, several when it is not, none when none is named."""
    said = [word for word in _wanted(text).split() if not word.startswith(_DEEDS)]
    fits = [(_score(said, service), service) for service in services]
    whole = max((named for (named, of), _ in fits if named == of), default=0)
    if whole:
        return [service for (named, of), service in fits if named == of == whole]
    return [service for (named, _), service in fits if named]


def unlisted(text: str, services: Sequence[Service]) -> list[str]:
    """Return what a text names of the trade that none of these services is called."""
    known = names(services) - _GLUE
    named = dict.fromkeys(_TRADE.findall(_UNWANTED.sub(" ", plain(text))))
    missing = [each for each in named if not any(_same(one, word) for word in known for one in each.split())]
    return [_ACCENTS.get(each, each) for each in missing]


def _wanted(text: str) -> str:
    words = _UNWANTED.sub(" ", plain(text))
    return f"{words} corte" if _HAIR.search(words) else words


def names(services: Sequence[Service]) -> frozenset[str]:
    """Return the words of all services' names, plain."""
    return frozenset(word for service in services for word in plain(str(service["name"])).split())


def _score(said: Sequence[str], service: Service) -> tuple[int, int]:
    words = [word for word in plain(str(service["name"])).split() if word not in _GLUE and word[0].isalnum()]
    return sum(any(_same(word, one) or _akin(word, one) for one in said) for word in words), len(words)


def _same(word: str, said: str) -> bool:
    return word.rstrip("s") == said.rstrip("s")


def _akin(word: str, said: str) -> bool:
    return len(said) > _STEM and len(word) > _STEM and word[:_STEM] == said[:_STEM]
