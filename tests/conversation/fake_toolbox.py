"""A barber's agenda in memory behind the toolbox port: as strict about arguments and tokens as the real one.

It books nothing by itself: `Phone` plays the turn around a brain, stores what it proposes and, on a yes, writes it
here. Times are those of `NOW`, Monday 23/11/2026, 10h in São Paulo.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bot import phrases
from bot.conversation import buttons
from bot.conversation.brain import Answer, Asker, Brain, Heard, Proposal, ToolResult
from bot.conversation.dates import Kind, When, read, window
from bot.conversation.yesno import read_yes_no
from bot.models.enums import Role
from bot.text import plain
from bot.whatsapp.outgoing import Choices, Option, Outgoing, Text
from bot.whatsapp.outgoing import plain as shown

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

    def slots(self, when: str = "", service: str = "", after: str = "") -> dict[str, Any]:
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

    def mine(self) -> dict[str, Any]:
        rows = [each for each in self.agenda.visits if each.client == JULIA and self._ahead(each)]
        return {"appointments": [self._visit(each) for each in sorted(rows, key=lambda one: one.start)]}

    def today(self, when: str = "hoje") -> dict[str, Any]:
        if "ontem" in when:
            day = self.asker.local.date() - timedelta(days=1)
        else:
            found = window(read(when, self.asker.local), self.asker.local)
            if found is None:
                raise _Refusal("day_unclear", "Não entendi o dia.")
            day = found[0].date()
        rows = [one for one in self.agenda.visits if one.start.date() == day and one.status not in _GONE]
        views = [self._visit(each) for each in sorted(rows, key=lambda one: one.start)]
        label = phrases.day(day, today=self.asker.local.date(), relative=True)
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
        words = plain(period)
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

    def book(self, slot: str, client: str = "", new_client: bool = False, note: str = "") -> Any:
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

    def move(self, appointment: str, slot: str) -> Any:
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
    "list_free_slots": (_BOTH, "when service after", FakeToolbox.slots),
    "book_appointment": (_BOTH, "slot client new_client note", FakeToolbox.book),
    "cancel_appointment": (_BOTH, "appointment", FakeToolbox.cancel),
    "reschedule_appointment": (_BOTH, "appointment slot", FakeToolbox.move),
    "my_appointments": (_CLIENT, "", FakeToolbox.mine),
    "get_appointments_today": (_PRO, "when", FakeToolbox.today),
    "get_customer_by_phone": (_PRO, "query", FakeToolbox.customers),
    "get_revenue_summary": (_PRO, "period", FakeToolbox.revenue),
    "update_appointment_status": (_PRO, "appointment action", FakeToolbox.status),
    "get_professional_info": (_BOTH, "", FakeToolbox.info),
    "find_professional": (_CLIENT, "query", FakeToolbox.find),
}


@dataclass
class Phone:
    """Somebody's phone and the turn behind it: keeps state, menus and the question that waits for a yes."""

    brain: Brain
    agenda: Agenda
    role: Role = Role.CLIENT
    professional_id: UUID | None = PROFESSIONAL
    now: datetime = NOW
    state: dict[str, Any] = field(default_factory=dict)
    pending: Proposal | None = None
    last: Outgoing | None = None
    done: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    down: bool = False
    name: str = ""

    async def says(self, text: str) -> str:
        """Type a message and return what is shown in answer."""
        menu = self.state.get("menu") or []
        if text.strip().isdigit() and 1 <= int(text) <= len(menu):
            return await self._turn(text, str(menu[int(text) - 1]))
        if self.pending is not None and (decision := read_yes_no(text, self.pending.tool)) is not None:
            return self._decide(decision)
        return await self._turn(text, None)

    async def taps(self, title: str) -> str:
        """Tap the option whose title holds `title`."""
        assert isinstance(self.last, Choices), f"nothing to tap: {self.last}"
        found = [each for each in self.last.options if each.title == title]
        found = found or [each for each in self.last.options if title in each.title]
        assert found, f"no {title!r} in {[each.title for each in self.last.options]}"
        if self.pending is not None and found[0].id in {"yes", "no"}:
            return self._decide(found[0].id == "yes")
        return await self._turn("", found[0].id)

    async def gets(self, payload: str) -> str:
        """Tap a button of an earlier message."""
        return await self._turn("", payload)

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.last.options] if isinstance(self.last, Choices) else []

    @property
    def dialog(self) -> Mapping[str, Any]:
        return dict(self.state.get("dialog") or {})

    def _decide(self, yes: bool) -> str:
        assert self.pending is not None
        proposal, self.pending = self.pending, None
        self.state["dialog"] = {}
        if not yes:
            self.last = Text("Certo.")
            return shown(self.last)
        self.done.append((proposal.tool, proposal.arguments))
        _write(self.agenda, proposal)
        self.last = Text("Feito.")
        return shown(self.last)

    async def _turn(self, text: str, payload: str | None) -> str:
        default = "Rafael Nogueira" if self.role is Role.PROFESSIONAL else JULIA
        asker = Asker(self.role, uuid4(), uuid4(), self.professional_id, None, self.name or default, self.now, ZONE)
        state = {**self.state}
        if self.pending is not None:
            question = {"tool": self.pending.tool, "arguments": self.pending.arguments}
            state["pending"] = {**question, "question": self.pending.question}
        toolbox = FakeToolbox(self.agenda, asker, dict(self.state.get("tokens", {})), down=self.down)
        name = "Rafael Nogueira" if self.professional_id else ""
        answer = await self.brain.answer(Heard(asker, text, [], state, toolbox, name, payload))
        return self._conclude(answer)

    def _conclude(self, answer: Answer) -> str:
        self.answers.append(answer)
        assert (answer.say is not None) + (answer.proposal is not None) + answer.handoff == 1, "one bubble a turn"
        if answer.professional_id is not None:
            self.professional_id = answer.professional_id
        if answer.state is not None and answer.state.get("pending", "") is None:
            self.pending = None
        if answer.proposal is not None:
            self.pending = answer.proposal
            self.last = Choices(answer.proposal.question, (Option("yes", "Sim"), Option("no", "Não")))
        else:
            self.last = answer.say
        if answer.state is not None:
            self.state = {key: value for key, value in answer.state.items() if key != "pending"}
        self.state["tokens"] = {**self.state.get("tokens", {}), **answer.tokens}
        self.state["menu"] = [each.id for each in self.last.options] if isinstance(self.last, Choices) else []
        _checked(self.state)
        return shown(self.last) if self.last is not None else "[atendente]"


