"""Which client is meant: by token, phone or name, among one professional's own."""

import re
from collections.abc import Sequence
from typing import Any, Final
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


class SeveralClients(ClientAmbiguous):
    """Several clients were named where one is meant."""

    sentence = "Um cliente de cada vez."


# "Júlia e Carlos", and the article before a name.
_BETWEEN: Final = re.compile(r"\s*[,;/&+]\s*(?:e\s+)?|\s+(?:e|ou)\s+", re.IGNORECASE)
_ARTICLE: Final = re.compile(r"^(?:[oa]|d[oa]|com [oa]?)\s+", re.IGNORECASE)


async def search(context: Context, said: str) -> Sequence[Client]:
    """Return the professional's clients that `said` may mean, the best match first."""
    try:
        wanted = UUID(str(context.redeem(said.strip(), "client")["id"]))
    except TokenUnknown:
        found = await clients.search(context.session, context.professional_id, said)
        bare = _ARTICLE.sub("", said.strip())
        return found or (await search(context, bare) if bare != said.strip() else [])
    row = await context.session.get(Client, wanted)
    return [row] if row and row.professional_id == context.professional_id else []


async def search_each(context: Context, said: str) -> tuple[Sequence[Client], Sequence[str]]:
    """Return the clients that a text of one or several names may mean, and the names that nobody goes by."""
    found = await search(context, said)
    return (found, ()) if found else await _of_several(context, said)


async def _of_several(context: Context, said: str) -> tuple[Sequence[Client], Sequence[str]]:
    each = {name: await search(context, name) for name in _BETWEEN.split(said) if name.strip()}
    rows = {row.id: row for found in each.values() for row in found}
    return [*rows.values()], [name for name, found in each.items() if not found]


async def find_customer(context: Context, said: str) -> Client:
    """Return the one client that `said` means, or refuse: unknown, or ambiguous with the candidates."""
    if not said.strip():
        raise clients.NameMissing
    found = await search(context, said)
    if not found:
        named, _ = await _of_several(context, said)
        if named:
            raise SeveralClients(customers=[describe(context, row) for row in named[:9]])
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
