"""`/docs`: the document of the API as a page that needs nothing from anywhere else, not even a script."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.settings import templates_directory

from ..endpoint import Endpoint
from ..keys import SETTINGS
from ..openapi import Json, document
from .assets import add_assets, asset

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_WHO = {
    "": "Anybody",
    "token": "Whoever holds an access token: `Authorization: Bearer …`",
    "cron": "Whoever holds the cron secret: `x-cron-secret`, or `Authorization: Bearer …`",
}
_SOME_ID = "01a1ff00-3fb1-7efa-b9f8-59531d2c3442"


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a shape: where it stands, what it holds, and what is said about it."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, ready to show."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    who: str
    parameters: Sequence[Field]
    body: Sequence[Field]
    answer: Sequence[Field]
    responses: Sequence[tuple[str, str]]
    example: str


def add_docs(app: web.Application, endpoints: Sequence[Endpoint]) -> None:
    """Serve the page from `app`."""
    environment = Environment(
        loader=FileSystemLoader(templates_directory()), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )

    @cache
    def page(server: str) -> str:
        found = document(endpoints, server)
        template = environment.get_template("pages/docs.html.j2")
        return template.render(asset=asset, info=found["info"], server=server, subjects=_subjects(found))

    async def show(request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        html = page(request.app[SETTINGS].public_url.rstrip("/"))
        return web.Response(text=html, content_type="text/html", headers=headers)

    add_assets(app)
    app.router.add_get("/docs", show)


def _subjects(found: Json) -> dict[str, list[Operation]]:
    subjects: dict[str, list[Operation]] = {}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            shown = _operation(path, method, operation, found)
            subjects.setdefault(operation["tags"][0], []).append(shown)
    return subjects


def _operation(path: str, method: str, operation: Json, found: Json) -> Operation:
    schemas = found["components"]["schemas"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    success = next(status for status in operation["responses"] if status.startswith("2"))
    answer = operation["responses"][success].get("content", {}).get("application/json", {}).get("schema", {})
    scheme = next(iter(operation["security"][0]), "") if operation["security"] else ""
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        who=_WHO[scheme],
        parameters=[
            Field(each["name"], f"{each['in']}: {_kind(each['schema'], schemas)}", each["required"], "")
            for each in operation.get("parameters", [])
        ],
        body=list(_fields(body, schemas)),
        answer=list(_fields(answer, schemas)),
        responses=[(status, response["description"]) for status, response in operation["responses"].items()],
        example=_example(body, schemas),
    )


def _fields(schema: Json, schemas: Json, place: str = "", depth: int = 0) -> Iterator[Field]:
    """Yield the fields of a shape, those of its parts below them; deeper than three nobody reads a table."""
    schema = _resolved(schema, schemas)
    for variant in schema.get("oneOf", []):
        yield from _fields(variant, schemas, place, depth)
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        whole = f"{place}{name}"
        yield Field(whole, _kind(each, schemas), name in required, _about(each))
        inner = _part(each, schemas)
        if inner and depth < 3:
            yield from _fields(inner, schemas, f"{whole}.", depth + 1)


def _part(schema: Json, schemas: Json) -> Json:
    """Return the object inside a field: itself, the one that is not null, or that of the list's items."""
    schema = _resolved(schema, schemas)
    if schema.get("type") == "array":
        return _part(schema.get("items", {}), schemas)
    for variant in schema.get("anyOf", []):
        if part := _part(variant, schemas):
            return part
    return schema if "properties" in schema else {}


def _kind(schema: Json, schemas: Json) -> str:
    schema = _resolved(schema, schemas)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if variants := [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        return " or ".join(dict.fromkeys(_kind(each, schemas) for each in variants))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), schemas)}"
    return str(schema.get("format") or schema.get("type") or "any")


def _about(schema: Json) -> str:
    limits = {"minLength": "at least {} characters", "maxLength": "at most {} characters", "minimum": "from {}"}
    limits |= {"maximum": "to {}", "maxItems": "at most {} items"}
    said = [words.format(schema[name]) for name, words in limits.items() if name in schema]
    if examples := schema.get("examples"):
        said.append(f"e.g. {json.dumps(examples[0], ensure_ascii=False)}")
    return ", ".join(said)


def _example(schema: Json, schemas: Json) -> str:
    """Write a body from the examples of its required fields; nothing where some of them have none."""
    schema = _resolved(schema, schemas)
    fields: Mapping[str, Json] = schema.get("properties", {})
    found = {name: each["examples"][0] for name, each in fields.items() if each.get("examples")}
    found |= {name: _SOME_ID for name in schema.get("required", []) if fields[name].get("format") == "uuid"}
    if not found or not set(schema.get("required", [])) <= set(found):
        return ""
    return json.dumps(found, ensure_ascii=False, indent=2)


def _resolved(schema: Any, schemas: Json) -> Json:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return schema if isinstance(schema, dict) else {}
