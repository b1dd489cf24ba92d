"""A short attack on every operation of the document; the long one is `python -m tests.web.api.fuzz`."""

from .fuzz import attack, served


def test_no_case_is_answered_otherwise_than_documented() -> None:
    with served() as about:
        report = attack(about, 1)
    assert report.wrong == []
    assert report.cases > 150
    assert not any(status >= 500 for status in report.statuses)
