"""The city: professionals, their clients, and what they type and tap, drawn by dice."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.agenda.hours import Window
from bot.db import Database
from bot.models import Conversation, User
from bot.models.enums import Channel, Plan, Role

from ..agenda.factories import a_client, a_professional, a_service
from ..fakes.graph import ACCOUNT, Sent

CLIENTS_EACH = 6
# Who hears nothing for so long, in seconds, writes again.
TIRED = 60.0
_OPEN = tuple(Window(day, 7 * 60, 22 * 60) for day in range(7))
_FIRST = ("Ana", "Bia", "Caio", "Davi", "Eva", "Fábio", "Gil", "Hugo", "Iara", "João", "Lia", "Mara", "Nina", "Otto")
_LAST = ("Alves", "Braga", "Costa", "Dias", "Farias", "Gomes", "Lima", "Melo", "Nunes", "Prado", "Reis", "Souza")
_DAYS = ("hoje", "amanhã", "depois de amanhã", "quinta", "sexta", "sábado", "segunda", "terça", "quarta")
_HOURS = ("de manhã", "à tarde", "às 9h", "às 10h30", "às 14h", "às 15h", "às 17h30", "depois das 16h")
_CLIENT = (
    "oi",
    "bom dia!",
    *4 * ("queria marcar um corte {day} {hour}",),
    "tem horário {day} {hour}?",
    "corte {day} {hour}",
    "quero marcar barba {day} {hour}",
    "quero marcar",
    "corte",
    "{day} {hour}",
    "quando é o meu horário?",
    "cancela o meu horário",
    "preciso remarcar para {day} {hour}",
    "quanto custa?",
    "onde fica?",
    "sim",
    "não",
    "2",
    "obrigada!",
)
_PROFESSIONAL = (
    "quem tenho hoje?",
    "quem tenho amanhã?",
    "quanto faturei este mês?",
    "confirma a {name}",
    "quem falta confirmar?",
    "horários livres {day}",
    "cancela a {name} {day}",
    "sim",
    "não",
)
# Whoever asks for a person or for silence is answered by nobody: that is a test of its own.
_NEVER = ("atendente", "pessoa", "parar", "sair")


@dataclass
class Person:
    """Somebody with a phone, and the options that the last message on it showed."""

    phone: str
    name: str
    role: Role
    options: list[tuple[str, str]] = field(default_factory=list)
    # When they last wrote, until something comes back; by a clock that never jumps.
    waits_since: float | None = None


@dataclass
class City:
    """Everybody, and the numbering of what they send."""

    dice: random.Random
    people: dict[str, Person] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def settle(self, db: Database, professionals: int, now: datetime) -> None:
        """Open agendas, each with clients who have talked to it already."""
        for number in range(professionals):
            async with db.begin() as session:
                name, phone = self._name(number), 70_000_000 + number
                owner = await a_professional(
                    session, name=name, number=phone, plan=Plan.PREMIUM, hours=_OPEN, min_notice_minutes=0
                )
                await a_service(session, owner)
                await a_service(session, owner, name="Barba", minutes=45)
                contact = (await session.get_one(User, owner.user_id)).contact_id
                session.add(_talk(contact, Role.PROFESSIONAL, None, now))
                self._add(f"55119{phone}", name, Role.PROFESSIONAL)
                for place in range(CLIENTS_EACH):
                    one = number * CLIENTS_EACH + place
                    client = await a_client(session, owner, name=self._name(one), number=80_000_000 + one)
                    session.add(_talk(client.contact_id, Role.CLIENT, owner.id, now))
                    self._add(f"55119{80_000_000 + one}", client.name, Role.CLIENT)

    def see(self, sent: Sent) -> None:
        """Show a message on the phone it went to."""
        if (person := self.people.get(sent.to)) is None:
            return
        person.waits_since = None
        if options := [each for each in _options(sent.body) if not _unwanted(each[1])]:
            person.options = options

    def free(self, moment: float) -> list[Person]:
        """Return who has nothing to wait for, or is tired of waiting."""
        return [one for one in self.people.values() if one.waits_since is None or moment - one.waits_since > TIRED]

    def message(self, person: Person, at: datetime) -> dict[str, Any]:
        """Draw what a person sends now, as the webhook tells it."""
        identifier, moment = f"wamid.CITY{next(self._numbers):06}", str(int(at.timestamp()))
        event: dict[str, Any] = {"from": person.phone, "id": identifier, "timestamp": moment}
        if person.options and self.dice.random() < 0.85:
            option, title = self.dice.choice(person.options)
            person.options = []
            reply = {"id": option, "title": title}
            return event | {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
        return event | {"type": "text", "text": {"body": self._words(person)}}

    def _words(self, person: Person) -> str:
        said = self.dice.choice(_CLIENT if person.role is Role.CLIENT else _PROFESSIONAL)
        return said.format(day=self.dice.choice(_DAYS), hour=self.dice.choice(_HOURS), name=self.dice.choice(_FIRST))

    def _add(self, phone: str, name: str, role: Role) -> None:
        self.people[phone] = Person(phone, name, role)

    def _name(self, number: int) -> str:
        return f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}"


def _talk(contact_id: UUID | None, role: Role, professional_id: UUID | None, now: datetime) -> Conversation:
    return Conversation(
        channel=Channel.CLOUD,
        account=ACCOUNT,
        contact_id=contact_id,
        mode=role,
        professional_id=professional_id,
        state={},
        last_inbound_at=now,
        created_at=now,
    )


def _unwanted(title: str) -> bool:
    return any(word in title.lower() for word in _NEVER)


def _options(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what can be tapped in a message."""
    action = body.get("interactive", {}).get("action", {})
    buttons = [(button["reply"]["id"], button["reply"]["title"]) for button in action.get("buttons", [])]
    rows = [(row["id"], row["title"]) for section in action.get("sections", []) for row in section["rows"]]
    return buttons + rows
