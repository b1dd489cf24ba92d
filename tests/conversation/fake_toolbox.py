"""A barber's agenda in memory behind the toolbox port: as strict about arguments and tokens as the real one.

It books nothing by itself: what is proposed is written by `phone.Phone` after a yes. `NOW` is Monday 23/11/2026, 10h
in São Paulo.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bot import phrases
from bot.conversation.brain import Asker, Proposal, ToolResult
from bot.conversation.dates import Kind, When, read, read_period, window
from bot.models.enums import Role
from bot.text import plain

ZONE = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
PROFESSIONAL = UUID("11111111-1111-4111-8111-111111111111")
JULIA = "Júlia Ramos"


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    minutes: int
    cents: int


@dataclass(slots=True)
class Visit:
    client: str
    service: str
    start: datetime
    status: str = "confirmed"
    payment: str = "authorized"
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str


@dataclass(slots=True)
class Agenda:
    """Everything the tools know."""

    services: list[Service] = field(
        default_factory=lambda: [
            Service("Corte", 30, 5000),
            Service("Barba", 30, 3500),
            Service("Corte e barba", 60, 8000),
        ]
    )
    people: list[Person] = field(
        default_factory=lambda: [
            Person(JULIA, "11988887777"),
            Person("Carlos Lima", "11966665555"),
            Person("Ana Paula Vieira", "11955554444"),
            Person("Ana Souza", "11955550000"),
            Person("Pedro Alves", "11944443333"),
        ]
    )
    visits: list[Visit] = field(default_factory=list)
    professionals: list[dict[str, str]] = field(
        default_factory=lambda: [
            {"id": str(PROFESSIONAL), "name": "Rafael Nogueira", "profession": "barbearia", "slug": "rafael-nogueira"},
            {"id": str(uuid4()), "name": "Bruna Dias", "profession": "manicure", "slug": "bruna-dias"},
            {"id": str(uuid4()), "name": "Bruna Teixeira", "profession": "psicóloga", "slug": "bruna-teixeira"},
        ]
    )
    address: str = "Rua Augusta, 1200"
    # Monday to Saturday, 9h to 12h and 13h to 19h.
    open_days: range = range(6)

    def put(self, client: str, service: str, when: str, **more: str) -> Visit:
        """Put a visit on the agenda: `when` as "2026-11-26 15:00"."""
        visit = Visit(client, service, datetime.fromisoformat(when).replace(tzinfo=ZONE), **more)
        self.visits.append(visit)
        return visit

    def free(self, service: Service, start: datetime, end: datetime, now: datetime) -> list[datetime]:
        """Return the free times of a service with start <= time < end."""
        found, day = [], start.date()
        while day <= end.date():
            for hour in (9, 10, 11, 13, 14, 15, 16, 17, 18) if day.weekday() in self.open_days else ():
                for minute in (0, 30):
                    at = datetime.combine(day, time(hour, minute), tzinfo=ZONE)
                    if start <= at < end and self.why_not(service, at, now) is None:
                        found.append(at)
            day += timedelta(days=1)
        return found

    def why_not(self, service: Service, at: datetime, now: datetime) -> tuple[str, str] | None:
        """Return the code and sentence of the reason why a time cannot be booked."""
        label, until = phrases.moment(at), at + timedelta(minutes=service.minutes)
        if at <= now:
            return "in_the_past", f"O horário de {label} já passou."
        if at.weekday() not in self.open_days:
            return "closed_day", f"Não há atendimento nesse dia: {phrases.day(at.date())}."
        morning = time(9) <= at.time() and until.time() <= time(12)
        afternoon = time(13) <= at.time() and until.time() <= time(19)
        if not (morning or afternoon):
            return "outside_hours", f"O horário de {label} não cabe no expediente desse dia."
        for visit in self.visits:
            minutes = next(each.minutes for each in self.services if each.name == visit.service)
            over = visit.start + timedelta(minutes=minutes)
            if visit.status in {"pending_confirmation", "confirmed"} and visit.start < until and at < over:
                return "slot_taken", f"O horário de {label} já está ocupado."
        return None


@dataclass(slots=True)
class FakeToolbox:
    """The tools of one asker; what is asked for wrongly fails the test instead of the person."""

    agenda: Agenda
    asker: Asker
    tokens: dict[str, Any]
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    down: bool = False

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        return []

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        self.calls.append((name, dict(arguments)))
        if self.down:
            return ToolResult({"ok": False, "error": "conflict", "message": "Isso mudou enquanto conversávamos."})
        if name not in TOOLS:
            return ToolResult({"ok": False, "error": "unknown_tool"})
        roles, allowed, run = TOOLS[name]
        assert self.asker.role in roles, f"{name} is not for {self.asker.role}"
        assert {*arguments} <= {*allowed.split()}, f"{name} takes {allowed}, not {[*arguments]}"
        assert all(isinstance(value, str | bool) for value in arguments.values()), arguments
        before = {*self.tokens}
        try:
            result = run(self, **arguments)
        except _Refusal as refusal:
            return ToolResult({"ok": False, "error": refusal.code, "message": refusal.message})
        fresh = {token: kept for token, kept in self.tokens.items() if token not in before}
        data, proposal = result if isinstance(result, tuple) else (result, None)
        return ToolResult({"ok": True, **data}, proposal, fresh)

    # reading

    def slots(self, when: str = "", service: str = "", after: str = "", appointment: str = "") -> dict[str, Any]:
        if appointment:
            assert self._visit_of(appointment)
        found = self._service(service)
        wish = read(when, self.asker.local) if when.strip() else None
        if wish is not None and wish.kind is Kind.NONE:
            raise _Refusal("day_unclear", "Não entendi o dia.")
        start, end = self._span(wish)
        if after:
            start = max(start, self._start(self._redeem(after, "slot")) + timedelta(minutes=1))
        times = self.agenda.free(found, start, end, self.asker.now)
        data: dict[str, Any] = {
            "service": self._service_view(found),
            "day_phrase": _day_phrase(wish, self.asker.local),
            "slots": [self._slot(at, found) for at in times[:9]],
            "more": len(times) > 9,
            "exact": None,
            "wanted": None,
            "refusal": None,
            "nearest": [],
        }
        if wish and wish.kind is Kind.POINT and wish.day and wish.time:
            data |= self._exact(found, datetime.combine(wish.day, wish.time, tzinfo=ZONE), times)
        return data

    def _exact(self, service: Service, at: datetime, times: list[datetime]) -> dict[str, Any]:
        refusal = self.agenda.why_not(service, at, self.asker.now)
        if refusal is None:
            return {"wanted": phrases.moment(at), "exact": self._slot(at, service)}
        near = sorted(times, key=lambda each: abs(each - at))[:3]
        told = {"error": refusal[0], "message": refusal[1]}
        return {
            "wanted": phrases.moment(at),
            "refusal": told,
            "nearest": [self._slot(each, service) for each in sorted(near)],
        }

    def _span(self, wish: When | None) -> tuple[datetime, datetime]:
        if wish is None:
            return self.asker.now, self.asker.now + timedelta(days=14)
        found = window(wish, self.asker.local)
        if found is None:
            raise _Refusal("day_unclear", "Não entendi o dia.")
        start, end = (each.replace(tzinfo=ZONE) for each in found)
        if wish.kind is Kind.POINT:
            start = datetime.combine(start.date(), time(0), tzinfo=ZONE)
            end = start + timedelta(days=1)
        return max(start, self.asker.now), end

    def mine(self, *, last: bool = False) -> dict[str, Any]:
        rows = [each for each in self.agenda.visits if each.client == JULIA and self._ahead(each)]
        return {"appointments": [self._visit(each) for each in sorted(rows, key=lambda one: one.start)]}

    def today(self, when: str = "hoje") -> dict[str, Any]:
        local = self.asker.local
        if span := window(read(when, local), local):
            first, last = span[0].date(), (span[1] - timedelta.resolution).date()
        elif over := read_period(when, local):
            first, last = over.start, over.end - timedelta(days=1)
        else:
            raise _Refusal("day_unclear", "Não entendi o dia.")
        rows = [one for one in self.agenda.visits if first <= one.start.date() <= last and one.status not in _GONE]
        views = [self._visit(each) for each in sorted(rows, key=lambda one: one.start)]
        label = phrases.day(first, today=local.date(), relative=True)
        label += f" a {phrases.day(last, today=local.date())}" if first < last else ""
        return {"day": label, "appointments": views, "count": len(views), "revenue": "R$ 0,00"}

    def customers(self, query: str) -> dict[str, Any]:
        digits = "".join(sign for sign in query if sign.isdigit())
        if query in self.tokens:
            name = self._redeem(query, "client")["id"]
            found = [each for each in self.agenda.people if each.name == name]
        elif len(digits) >= 8:
            found = [each for each in self.agenda.people if each.phone.endswith(digits[-8:])]
        else:
            found = [each for each in self.agenda.people if all(w in plain(each.name) for w in plain(query).split())]
        return {"customers": [self._person(each) for each in found]}

    def revenue(self, period: str = "este mês") -> dict[str, Any]:
        words = re.findall(r"\w+", plain(period))
        label = next((label for word, label in _PERIODS.items() if word in words), "")
        if not label:
            raise _Refusal("period_unclear", "De qual período?")
        previous = {"label": "outubro", "received": "R$ 900,00"}
        sums = {"received": "R$ 1.234,56", "expected": "R$ 100,00", "appointments": 31, "paid": 28}
        return {"period": label, **sums, "previous": previous}

    def info(self) -> dict[str, Any]:
        return {
            "name": "Rafael Nogueira",
            "profession": "barbearia",
            "address": self.agenda.address,
            "services": [self._service_view(each) for each in self.agenda.services],
            "hours": ["segunda a sábado: 9h–12h e 13h–19h"],
        }

    def find(self, query: str) -> dict[str, Any]:
        words = plain(query)
        return {
            "professionals": [
                dict(one) for one in self.agenda.professionals if words in plain(f"{one['name']} {one['slug']}")
            ]
        }

    # proposing

    def book(self, slot: str, client: str = "", new_client: bool = False, note: str = "", phone: str = "") -> Any:
        kept = self._redeem(slot, "slot")
        service, at = self._service(kept["service_id"]), self._start(kept)
        who = self._client(client, new=new_client)
        if refusal := self.agenda.why_not(service, at, self.asker.now):
            raise _Refusal(*refusal)
        arguments = {"service_id": service.name, "start": at.isoformat(), "client": who}
        question = f"Posso marcar? {service.name}, {phrases.moment(at)}, {who}, {phrases.money(service.cents)}"
        return {}, Proposal("book_appointment", arguments, question)

    def _client(self, said: str, *, new: bool) -> str:
        if self.asker.role is Role.CLIENT:
            assert not said, "a client books for themselves"
            return JULIA
        assert said, "for whom?"
        if new:
            return said
        found = self.customers(said)["customers"]
        if len(found) != 1:
            raise _Refusal("client_ambiguous" if found else "client_unknown", "Qual cliente?")
        return str(found[0]["name"])

    def cancel(self, appointment: str) -> Any:
        visit = self._visit_of(appointment)
        question = f"Quer mesmo cancelar? {visit.client}, {visit.service}, {phrases.moment(visit.start)}"
        return {}, Proposal("cancel_appointment", {"appointment_id": visit.id}, question)

    def move(self, appointment: str, slot: str, note: str = "") -> Any:
        visit, at = self._visit_of(appointment), self._start(self._redeem(slot, "slot"))
        if refusal := self.agenda.why_not(self._service(visit.service), at, self.asker.now):
            raise _Refusal(*refusal)
        question = f"Posso remarcar? {visit.client}, {phrases.moment(visit.start)} → {phrases.moment(at)}"
        return {}, Proposal("reschedule_appointment", {"appointment_id": visit.id, "start": at.isoformat()}, question)

    def status(self, appointment: str, action: str) -> Any:
        assert action in {"confirm", "reject", "complete", "no_show", "paid"}
        visit = self._visit_of(appointment)
        question = f"Posso {action}? {visit.client}, {visit.service}, {phrases.moment(visit.start)}"
        return {}, Proposal("update_appointment_status", {"appointment_id": visit.id, "action": action}, question)

    # tokens and views

    def _hand_out(self, value: dict[str, Any]) -> str:
        for token, known in self.tokens.items():
            if known == value:
                return token
        token = f"t{len(self.tokens):03}"
        self.tokens[token] = value
        return token

    def _redeem(self, token: str, kind: str) -> dict[str, Any]:
        value = self.tokens.get(token)
        if not value or value["kind"] != kind:
            raise _Refusal("token_unknown", "Não encontrei essa opção. Veja a lista atual.")
        return dict(value)

    def _visit_of(self, token: str) -> Visit:
        wanted = self._redeem(token, "appointment")["id"]
        return next(each for each in self.agenda.visits if each.id == wanted)

    def _start(self, slot: Mapping[str, Any]) -> datetime:
        return datetime.fromisoformat(str(slot["start"])).astimezone(ZONE)

    def _service(self, said: str) -> Service:
        services = self.agenda.services
        if said in self.tokens:
            said = self._redeem(said, "service")["id"]
        if not said and len(services) == 1:
            return services[0]
        exact = [each for each in services if plain(each.name) == plain(said)]
        if said and not exact:
            raise _Refusal("service_unknown", "Não encontrei esse serviço.")
        if not exact:
            raise _Refusal("service_needed", "Qual serviço?")
        return exact[0]

    def _service_view(self, one: Service) -> dict[str, Any]:
        return {
            "token": self._hand_out({"kind": "service", "id": one.name}),
            "name": one.name,
            "minutes": one.minutes,
            "duration": phrases.duration(one.minutes),
            "price": phrases.money(one.cents),
        }

    def _slot(self, at: datetime, service: Service) -> dict[str, Any]:
        value = {"kind": "slot", "start": at.isoformat(), "service_id": service.name}
        return {
            "token": self._hand_out(value),
            "start": at.isoformat(),
            "label": phrases.moment(at),
            "day": at.date().isoformat(),
            "hour": phrases.hour(at),
        }

    def _visit(self, one: Visit) -> dict[str, Any]:
        return {
            "token": self._hand_out({"kind": "appointment", "id": one.id}),
            "id": one.id,
            "client": one.client if self.asker.role is Role.PROFESSIONAL else phrases.first_name(one.client),
            "service": one.service,
            "start": one.start.isoformat(),
            "label": phrases.moment(one.start),
            "hour": phrases.hour(one.start),
            "status": one.status,
            "payment": one.payment,
            "price": "R$ 50,00",
            "professional": "Rafael Nogueira",
        }

    def _person(self, one: Person) -> dict[str, Any]:
        token = self._hand_out({"kind": "client", "id": one.name})
        card = {"visits": 3, "no_shows": 0, "notes": 0, "last": "", "next": ""}
        return {"token": token, "name": one.name, "phone": phrases.phone("55" + one.phone), **card}

    def _ahead(self, one: Visit) -> bool:
        return one.start > self.asker.now and one.status in {"pending_confirmation", "confirmed"}


_GONE = {"rejected", "cancelled"}
_PERIODS = {"mes": "novembro", "semana": "esta semana", "ontem": "ontem", "hoje": "hoje", "outubro": "outubro"}


class _Refusal(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def _day_phrase(wish: When | None, local: datetime) -> str:
    if wish is None:
        return "nos próximos dias"
    return phrases.day(wish.day, today=local.date(), relative=True) if wish.day else wish.text


_BOTH, _PRO, _CLIENT = {*Role}, {Role.PROFESSIONAL}, {Role.CLIENT}
TOOLS: dict[str, tuple[set[Role], str, Any]] = {
    "list_free_slots": (_BOTH, "when service after appointment", FakeToolbox.slots),
    "book_appointment": (_BOTH, "slot client new_client note phone", FakeToolbox.book),
    "cancel_appointment": (_BOTH, "appointment", FakeToolbox.cancel),
    "reschedule_appointment": (_BOTH, "appointment slot note", FakeToolbox.move),
    "my_appointments": (_CLIENT, "last", FakeToolbox.mine),
    "get_appointments_today": (_PRO, "when", FakeToolbox.today),
    "get_customer_by_phone": (_PRO, "query", FakeToolbox.customers),
    "get_revenue_summary": (_PRO, "period", FakeToolbox.revenue),
    "update_appointment_status": (_PRO, "appointment action", FakeToolbox.status),
    "get_professional_info": (_BOTH, "", FakeToolbox.info),
    "find_professional": (_CLIENT, "query", FakeToolbox.find),
}


def on(day: int, hour: int, minute: int = 0) -> str:
    """Return a moment of November 2026 as the agenda and the proposals write it."""
    return datetime.combine(date(2026, 11, day), time(hour, minute), tzinfo=ZONE).isoformat()
