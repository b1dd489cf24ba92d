"""A village that talks: professionals with agendas, clients who know them, and what they type, as rows of the inbox."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from bot.db import Database
from bot.models import (
    Appointment,
    Availability,
    Client,
    Contact,
    ContactIdentity,
    Conversation,
    Professional,
    Service,
    User,
    new_id,
)
from bot.models.enums import Channel, IdentityKind, Payment, Plan, Role, Source, Status
from bot.whatsapp.payloads import parse
from bot.whatsapp.phones import phone_key
from bot.whatsapp.rows import rows_of, store

from ..fakes.graph import ACCOUNT

HOUR = timedelta(hours=1)
_numbers = itertools.count(1)


@dataclass
class Village:
    """Who lives here; phones count from `first`."""

    db: Database
    now: datetime
    first: int = 0
    owners: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    _rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

    async def settle(self, professionals: int, clients: int) -> None:
        """Let so many professionals move in, with so many clients each, half of whom come tomorrow."""
        for _ in range(professionals):
            self._professional(clients)
        async with self.db.begin() as session:
            for table, rows in self._rows.items():
                await session.execute(insert(table), rows)
        self._rows.clear()

    def _add(self, table: Any, **values: Any) -> UUID:
        identifier = new_id()
        self._rows.setdefault(table, []).append({"id": identifier, **values})
        return identifier

    def _person(self, name: str) -> tuple[UUID, str]:
        phone = f"55119{70_000_000 + self.first:08}"
        self.first += 1
        who = self._add(Contact, name=name, phone=phone, created_at=self.now)
        about = {"channel": Channel.CLOUD, "kind": IdentityKind.PHONE, "value": phone_key(phone)}
        self._add(ContactIdentity, contact_id=who, created_at=self.now, **about)
        return who, phone

    def _talk(self, who: UUID, mode: Role, about: UUID | None) -> None:
        values = {"channel": Channel.CLOUD, "account": ACCOUNT, "state": {}, "last_inbound_at": self.now}
        self._add(Conversation, contact_id=who, mode=mode, professional_id=about, created_at=self.now, **values)

    def _professional(self, clients: int) -> None:
        contact, phone = self._person("Rafael Nogueira")
        self.owners.append(phone)
        user = self._add(
            User, contact_id=contact, name="Rafael Nogueira", phone_key=phone_key(phone), created_at=self.now
        )
        owner = self._add(
            Professional,
            user_id=user,
            slug=f"rafael-{self.first}",
            name="Rafael Nogueira",
            profession="barbearia",
            address="Rua Augusta, 1200",
            timezone="America/Sao_Paulo",
            plan=Plan.PREMIUM,
            created_at=self.now,
        )
        for weekday, (start, end) in itertools.product(range(7), ((540, 720), (780, 1140))):
            self._add(Availability, professional_id=owner, weekday=weekday, start_minute=start, end_minute=end)
        about = {"professional_id": owner, "minutes": 30, "created_at": self.now}
        cut, _ = (
            self._add(Service, name=name, price_cents=cents, position=place, **about)
            for place, (name, cents) in enumerate((("Corte", 5000), ("Barba", 3500)))
        )
        self._talk(contact, Role.PROFESSIONAL, None)
        for place in range(clients):
            self._client(owner, cut, place)

    def _client(self, owner: UUID, service: UUID, place: int) -> None:
        name = f"Ana {place}"
        contact, phone = self._person(name)
        self.clients.append(phone)
        client = self._add(
            Client,
            professional_id=owner,
            contact_id=contact,
            name=name,
            name_key=name.lower(),
            phone_key=phone_key(phone),
            created_at=self.now,
        )
        self._talk(contact, Role.CLIENT, owner)
        if place % 2:
            return
        # One each day at 10:00 in São Paulo, from tomorrow on.
        start = self.now.replace(hour=13, minute=0, second=0, microsecond=0) + (1 + place // 2) * 24 * HOUR
        when = {"start_at": start, "end_at": start + HOUR / 2, "created_at": self.now, "updated_at": self.now}
        state = {"status": Status.CONFIRMED, "payment": Payment.AUTHORIZED, "source": Source.CHAT}
        what = {"service_id": service, "service_name": "Corte", "price_cents": 5000}
        self._add(Appointment, professional_id=owner, client_id=client, **when, **state, **what)


def typed(phone: str, text: str, at: datetime) -> dict[str, Any]:
    """Return the webhook's words for one message."""
    return {
        "from": phone,
        "id": f"wamid.VILLAGE{next(_numbers):08}",
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": text},
    }


def tapped(phone: str, payload: str, at: datetime) -> dict[str, Any]:
    """Return the webhook's words for a tap."""
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "Sim"}}
    return {**typed(phone, "", at), "type": "interactive", "interactive": reply}


def delivery(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one webhook body with these messages."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140000000", "phone_number_id": ACCOUNT},
        "contacts": [{"profile": {"name": "Alguém"}, "wa_id": each["from"]} for each in messages],
        "messages": list(messages),
    }
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


async def leave(db: Database, messages: Iterable[dict[str, Any]], now: datetime) -> list[str]:
    """Store messages as the webhook would, due at once; return their lanes."""
    rows = rows_of(parse(delivery(list(messages))), now=now)
    async with db.begin() as session:
        await store(session, rows)
    return list(dict.fromkeys(str(row["lane"]) for row in rows))
