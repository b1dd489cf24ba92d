"""Two thousand more things people write about days and hours, and that saying them otherwise changes nothing."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.conversation.dates import Kind, read, read_period
from bot.conversation.dates.lexicon import LEXICON

from .test_dates import NOW, _lines, _shown

HERE = Path(__file__).parent
# Phrases with their answers; phrases whose answer is nothing.
SAID = [line.rpartition(" => ")[::2] for line in _lines((HERE / "dates_said.txt").read_text())]
UNSAID = [(phrase, "none") for phrase in _lines((HERE / "dates_unsaid.txt").read_text())]


def _wrong(phrases: list[tuple[str, str]], now: datetime = NOW) -> list[str]:
    answers = ((phrase, _shown(read(phrase, now)), expected) for phrase, expected in phrases)
    return [f"{phrase!r}: {answer}, not {expected}" for phrase, answer, expected in answers if answer != expected]


def test_what_is_said_is_understood() -> None:
    assert len(SAID) > 1_200
    assert not _wrong(SAID)


def test_what_is_not_said_is_not_invented() -> None:
    assert len(UNSAID) > 1_000
    assert not _wrong(UNSAID)


ELSEWHEN = {
    "2026-03-11T15:30:00-04:00": """
        hoje às 15h => none
        às 15 => 12/03/2026 15:00
        às 16 => 11/03/2026 16:00
        quarta => 18/03/2026
        quarta às 16h => 11/03/2026 16:00
        quarta às 15h30 => 18/03/2026 15:30
        quarta que vem => 18/03/2026
        quinta => 12/03/2026
        quinta que vem => 19/03/2026
        próxima quinta às 9 => 19/03/2026 09:00
        segunda que vem => 16/03/2026
        terça => 17/03/2026
        sábado => 14/03/2026
        sábado que vem => 21/03/2026
        domingo que vem => 22/03/2026
        dia 11 => 11/03/2026
        dia 10 => 10/04/2026
        dia 31 => 31/03/2026
        31/03 às 10 => 31/03/2026 10:00
        05/03 => none
        primeira segunda do mês que vem => 06/04/2026
        última sexta do mês => 27/03/2026
        semana que vem => 16/03/2026..23/03/2026
        essa semana => 09/03/2026..16/03/2026
        fim de semana => 14/03/2026..16/03/2026
        fim de semana que vem => 21/03/2026..23/03/2026
        mês que vem => 01/04/2026..01/05/2026
        daqui a 15 dias => 26/03/2026
        daqui a uma hora => 11/03/2026 16:30
        de manhã => 12/03/2026 manhã
        hoje à tarde => 11/03/2026 tarde
        à noite => 11/03/2026 noite
        hoje de manhã => none
        hoje depois das 14h => 11/03/2026 >14:00
        hoje até as 15h => none
        das 14 às 16 => 12/03/2026 14:00-16:00
        hoje das 14 às 16 => 11/03/2026 14:00-16:00
        meio-dia e meia => 12/03/2026 12:30
        quinze pras quatro => 11/03/2026 15:45
    """,
    "2027-01-29T23:30:00-02:00": """
        amanhã => 30/01
        depois de amanhã => 31/01
        às 8 => 30/01 08:00
        dia 28 => 28/02
        dia 29 => 29/01
        dia 30 => 30/01
        dia 31 => 31/01
        segunda => 01/02
        segunda que vem => 01/02
        sexta => 05/02
        sexta às 23h45 => 29/01 23:45
        sexta que vem => 05/02
        semana que vem => 01/02..08/02
        mês que vem => 01/02..01/03
        último dia do mês => 31/01
        daqui a meia hora => 30/01 00:00
        em 1 hora => 30/01 00:30
        daqui a um mês => none
        hoje à noite => none
        essa noite => none
        29/02 => none
        30/02 às 10h => none
        ontem => none
    """,
    "2026-11-21T13:00:00+00:00": """
        hoje às 12h => none
        às 12 => 22/11 12:00
        às 14h => 21/11 14:00
    """,
}


@pytest.mark.parametrize("now", ELSEWHEN)
def test_the_calendar_turns_elsewhere_too(now: str) -> None:
    phrases = [line.strip().rpartition(" => ")[::2] for line in _lines(ELSEWHEN[now])]
    assert not _wrong(phrases, datetime.fromisoformat(now))


def _bare(phrase: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(char))


# Ways of writing one phrase that say the same.
SAME: list[Callable[[str], str]] = [
    _bare,
    lambda phrase: phrase.upper().replace(" ", "  "),
    lambda phrase: f"😀 {phrase}... 🙏",
]


@pytest.mark.parametrize("written", SAME)
def test_written_otherwise_it_says_the_same(written: Callable[[str], str]) -> None:
    assert not _wrong([(written(phrase), answer) for phrase, answer in SAID + UNSAID])


# Sentences around a phrase. Three hours alone ("3h30") may be a duration among other words, and a "não" in the phrase
# may be turned by a question around it: an answer of nothing is always allowed, another answer never.
FRAMES = [
    "oi tudo bem? queria saber se dá pra ser {}, pode ser",
    "bom dia! {}",
    "oi, {}",
    "Ana Paula: {}",
    "{}, aqui é a Ana Paula",
    "{}, por favor",
    "{} obrigada",
    "oi\n{}\nobrigada",
    "quero marcar {}",
]
BESIDE = ["{}, pode ser quinta às 10?", "quinta às 10. {}", "quinta às 10, {}", "{}. Quinta às 10"]


def _framed(cases: list[tuple[str, str]], frames: list[str]) -> Iterator[tuple[str, str]]:
    """Put each phrase into two of the frames, so that all of them meet a part of the phrases."""
    for at, (phrase, answer) in enumerate(cases):
        for frame in (frames[at % len(frames)], frames[(at // 2 + 1) % len(frames)]):
            yield frame.format(phrase), answer


def test_a_sentence_around_it_changes_nothing() -> None:
    plain = [case for case in SAID if "não" not in case[0]] + UNSAID
    asked = [(text, _shown(read(text, NOW)), answer) for text, answer in _framed(plain, FRAMES)]
    assert not [case for case in asked if case[1] not in {case[2], "none"}]
    assert sum(got == answer for _, got, answer in asked) > 0.98 * len(asked)


def test_what_is_no_date_misleads_nobody_beside_one() -> None:
    asked = [(text, _shown(read(text, NOW))) for text, _ in _framed(UNSAID, BESIDE)]
    assert not [case for case in asked if case[1] not in {"26/11 10:00", "none"}]


MARKS = [*"0123456789", *",.?!/:-\n", "15h", "31/12", "10:30", "14.30", "24.11", "2ª", "R$", "às", "não"]


def _chatter(seed: int, count: int, most: int) -> list[str]:
    pick = random.Random(seed)
    words = [*LEXICON, *MARKS]
    return [" ".join(pick.choice(words) for _ in range(pick.randint(1, most))) for _ in range(count)]


def test_any_words_in_any_order_are_read() -> None:
    for text in _chatter(1, 1_500, 14):
        read(text, NOW)
        read_period(text, NOW)


def test_the_longest_text_takes_no_longer_than_its_length() -> None:
    """No pattern goes back over what it has read: ten times the words take about ten times as long, never a hundred."""

    def spent(text: str) -> float:
        best = 9.0
        for _ in range(3):
            start = time.thread_time()
            read(text, NOW)
            best = min(best, time.thread_time() - start)
        return best

    for word in [*_chatter(2, 20, 3), "tarde", "dom", "h 6", "às 10 e", "não posso terça,", "de 10 a", "dia 10 ou"]:
        short = spent(((word + " ") * 40)[:190].strip())
        assert spent(((word + " ") * 400)[:1_900].strip()) < 60 * max(short, 0.0005)
    for text in _chatter(3, 5, 900):
        assert read(text[:4_096] + " x" * 2_000, NOW).kind is Kind.NONE
