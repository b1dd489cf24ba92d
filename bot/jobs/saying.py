"""A sentence of a check, in the two languages that read it."""

from typing import NamedTuple


class Said(NamedTuple):
    """The same sentence twice."""

    portuguese: str
    english: str
