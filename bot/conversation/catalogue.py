"""Which services a text may mean, among the ones on offer: "queria cortar o cabelo" is a "Corte"."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .vocabulary import plain

Service = Mapping[str, Any]

# Words in a service's name that tell it from no other.
_GLUE: Final = frozenset({"de", "da", "do", "com", "e", "em", "a", "o", "para", "no", "na", "por"})
# "Cortar" and "corte", "hidratar" and "hidratação": what a verb shares with its noun.
_STEM: Final = 4


def meant(text: str, services: Sequence[Service]) -> list[Service]:
    """Return the services a text may mean: one when it is clear, several when it is not, none when none is named."""
    said = plain(text).split()
    for alike in (_same, _akin):
        fits = [(_score(said, service, alike), service) for service in services]
        whole = max((named for (named, of), _ in fits if named == of), default=0)
        if whole:
            return [service for (named, of), service in fits if named == of == whole]
        if found := [service for (named, _), service in fits if named]:
            return found
    return []


def names(services: Sequence[Service]) -> frozenset[str]:
    """Return the words of all services' names, plain."""
    return frozenset(word for service in services for word in plain(str(service["name"])).split())


def _score(said: Sequence[str], service: Service, alike: Any) -> tuple[int, int]:
    words = [word for word in plain(str(service["name"])).split() if word not in _GLUE and word[0].isalnum()]
    return sum(any(alike(word, one) for one in said) for word in words), len(words)


def _same(word: str, said: str) -> bool:
    return word.rstrip("s") == said.rstrip("s")


def _akin(word: str, said: str) -> bool:
    return len(said) > _STEM and len(word) > _STEM and word[:_STEM] == said[:_STEM]
