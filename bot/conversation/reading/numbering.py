"""Which option a typed number means: every option is numbered, for phones and channels that show no buttons.

It is that of the message the person quotes; else of the last message that offered any, be it an answer or a notice
that came in between. An answer without options ends what was offered before it, and so does a notice that asks for a
mark: the number is one (`rating`).
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ...models import Conversation, Outbound
from ...notify import messages
from ...notify.messages import ReviewRequest
from ...notify.outbox import CHAT
from ..quoting import BACK, told_in

_LONGEST = 3


async def option_typed(
    session: AsyncSession, conversation: Conversation, words: str, quoted: str | None = None
) -> str | None:
    """Return the id of the option whose number was typed, or None when nothing or nobody's option was."""
    number = words.strip().rstrip(".)º°ª")
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST):
        return None
    options = await _offered(session, conversation, quoted)
    return options[int(number) - 1] if 1 <= int(number) <= len(options) else None


async def _offered(session: AsyncSession, conversation: Conversation, quoted: str | None) -> Sequence[str]:
    told = told_in(conversation)
    if quoted:
        about = await session.scalar(told.where(Outbound.provider_id == quoted).limit(1))
        if about is not None and (found := _options(about)):
            return found
    for row in await session.scalars(told.limit(BACK)):
        if row.kind == ReviewRequest.name:
            return ()
        if row.kind == CHAT:
            break
        if found := _options(row):
            return found
    # What the turn said last, whether or not it is known to have arrived.
    return [str(each) for each in conversation.state.get("menu") or []]


def _options(row: Outbound) -> Sequence[str]:
    if row.kind == CHAT:
        return [str(option["id"]) for option in row.payload.get("options") or []]
    return messages.from_json(row.kind, row.payload).payloads
