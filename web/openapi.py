"""The OpenAPI 3.1 document, written from the declarations: what it says is what is served."""

import inspect
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.errors import Forbidden, NotFound, Refused, TooMany, Unauthenticated, Unavailable

from .endpoint import Endpoint, Who
from .limits import RULES
from .refusals import NotJson, WrongShape
from .schemas import Error

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_SECURITY: dict[Who, list[dict[str, list[str]]]] = {
    Who.ANYBODY: [],
    Who.USER: [{"token": []}],
    Who.PROFESSIONAL: [{"token": []}],
    Who.CRON: [{"cron": []}, {"cronBearer": []}],
}
_SCHEMES: Json = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cron": {"type": "apiKey", "in": "header", "name": "x-cron-secret"},
    "cronBearer": {"type": "http", "scheme": "bearer"},
}
_PLAIN = {413: "too_large", 415: "not_json", 500: "internal"}


def document(endpoints: Sequence[Endpoint], server: str) -> Json:
    """Return the document of the endpoints, served at `server`."""
    names, schemas = _schemas(endpoints)
    paths: Json = {}
    for declared in endpoints:
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared, names, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Odys",
            "version": version("odys"),
            "description": "An appointment book that lives in WhatsApp: what pages and applications call.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


Names = dict[Any, Json]


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Names, Json]:
    """Describe every model once; pydantic's dialect is OpenAPI 3.1's own."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Error, "serialization"): None}
    for declared in endpoints:
        for model in (declared.body, declared.query):
            if model is not None:
                wanted[model, "validation"] = None
        if _is_model(declared.answer):
            wanted[declared.answer, "serialization"] = None
    names, found = models_json_schema(list(wanted), ref_template=_REF)
    return dict(names), found["$defs"]


def _is_model(answer: Any) -> bool:
    return inspect.isclass(answer) and issubclass(answer, BaseModel)


def _operation(declared: Endpoint, names: Names, schemas: Json) -> Json:
    summary, _, more = (inspect.getdoc(declared.handler) or "").partition("\n")
    operation: Json = {
        "operationId": f"{declared.handler.__name__}_{declared.method.lower()}",
        "summary": summary,
        "tags": [declared.path.split("/")[2]],
        "security": _SECURITY[declared.who],
        "responses": _responses(declared, names),
    }
    if more.strip():
        operation["description"] = more.strip()
    if parameters := [*_path(declared), *_query(declared, names, schemas)]:
        operation["parameters"] = parameters
    if declared.body is not None:
        content = {"application/json": {"schema": names[declared.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path(declared: Endpoint) -> Iterable[Json]:
    for name, kind in declared.parameters.items():
        schema = {"type": "string"} if kind is str else {"type": "string", "format": "uuid"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(declared: Endpoint, names: Names, schemas: Json) -> Iterable[Json]:
    if declared.query is None:
        return
    model = schemas[names[declared.query, "validation"]["$ref"].rsplit("/", 1)[1]]
    for name, schema in model["properties"].items():
        given = name in model.get("required", [])
        yield {"name": name, "in": "query", "required": given, "schema": _without_null(schema)}


def _without_null(schema: Json) -> Json:
    """Describe a parameter that may be left out: what is left out is not sent as null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if not kinds:
        return schema
    about = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return (kinds[0] if len(kinds) == 1 else {"anyOf": kinds}) | about


def _responses(declared: Endpoint, names: Names) -> Json:
    success: Json = {"description": HTTPStatus(declared.status).phrase}
    if _is_model(declared.answer):
        success["content"] = {"application/json": {"schema": names[declared.answer, "serialization"]}}
    elif declared.status != HTTPStatus.NO_CONTENT:
        success["content"] = {declared.content_type: {"schema": {"type": "string"}}}
    responses: Json = {str(declared.status): success}
    if declared.or_status is not None:
        responses[str(declared.or_status)] = success | {"description": HTTPStatus(declared.or_status).phrase}
    if declared.method == "GET" and _is_model(declared.answer):
        responses["304"] = {"description": "What `If-None-Match` names is still what it was."}
    for status, refusals in sorted(_refusals(declared).items()):
        responses[str(status)] = _failure(status, refusals, names)
    for status in (413, 415, 500) if declared.body else (500,):
        responses[str(status)] = _failure(status, [], names)
    return responses


def _refusals(declared: Endpoint) -> dict[int, list[type[Refused]]]:
    """Group what an endpoint may refuse by status: what it declares, and what its shape brings with it."""
    given: list[type[Refused]] = [*declared.refuses, TooMany]
    if declared.who is not Who.ANYBODY:
        given.append(Unauthenticated)
    if declared.who is Who.PROFESSIONAL:
        given.append(Forbidden)
    if any(kind is not str for kind in declared.parameters.values()):
        given.append(NotFound)
    if declared.query or declared.body:
        given.append(WrongShape)
    if declared.body:
        given.append(NotJson)
    # Nobody can count, or the outside issuer's keys cannot be had.
    if RULES[declared.limit].shut_when_away or declared.who in (Who.USER, Who.PROFESSIONAL):
        given.append(Unavailable)
    found: dict[int, list[type[Refused]]] = {}
    for refusal in dict.fromkeys(given):
        found.setdefault(refusal.status, []).append(refusal)
    return found


def _failure(status: int, refusals: Sequence[type[Refused]], names: Names) -> Json:
    content: Json = {"schema": names[Error, "serialization"]}
    codes = [refusal.code for refusal in refusals] or [_PLAIN[status]]
    if refusals:
        content["examples"] = {
            refusal.code: {"value": {"error": {"code": refusal.code, "message": refusal.sentence}}}
            for refusal in refusals
        }
    answer: Json = {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in codes),
        "content": {"application/json": content},
    }
    headers = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
    if status in headers:
        answer["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return answer
