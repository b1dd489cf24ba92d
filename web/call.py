"""One request, as a handler sees it: who calls, when, and what the application works with."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.clock import Clock
from bot.db import Database
from bot.errors import Forbidden, Unauthenticated
from bot.queue import Bell
from bot.settings import Settings

from .auth import Caller, Gate, Owner
from .keys import BELL, CLOCK, DATABASE, GATE, SETTINGS


@dataclass(slots=True)
class Call:
    """What a handler works with besides its parameters; `user` and `professional` are there when declared."""

    request: web.Request
    now: datetime
    caller: Caller | None = None
    owner: Owner | None = None
    # Of an answer that is not the declared one; an endpoint says beside it which those are.
    status: int | None = None

    @property
    def user(self) -> Caller:
        if self.caller is None:
            raise Unauthenticated
        return self.caller

    @property
    def professional(self) -> Owner:
        if self.owner is None:
            raise Forbidden
        return self.owner

    @property
    def db(self) -> Database:
        return self.request.app[DATABASE]

    @property
    def settings(self) -> Settings:
        return self.request.app[SETTINGS]

    @property
    def clock(self) -> Clock:
        return self.request.app[CLOCK]

    @property
    def bell(self) -> Bell:
        return self.request.app[BELL]

    @property
    def gate(self) -> Gate:
        return self.request.app[GATE]
