"""One declaration an endpoint: route, validation, documentation and refusals follow from it.

    @endpoint("POST", "/api/booking", who=Who.ANYBODY, limit=Limit.BOOKING, status=201, refuses=(SlotTaken,))
    async def book(call: Call, body: Booking) -> Booked:
        \"\"\"Book a free time.\"\"\"

The handler's annotations say the rest: `body` and `query` are models, any other name is a part of the path.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, get_type_hints
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import NoResultFound

from bot.errors import Forbidden, NotFound, Refused, Unauthenticated

from .address import client_address
from .bodies import body_of
from .call import Call
from .cron import check_cron_secret
from .keys import CLOCK, COUNTER, GATE, SETTINGS
from .limits import Limit, admit
from .refusals import NotJson, WrongShape

# Nothing that people type into the API is longer; webhooks have limits of their own.
BODY_LIMIT = 64 * 1024


class Who(StrEnum):
    """Who may call."""

    ANYBODY = "anybody"
    USER = "user"
    PROFESSIONAL = "professional"
    CRON = "cron"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What was declared."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    who: Who
    limit: Limit
    status: int
    # What else may come back well: the handler says when, by `call.status`.
    or_status: int | None
    refuses: Sequence[type[Refused]]
    # Of an answer that is not JSON.
    content_type: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    parameters: Mapping[str, type]
    answer: Any

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Admit, read, call, render; a refusal goes up to the middleware."""
        call = await self._admit(request)
        given: dict[str, Any] = {name: _parameter(request, name, kind) for name, kind in self.parameters.items()}
        if self.query is not None:
            given["query"] = _query(request, self.query)
        if self.body is not None:
            given["body"] = await _body(request, self.body)
        try:
            answer = await self.handler(call, **given)
        except NoResultFound:
            await _still_there(call)
            raise
        if isinstance(answer, web.StreamResponse):
            return answer
        return _render(request, answer, call.status or self.status)

    async def _admit(self, request: web.Request) -> Call:
        """Find out who calls, and count it: by user where one is known, else by address."""
        app, call = request.app, Call(request, request.app[CLOCK].now())
        address = client_address(request, app[SETTINGS].proxies)
        if self.who is Who.ANYBODY:
            await admit(app[COUNTER], self.limit, address)
            return call
        try:
            if self.who is Who.CRON:
                check_cron_secret(request, app[SETTINGS])
                return call
            call.caller = await app[GATE].get_user(request, call.now)
        except Unauthenticated:
            await admit(app[COUNTER], self.limit, address)
            raise
        await admit(app[COUNTER], self.limit, str(call.caller.user_id))
        call.owner = await app[GATE].get_professional(call.caller)
        if self.who is Who.PROFESSIONAL and call.owner is None:
            raise Forbidden
        return call


def endpoint(
    method: str,
    path: str,
    *,
    who: Who,
    limit: Limit = Limit.API,
    status: int = 200,
    or_status: int | None = None,
    refuses: Sequence[type[Refused]] = (),
    content_type: str = "application/json",
) -> Callable[[Callable[..., Awaitable[Any]]], Endpoint]:
    """Declare a handler; what it takes and gives is read from its annotations."""

    def declare(handler: Callable[..., Awaitable[Any]]) -> Endpoint:
        hints = get_type_hints(handler)
        answer = hints.pop("return")
        hints.pop("call")
        body, query = hints.pop("body", None), hints.pop("query", None)
        return Endpoint(
            method,
            path,
            handler,
            who,
            limit,
            204 if answer is type(None) else status,
            or_status,
            tuple(refuses),
            content_type,
            body,
            query,
            hints,
            answer,
        )

    return declare


def add_endpoints(app: web.Application, endpoints: Sequence[Endpoint]) -> None:
    """Route each endpoint; a method that no endpoint of a path has is answered 405 with `Allow`."""
    for declared in endpoints:
        app.router.add_route(declared.method, declared.path, declared.serve)


async def _still_there(call: Call) -> None:
    """Look again for whoever is remembered as the caller: another process may have erased them a moment ago."""
    if call.caller is not None:
        call.gate.forget(call.caller.user_id)
        await call.gate.get_user(call.request, call.now)


def _parameter(request: web.Request, name: str, kind: type) -> Any:
    """Read a part of the path; what cannot be an id of ours does not exist."""
    value = request.match_info[name]
    if kind is not UUID:
        return value
    try:
        return UUID(value)
    except ValueError:
        raise NotFound from None


def _query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """Read the query; a name that is given twice is as wrong as an unknown one."""
    given: dict[str, Any] = {}
    for name in request.query:
        values = request.query.getall(name)
        given[name] = values[0] if len(values) == 1 else values
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise WrongShape(error) from error


async def _body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    raw = await body_of(request, BODY_LIMIT)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] == "json_invalid":
            raise NotJson from error
        raise WrongShape(error) from error


def _render(request: web.Request, answer: BaseModel | None, status: int) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    body = answer.__pydantic_serializer__.to_json(answer)
    headers = {"Cache-Control": "no-store"}
    if request.method == "GET":
        # The caller may keep it and ask whether it still holds: an agenda that did not change costs no bytes.
        tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        headers = {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Authorization, Origin"}
        known = request.headers.get("If-None-Match", "")
        if tag in known or known.strip() == "*":
            return web.Response(status=304, headers=headers)
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=headers)
