"""The words that every body and answer is made of: texts, moments, money, errors."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.agenda.hours import DAY, at_wall

# No control characters, and no halves of surrogate pairs: a database refuses them, and nobody types them.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNPRINTABLE_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _line(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("control character")
    return value


def _prose(value: str) -> str:
    if _UNPRINTABLE_BUT_LINES.search(value):
        raise ValueError("control character")
    return value


def _digits(value: Any) -> Any:
    """Refuse what Python reads as a number and people do not write: spaces, signs, underscores."""
    if isinstance(value, str) and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise ValueError("digits")
    return value


# One line and several lines of text that a person wrote.
Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_line)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_prose)]
# Of a number in a query: `Annotated[int, Field(ge=1), Digits]`, in this order.
Digits = BeforeValidator(_digits)
Email = Annotated[Line, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def _possible(value: datetime) -> datetime:
    """Refuse moments that no agenda reaches, and that arithmetic with zones would overflow on."""
    if not 2000 <= value.year <= 2199:
        raise ValueError("far away")
    return value


def _written_day(value: Any) -> Any:
    """Refuse numbers, which would be read as seconds since 1970, and years that no agenda reaches."""
    if not isinstance(value, date) and not re.fullmatch(r"20\d\d-\d\d-\d\d", str(value), re.ASCII):
        raise ValueError("not a date")
    return value


def _written_moment(value: Any) -> Any:
    """Refuse numbers and digits alone, which would be read as seconds since 1970."""
    if not isinstance(value, datetime) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", str(value), re.ASCII):
        raise ValueError("not a moment")
    return value


# A local date, YYYY-MM-DD.
Day = Annotated[date, BeforeValidator(_written_day)]
# RFC 3339 with an offset.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_moment), AfterValidator(_possible)]


class Body(BaseModel):
    """What a caller sends: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=10_000, defer_build=True)


class Query(BaseModel):
    """What stands behind the question mark: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class ErrorDetail(Answer):
    code: str = Field(examples=["not_found"])
    message: str = Field(examples=["Não encontrado."])
    fields: dict[str, Any] | None = None


class Error(Answer):
    """Every answer that is not a success."""

    error: ErrorDetail


class Dated(Query):
    """A list of what happens on some days: both ends included, in the zone of the agenda."""

    from_: Day | None = Field(None, alias="from")
    to: Day | None = None

    def span(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """Return the moments the days begin and end at."""
        return (
            at_wall(zone, self.from_, 0) if self.from_ else None,
            at_wall(zone, self.to, DAY) if self.to else None,
        )


def local(moment: datetime, zone: str) -> datetime:
    """Return a moment with the offset of a zone, as answers show it."""
    return moment.astimezone(ZoneInfo(zone))
