"""Which client is meant: by token, phone or name, among one professional's own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bot import phrases
from bot.agenda import clients
from bot.agenda.refusals import ClientUnknown
from bot.errors import Invalid
from bot.models import Client

from .base import Context, TokenUnknown


class ClientAmbiguous(Invalid):
    """Several clients go by that name; `customers` lists them."""

    code = "client_ambiguous"
    sentence = "Encontrei mais de um cliente com esse nome."


async def search(context: Context, said: str) -> Sequence[Client]:
    """Return the professional's clients that `said` may mean, the best match first."""
    try:
        wanted = UUID(str(context.redeem(said.strip(), "client")["id"]))
    except TokenUnknown:
        return await clients.search(context.session, context.professional_id, said)
    row = await context.session.get(Client, wanted)
    return [row] if row and row.professional_id == context.professional_id else []


async def find_customer(context: Context, said: str) -> Client:
    """Return the one client that `said` means, or refuse: unknown, or ambiguous with the candidates."""
    found = await search(context, said)
    if not found:
        raise ClientUnknown(name=said)
    if len(found) > 1:
        raise ClientAmbiguous(customers=[describe(context, row) for row in found[:9]])
    return found[0]


def describe(context: Context, row: Client) -> dict[str, Any]:
    """Describe a client to their professional and hand out a token."""
    return {
        "token": context.hand_out({"kind": "client", "id": str(row.id)}),
        "name": row.name,
        "phone": phrases.phone(row.phone_key) if row.phone_key else "",
    }
