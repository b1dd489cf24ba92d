"""The 19 as Meta sees them: creation and sending stay within its rules, whatever people typed."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.notify.message import Message
from bot.notify.messages import MESSAGES, LoginCode, from_json
from bot.notify.meta import example, template_json
from bot.notify.render import PARAMETER_CAPS, as_template, body_of, in_window
from bot.whatsapp.outgoing import BODY_LIMIT, TEXT_LIMIT, Choices, Text

from .meta_rules import code_faults, creation_faults, sending_faults, units

UTILITY = [cls for cls in MESSAGES.values() if cls is not LoginCode]
ID = "11111111-1111-4111-8111-111111111111"

NASTY = [
    "",
    "     ",
    "a     b",
    "linha 1\nlinha 2\r\n\tlinha 3",
    "\u2028x\u2029\x85y",
    "\u200b\u200d\ufe0f",
    "\u3164",
    "****",
    "*_~`negrito`~_*",
    "{{7*7}} {% raw %}{{ client }}",
    "{{{{when}}}}",
    "{{1}}",
    "مرحبا بكم في صالون الحلاقة " * 12,
    "Zé \x00\x07 da Silva\ud83d",
    "\u202eotxet",
    "A" * 400,
    "👩‍👩‍👧‍👦" * 100,
    "💈" * 400,
    "Rua das Flores, " * 40,
    "x" * 5000,
]
hostile = st.sampled_from(NASTY) | st.text(max_size=450) | st.text("*_~`{}% \n\t👍a", max_size=450)


@st.composite
def messages(draw: st.DrawFn, classes: list[type[Message]]) -> Message:
    """Any of `classes`, with any text in each field but the ids, which are ours."""
    cls = draw(st.sampled_from(classes))
    return from_json(cls.name, {f.name: ID if f.name.endswith("_id") else draw(hostile) for f in fields(cls)})


@pytest.mark.parametrize("cls", MESSAGES.values(), ids=lambda cls: cls.name)
def test_meta_would_accept_the_template(cls: type[Message]) -> None:
    assert creation_faults(template_json(cls)) == []


@pytest.mark.parametrize("cls", UTILITY, ids=lambda cls: cls.name)
def test_the_examples_fill_the_template_to_the_text_of_the_window(cls: type[Message]) -> None:
    message = example(cls)
    sent = as_template(message)
    assert sending_faults(template_json(cls), sent.parameters, sent.payloads) == []
    filled = body_of(cls)
    for name, value in sent.parameters.items():
        filled = filled.replace("{{" + name + "}}", value.replace(" · ", "\n"))
    shown = in_window(message)
    assert isinstance(shown, Text | Choices)
    assert shown.body == filled


@settings(max_examples=400, deadline=None)
@given(messages(UTILITY))
def test_hostile_values_make_a_message_meta_accepts(message: Message) -> None:
    sent = as_template(message)
    assert sending_faults(template_json(type(message)), sent.parameters, sent.payloads) == []
    assert all(units(value) <= max(PARAMETER_CAPS) for value in sent.parameters.values()) or message.long
    shown = in_window(message)
    assert isinstance(shown, Text | Choices)
    assert units(shown.body) <= (TEXT_LIMIT if isinstance(shown, Text) else BODY_LIMIT)


@pytest.mark.parametrize("cls", UTILITY, ids=lambda cls: cls.name)
@pytest.mark.parametrize("value", NASTY)
def test_the_same_hostile_value_in_every_field(cls: type[Message], value: str) -> None:
    message = from_json(cls.name, {f.name: ID if f.name.endswith("_id") else value for f in fields(cls)})
    sent = as_template(message)
    assert sending_faults(template_json(cls), sent.parameters, sent.payloads) == []
    in_window(message)


@given(hostile)
def test_a_login_code_is_always_one_meta_takes(code: str) -> None:
    sent = as_template(LoginCode(code=code))
    assert code_faults(sent.code) == []
    assert not sent.parameters


def test_the_login_code_has_metas_authentication_form() -> None:
    sent = as_template(LoginCode(code="482913"))
    assert sent.code == "482913"
    assert template_json(LoginCode) == {
        "name": "login_code",
        "language": "pt_BR",
        "category": "AUTHENTICATION",
        "components": [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 10},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar código"}]},
        ],
    }


@pytest.mark.parametrize("cls", UTILITY, ids=lambda cls: cls.name)
def test_the_shortest_caps_always_fit(cls: type[Message]) -> None:
    """So that rendering can never run out of ways to shorten."""
    fixed = units(body_of(cls)) - sum(len(name) + 4 for name in cls.variables())
    options = "\n\n" + "\n".join(f"{n}. {b.title}" for n, b in enumerate(cls.buttons, 1)) if cls.buttons else ""
    longest = sum(max(PARAMETER_CAPS[-1], cls.long.get(name, 0)) for name in cls.variables())
    assert fixed + len(options) + longest <= BODY_LIMIT


def _broken(**changes: Any) -> dict[str, Any]:
    template = template_json(MESSAGES["reminder_24h"])
    body, buttons = template["components"]
    body = body | {key: value for key, value in changes.items() if key in body}
    if "buttons" in changes:
        buttons = buttons | {"buttons": changes["buttons"]}
    return template | {"components": [body, buttons]} | ({"name": changes["name"]} if "name" in changes else {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Lembrete"}, "name"),
        ({"text": "{{client}}, seu horário é amanhã"}, "first or last"),
        ({"text": "Seu horário amanhã é às {{hour}}."}, "first or last"),
        ({"text": "Olá {{client}}, {{when}} no lugar de sempre, como da outra vez"}, "between"),
        ({"text": "Oi {{client}} com {{professional}} até"}, "too few words"),
        ({"text": "Este é um texto com {{Client}} dentro dele"}, "named with"),
        ({"text": "x" * 1025}, "1 to 1024"),
        ({"text": "a\n\n\nb"}, "three newlines"),
        ({"example": {}}, "no examples"),
        ({"buttons": [{"type": "QUICK_REPLY", "text": "x" * 26}]}, "label"),
        ({"buttons": [{"type": "QUICK_REPLY", "text": "Sim"}] * 2}, "twice"),
    ],
)
def test_the_checker_finds_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in creation_faults(_broken(**changes)))


@pytest.mark.parametrize("value", ["", "a\nb", "a\tb", "a    b", "{{x}}", "x" * 1000])
def test_the_checker_finds_bad_parameters(value: str) -> None:
    cls = MESSAGES["reminder_24h"]
    parameters = dict(as_template(example(cls)).parameters) | {"client": value}
    assert sending_faults(template_json(cls), parameters, example(cls).payloads)
