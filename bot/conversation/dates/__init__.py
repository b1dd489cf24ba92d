"""Days and hours in Brazilian Portuguese, as people write them in a chat.

What is said is either understood for certain or not at all: a date that was never meant is worse than a question.
A message becomes `words` (with the `lexicon`), the `patterns` find the pieces that the `grammar` gives a meaning on
the calendar (`days`) or the clock (`hours`); `clauses` drops what is refused or taken back, `groups` joins what
belongs to one moment, and `reading` says which moment that is. `periods` reads the stretches of a report.
"""

from .hours import Kind, Part
from .periods import Period, read_period, read_periods
from .reading import When, cut, read, window

__all__ = ["Kind", "Part", "Period", "When", "cut", "read", "read_period", "read_periods", "window"]
