"""What a check found: a state, a sentence in Portuguese for alerts and in English for the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .words import SENTENCES, TITLES


class State(StrEnum):
    """How something is; `unknown` means that nobody could tell, which is neither good nor bad."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `said` names its sentence in `words`, which `details` fill."""

    check: str
    state: State
    said: str
    details: Mapping[str, str | int] = field(default_factory=dict)
    # What makes it another problem though the state is the same: a new error code, the second mark of a limit.
    mark: str = ""
    # Nothing is wrong: somebody left a setting empty.
    unset: bool = False

    @property
    def subject(self) -> str:
        """What the check is about when there are several: "number:1065" is about "1065"."""
        return self.check.partition(":")[2]

    @property
    def title(self) -> str:
        kind = self.check.partition(":")[0]
        return self._titled(TITLES[kind].portuguese if kind in TITLES else kind)

    @property
    def english_title(self) -> str:
        kind = self.check.partition(":")[0]
        return self._titled(TITLES[kind].english if kind in TITLES else kind)

    @property
    def text(self) -> str:
        """What is wrong and what to do, in Portuguese."""
        return SENTENCES[self.said].portuguese.format(**self.details)

    @property
    def english(self) -> str:
        """The same for logs and the command line."""
        return SENTENCES[self.said].english.format(**self.details)

    def _titled(self, title: str) -> str:
        return f"{title} {self.subject}" if self.subject else title


def unset(check: str, said: str = "not_configured", **details: str | int) -> Finding:
    """Return the finding of a check whose setting is empty: nothing to alarm anybody about."""
    return Finding(check, State.UNKNOWN, said, details, unset=True)
