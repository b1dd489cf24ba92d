"""Refusals that only HTTP knows, and the one place that turns any refusal into an answer."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from bot.errors import Refused, TooMany, Unauthenticated, Unavailable

GENERIC = "Algo deu errado. Tente de novo em instantes."
# What a caller sees of our own faults: nothing.
_HTTP = {
    404: ("not_found", "Não encontrado."),
    405: ("method_not_allowed", "Esse endereço não aceita isso."),
    408: ("too_slow", "O pedido demorou demais para chegar."),
    413: ("too_large", "O pedido é grande demais."),
    415: ("not_json", "O corpo do pedido precisa ser JSON."),
}
_FIELDS = {
    "missing": "Campo obrigatório.",
    "extra_forbidden": "Campo desconhecido.",
    "string_too_long": "Longo demais: até {max_length} caracteres.",
    "string_too_short": "Curto demais: pelo menos {min_length} caracteres.",
    "empty": "Não pode ficar vazio.",
    "string_type": "Precisa ser um texto.",
    "string_pattern_mismatch": "Formato inválido.",
    "int_type": "Precisa ser um número inteiro.",
    "int_parsing": "Precisa ser um número inteiro.",
    "int_from_float": "Precisa ser um número inteiro.",
    "bool_type": "Precisa ser verdadeiro ou falso.",
    "bool_parsing": "Precisa ser verdadeiro ou falso.",
    "greater_than_equal": "Precisa ser pelo menos {ge}.",
    "less_than_equal": "Pode ser no máximo {le}.",
    "too_long": "São itens demais: até {max_length}.",
    "too_short": "Faltam itens: pelo menos {min_length}.",
    "list_type": "Precisa ser uma lista.",
    "enum": "Não é um dos valores aceitos.",
    "literal_error": "Não é um dos valores aceitos.",
    "timezone_aware": "Falta o fuso horário, como em 2026-11-26T15:00:00-03:00.",
    "model_type": "Precisa ser um objeto.",
    "model_attributes_type": "Precisa ser um objeto.",
}
_FIELD = "Valor inválido."


class NotJson(Refused):
    """The body is no JSON text."""

    code = "invalid_json"
    status = 400
    sentence = "O corpo do pedido não é um JSON válido."


class WrongShape(Refused):
    """The body or the query is not of the declared shape; `fields` says what is wrong where."""

    code = "invalid_fields"
    status = 422
    sentence = "Alguns campos precisam de atenção."

    def __init__(self, error: ValidationError) -> None:
        super().__init__(fields=_fields(error))


def _fields(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        place = ".".join(str(step) for step in detail["loc"]) or "body"
        kind, about = detail["type"], detail.get("ctx") or {}
        if kind in ("too_long", "too_short") and isinstance(detail["input"], str):
            kind = f"string_{kind}"  # a text whose length is looked at after its signs counts as any value
        if kind == "string_too_short" and about["min_length"] == 1:
            kind = "empty"
        found.setdefault(place[:120], _FIELDS.get(kind, _FIELD).format_map(about))
    return found


def of_refused(refused: Refused) -> web.Response:
    """Render a "no": its code, its sentence, and what helps to do better."""
    headers = {}
    if isinstance(refused, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(refused, TooMany):
        headers["Retry-After"] = str(refused.facts["retry_after"])
    elif isinstance(refused, Unavailable):
        headers["Retry-After"] = "5"
    return error(refused.status, refused.code, refused.message, _helpful(refused.facts), headers)


def of_http(failed: web.HTTPException) -> web.Response:
    """Render what aiohttp itself refuses, keeping the headers that belong to it."""
    code, message = _HTTP.get(failed.status, ("refused", "Pedido recusado."))
    kept = {
        name: failed.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in failed.headers
    }
    return error(failed.status, code, message, None, kept)


def error(
    status: int,
    code: str,
    message: str,
    fields: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Build the body that every failure has."""
    detail: dict[str, Any] = {"code": code, "message": message}
    if fields:
        detail["fields"] = fields
    body = json.dumps({"error": detail}, ensure_ascii=False).encode()
    # A cache may keep a 404 for a while; what is missing now may be there in a minute.
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=sent)


def _helpful(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a caller can act on: wrong fields, and the nearest free times of a refused one."""
    if "fields" in facts:
        return dict(facts["fields"])
    nearest = facts.get("nearest")
    if nearest is None:
        return {}
    return {"nearest": [moment.isoformat() for moment in nearest if isinstance(moment, datetime)]}
