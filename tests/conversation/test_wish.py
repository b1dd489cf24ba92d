"""A wish grows over several messages, and what it becomes must be read back as the very same time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.dates import Kind, read
from bot.conversation.dialogue.picking import move_in
from bot.conversation.reading.catalogue import meant
from bot.conversation.reading.choosing import chosen
from bot.conversation.reading.wish import Said, Wish

from .fake_toolbox import NOW


def gathered(*texts: str) -> Wish:
    wish = Wish()
    for text in texts:
        for found in Said.read(text, NOW).wishes:
            wish = wish.then(found)
    return wish


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["sexta"], "27/11/2026"),
        (["sexta", "de tarde"], "27/11/2026 à tarde"),
        (["sexta", "de tarde", "não, às 16h"], "27/11/2026 às 16:00"),
        (["sexta", "às 16h", "na verdade quinta"], "26/11/2026 às 16:00"),
        (["às 16h"], "às 16:00"),
        (["quinta", "depois das 18h"], "26/11/2026 depois das 18:00"),
        (["amanhã entre 14h e 16h"], "24/11/2026 entre 14:00 e 16:00"),
        (["quinta até as 12h"], "26/11/2026 antes das 12:00"),
        (["sexta às 10h", "semana que vem"], "semana que vem"),
        (["semana que vem", "quinta"], "26/11/2026"),
        (["corte de 10 a 20/12"], "de 10/12 a 20/12"),
        (["entre 10 a 20/12", "de manhã"], "de 10/12 a 20/12 de manhã"),
        (["oi", "tudo bem"], ""),
    ],
)
def test_a_wish_over_several_messages(texts: list[str], words: str) -> None:
    assert gathered(*texts).words() == words


@given(
    st.dates(min_value=NOW.date().replace(day=25), max_value=NOW.date().replace(year=2027)),
    st.integers(4, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}"),
)
def test_a_wish_is_read_back_as_it_was_meant(day: object, hour: str) -> None:
    when = read(Wish(str(day), hour).words(), NOW)
    assert when.time is not None
    assert (when.kind, str(when.day), f"{when.time:%H:%M}") == (Kind.POINT, str(day), hour)


def test_a_wish_keeps_its_shape_in_the_conversation() -> None:
    wish = Wish(day="2026-11-27", part="afternoon")
    assert Wish.load(wish.dump()) == wish
    assert Wish.load(None) == Wish()
    assert Wish.load({"day": "2026-11-27", "unknown": 1}) == Wish(day="2026-11-27")


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("passa o de quinta pra sexta 10h", "2026-11-26", "27/11/2026 às 10:00 da manhã"),
        ("remarca de quinta para sexta", "2026-11-26", "27/11/2026"),
        ("muda das 10 pras 11", "10:00", "às 11:00 da manhã"),
        ("remarcar o de quinta", "2026-11-26", ""),
        ("remarcar pra quinta", "", "26/11/2026"),
        ("remarcar sexta 10h", "", "27/11/2026 às 10:00 da manhã"),
        ("remarcar", "", ""),
    ],
)
def test_from_where_to_where(text: str, source: str, target: str) -> None:
    move = move_in(Said.read(text, NOW), NOW)
    known = move.source.time.isoformat("minutes") if move.source.time else str(move.source.day or "")
    assert (known, " ".join(wish.words() for wish in move.wishes)) == (source, target)


SERVICES = [{"name": name} for name in ("Corte", "Barba", "Corte e barba", "Unha em gel", "Hidratação", "Pé e mão")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("queria cortar o cabelo", ["Corte"]),
        ("corte e barba", ["Corte e barba"]),
        ("barba e corte", ["Corte e barba"]),
        ("fazer as unhas", ["Unha em gel"]),
        ("hidratar", ["Hidratação"]),
        ("pe e mao", ["Pé e mão"]),
        ("massagem", []),
        ("", []),
    ],
)
def test_which_service_is_meant(text: str, names: list[str]) -> None:
    assert [service["name"] for service in meant(text, SERVICES)] == names


def test_one_word_of_several_services_is_asked_about() -> None:
    services = [{"name": "Corte feminino"}, {"name": "Corte masculino"}]
    assert len(meant("corte", services)) == 2
    assert meant("corte masculino", services) == [services[1]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("o primeiro", 0),
        ("pode ser o segundo", 1),
        ("a segunda opção", 1),
        ("quero a terceira", 2),
        ("o último", 3),
        ("opção 2", 1),
        ("tanto faz", 0),
        ("qualquer um", 0),
        # These may be days of the week.
        ("segunda", None),
        ("a segunda", None),
        ("quinta", None),
        ("o décimo", None),
        ("primeiro eu preciso ver uma coisa", None),
        ("o quinto", None),
    ],
)
def test_which_place_of_the_list(text: str, place: int | None) -> None:
    assert chosen(text, [0, 1, 2, 3], alike=True) == place
