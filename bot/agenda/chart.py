"""What a revenue chart says; `pictures` draws it, and needs libraries that few processes ever use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, week or month of a period, and the one in its place in the period before; centavos."""

    label: str
    cents: int
    previous_cents: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What a revenue chart says, in words ready to be read, and its bars."""

    period: str
    amount: str
    previous: str
    previous_amount: str
    bars: tuple[Bar, ...]
    # "12% a mais"; nothing where there is nothing to compare with.
    change: str = ""
    rises: bool = True
    # Up to two lines under the bars.
    notes: tuple[str, ...] = ()