def _checked(state: Mapping[str, Any]) -> None:
    """A token that is offered must be one that the conversation keeps."""
    for payload in state["menu"]:
        verb, value = buttons.decode(payload)
        if verb in {"slot", "service", "client", "appt"}:
            assert value in state["tokens"], payload


def _write(agenda: Agenda, proposal: Proposal) -> None:
    arguments = proposal.arguments
    if proposal.tool == "book_appointment":
        start = datetime.fromisoformat(arguments["start"])
        agenda.visits.append(Visit(arguments["client"], arguments["service_id"], start, "pending_confirmation"))
        return
    visit = next(each for each in agenda.visits if each.id == arguments["appointment_id"])
    match proposal.tool, arguments.get("action"):
        case "cancel_appointment", _:
            visit.status = "cancelled"
        case "reschedule_appointment", _:
            visit.start = datetime.fromisoformat(arguments["start"])
        case _, "paid":
            visit.payment = "paid"
        case _, action:
            visit.status = {"confirm": "confirmed", "reject": "rejected", "complete": "completed"}.get(
                str(action), str(action)
            )


def on(day: int, hour: int, minute: int = 0) -> str:
    """Return a moment of November 2026 as the agenda and the proposals write it."""
    return datetime.combine(date(2026, 11, day), time(hour, minute), tzinfo=ZONE).isoformat()


def later(phone: Phone, **by: float) -> None:
    """Let time pass for one phone."""
    phone.now = phone.now + timedelta(**by)


__all__ = ["JULIA", "NOW", "Agenda", "FakeToolbox", "Person", "Phone", "Service", "Visit", "later", "on"]
