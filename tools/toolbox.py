"""All the tools, filtered by role, each call in a transaction of its own or in that of the turn."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import metrics
from bot.conversation.brain import Asker, ToolResult
from bot.db import Database
from bot.errors import Forbidden, Refused
from bot.models import Professional
from bot.models.enums import Role
from bot.trace import TRACE
from bot.whatsapp.outgoing import Outgoing

from .agenda import FindAppointments, GetAppointmentsToday, MyAppointments, UpdateAppointmentStatus
from .appointments import BookAppointment, CancelAppointment, RescheduleAppointment
from .base import Context, Effect, Tool
from .business import GetPlan, SetCancellationDeadline, SetPrice, WarnOfDelay
from .days import BlockTime, ListHolidays, OpenTime
from .exchange import SwapAppointments
from .following import CancelSeries, MoveSeries
from .payments import RequestPayment, SendRevenueChart, SetPixKey
from .people import FindProfessional, GetCustomerByPhone, GetProfessionalInfo
from .receipts import ExportReceipts, NoteCpf
from .revenue import GetRevenueSummary
from .series import BookSeries
from .setup import SaveServices, SetDuration, SetHours
from .slots import ListFreeSlots
from .waitlist import GetWaitlist, JoinWaitlist, LeaveWaitlist

log = logging.getLogger(__name__)

TOOLS: Final[tuple[type[Tool], ...]] = (
    GetAppointmentsToday,
    GetCustomerByPhone,
    GetRevenueSummary,
    UpdateAppointmentStatus,
    ListFreeSlots,
    BookAppointment,
    CancelAppointment,
    RescheduleAppointment,
    SwapAppointments,
    MyAppointments,
    GetProfessionalInfo,
    FindProfessional,
    FindAppointments,
    RequestPayment,
    BookSeries,
    CancelSeries,
    MoveSeries,
    JoinWaitlist,
    GetWaitlist,
    LeaveWaitlist,
    BlockTime,
    OpenTime,
    ListHolidays,
    SetPixKey,
    SendRevenueChart,
    ExportReceipts,
    NoteCpf,
    SetPrice,
    SetDuration,
    SaveServices,
    SetHours,
    SetCancellationDeadline,
    WarnOfDelay,
    GetPlan,
)
BY_NAME: Final[Mapping[str, type[Tool]]] = {tool.name: tool for tool in TOOLS}
# Where a model gets a token of each kind from.
WHENCE: Final[Mapping[str, str]] = {
    "slot": "list_free_slots",
    "appointment": "my_appointments, get_appointments_today ou find_appointments",
    "waiting": "get_waitlist",
}


@cache
def schemas(role: Role) -> tuple[Mapping[str, Any], ...]:
    """Return the schemas of a role's tools: built once, so that a model's prefix cache sees the same bytes."""
    return tuple(tool.offer() for tool in TOOLS if role in tool.roles)


@dataclass(frozen=True, slots=True)
class RoleTools:
    """The tools of one asker."""

    db: Database
    asker: Asker
    tokens: dict[str, Any]
    # The turn's transaction, where nothing is waited for between the calls.
    session: AsyncSession | None = None
    read: dict[str, Sequence[Any]] = field(default_factory=dict)

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        return schemas(self.asker.role)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Run a tool and return data; whatever goes wrong is data too, and has written nothing."""
        with metrics.timed(metrics.TOOL, tool=name if name in BY_NAME else "unknown", outcome="broken") as noted:
            result = await self._call(name, arguments)
            noted["outcome"] = str(result.data.get("error", "ok"))
        return result

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        tool = BY_NAME.get(name)
        if tool is None or self.asker.role not in tool.roles:
            allowed = [each.name for each in TOOLS if self.asker.role in each.roles]
            return ToolResult({"ok": False, "error": "unknown_tool", "allowed": allowed})
        fresh: dict[str, Any] = {}
        try:
            asked = tool.model_validate({name: value for name, value in arguments.items() if value is not None})
            async with self._reading() as session:
                result = await asked.call(Context(session, self.asker, self.tokens, fresh, self.read))
        except ValidationError as error:
            details = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            return ToolResult({"ok": False, "error": "invalid_arguments", "details": details})
        except Refused as refusal:
            TRACE.note("tool", name, result=refusal.code)
            told: dict[str, Any] = {"ok": False, "error": refusal.code, "message": refusal.message}
            # What it may have meant, with tokens of their own.
            told |= {name: refusal.facts[name] for name in ("customers", "services") if refusal.facts.get(name)}
            if hint := WHENCE.get(str(refusal.facts.get("kind"))):
                told["hint"] = f"Passe uma ficha devolvida por {hint}, copiada como está."
            self.tokens.update(fresh)
            return ToolResult(told, tokens=fresh)
        self.tokens.update(fresh)
        TRACE.note("tool", name, arguments=dict(arguments), proposes=result.proposal is not None)
        return ToolResult({"ok": True, **result.data}, result.proposal, {**fresh, **result.tokens}, result.say)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        if self.session is not None:
            yield self.session
        else:
            async with self.db.begin() as session:
                yield session


@dataclass(frozen=True, slots=True)
class Tools:
    """The toolkit that web and worker hand to the turn."""

    db: Database

    def for_asker(
        self,
        asker: Asker,
        state: Mapping[str, Any],
        *,
        professional: Professional | None = None,
        session: AsyncSession | None = None,
    ) -> RoleTools:
        """Return the tools this asker may use, with the tokens of the conversation."""
        read: dict[str, Sequence[Any]] = {"professional": [professional]} if professional else {}
        return RoleTools(self.db, asker, dict(state.get("tokens", {})), session, read)

    async def perform(
        self, session: AsyncSession, asker: Asker, tool: str, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        """Do what was agreed to, in the caller's transaction; raise `Refused` when it cannot be."""
        found = BY_NAME.get(tool)
        if found is None or found.effect is not Effect.PROPOSE or asker.role not in found.roles:
            raise Forbidden
        TRACE.note("tool", f"{tool}: confirmado", role=asker.role)
        return await found.perform(session, asker, arguments, key=key)
