"""The agenda of a day: what a client wants to be known is there for the professional, and for no model."""

from datetime import timedelta

from bot.conversation.guards.veil import _without_private
from bot.conversation.professional.reads import _line
from bot.db import Database
from bot.models.enums import Action
from tools.toolbox import Tools

from ..agenda.factories import THURSDAY_15H
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


async def test_who_has_paid_and_is_in_the_chair_owes_nothing(db: Database) -> None:
    async with World(db) as world:
        row = await world.book()
        asker = owner_of(world, now=THURSDAY_15H + timedelta(minutes=5))
        owed = []
        for action in (Action.CONFIRM, Action.PAID):
            await world.act(row, action)
            result = await Tools(db).for_asker(asker, {}).call("find_appointments", {"client": world.client.name})
            owed.append(len(result.data["unpaid"]))
            assert result.data["coming"] == []
        assert owed == [1, 0]
