"""The calendar feed: only behind its key, and true."""

from icalendar import Calendar

from bot.db import Database
from bot.ratelimit import LocalCounter

from ..agenda.factories import THURSDAY_15H, an_appointment
from .api.stage import api


async def test_a_feed_opens_with_its_key_only_and_a_new_key_shuts_the_old_one(db: Database) -> None:
    async with api(db) as stage:
        async with db.begin() as session:
            row = await an_appointment(session, stage.owner, stage.client, stage.service)
        assert (await stage.json("GET", "/api/me", stage.as_owner))[1]["me"]["professional"]["calendar_path"] is None
        ask = {"new_calendar_link": True}
        _, shown = await stage.json("PATCH", "/api/me", stage.as_owner, json=ask)
        path = shown["me"]["professional"]["calendar_path"]
        async with await stage.call("GET", path) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/calendar"
            (event,) = Calendar.from_ical(await answer.read()).walk("VEVENT")
        assert event["uid"] == f"{row.id}@odys"
        assert event["summary"] == "Júlia Lima: Corte"
        assert event["status"] == "TENTATIVE"
        assert event.decoded("dtstart") == THURSDAY_15H
        await stage.json("PATCH", "/api/me", stage.as_owner, json=ask)
        for wrong in (path, "/agenda/x.ics", f"/agenda/{'a' * 32}.ics"):
            async with await stage.call("GET", wrong) as answer:
                assert answer.status == 404


async def test_a_feed_is_fetched_as_often_as_calendars_do_and_not_more(db: Database) -> None:
    async with api(db, counter=LocalCounter()) as stage:
        _, shown = await stage.json("PATCH", "/api/me", stage.as_owner, json={"new_calendar_link": True})
        path = shown["me"]["professional"]["calendar_path"]
        statuses = []
        for _ in range(21):
            async with await stage.call("GET", path) as answer:
                statuses.append(answer.status)
    assert statuses == [200] * 20 + [429]
