"""Only bytes that Meta signed are believed."""

import json

import pytest

from bot.whatsapp.signature import sign, verify

from ..payloads import SHARED

SECRET = "app-secret-de-teste"
RAW = rb'{"text":"Ol\u00e1 \ud83d\ude00 a\/b"}'
GOOD = sign(RAW, SECRET)
SHA1 = "sha1=" + "a" * 40


def test_a_good_signature_is_believed_with_any_of_several_secrets() -> None:
    assert verify(RAW, GOOD, [SECRET])
    assert verify(RAW, GOOD, ["the old one", SECRET])
    assert verify(RAW, sign(RAW, "segredo é"), ["segredo é"])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD.upper(),
        "sha256=" + GOOD.removeprefix("sha256=").upper(),
        GOOD[:-1],
        GOOD + "0",
        f" {GOOD}",
        f"{GOOD},{GOOD}",
        SHA1,
        "sha256=" + "é" * 64,
        "sha256=" + "\udcff" * 64,
    ],
)
def test_any_other_header_is_not(header: str | None) -> None:
    assert not verify(RAW, header, [SECRET])


@pytest.mark.parametrize("raw", [RAW + b" ", RAW[:-1], b"", json.dumps(json.loads(RAW), ensure_ascii=False).encode()])
def test_other_bytes_are_not(raw: bytes) -> None:
    assert not verify(raw, GOOD, [SECRET])


def test_no_secret_believes_nobody() -> None:
    assert not verify(RAW, GOOD, [])
    assert not verify(RAW, sign(RAW, ""), [""])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not beside this checkout")
def test_recorded_vectors() -> None:
    recorded = json.loads((SHARED / "derived_signature_vectors.json").read_text())
    for vector in recorded["vectors"]:
        raw, header = vector["body_utf8"].encode(), vector["x_hub_signature_256"]
        assert verify(raw, header, [recorded["app_secret"]]) is vector["valid"], vector["note"]
