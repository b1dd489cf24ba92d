"""What people read: the 19 messages and the chat texts, with real values, without slips of Portuguese."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError, meta

from bot.models.enums import Role
from bot.notify.fit import clip, length, one_line, unformatted
from bot.notify.message import Message
from bot.notify.messages import (
    MESSAGES,
    BookingConfirmed,
    BookingRequested,
    BookingRequestReceived,
    DailyAgenda,
    LoginCode,
    PaymentRequest,
    WaitlistOffer,
    from_json,
)
from bot.notify.meta import EXAMPLES, example
from bot.notify.render import chat, in_window, names
from bot.settings import templates_directory
from bot.whatsapp.outgoing import Choices, Text, plain

NAMES = [
    "booking_requested",
    "booking_request_received",
    "booking_confirmed",
    "booking_rejected",
    "booking_rejected_receipt",
    "booking_cancelled_by_client",
    "booking_cancelled_receipt",
    "booking_cancelled_by_professional",
    "booking_rescheduled",
    "reminder_24h",
    "reminder_2h",
    "daily_agenda",
    "payment_request",
    "payment_received",
    "review_request",
    "no_show_notice",
    "series_booked",
    "waitlist_offer",
    "login_code",
]
TO_PROFESSIONAL = {
    "booking_request_received",
    "booking_rejected_receipt",
    "booking_cancelled_by_client",
    "daily_agenda",
}

# Every chat text and the values it takes, with a ? where one may be empty: what the turn, the tools and the
# brains rely on.
CHAT = {
    "address": "address",
    "address_unknown": "professional",
    "agenda": "count day lines",
    "agenda_empty": "day",
    "already_booked": "when",
    "already_done": "",
    "already_there": "",
    "amount_differs": "named price",
    "ask_block_day": "",
    "ask_block_each": "",
    "ask_client": "",
    "ask_client_name": "",
    "ask_cpf": "",
    "ask_day": "service",
    "ask_deadline": "now",
    "ask_each_price": "",
    "ask_first_client": "names",
    "ask_holiday": "day lines? name",
    "ask_hours": "",
    "ask_length": "",
    "ask_minutes": "",
    "ask_new_address": "",
    "ask_new_name": "phone",
    "ask_new_service": "",
    "ask_one_deadline": "",
    "ask_one_pix_key": "",
    "ask_open_hours": "",
    "ask_other_service": "",
    "ask_person": "professional",
    "ask_pix_key": "",
    "ask_price": "",
    "ask_professional": "",
    "ask_rhythm": "",
    "ask_rhythm_hour": "client",
    "ask_series_target": "",
    "ask_service": "professional",
    "ask_service_for": "client",
    "ask_service_length": "",
    "ask_service_price": "",
    "ask_service_waitlist": "",
    "ask_waitlist_day": "",
    "ask_whom": "",
    "ask_whose_card": "",
    "asked_again": "",
    "attendance_thanks": "when",
    "booking_confirmed_invited": "",
    "booking_request_received_note": "note",
    "bot_back": "",
    "bye": "",
    "cancelled_unlisted": "",
    "client_card": "last_visit? name next_visit? no_shows? notes_count? phone? visits",
    "client_new": "name phone",
    "client_no_other": "client",
    "client_not_there": "name",
    "client_unknown": "name",
    "client_visits": "client lines?",
    "closing": "",
    "code_not_asked": "",
    "confirm_block": "from_hour? instead? lines? to_hour? when",
    "confirm_booking": "duration price? professional service when",
    "confirm_booking_for": "client duration price? service when",
    "confirm_cancel": "late? professional service when",
    "confirm_cancel_for": "client service when",
    "confirm_cancel_series": "count first last? late? other service",
    "confirm_cpf": "client? cpf",
    "confirm_deadline": "hours? late?",
    "confirm_duration": "new old service",
    "confirm_hours": "lines?",
    "confirm_late": "client hour minutes service",
    "confirm_leave_waitlist": "client? service when",
    "confirm_move_series": "client lines? old_when others? service when",
    "confirm_open": "when",
    "confirm_payment_request": "amount client service when",
    "confirm_pix_key": "key kind",
    "confirm_price": "new old service",
    "confirm_reschedule": "late? old_when professional service when",
    "confirm_reschedule_for": "client old_when service when",
    "confirm_series": "client count duration endless? first last lines? price? rhythm service",
    "confirm_services": "lines",
    "confirm_status": "action_phrase client price? service when",
    "confirm_swap": "lines",
    "confirm_waitlist": "professional service when",
    "date_not_understood": "",
    "day_past": "",
    "declined": "",
    "discount_for_some": "",
    "done_blocked": "lines? when",
    "done_booked": "client service when",
    "done_cancelled": "client service when",
    "done_cancelled_series": "client count first service",
    "done_completed": "client service when",
    "done_confirmed": "client service when",
    "done_cpf": "client?",
    "done_deadline": "hours?",
    "done_hours": "lines?",
    "done_late": "client hour",
    "done_left_waitlist": "",
    "done_moved_series": "client count first service",
    "done_no_show": "client service when",
    "done_opened": "when",
    "done_paid": "client service when",
    "done_payment_requested": "amount client service when",
    "done_pix_key": "key",
    "done_price": "price service",
    "done_rescheduled": "client service when",
    "done_series": "client count first rhythm service",
    "done_services": "lines",
    "done_swap": "lines",
    "done_waitlist": "service when",
    "edited_too_late": "",
    "every_week_hint": "",
    "expired_question": "",
    "first_stays": "",
    "foreign_button": "",
    "free_times": "lines more? service",
    "greeting_client": "name? professional",
    "greeting_professional": "name",
    "greeting_unknown": "",
    "help_client": "professional",
    "help_professional": "",
    "holiday_closed": "day lines? name",
    "holiday_worked": "day name",
    "holidays": "day lines",
    "hours": "lines",
    "hours_not_understood": "",
    "kept": "",
    "late_one_by_one": "lines name",
    "late_today": "",
    "link_hint": "",
    "login_code_unknown": "",
    "login_denied": "",
    "login_granted": "",
    "login_question": "",
    "missed": "lines? period",
    "mode_client": "",
    "mode_professional": "name",
    "model_turns_used": "limit more plan? price",
    "my_address": "address?",
    "my_appointments": "lines",
    "my_cpf": "client? cpf?",
    "my_link": "link slug",
    "my_pix": "key?",
    "my_waitlist": "lines",
    "name_known": "name professional",
    "nearest_times": "",
    "next_client": "client hour service",
    "no_appointments": "",
    "no_fee": "",
    "no_free_times": "day_phrase",
    "no_hurry": "",
    "no_other_appointment": "",
    "no_series": "name",
    "no_services": "professional",
    "no_times": "day_phrase service",
    "no_times_soon": "service",
    "no_times_then": "day_phrase service",
    "nobody_else": "",
    "nobody_for_all": "day? waiting?",
    "nobody_next": "",
    "nobody_to_call": "",
    "not_then": "",
    "not_understood": "",
    "notes_elsewhere": "",
    "nothing_changed": "",
    "nothing_pending": "",
    "nothing_waits": "",
    "offer_times": "day_phrase service",
    "old_button": "",
    "one_at_a_time": "",
    "one_by_one": "closing? count day? verb",
    "one_of_named": "",
    "one_of_several": "rest what",
    "one_or_all": "",
    "opted_in": "",
    "opted_out": "",
    "own_number": "professional",
    "payments_file": "count period total",
    "person_called": "hours professional",
    "person_called_notice": "client",
    "phone_without_area": "phone",
    "plan": "lines plan price",
    "presence_apart": "when",
    "price_at_once": "",
    "prices": "lines",
    "professional_candidates": "",
    "professional_chosen": "profession? professional",
    "professional_is": "profession? professional",
    "professional_not_found": "query",
    "rated_badly": "professional",
    "rated_fair": "professional",
    "rated_well": "",
    "rating_range": "",
    "receipts_file": "count lines? period total",
    "receipts_none": "lines period",
    "released": "",
    "remark_kept": "remark several?",
    "revenue": "count paid period previous_period previous_total? total",
    "revenue_chart": "period previous_period previous_total total",
    "revenue_each": "lines",
    "revenue_line": "count paid period total",
    "revenue_whole": "",
    "running_late": "client hour minutes professional",
    "series_with_professional": "professional",
    "service_not_understood": "",
    "service_stays": "service",
    "service_unlisted": "professional services",
    "shorter_day": "hours later?",
    "shorter_which_day": "",
    "shorter_which_hours": "",
    "signup_ask_address": "",
    "signup_ask_hours": "",
    "signup_ask_name": "",
    "signup_ask_profession": "",
    "signup_ask_service": "",
    "signup_done": "link name slug",
    "signup_exists": "name",
    "signup_hours_set": "lines",
    "signup_service_added": "duration price service",
    "signup_start": "",
    "signup_stopped": "",
    "slot_gone": "",
    "slot_gone_alone": "",
    "sorry": "",
    "still_free": "",
    "swap_next": "service when",
    "swap_no_room": "new old reason",
    "swap_service": "new old person?",
    "tells_by_itself": "",
    "text_too_long": "limit",
    "thanks": "",
    "too_many_messages": "",
    "trouble": "",
    "typed_by_hand_notice": "client hours",
    "undo_anew": "action?",
    "undo_anew_by_hand": "action?",
    "undo_confirmed": "",
    "undo_impossible": "action?",
    "undo_nothing": "",
    "unpaid": "lines?",
    "unsupported_message": "kind",
    "voice_failed": "",
    "voice_heard": "transcript",
    "voice_not_in_plan": "plan price",
    "voice_too_long": "",
    "waiting_for_nothing": "",
    "waiting_requests": "",
    "waitlist": "lines",
    "waitlist_empty": "",
    "whether_paid": "lines? name",
    "which_appointment": "",
    "which_client": "name",
    "which_day": "",
    "which_question": "",
    "which_waitlist": "",
    "who_client": "professional",
    "who_professional": "",
}
# One bubble on a small phone; help is the one text that may fill a screen.
BUBBLE = 420

# Words that exist only with their accents, as a hurried hand types them.
UNACCENTED = """
    nao voce voces horario horarios servico servicos preco precos endereco duracao amanha sabado terca marco entao
    tambem ate ja so la voltara proximo proximos proxima ultimo ultima pagina numero codigo agendara confirmacao
    alteracao opcao opcoes informacao ha sera estara possivel disponivel audio video audios videos presenca avaliacao
    comentario mes pos-pago apos tera tres varios varias profissao psicologa agencia minimo maximo periodo
