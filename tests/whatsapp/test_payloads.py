"""What Meta sends becomes our own values, and nothing it could ever send is an exception."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.whatsapp.events import Batch, Broken, Message, MessageType
from bot.whatsapp.payloads import parse, unreadable
from bot.whatsapp.reading import read_usual
from bot.whatsapp.tolerant import DEEPEST, clean, decode, moment

from ..payloads import OWN, own
from . import fuzz

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for name, inner in inside for path in paths(inner, (*here, name)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """Return a copy of a JSON value with another value at the end of `path`."""
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


BODIES = [case.body for case in OWN]
PLACES = [paths(body) for body in BODIES]
USUAL = [body for body in BODIES if read_usual(json.dumps(body).encode())]
OWN_TEXT = own("text").body


def assert_storable(value: Any) -> None:
    written = json.dumps(value, allow_nan=False)
    assert "\\u0000" not in written.replace("\\\\", "")
    json.loads(written)
    json.dumps(value, ensure_ascii=False).encode()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_mutated_delivery_never_raises_and_never_surprises(data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(BODIES) - 1))
    body = BODIES[which]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(paths(body)))
        body = replaced(body, path, data.draw(anything))
    for event in parse(body).events:
        assert_storable(event.event())
        assert not (isinstance(event, Broken) and event.reason.startswith("unexpected"))


def read_patiently(raw: bytes) -> Batch:
    try:
        return parse(decode(raw))
    except ValueError:
        return unreadable(raw)


def test_what_people_type_and_what_became_of_our_messages_is_read_in_one_pass() -> None:
    usual = {case.name for case in OWN if read_usual(json.dumps(case.body).encode())}
    typed = {"text", "text_reply", "text_forwarded", "burst", "two_numbers"}
    assert usual >= {*typed, "status_all", "status_pricing", "for_its_own_use"}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_read_in_one_pass_is_read_as_patience_would(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(USUAL))
    texts = st.text() | st.sampled_from(["", "\0", "+5511988887777", "BR.1", "x" * 300, "9" * 40])
    for _ in range(data.draw(st.integers(0, 2))):
        body = replaced(body, data.draw(st.sampled_from(paths(body))), data.draw(texts | anything))
    raw = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass")
    if (usual := read_usual(raw)) is not None:
        assert usual == read_patiently(raw)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'"Ana Souza"', b'"\\ud800"'),  # half a character
        (b'"Ana Souza"', b'"\xff"'),  # no Unicode
        (b'"Ana Souza"', b'"one", "name": "two"'),
        (b'"text"', b'"text", "type": "text"'),
        (b'"entry"', b'"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b', "entry"'),
        (b'"time": 1795000000', b'"time": ' + b"9" * 400),
        (b'"time": 1795000000', b'"time": NaN'),
    ],
)
def test_odd_json_is_read_as_patience_would(written: bytes, instead: bytes) -> None:
    raw = json.dumps(OWN_TEXT).encode().replace(written, instead)
    assert instead in raw
    assert (read_usual(raw) or read_patiently(raw)) == read_patiently(raw)


def test_mutated_deliveries_lose_no_neighbour() -> None:
    """The short form of `python -m tests.whatsapp.fuzz`."""
    assert fuzz.check_parser(2000, seed=7) > 4000


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_json_is_a_delivery_of_something(body: Any) -> None:
    events = parse(body).events
    assert events
    for event in events:
        assert_storable(event.event())


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes_are_kept(raw: bytes) -> None:
    try:
        decode(raw)
    except ValueError:
        assert_storable(unreadable(raw).events[0].event())


def test_a_neighbour_of_something_broken_is_read() -> None:
    body = BODIES[[case.name for case in OWN].index("text")]
    good = body["entry"][0]["changes"][0]["value"]["messages"][0]
    odd: list[Any] = [None, [], "x", {"from": {}}, {"type": {"a": 1}}, {"id": []}]
    for bad in odd:
        both = replaced(body, ("entry", 0, "changes", 0, "value", "messages"), [bad, good])
        texts = [event.text for event in parse(both).events if isinstance(event, Message)]
        assert "Olá! Amanhã às 15h? 😀" in texts


def test_the_longest_text_stays_whole() -> None:
    body = BODIES[[case.name for case in OWN].index("text")]
    path = ("entry", 0, "changes", 0, "value", "messages", 0, "text", "body")
    (event,) = parse(replaced(body, path, "á" * 65_536)).events
    assert isinstance(event, Message)
    assert event.text == "á" * 65_536


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1795000000", datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        (1795000000, datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        ("1795000000500", datetime(2026, 11, 18, 11, 6, 40, 500_000, tzinfo=UTC)),
        *dict.fromkeys(("", "ontem", None, True, -5, 0, "nan", "1e999", 10**40)).items(),
    ],
)
def test_a_timestamp_is_read_in_either_unit_or_not_at_all(written: object, meant: datetime | None) -> None:
    assert moment(written) == meant


@pytest.mark.parametrize("written", [b"9223372036854775808", b"18446744073709551616", b"-1" + b"0" * 30, b"[-0, 1e-7]"])
@pytest.mark.parametrize("around", [b"%s", b'{"a": [%s, "' + b"x" * 70_000 + b'"]}'])
def test_a_number_keeps_every_digit_in_a_short_delivery_and_in_a_long_one(written: bytes, around: bytes) -> None:
    assert decode(around % written) == json.loads(around % written)


def test_depth_is_cut_before_it_can_hurt() -> None:
    with pytest.raises(ValueError, match="deeply"):
        decode(b"[" * 200_000)
    deep: Any = "end"
    for _ in range(DEEPEST * 2):
        deep = [deep]
    assert "end" not in json.dumps(clean(deep))


def test_every_type_has_a_payload_of_our_own() -> None:
    seen = {event.type for body in BODIES for event in parse(body).events if isinstance(event, Message)}
    assert seen == set(MessageType)


@pytest.mark.parametrize("written", ["br-15x", "5511988887777", "", None, {"BR": 1}])
def test_a_new_id_that_is_none_replaces_nobodys_id(written: object) -> None:
    body = BODIES[[case.name for case in OWN].index("system_user_id")]
    path = ("entry", 0, "changes", 0, "value", "messages", 0, "system", "user_id")
    (event,) = parse(replaced(body, path, written)).events
    assert isinstance(event, Message)
    assert event.details["bsuid"] is None
