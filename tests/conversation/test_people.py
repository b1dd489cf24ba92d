"""Names are what is left of a message: a wrong one would be booked under somebody else's name."""

from datetime import datetime

import pytest

from bot.conversation.reading.people import called, people_in
from bot.conversation.reading.wish import Said

from .fake_toolbox import NOW, ZONE

SERVICES = frozenset({"corte", "barba", "feminino"})

NAMED = """
marca a Júlia quinta às 15h: Júlia
marca a julia quinta as 15h: julia
agenda o Pedro amanhã 10h corte: Pedro
agenda pedro amanhã 10h: pedro
MARCA A ANA AMANHÃ: ANA
agendar a cliente Ana Paula de Souza quinta 16h: Ana Paula de Souza
marca a Dona Lúcia às 9h de sexta: Lúcia
a julia n veio hj: julia
conclui o corte do pedro: pedro
passa a Ana das 10 pras 11: Ana
troca a Júlia de quinta pra sexta: Júlia
me passa o numero da Bia: Bia
o pix do João caiu: João
marca um corte feminino pra Júlia segunda 10h: Júlia
bota o Zé pra sexta 9h: Zé
marca o Júlio quinta: Júlio
marca o Augusto amanhã: Augusto
marca a Márcia sexta: Márcia
marca o Marcos e sexta: Marcos
marca a Vitória domingo: Vitória
quando a Ana veio pela última vez?: Ana
agenda joão batista da rocha 12/12 10h: joão batista da rocha
coloca d'Ávila amanhã: d'Ávila
marca a Ana e o Pedro amanhã: Ana, Pedro
confirma o das 15h: -
quem tenho hoje?: -
quem é o 11 98888-7777?: -
cancela: -
remarca o das 15h pra 16h: -
"""


@pytest.mark.parametrize("line", NAMED.strip("\n").splitlines())
def test_who_is_named(line: str) -> None:
    text, _, names = line.rpartition(":")
    said = Said.read(text, NOW)
    assert ", ".join(people_in(said.rest, besides=SERVICES)) == names.strip(" -")


@pytest.mark.parametrize(
    ("name", "full", "fits"),
    [
        ("Júlia", "Júlia Ramos", 2),
        ("julia ramos", "Júlia Ramos", 2),
        ("Ramos", "Júlia Ramos", 2),
        ("ju", "Júlia Ramos", 1),
        ("Julia", "Juliana Prado", 1),
        ("Ana Souza", "Ana Paula de Souza", 2),
        ("Souza Ana", "Ana Paula de Souza", 0),
        ("Carla", "Carlos Lima", 0),
        ("", "Carlos Lima", 0),
        ("j", "Júlia Ramos", 0),
    ],
)
def test_how_well_a_name_fits(name: str, full: str, fits: int) -> None:
    assert called(name, full) == fits


def test_the_tests_read_dates_in_the_right_zone() -> None:
    assert Said.read("hoje", NOW).when.day == datetime.now(ZONE).replace(2026, 11, 23).date()
