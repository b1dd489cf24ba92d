"""The 19 messages as Meta's template service takes them: the body of `POST /{account}/message_templates`."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from .message import Message
from .messages import LoginCode, from_json
from .render import body_of

LANGUAGE = "pt_BR"
# As long as a login code lives; Meta writes it under the code.
CODE_MINUTES = 10

# What reviewers at Meta see in place of each variable, and what `odys templates render` shows.
EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "client": "Júlia",
        "professional": "Rafael Barbosa",
        "service": "Corte de cabelo",
        "when": "quinta, 26/11, às 15h",
        "old_when": "quarta, 25/11, às 10h30",
        "hour": "15h",
        "price": "R$ 50,00",
        "amount": "R$ 50,00",
        "address": "Rua das Laranjeiras, 120, sala 3",
        "day": "quinta, 26/11",
        "count": "3 horários",
        "agenda": "9h Júlia (Corte) · 10h30 Pedro (Barba) · 15h Ana (Corte e barba)",
        "revenue": "R$ 180,00",
        "pix_code": (
            "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000520400005303986540550.005802BR"
            "5914RAFAEL BARBOSA6009SAO PAULO62070503***6304A1B2"
        ),
        "rhythm": "toda quinta, às 15h",
        "first_when": "quinta, 26/11, às 15h",
        "last_when": "quinta, 10/12, às 15h",
        "until": "hoje, às 18h",
        "code": "482913",
        "appointment_id": "11111111-1111-4111-8111-111111111111",
        "entry_id": "22222222-2222-4222-8222-222222222222",
    }
)


def example(cls: type[Message]) -> Message:
    """Return a message of class `cls` with the example values."""
    return from_json(cls.name, {field.name: EXAMPLES[field.name] for field in fields(cls) if field.name != cls.aside})


def template_json(cls: type[Message]) -> dict[str, Any]:
    """Return what creates the template of `cls` at Meta."""
    return {
        "name": cls.name,
        "language": LANGUAGE,
        "category": cls.category,
        **(_authentication() if issubclass(cls, LoginCode) else _utility(cls)),
    }


def _utility(cls: type[Message]) -> dict[str, Any]:
    shown = example(cls).values()
    body = {
        "type": "BODY",
        "text": body_of(cls),
        "example": {
            "body_text_named_params": [{"param_name": name, "example": value} for name, value in shown.items()]
        },
    }
    buttons = {
        "type": "BUTTONS",
        "buttons": [{"type": "QUICK_REPLY", "text": button.title} for button in cls.buttons],
    }
    return {"parameter_format": "named", "components": [body, buttons] if cls.buttons else [body]}


def _authentication() -> dict[str, Any]:
    """Meta writes the words of these itself: only what to add can be chosen."""
    return {
        "components": [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": CODE_MINUTES},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar código"}]},
        ]
    }
