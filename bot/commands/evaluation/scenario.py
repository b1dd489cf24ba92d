"""What a scenario is, and how it is written.

A file of scenarios is a YAML list. A scenario begins on Saturday 21/11/2026, 10h in São Paulo, unless it says `now`,
on one of the agendas of `cast.SEEDS`, with the appointments it lists under `given`. Its `steps` say who does what:

    - julia: "oi, queria marcar um corte amanhã de manhã"   # types; a list is a burst of messages
    - julia taps: "9h"             # the option whose title this is, or contains it
    - julia picks: 2               # the second option of the last list, tapped
    - julia voice: "quero remarcar"   # a voice note, and what is heard in it
    - julia sends: sticker         # or a message as Meta describes it
    - together: {julia: "sim", carlos: "sim"}   # at the same moment
    - meanwhile: {books: carlos, service: Corte, at: "2026-11-24 09:00"}   # through another door; also `cancels`
    - later: {hours: 2}            # or `until: "2026-11-23 08:00"`; reminders and jobs run

and each may say what must follow: `hears` (patterns the person who acted must read, or {who: patterns}; [] means
nothing at all), `told` (the same, for any brain's own words), `never` (patterns nobody may read), `offers` (titles
to tap). At the end count `rows`, every appointment that was made or changed; `reviews`; `open`, questions that wait;
`forbid`, tools that must not have been called. `brains` says who is asked; a scripted model's answers stand in the
step under `model` (see `scripted.py`). `live` marks what a real model can be judged by, `both` what is played on
Postgres too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ...errors import Stop
from .cast import PEOPLE, SEEDS, local

SATURDAY: Final = "2026-11-21T10:00:00-03:00"
BRAINS: Final = ("rules", "model")
VERBS: Final = frozenset({"", "taps", "picks", "voice", "sends"})
TIMES: Final = frozenset({"later", "until"})
CHECKS: Final = frozenset({"hears", "told", "never", "offers", "model"})
KNOWN: Final = frozenset(
    {"name", "now", "seed", "given", "steps", "rows", "open", "forbid", "brains", "live", "both", "professionals"}
    | {"never", "reviews"}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: who does what how, and what must follow."""

    number: int
    who: str
    verb: str
    what: Any
    checks: Mapping[str, Any]

    @property
    def model(self) -> Sequence[Mapping[str, Any]]:
        """What a scripted model answers in this step."""
        return self.checks.get("model") or ()

    def __str__(self) -> str:
        return f"step {self.number}: {' '.join(filter(None, (self.who, self.verb)))}: {self.what!r}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A conversation and what must come of it."""

    theme: str
    name: str
    steps: Sequence[Step]
    now: datetime
    seed: str = "rafael"
    given: Sequence[Mapping[str, Any]] = ()
    # None: whatever the rows, they are not looked at.
    rows: Sequence[Mapping[str, Any]] | None = None
    professionals: Sequence[Mapping[str, Any]] = ()
    # Client, mark and comment of each; None: not looked at.
    reviews: Sequence[Sequence[Any]] | None = None
    open: int = 0
    forbid: Sequence[str] = ()
    never: Sequence[str] = ()
    brains: Sequence[str] = ("rules",)
    # Whether a real model can be judged by it: not where its answers are the script's.
    live: bool = False
    # Whether it is played on Postgres as well.
    both: bool = False

    @property
    def title(self) -> str:
        return f"{self.theme}: {self.name}"

    @property
    def role(self) -> str:
        """The side that speaks first."""
        first = next((step.who for step in self.steps if step.who in PEOPLE), "")
        return PEOPLE[first].role.value if first else "client"


def load(folder: Path) -> list[Scenario]:
    """Read all scenarios of a folder, or of one file; raise `Stop` for one that is not understood."""
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]
    found = [scenario for file in files for scenario in _of_file(file)]
    if not found:
        raise Stop(f"no scenarios in {folder}: name a folder or file with --scenarios")
    titles = [scenario.title for scenario in found]
    if twice := {title for title in titles if titles.count(title) > 1}:
        raise Stop(f"two scenarios are called {sorted(twice)[0]!r}")
    return found


def _of_file(file: Path) -> Iterator[Scenario]:
    try:
        import yaml  # noqa: PLC0415 - a tool of developers: not installed where Odys only serves
    except ImportError:
        raise Stop("scenarios are YAML: install the development dependencies (uv sync)") from None
    try:
        written = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)  # a tenth of `safe_load`'s time
    except (OSError, yaml.YAMLError) as error:
        raise Stop(f"{file} cannot be read: {error}") from None
    for one in written or ():
        try:
            yield scenario(one, file.stem)
        except (KeyError, TypeError, ValueError) as error:
            raise Stop(f"{file.name}: {one.get('name', one) if isinstance(one, dict) else one}: {error}") from None


def scenario(one: Mapping[str, Any], theme: str) -> Scenario:
    """Read one scenario; raise `ValueError` for what is not understood."""
    if unknown := one.keys() - KNOWN:
        raise ValueError(f"nobody knows {sorted(unknown)}")
    if (seed := one.get("seed", "rafael")) not in SEEDS:
        raise ValueError(f"no seed is called {seed!r}")
    brains = tuple(one.get("brains", ("rules",)))
    if not brains or not set(brains) <= set(BRAINS):
        raise ValueError(f"brains are {BRAINS}")
    return Scenario(
        theme=theme,
        name=str(one["name"]),
        steps=tuple(_step(number, step) for number, step in enumerate(one["steps"], start=1)),
        now=local(one.get("now", SATURDAY)),
        seed=seed,
        given=tuple(one.get("given", ())),
        rows=one.get("rows"),
        professionals=tuple(one.get("professionals", ())),
        reviews=one.get("reviews"),
        open=int(one.get("open", 0)),
        forbid=tuple(one.get("forbid", ())),
        never=tuple(one.get("never", ())),
        brains=brains,
        live=bool(one.get("live", "model" in brains)),
        both=bool(one.get("both", False)),
    )


def _step(number: int, written: Mapping[str, Any]) -> Step:
    acts = [key for key in written if key not in CHECKS]
    if len(acts) != 1:
        raise ValueError(f"step {number} must say one thing that happens, says {acts}")
    who, _, verb = acts[0].partition(" ")
    known = (who in PEOPLE and verb in VERBS) or (not verb and who in TIMES | {"together", "meanwhile"})
    if not known:
        raise ValueError(f"step {number}: nobody can {acts[0]!r}")
    return Step(number, who, verb, written[acts[0]], {key: written[key] for key in written if key in CHECKS})
