"""T46: PARAR stops everything but answers, also what was owed already; only whole sentences say it; words are kept."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversation.direct import RESUME, STOP
from bot.db import Database
from bot.models import Appointment, Client, Consent, Contact, Outbound
from bot.models.enums import OutboundStatus, Status
from bot.notify import outbox
from bot.notify.messages import Reminder24h, ReviewRequest

from ..conftest import StillClock
from ..stage import CARLOS, JULIA, Stage, stage

STOPS = (
    "PARAR",
    "parar",
    "Pare.",
    "SAIR",
    "sair!",
    "  Parar  ",
    "“PARAR”",
    "Stop 🛑",
    "quero parar",
    "por favor, parem",
    "não quero mais receber mensagens",
    "nao quero receber msg",
    "para de me mandar mensagem",
    "Parar de receber avisos",
    "PARAR por favor",
    "PARAR PARAR",
    "Parar mensagens",
    "chega de mensagem",
    "não me mande mais mensagens",
    "nao envie mais msgs",
    "não quero mais lembretes, obrigada",
    "não me manda mensagem mais",
)
GOES_ON = (
    "pode parar de chover amanhã?",
    "vou sair às 15h",
    "para amanhã",
    "para",
    "para quando?",
    "não quero mais",
    "quero parar o tratamento",
    "pare o carro na frente",
    "não quero sair cedo",
    "vamos parar por aqui, obrigada",
    "posso sair mais cedo?",
    "parar de fumar custa quanto?",
    "não me mande a conta",
    "para mensagens",
    "não quero mais esse horário",
    "chega de corte",
    "sair da lista",
)


@pytest.mark.parametrize("words", STOPS)
def test_t46_these_words_mean_stop(words: str) -> None:
    assert STOP.match(words)


@pytest.mark.parametrize("words", GOES_ON)
def test_t46_a_stop_inside_a_sentence_is_none(words: str) -> None:
    assert not STOP.match(words)


def test_t46_back_again() -> None:
    assert all(RESUME.match(words) for words in ("VOLTAR", "voltar.", "Quero voltar!"))
    assert not any(RESUME.match(words) for words in ("posso voltar na quinta?", "quero voltar quinta"))


@pytest.fixture
async def here(db: Database, clock: StillClock) -> AsyncIterator[Stage]:
    async with stage(db, clock) as ready:
        yield ready


async def owe_two(here: Stage) -> None:
    """Owe Júlia a reminder and a question for a review, due in a minute."""
    now = here.clock.now()
    async with here.services.db.begin() as session:
        julia = (await session.scalars(select(Contact).where(Contact.phone == JULIA))).one()
        row = (
            await session.scalars(
                select(Appointment)
                .join(Client)
                .where(Client.contact_id != julia.id, Appointment.status == Status.CONFIRMED)
            )
        ).first()
        assert row is not None
        shared = {"client": "Júlia", "professional": "Rafael", "service": "Corte", "appointment_id": str(row.id)}
        for message in (Reminder24h(**shared, when="amanhã, às 9h", address="Rua A"), ReviewRequest(**shared)):
            await outbox.owe(
                session,
                message,
                contact_id=julia.id,
                professional_id=row.professional_id,
                now=now,
                due_at=now + timedelta(minutes=1),
            )


async def statuses(here: Stage) -> list[tuple[OutboundStatus, str]]:
    async with here.services.db.begin() as session:
        julia = select(Contact.id).where(Contact.phone == JULIA).scalar_subquery()
        mine = select(Outbound.status, Outbound.error_code).where(Outbound.contact_id == julia, Outbound.kind != "chat")
        return [(row.status, row.error_code) for row in await session.execute(mine)]


async def test_t46_what_was_owed_before_parar_does_not_leave_after_it(here: Stage) -> None:
    await here.says(JULIA, "oi")
    await owe_two(here)
    await here.says(JULIA, "Pare.")
    assert "VOLTAR" in here.heard(JULIA)
    here.clock.jump(minutes=2)
    await here.settle()
    assert here.heard_all(JULIA) == []
    assert await statuses(here) == [(OutboundStatus.SKIPPED, "opted_out")] * 2
    await here.says(JULIA, "quais os serviços?")
    assert len(here.heard_all(JULIA)) == 1  # an answer is no message of ours
    await here.says(JULIA, "voltar")
    await owe_two(here)
    here.clock.jump(minutes=2)
    await here.settle()
    here.clock.jump(minutes=1)
    await here.settle()
    assert len(here.heard_all(JULIA)) == 3  # welcome back, and the two
    async with here.services.db.begin() as session:
        said = (await session.scalars(select(Consent).order_by(Consent.said_at))).all()
    assert [(row.given, row.text) for row in said] == [(False, "Pare."), (True, "voltar")]
    assert said[0].said_at < said[1].said_at


@pytest.mark.parametrize("burst", [("oi", "PARAR"), ("PARAR", "PARAR"), ("PARAR", "por favor"), ("voltar", "parar")])
async def test_t46_a_stop_among_other_messages_stops(here: Stage, burst: tuple[str, ...]) -> None:
    await here.says(JULIA, *burst)
    assert "VOLTAR" in here.heard(JULIA)
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.opted_out_at).where(Contact.phone == JULIA)) is not None


async def test_t46_of_two_wishes_the_last_one_counts(here: Stage) -> None:
    await here.says(JULIA, "parar", "voltar")
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.opted_out_at).where(Contact.phone == JULIA)) is None
        said = (await session.scalars(select(Consent).order_by(Consent.id))).all()
    assert [row.given for row in said] == [False, True]


async def test_t46_nobody_is_opted_out_by_a_sentence(here: Stage) -> None:
    for words in ("pode parar de chover amanhã?", "vou sair às 15h", "quero parar o tratamento"):
        await here.says(CARLOS, words)
    async with here.services.db.begin() as session:
        assert await session.scalar(select(Contact.opted_out_at).where(Contact.phone == CARLOS)) is None
        assert (await session.scalars(select(Consent))).all() == []
