"""Whole dialogues without a model, against an agenda in memory; what was written at the end is what counts.

`ODYS_CONVERSATIONS=30000` makes more of those that nobody would have thought of.
"""

import os
import re
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.rules import RulesBrain
from bot.models.enums import Role
from bot.whatsapp.outgoing import Choices

from .dialogues import ALL, CARLOS, DAY, THURSDAY, TUESDAY, Dialogue, client
from .fake_toolbox import NOW, PROFESSIONAL, ZONE, Agenda, Service, on
from .phone import Phone, later


def phone_for(dialogue: Dialogue) -> Phone:
    agenda = Agenda(**dialogue.agenda)
    for visit in dialogue.seed:
        agenda.put(*visit[:3], **(visit[3] if len(visit) > 3 else {}))
    return Phone(RulesBrain(), agenda, dialogue.role)


async def play(phone: Phone, script: str) -> None:
    heard = ""
    for line in filter(None, map(str.strip, script.splitlines())):
        mark, _, text = line.partition(" ")
        text = text.replace("⏎", "\n")
        if mark == ">":
            heard = await (phone.taps(text[1:-1]) if text.startswith("[") else phone.says(text))
        else:
            assert bool(re.search(text, heard)) is (mark == "<"), f"{line!r} after {heard!r}"


def agreed(phone: Phone) -> list[str]:
    """Return what was agreed to as "book Corte 24/11 9:30"."""
    names = {"book_appointment": "book", "cancel_appointment": "cancel", "reschedule_appointment": "move"}
    found = []
    for tool, arguments in phone.done:
        words = [names.get(tool) or arguments["action"], arguments.get("service_id", "")]
        if start := arguments.get("start"):
            at = datetime.fromisoformat(start)
            words += [f"{at:%d/%m}", f"{at.hour}:{at:%M}"]
        found.append(" ".join(filter(None, words)))
    return found


@pytest.mark.parametrize("dialogue", ALL, ids=lambda each: f"{each.role}: {each.name}")
async def test_dialogue(dialogue: Dialogue) -> None:
    phone = phone_for(dialogue)
    await play(phone, dialogue.script)
    assert agreed(phone) == [*dialogue.done]


# Nobody was chosen yet.


def stranger() -> Phone:
    return Phone(RulesBrain(), Agenda(), professional_id=None)


async def test_a_stranger_is_greeted_and_finds_a_professional_by_name() -> None:
    phone = stranger()
    assert "Odys" in await phone.says("oi")
    assert "Rafael Nogueira" in await phone.says("quero marcar com o Rafael")
    assert phone.professional_id == PROFESSIONAL
    # What was asked comes next, without being said again.
    assert "Qual serviço" in await phone.taps("Marcar horário")


async def test_what_a_stranger_asked_for_is_remembered_until_a_professional_is_chosen() -> None:
    phone = stranger()
    assert "nome" in await phone.says("queria marcar um corte amanhã às 10h")
    await phone.says("rafael-nogueira")
    # The turn answers it at once: see the scenario of that name.
    assert phone.dialog["then"] == "queria marcar um corte amanhã às 10h"


async def test_two_professionals_of_one_name_are_shown() -> None:
    phone = stranger()
    await phone.says("Bruna")
    assert phone.titles == ["Bruna Dias", "Bruna Teixeira"]
    assert all(option.startswith("pro:") for option in phone.state["menu"])


async def test_an_unknown_professional_is_said_so() -> None:
    phone = stranger()
    assert "“Xavier”" in await phone.says("Xavier")
    assert "Rafael" in await phone.says("rafael")


async def test_a_client_may_turn_to_another_professional() -> None:
    phone = phone_for(client("", ""))
    assert "Com quem" in await phone.says("quero outro profissional")
    assert "Bruna Dias" in await phone.says("Bruna Dias")
    assert phone.professional_id != PROFESSIONAL


# Buttons of other messages.


@pytest.mark.parametrize(("verb", "words"), [("move", "livres"), ("cancel", "Quer mesmo")])
async def test_a_button_of_a_reminder_goes_to_its_appointment(verb: str, words: str) -> None:
    phone = phone_for(client("", "", seed=[TUESDAY, THURSDAY]))
    assert words in await phone.gets(f"{verb}:{phone.agenda.visits[1].id}")
    await phone.says("sexta 10h" if verb == "move" else "sim")
    await phone.says("sim")
    assert agreed(phone) == (["move 27/11 10:00"] if verb == "move" else ["cancel"])


