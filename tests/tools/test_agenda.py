"""The agenda of a day: what a client wants to be known is there for the professional, and for no model."""

from bot.conversation.professional_reads import _line
from bot.conversation.veil import _without_private
from bot.db import Database
from tools.toolbox import Tools

from ..agenda.world import World
from .test_payments import owner_of


async def test_what_a_client_wants_to_be_known_stands_in_the_agenda(db: Database) -> None:
    async with World(db) as world:
        await world.book(note="Sou alérgica\na esmalte " + "x" * 200)
        result = await Tools(db).for_asker(owner_of(world), {}).call("get_appointments_today", {"when": "26/11"})
        (found,) = result.data["appointments"]
        assert found["note"].startswith("Sou alérgica a esmalte x")
        assert len(found["note"]) == 120
        assert "\n   “Sou alérgica a esmalte" in _line(found)
        assert "note" not in _without_private(found)
