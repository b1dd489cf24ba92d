"""Eight hundred short answers and wishes as they are typed: a yes is one only when nothing about it is in doubt."""

from collections import defaultdict
from pathlib import Path

import pytest

from bot.conversation.reading.choosing import chosen
from bot.conversation.reading.intents import understand
from bot.conversation.reading.vocabulary import unaccented
from bot.conversation.reading.yesno import read_yes_no
from bot.models.enums import Role

PHRASES: defaultdict[str, list[str]] = defaultdict(list)
for row in (Path(__file__).parent / "words_said.txt").read_text().splitlines():
    if not row.startswith("#"):
        head, _, texts = row.partition(": ")
        PHRASES[head] += texts.split(" | ")

MEANINGS = {"yes": True, "no": False, "neither": None}
WISHES = [head for head in PHRASES if head.startswith("intent ")]
TIMES = ["A", "B", "C", "D"]


def _ways(text: str) -> tuple[str, ...]:
    return text, unaccented(text), text.upper(), f"  {text.replace(' ', '  ')} "


@pytest.mark.parametrize(("head", "meaning"), MEANINGS.items())
def test_yes_no_and_neither(head: str, meaning: bool | None) -> None:
    assert len(PHRASES[head]) > 90
    assert not [way for text in PHRASES[head] for way in _ways(text) if read_yes_no(way) is not meaning]


def test_a_doubt_beside_it_leaves_no_yes() -> None:
    doubts = "acho que {}|talvez {}|{}?|{}, mas às 16h|{} se der|não sei, {}|{}, depois confirmo|{} 🤔|será que {}"
    doubted = [doubt.format(text) for text in PHRASES["yes"] for doubt in doubts.split("|")]
    assert not [text for text in doubted if read_yes_no(text) is True]


@pytest.mark.parametrize("place", [*TIMES, "-"])
def test_a_choice_by_its_place(place: str) -> None:
    wanted = None if place == "-" else place
    assert not [way for text in PHRASES[place] for way in _ways(text) if chosen(way, TIMES, alike=True) != wanted]


@pytest.mark.parametrize("head", WISHES)
def test_a_wish_typed_in_haste(head: str) -> None:
    answers = {text: str(understand(text, Role.CLIENT).intent) for text in PHRASES[head]}
    assert not {text: answer for text, answer in answers.items() if answer != head.removeprefix("intent ")}
