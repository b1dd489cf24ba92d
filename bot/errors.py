"""Refusals: every "no" has a class, a stable code and a sentence.

Refused
├── Unauthenticated     401   who is asking is not known, or not any more
├── NotFound            404   what was asked for does not exist, or is not the asker's to see
├── Forbidden           403   the asker may never do this
├── Invalid             400   the request makes no sense as it stands
├── Conflict            409   it made sense, but not any more
├── TooMany             429   too often: wait
└── Unavailable         503   something we need is away: come again

The sentence is Brazilian Portuguese and safe to show. HTTP renders a refusal in `web/middleware.py`,
the assistant in `bot/conversation/turn.py`; nobody else turns one into text.
"""

from typing import Any, ClassVar


class Stop(Exception):
    """A command cannot go on; the text, in English, tells the operator why and what to do."""


class Refused(Exception):
    """Say no, with facts that fill the sentence and that a caller may show as fields."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "Não foi possível fazer isso."

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence for a person, filled with the facts."""
        return self.sentence.format(**self.facts)


class NotFound(Refused):
    """What was asked for does not exist, or is not the asker's to see: both look the same."""

    code = "not_found"
    status = 404
    sentence = "Não encontrado."


class Forbidden(Refused):
    """The asker is known and may not do this."""

    code = "forbidden"
    status = 403
    sentence = "Sem permissão."


class Invalid(Refused):
    """The request makes no sense as it stands."""

    code = "invalid"
    status = 400
    sentence = "Pedido inválido."


class Conflict(Refused):
    """The request made sense, but the world has moved on."""

    code = "conflict"
    status = 409
    sentence = "Isso mudou enquanto conversávamos. Veja como está agora."


class Unauthenticated(Refused):
    """Nobody, or somebody whose proof is wrong, too old or revoked: which one is not told."""

    code = "unauthenticated"
    status = 401
    sentence = "Entre na sua conta para continuar."


class TooMany(Refused):
    """Too many requests; `retry_after` is the number of whole seconds to wait."""

    code = "too_many_requests"
    status = 429
    sentence = "Muitas tentativas. Tente de novo em {retry_after} s."


class Unavailable(Refused):
    """Something this cannot do without is away for the moment."""

    code = "unavailable"
    status = 503
    sentence = "Isso está fora do ar por um instante. Tente de novo daqui a pouco."