"""


@pytest.fixture(scope="module", params=MESSAGES.values(), ids=lambda cls: cls.name)
def cls(request: pytest.FixtureRequest) -> type[Message]:
    found: type[Message] = request.param
    return found


def source(folder: str, name: str) -> str:
    return (templates_directory() / folder / f"{name}.txt.j2").read_text()


def files(folder: str) -> set[str]:
    return {path.name.removesuffix(".txt.j2") for path in (templates_directory() / folder).iterdir()}


def test_there_are_the_19_each_with_one_file() -> None:
    assert list(MESSAGES) == NAMES
    assert files("whatsapp") == set(NAMES) == set(names("whatsapp"))
    assert {name for name, cls in MESSAGES.items() if cls.audience is Role.PROFESSIONAL} == TO_PROFESSIONAL


def test_each_shows_every_value_it_has_and_decides_nothing(cls: type[Message]) -> None:
    text = source("whatsapp", cls.name)
    assert meta.find_undeclared_variables(Environment().parse(text)) == set(cls.variables())
    assert "{%" not in text


def test_the_facts_are_in_the_text(cls: type[Message]) -> None:
    shown = plain(in_window(example(cls)))
    for name in cls.variables():
        for part in EXAMPLES[name].split(" · "):
            assert part in shown
    assert not re.search(r"[{}]|\n{3}| \n|  ", shown)


def test_it_survives_the_queue(cls: type[Message]) -> None:
    message = example(cls)
    assert from_json(cls.name, message.to_json()) == message


def test_a_forgotten_value_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        chat("ask_day")


def test_buttons_carry_the_verb_and_the_appointment() -> None:
    received = BookingRequestReceived(
        client="Júlia", service="Corte", when="hoje", price="R$ 50,00", appointment_id="7"
    )
    shown = in_window(received)
    assert isinstance(shown, Choices)
    assert shown.as_buttons
    assert [(option.id, option.title) for option in shown.options] == [
        ("confirm:7", "Confirmar"),
        ("reject:7", "Recusar"),
    ]
    verbs = [(button.title, button.verb) for button in MESSAGES["reminder_24h"].buttons]
    assert verbs == [("Confirmar", "attend"), ("Remarcar", "move"), ("Cancelar", "cancel")]


def test_a_waitlist_offer_carries_its_entry() -> None:
    offer = WaitlistOffer(client="Ana", professional="Rafael", service="Corte", when="hoje", until="18h", entry_id="9")
    assert offer.payloads == ("accept:9", "decline:9")


def test_only_a_confirmed_row_is_called_confirmed() -> None:
    requested = plain(in_window(example(BookingRequested)))
    assert "confirmado" not in requested.lower()
    assert plain(in_window(example(BookingConfirmed))).startswith("Horário confirmado, Júlia!")


def test_urgent_things_leave_first() -> None:
    by_urgency = sorted(MESSAGES.values(), key=lambda cls: cls.priority)
    assert by_urgency[0] is LoginCode
    assert {cls.name for cls in MESSAGES.values() if cls.priority == 7} == {"reminder_24h", "reminder_2h"}
    assert {cls.name for cls in MESSAGES.values() if cls.priority == 8} == {"daily_agenda", "review_request"}


def confirmed(**changes: str) -> str:
    return plain(in_window(from_json("booking_confirmed", example(BookingConfirmed).to_json() | changes)))


def test_without_an_address_it_says_whom_to_ask() -> None:
    assert "Local: combine com Rafael Barbosa\n" in confirmed(address=" \n")
    assert "combine com {professional}" in confirmed(address="", professional="{professional}")


def test_values_cannot_format_run_or_break_the_text() -> None:
    assert "Horário confirmado, Ana Maria _de_Souza!".replace("_de", "de") in confirmed(
        client="*Ana*\n\nMaria  _de_Souza~"
    )
    assert "Serviço: *{77}*" in confirmed(service="{{7*7}}")


def test_a_pix_code_is_never_touched_and_stands_alone_on_its_line() -> None:
    code = "00020126" + "9" * 480 + "0503***6304A1B2"
    shown = plain(in_window(from_json("payment_request", example(PaymentRequest).to_json() | {"pix_code": code})))
    assert code in shown.splitlines()


def test_the_daily_agenda_has_one_appointment_a_line() -> None:
    shown = in_window(example(DailyAgenda))
    assert isinstance(shown, Text)
    assert "9h Júlia (Corte)\n10h30 Pedro (Barba)\n15h Ana (Corte e barba)\n" in shown.body


def test_cleaning() -> None:
    assert one_line("\x00a\t\n b\u200b  c ") == "a b c"
    assert one_line("\u200d\ufe0f") == ""
    assert unformatted("*snake_case* _x_ ~y~ `z`") == "snake_case x y z"
    assert unformatted("👩‍👧 João") == "👩‍👧 João"
    assert clip("abcdef", 4) == "abc…"
    assert length(clip("💈" * 9, 8)) <= 8
    assert clip("abc", 3) == "abc"


def test_chat_texts_take_exactly_these_values() -> None:
    assert files("chat") == set(CHAT) == set(names("chat"))
    for name, variables in CHAT.items():
        tree = Environment().parse(source("chat", name))
        assert meta.find_undeclared_variables(tree) == set(variables.replace("?", "").split()), name


@pytest.mark.parametrize("name", CHAT)
def test_each_chat_text_is_one_short_bubble(name: str) -> None:
    for optional in ("Corte", ""):
        values = {key.rstrip("?"): optional if key.endswith("?") else "Corte" for key in CHAT[name].split()}
        shown = chat(name, **values)
        assert 0 < len(shown) <= BUBBLE
        assert not re.search(r"[{}]|\n{3}|[^\n]  ", shown)


def test_lines_keep_their_breaks_and_quotes_do_not() -> None:
    assert chat("my_appointments", lines="*1.* hoje\n*2.* amanhã").endswith("\n\n*1.* hoje\n*2.* amanhã")
    assert chat("professional_not_found", query="*x*\ny" + "z" * 9999).startswith("Não encontrei “x yzz")
    assert len(chat("professional_not_found", query="z" * 9999)) < BUBBLE


def test_optional_facts_are_left_out() -> None:
    facts = {
        "name": "Júlia",
        "phone": "",
        "visits": 3,
        "no_shows": "",
        "last_visit": "",
        "next_visit": "amanhã, às 9h",
        "notes_count": 0,
    }
    assert chat("client_card", **facts) == "*Júlia*\nAtendimentos: 3\nPróximo: amanhã, às 9h"
    assert "Valor" not in chat(
        "confirm_booking", service="Corte", professional="Rafael", when="amanhã, às 9h", duration="30 min", price=""
    )


@pytest.mark.parametrize("path", sorted(templates_directory().glob("*/*.txt.j2")), ids=lambda path: path.stem)
def test_no_word_lost_its_accent(path: Path) -> None:
    prose = re.sub(r"\{[{%].*?[}%]\}", " ", path.read_text())
    typed = set(re.findall(r"[\w-]+", prose.lower()))
    assert not typed & set(UNACCENTED.split())