async def test_a_button_of_an_appointment_that_is_gone_is_old() -> None:
    phone = phone_for(client("", ""))
    assert "antiga" in await phone.gets("move:7e9f7d6e-0000-4000-8000-000000000000")


async def test_a_time_offered_for_an_appointment_moves_it_and_books_nothing_new() -> None:
    """After a refused move the turn itself offers times; a tap on one must not become a second appointment."""
    phone = phone_for(client("", "", seed=[TUESDAY]))
    kept = {"kind": "slot", "start": on(27, 10), "service_id": "Corte", "appointment_id": phone.agenda.visits[0].id}
    phone.state["tokens"] = {"abc": kept}
    assert "→ sexta, 27/11, às 10h" in await phone.gets("slot:abc")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "payload",
    ["slot:zzz", "service:zzz", "client:zzz", "appt:zzz", "do:zzz", "do:next", "do:new", "do:drop", "xx", ":", "pro:1"],
)
async def test_a_tap_without_its_question_changes_nothing(role: Role, payload: str) -> None:
    phone = Phone(RulesBrain(), Agenda(), role)
    assert await phone.gets(payload)
    assert phone.pending is None


@pytest.mark.parametrize(
    "name", ["agenda", "book", "mine", "cancel", "move", "help", "person", "prices", "hours", "address", "revenue"]
)
@pytest.mark.parametrize("role", list(Role))
async def test_every_menu_option_is_answered(role: Role, name: str) -> None:
    phone = Phone(RulesBrain(), Agenda(), role)
    assert await phone.gets(f"do:{name}")


# Time, other brains, trouble.


async def test_a_time_tapped_while_it_is_asked_which_appointment_moves_is_where_it_goes() -> None:
    phone = phone_for(client("", "", seed=[TUESDAY, THURSDAY]))
    await phone.says("quero marcar um corte na sexta")
    friday = phone.state["menu"][0]
    assert "qual horário" in await phone.says("remarcar")
    assert "qual horário" in await phone.gets(friday)
    await phone.taps("qui 26/11, 15h")
    await phone.says("sim")
    assert agreed(phone) == ["move 27/11 9:00"]


async def test_a_service_tapped_while_it_is_asked_which_appointment_moves_begins_another() -> None:
    phone = phone_for(client("", "", seed=[TUESDAY, THURSDAY]))
    await phone.says("quero um horário amanhã")
    service = phone.state["menu"][0]
    await phone.says("remarcar")
    assert "livres para *Corte*" in await phone.gets(service)
    await phone.says("a primeira")
    await phone.says("sim")
    assert [line.split()[0] for line in agreed(phone)] == ["book"]


async def test_a_question_of_this_morning_is_not_answered_tonight() -> None:
    phone = phone_for(client("", ""))
    await phone.says("corte amanhã")
    later(phone, hours=9)
    assert "marcar, remarcar" in await phone.says("oi")


async def test_a_tap_on_this_mornings_list_still_moves_the_appointment() -> None:
    phone = phone_for(client("", "", seed=[TUESDAY]))
    await phone.says("quero remarcar pra sexta")
    later(phone, hours=9)
    assert "→ sexta, 27/11, às 9h" in await phone.taps("9h")


async def test_the_time_is_taken_while_the_list_is_looked_at() -> None:
    phone = phone_for(client("", ""))
    await phone.says("corte amanhã")
    phone.agenda.put(CARLOS, "Corte", "2026-11-24 09:00")
    heard = await phone.taps("9h")
    assert "acabou de ser ocupado" in heard
    assert "ter 24/11, 9h30" in heard


async def test_what_another_brain_proposed_can_be_corrected() -> None:
    """The model asked, then the service went down: the rules take over in the middle."""
    phone = phone_for(client("", ""))
    await phone.says("corte amanhã às 9h")
    phone.state["dialog"] = {}
    assert "às 11h" in await phone.says("não, às 11h")


@pytest.mark.parametrize("text", ["não, sexta", "sim, mas às 11h", "não, sexta às 11h"])
async def test_a_move_that_another_brain_proposed_is_corrected_as_a_move(text: str) -> None:
    phone = phone_for(client("", "", seed=[TUESDAY]))
    await phone.says("remarca pra quinta 10h")
    phone.state["dialog"] = {}
    await phone.says(text)
    if phone.pending is not None:
        assert phone.pending.tool == "reschedule_appointment"


