"""swap_appointments: two clients take each other's time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot import phrases
from bot.agenda import exchange
from bot.agenda.policy import Agreed
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.errors import Invalid
from bot.models import Client
from bot.models.enums import Role
from bot.notify.render import chat
from bot.whatsapp.outgoing import Outgoing, Text

from .appointments import Own, as_agreed, as_asked, own_appointment
from .base import PROFESSIONAL, Context, Effect, Tool, own_agenda


class OneAlone(Invalid):
    """An appointment is to change places with itself."""

    code = "one_alone"
    sentence = "Para trocar, são precisos dois horários diferentes."


class SwapAppointments(Tool):
    """Propose that two appointments of different clients take each other's time. The professional is then asked to
    confirm; both clients are told."""

    name: ClassVar[str] = "swap_appointments"
    effect: ClassVar[Effect] = Effect.PROPOSE
    roles: ClassVar[frozenset[Role]] = PROFESSIONAL

    first: str
    """Token of one appointment."""
    second: str
    """Token of the other."""

    async def call(self, context: Context) -> ToolResult:
        first, second = [await _of_token(context, token) for token in (self.first, self.second)]
        if first.row.id == second.row.id:
            raise OneAlone
        await exchange.check(context.session, [first.row, second.row], now=context.asker.now)
        question = chat(
            "confirm_swap",
            lines="\n".join([_line(context, first, second.row.start_at), _line(context, second, first.row.start_at)]),
        )
        # The same exchange once more takes it back.
        before = {"first": self.first, "second": self.second}
        arguments = {"first": as_asked(first.row), "second": as_asked(second.row), "before": before}
        return ToolResult({}, Proposal(self.name, arguments, question))

    @classmethod
    async def perform(
        cls, session: AsyncSession, asker: Asker, arguments: Mapping[str, Any], *, key: str
    ) -> Outgoing | None:
        moved = await exchange.exchange(
            session, _asked(arguments["first"]), _asked(arguments["second"]), owner=own_agenda(asker), now=asker.now
        )
        lines = []
        for row in moved:
            client = await session.get_one(Client, row.client_id)
            when = phrases.moment(row.start_at.astimezone(asker.zone), asker.local.date())
            lines.append(f"• *{client.name}*, {row.service_name}: {when}")
        return Text(chat("done_swap", lines="\n".join(lines)))


async def _of_token(context: Context, token: str) -> Own:
    appointment_id = UUID(context.redeem(token, "appointment")["id"])
    return await own_appointment(context.session, context.asker, appointment_id)


def _asked(arguments: Mapping[str, Any]) -> tuple[UUID, Agreed]:
    return UUID(arguments["appointment_id"]), as_agreed(arguments)


def _line(context: Context, own: Own, new: datetime) -> str:
    today = context.asker.local.date()
    old, new_when = (phrases.moment(at.astimezone(context.asker.zone), today) for at in (own.row.start_at, new))
    return f"• *{own.client.name}*, {own.row.service_name}: de {old} para *{new_when}*"
