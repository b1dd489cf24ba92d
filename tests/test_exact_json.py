"""The fast JSON loses nothing that Python's own keeps."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exact_json import dumps, loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert loads(dumps(value)) == json.loads(dumps(value)) == value


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**40])
def test_an_integer_keeps_its_digits(number: int) -> None:
    assert loads(f'{{"n": {number}}}') == {"n": number}
    assert dumps({"n": number}) == f'{{"n":{number}}}'


def test_what_cannot_be_written_is_said_and_not_made_up() -> None:
    def refuse(value: object) -> str:
        raise ValueError(f"{value} has no place here")

    with pytest.raises(ValueError, match="no place"):
        dumps({"at": datetime(2026, 11, 22, tzinfo=UTC)}, refuse)
    with pytest.raises(ValueError, match="no place"):
        dumps({"at": datetime(2026, 11, 22, tzinfo=UTC), "n": 2**70}, refuse)