async def test_a_foreign_question_keeps_waiting_while_something_is_asked() -> None:
    phone = phone_for(client("", ""))
    await phone.says("corte amanhã às 9h")
    phone.state["dialog"] = {}
    assert "R$ 50,00" in await phone.says("quanto custa?")
    await phone.says("sim")
    assert agreed(phone) == ["book Corte 24/11 9:00"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "text",
    [
        "corte amanhã 9h",
        "cancela meu horário",
        "quem tenho hoje?",
        "marca a Ana amanhã",
        "quanto custa?",
        "remarca",
        "oi",
    ],
)
async def test_refusing_tools_still_get_an_answer(role: Role, text: str) -> None:
    phone = Phone(RulesBrain(), Agenda(), role, down=True)
    assert await phone.says(text)


async def test_the_state_of_others_is_left_alone() -> None:
    phone = phone_for(client("", ""))
    phone.state = {"tokens": {"keep": {"kind": "slot"}}, "flow": {"step": "name"}, "later": 1}
    await phone.says("corte amanhã")
    assert phone.state["flow"] == {"step": "name"}
    assert phone.state["later"] == 1
    assert "keep" in phone.state["tokens"]


async def test_a_long_list_of_services_fits_one_bubble_and_can_be_typed() -> None:
    services = [Service(f"Tratamento capilar completo número {n} com escova", 30, 1000 * n) for n in range(1, 25)]
    phone = phone_for(client("", "", services=[*services, Service("Corte", 30, 5000)]))
    await phone.says("quero marcar")
    assert isinstance(phone.last, Choices)
    assert "livres para *Corte*" in await phone.says("corte")


async def test_dialogues_are_the_same_on_every_day_of_the_year() -> None:
    """Nothing depends on the Monday of the other tests."""
    for days in range(0, 365, 13):
        phone = phone_for(client("", ""))
        later(phone, days=days)
        assert "livres para *Corte*" in await phone.says("corte na próxima terça de manhã")


WORDS = st.sampled_from(
    [
        "oi",
        "sim",
        "não",
        "corte",
        "barba",
        "amanhã",
        "sexta",
        "às 16h",
        "15h",
        "de tarde",
        "cancelar",
        "remarcar",
        "marcar",
        "quero",
        "esquece",
        "outro",
        "o segundo",
        "1",
        "2",
        "9",
        "quanto custa?",
        "mais tarde",
        "Júlia",
        "Ana",
        "a Ana não veio",
        "confirma",
        "pagou",
        "quem tenho hoje?",
        "marca a Júlia",
        "passa pra sexta",
        "👍",
        "?",
        "11 98888-7777",
        "faturamento",
        "terminei",
        "obrigado",
        "semana que vem",
        "sexta ou sábado",
        "ontem",
        "xyz",
        "novo",
        "domingo às 3 da manhã",
    ]
)


# The later numbers are of what was shown last.
SAID, TAPPED = st.one_of(WORDS, st.text(max_size=40)), st.integers(-9, 30)


@settings(max_examples=int(os.environ.get("ODYS_CONVERSATIONS", "150")), deadline=None)
@given(
    st.sampled_from(Role),
    st.booleans(),
    st.lists(st.one_of(SAID, TAPPED, st.lists(WORDS, min_size=2, max_size=4).map(" ".join)), max_size=12),
)
async def test_any_conversation_gets_one_answer_a_turn(role: Role, chosen: bool, turns: list[str | int]) -> None:
    """Whatever is said, and tapped of all that was shown: one bubble within Meta's limits, nothing written unasked."""
    agenda = Agenda()
    for visit in (*DAY, TUESDAY, THURSDAY):
        agenda.put(*visit[:3], **(visit[3] if len(visit) > 3 else {}))
    phone = Phone(RulesBrain(), agenda, role, PROFESSIONAL if chosen or role is Role.PROFESSIONAL else None)
    for turn in turns:
        if isinstance(turn, str):
            assert await phone.says(turn)
        elif phone.shown:
            assert await phone.gets(phone.shown[turn % len(phone.shown)])


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("piece", ["a", "cancelar ", "amanhã ", "11 98888-7777 ", "Júlia ", "🎉", "\u0000"])
async def test_a_wall_of_text_is_answered(role: Role, piece: str) -> None:
    phone = Phone(RulesBrain(), Agenda(), role)
    assert await phone.says((piece * 65_536)[:65_536])


def test_the_tests_begin_on_a_monday_morning() -> None:
    assert (NOW.weekday(), NOW.hour, NOW.tzinfo) == (0, 10, ZONE)
