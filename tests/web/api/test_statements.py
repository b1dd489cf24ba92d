"""How many SQL statements each route costs, pinned: one more is a decision, not an accident."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from ...agenda.factories import THURSDAY_15H, an_appointment
from .stage import Api

# As the owner of the agenda, whose token was seen a moment ago: nobody is looked up anew.
READS = {
    "/api/me": 1,
    "/api/services": 1,
    "/api/availability": 3,
    "/api/appointments": 1,
    "/api/appointments/{appointment}": 1,
    "/api/clients": 1,
    "/api/clients/{client}": 2,
    "/api/clients/{client}/notes": 2,
    "/api/recurring-schedules": 1,
    "/api/messages?client_id={client}": 2,
    "/api/follows": 1,
    "/api/reviews?professional={slug}": 2,
    "/api/notifications": 2,
    "/api/billing": 3,
    "/api/professionals/{slug}": 3,
    "/api/professionals/{slug}/slots?service_id={service}": 2,
}


@contextmanager
def counted(api: Api) -> Iterator[list[str]]:
    """Collect the statements that are run inside the block."""
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = api.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", see)


@pytest.mark.parametrize("route", READS)
async def test_a_read_costs_what_it_did(web_api: Api, route: str) -> None:
    async with web_api.db.begin() as session:
        row = await an_appointment(session, web_api.owner, web_api.client, web_api.service)
    path = route.format(
        appointment=row.id, client=web_api.client.id, slug=web_api.owner.slug, service=web_api.service.id
    )
    await web_api.json("GET", path, web_api.as_owner)
    with counted(web_api) as seen:
        status, _ = await web_api.json("GET", path, web_api.as_owner)
    assert status == 200
    assert len(seen) == READS[route], seen


async def test_a_booking_from_the_page_costs_what_it_did(web_api: Api) -> None:
    body = {
        "professional": web_api.owner.slug,
        "service_id": str(web_api.service.id),
        "start": THURSDAY_15H.isoformat(),
        "name": "Júlia Lima",
        "phone": "11 98888-7777",
    }
    with counted(web_api) as seen:
        assert (await web_api.json("POST", "/api/booking", json=body))[0] == 201
    assert len(seen) <= 9, seen
