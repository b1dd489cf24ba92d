"""What comes in a lane but is no turn: a person of ours who typed, an edit, a deletion, another number.

They change what is to be answered, or whether, so they are read before a turn takes anything. None of them opens the
24-hour window, and none is answered by itself, but an edit of something that was answered already: that one is left
for the turn to speak of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from ..models import Inbound, Message
from ..models.enums import Author, InboundStatus
from ..notify import echoes
from ..text import plain
from .identity import conversation_with, moved, recognise
from .silence import typed_by_hand

# What is shown of a message without words, in the conversation's own log.
SHOWN: Final = {
    "audio": "[áudio]",
    "image": "[imagem]",
    "video": "[vídeo]",
    "sticker": "[figurinha]",
    "document": "[documento]",
    "location": "[localização]",
    "contacts": "[contato]",
}
# What changes other messages that wait, or whose they are.
CHANGES: Final = frozenset({"system", "revoke", "edit"})
# Typed in a client's conversation on the phone, it gives the conversation back to the bot.
GIVES_BACK: Final = frozenset({"odys", "odys assume", "odys, assume", "devolver ao odys"})


async def read_echo(session: AsyncSession, row: Inbound, *, now: datetime) -> None:
    """Write down what a person of ours typed on the phone itself, and let the bot be silent beside them."""
    done(row, now)
    event = row.event
    if await echoes.is_ours(session, row):
        row.error = "our own"
        return
    addresses = {"from": event["to"], "bsuid": event["bsuid"], "lid": event.get("lid")}
    contact = await recognise(session, row.channel, addresses, now, dialled=True)
    conversation = await conversation_with(session, contact, row.channel, row.account, now)
    row.conversation_id = conversation.id
    if plain(str(event["text"])).rstrip(".!") in GIVES_BACK:
        conversation.silent_until = None
        return
    if not (words := event["text"] or SHOWN.get(str(event["type"]), "")):
        return  # an edit, a deletion, a reaction: nothing new was said
    session.add(
        Message(
            conversation_id=conversation.id,
            professional_id=conversation.professional_id,
            author=Author.PROFESSIONAL,
            text=words,
            created_at=row.provider_at or now,
        )
    )
    await typed_by_hand(session, conversation, contact, at=row.provider_at or now, now=now)


async def only_news(session: AsyncSession, rows: Sequence[Inbound], *, now: datetime) -> bool:
    """Read news about a person who has said nothing: that is no reason to enter them. Tell whether it was all."""
    if any(row.event.get("type") != "system" for row in rows):
        return False
    for row in rows:
        await _system(session, row, _details(row), now)
    return True


async def read_changes(session: AsyncSession, rows: Sequence[Inbound], *, now: datetime) -> list[Inbound]:
    """Apply edits, deletions and changed numbers among waiting messages; return those that are left to answer."""
    by_id = {row.external_id: row for row in rows}
    for row in rows:
        details = _details(row)
        target = by_id.get(str(details.get("original")))
        match row.event.get("type"):
            case "system":
                await _system(session, row, details, now)
            case "revoke":
                done(row, now)
                if target is not None:
                    done(target, now, "deleted by its sender")
            case "edit" if target is not None:
                done(row, now, "the edit of a message that waited")
                _edit(target, row)
    return [row for row in rows if row.status is InboundStatus.NEW]


def done(row: Inbound, now: datetime, note: str = "") -> None:
    """Mark a row as handled outside a turn."""
    row.status, row.handled_at, row.error = InboundStatus.DONE, now, note


def _details(row: Inbound) -> dict[str, Any]:
    details = row.event.get("details")
    return details if isinstance(details, dict) else {}


def _edit(target: Inbound, edit: Inbound) -> None:
    """Let a message say what its sender made of it; the words it had are kept beside."""
    before = [*(target.event.get("before") or []), target.event.get("text")]
    target.event = {**target.event, "text": edit.event.get("text"), "before": before}


async def _system(session: AsyncSession, row: Inbound, details: dict[str, Any], now: datetime) -> None:
    done(row, now)
    new = {"from": details.get("phone"), "bsuid": details.get("bsuid")}
    if new["from"] or new["bsuid"]:
        await moved(session, row.channel, row.event, new, now)
