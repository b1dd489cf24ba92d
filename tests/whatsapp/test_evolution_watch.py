"""The ladder of an Evolution instance: canary, restart, then its QR code to the owner; and what the operator hears."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.db import Database
from bot.jobs import watchdog
from bot.jobs.evolution import CANARY, tend
from bot.jobs.findings import Finding, State
from bot.models import Notification, Outbound, Professional, ServiceHealth, User
from bot.models.enums import Channel, Transport
from bot.settings import Settings
from bot.whatsapp.evolution.pairing import admits, link
from bot.whatsapp.evolution.payloads import parse
from bot.whatsapp.rows import rows_of, store

from ..conftest import StillClock
from ..fakes import evolution as fakes
from ..fakes.evolution import INSTANCE, KEY, OWNER, TOKEN, Evolution, envelope, evolution, update_data, upsert
from .test_evolution_sending import somebody

HERE = f"https://odys.exemplo.com.br/webhooks/evolution/{INSTANCE}"


@dataclass
class Watch:
    """An instance that is looked after every minute."""

    db: Database
    clock: StillClock
    fake: Evolution
    settings: Settings

    async def minute(self, count: int = 1, **more: float) -> str:
        """Let minutes pass, look after it at each, and return where it stands."""
        for _ in range(count):
            self.clock.jump(**(more or {"minutes": 1}))
            await tend(self.db, self.settings, now=self.clock.now())
        return await self.step()

    async def step(self) -> str:
        async with self.db.begin() as session:
            rows = await session.scalars(
                select(ServiceHealth).where(
                    ServiceHealth.check == f"ladder:{INSTANCE}", ServiceHealth.ended_at.is_(None)
                )
            )
            return rows.one().state

    async def hear(self, body: object) -> None:
        """Store what the webhook would store."""
        async with self.db.begin() as session:
            await store(session, rows_of(parse(body, INSTANCE), now=self.clock.now()))

    async def speaks(self, number: int = 1) -> None:
        at = int(self.clock.now().timestamp())
        await self.hear(upsert({"conversation": "oi"}, id=f"3A{number}", phone="5511988887777", at=at))

    async def mails(self) -> Sequence[dict[str, Any]]:
        async with self.db.begin() as session:
            rows = await session.scalars(
                select(Outbound).where(Outbound.transport == Transport.EMAIL).order_by(Outbound.created_at, Outbound.id)
            )
            return [row.payload for row in rows]

    async def finding(self, check: str = "evolution") -> Finding:
        found = await watchdog.run(self.db, self.settings, now=self.clock.now(), light=True)
        return next(each for each in found if each.check == f"{check}:{INSTANCE}")


@pytest.fixture
async def watch(db: Database, clock: StillClock) -> AsyncIterator[Watch]:
    async with evolution() as fake:
        fake.hooks[INSTANCE] = {"enabled": True, "url": HERE, "events": []}
        settings = Settings(
            _env_file=None,
            public_url="https://odys.exemplo.com.br",
            evolution_api_url=fake.url,
            evolution_api_key=SecretStr(KEY),
            evolution_instance=INSTANCE,
            evolution_webhook_token=SecretStr(TOKEN),
            alert_email="dona@example.com",
        )
        here = Watch(db, clock, fake, settings)
        await here.speaks()
        yield here
        assert fake.violations == []


async def test_a_working_instance_is_left_in_peace(watch: Watch) -> None:
    assert await watch.minute(3) == "fine"
    assert (watch.fake.taken, watch.fake.restarts, watch.fake.connects) == ([], [], [])
    assert (await watch.finding()).state is State.OK
    assert (await watch.finding("evolution_webhook")).state is State.OK


async def test_a_long_silence_is_tried_with_a_message_to_oneself(watch: Watch) -> None:
    assert await watch.minute(hours=4) == "canary"
    (canary,) = watch.fake.taken
    assert (canary.to, canary.text) == (OWNER, CANARY)
    await watch.hear(envelope("messages.update", update_data(canary, "SERVER_ACK")))
    assert await watch.minute() == "fine"
    # It is still silent, but that was proof enough for a while.
    assert await watch.minute(10) == "fine"
    assert len(watch.fake.taken) == 1


async def test_the_canary_that_comes_back_into_our_own_chat_is_proof_too(watch: Watch) -> None:
    assert await watch.minute(hours=4) == "canary"
    await watch.hear(upsert({"conversation": CANARY}, id=watch.fake.taken[0].id, phone=OWNER, fromMe=True))
    assert await watch.minute() == "fine"


async def test_at_night_silence_is_no_sign(watch: Watch) -> None:
    assert await watch.minute(hours=13.5) == "fine"
    assert watch.fake.taken == []


async def test_a_dead_connection_is_restarted_and_then_shown_to_a_person_once(watch: Watch) -> None:
    assert await watch.minute(hours=4) == "canary"
    assert await watch.minute(2) == "restarted"
    assert watch.fake.restarts == [INSTANCE]
    assert await watch.minute() == "canary"
    assert await watch.minute(2) == "silent"
    assert (await watch.finding()).state is State.BAD
    (mail, alert) = await watch.mails()
    assert "/conectar/" in mail["text"]
    assert "/conectar/" not in alert["text"]
    assert "PROBLEMA" in alert["text"]
    assert await watch.minute(minutes=31) == "canary"
    assert await watch.minute(2) == "silent"
    assert watch.fake.restarts == [INSTANCE]
    assert len(watch.fake.taken) == 3
    assert len(await watch.mails()) == 2
    await watch.speaks(2)
    assert await watch.minute() == "fine"
    assert (await watch.finding()).state is State.OK
    assert "RESOLVIDO" in (await watch.mails())[-1]["text"]


async def test_a_restart_that_helps_is_nobodys_business(watch: Watch) -> None:
    assert await watch.minute(hours=4) == "canary"
    assert await watch.minute(3) == "canary"
    await watch.hear(envelope("messages.update", update_data(watch.fake.taken[-1], "DELIVERY_ACK")))
    assert await watch.minute() == "fine"
    assert await watch.mails() == []


async def test_a_closed_connection_gets_a_minute_a_restart_and_then_a_phone(watch: Watch) -> None:
    watch.fake.states[INSTANCE], watch.fake.after_restart = "connecting", "connecting"
    assert await watch.minute() == "closed"
    assert await watch.minute() == "restarted"
    assert await watch.mails() == []
    assert await watch.minute(2) == "pairing"
    (mail,) = await watch.mails()
    assert mail["to"] == "dona@example.com"
    address = next(line for line in mail["text"].splitlines() if line.startswith("https://"))
    assert address.startswith(f"https://odys.exemplo.com.br/conectar/{INSTANCE}?k=")
    found = await watch.finding()
    assert (found.state, found.mark) == (State.BAD, "pairing")
    assert await watch.minute(3, hours=1) == "pairing"
    assert len([mail for mail in await watch.mails() if "/conectar/" in mail["text"]]) == 1
    watch.fake.states[INSTANCE] = "open"
    assert await watch.minute() == "fine"
    assert (await watch.finding()).state is State.OK


async def test_nobody_logged_in_goes_straight_to_the_phone(watch: Watch) -> None:
    watch.fake.states[INSTANCE] = "close"
    assert await watch.minute(2) == "pairing"
    assert (watch.fake.restarts, watch.fake.connects) == ([], [INSTANCE])


async def test_the_owner_of_a_number_of_their_own_is_told(watch: Watch) -> None:
    now = watch.clock.now()
    async with watch.db.begin() as session:
        user = User(name="Helena", email="helena@example.com", created_at=now)
        session.add(user)
        await session.flush()
        session.add(
            Professional(
                user_id=user.id,
                slug="helena",
                name="Helena",
                channel=Channel.EVOLUTION,
                account=INSTANCE,
                created_at=now,
            )
        )
    watch.fake.states[INSTANCE] = "close"
    assert await watch.minute(2) == "pairing"
    assert [mail["to"] for mail in await watch.mails()] == ["helena@example.com"]
    async with watch.db.begin() as session:
        (told,) = await session.scalars(select(Notification))
        assert told.title == "Seu WhatsApp se desconectou"
    assert "Helena" in (await watch.finding()).text


@pytest.mark.parametrize(
    ("trouble", "step", "word"),
    [
        ({"licensed": False}, "licence", "LICENSE_REQUIRED"),
        ({"states": {}}, "no_instance", "não existe"),
        ({"url": ""}, "unreached", "EVOLUTION_API_URL"),
    ],
)
async def test_what_no_restart_can_mend_is_said_in_plain_words(
    watch: Watch, trouble: dict[str, Any], step: str, word: str
) -> None:
    for name, value in trouble.items():
        setattr(watch.fake, name, value)
    if "url" in trouble:
        watch.settings = watch.settings.model_copy(update={"evolution_api_url": "http://127.0.0.1:9"})
    assert await watch.minute(3) == step
    found = await watch.finding()
    assert found.state is State.BAD
    assert word in found.text
    assert len(await watch.mails()) == 1


async def test_what_left_and_was_never_acknowledged_is_doubted_at_once(watch: Watch) -> None:
    await watch.hear(envelope("messages.update", update_data(fakes.Taken("OLD", INSTANCE, {"number": OWNER}), "READ")))
    assert await watch.minute() == "fine"
    watch.clock.jump(hours=1)
    await watch.speaks(2)
    await owe_sent(watch)
    assert await watch.minute(3) == "canary"
    # What Meta owes us statuses for is another account.
    watch.clock.jump(minutes=20)
    found = await watchdog.run(watch.db, watch.settings, now=watch.clock.now(), light=True)
    assert next(each for each in found if each.check == "statuses").state is State.OK


async def owe_sent(watch: Watch) -> None:
    """Write down a message that was taken a moment ago."""
    conversation = await somebody(watch.db, watch.clock, "5511988887777")
    async with watch.db.begin() as session:
        session.add(
            Outbound(
                transport=Transport.WHATSAPP,
                conversation_id=conversation.id,
                contact_id=conversation.contact_id,
                kind="chat",
                payload={"kind": "text", "body": "oi"},
                status="sent",
                provider_id="3EB0NEVERHEARDOF",
                due_at=watch.clock.now(),
                sent_at=watch.clock.now(),
                created_at=watch.clock.now(),
            )
        )


async def test_an_instance_that_delivers_elsewhere_is_reported_and_one_that_delivers_nowhere_is_told(
    watch: Watch,
) -> None:
    watch.fake.hooks[INSTANCE]["url"] = "https://n8n.exemplo.com.br/webhook/1?token=x"
    await watch.minute()
    found = await watch.finding("evolution_webhook")
    assert (found.state, found.details["there"]) == (State.WARN, "https://n8n.exemplo.com.br/webhook/1")
    del watch.fake.hooks[INSTANCE]
    await watch.minute()
    assert (await watch.finding("evolution_webhook")).said == "evolution_hears_nothing"
    watch.settings = watch.settings.model_copy(update={"odys_env": "production"})
    await watch.minute()
    assert (await watch.finding("evolution_webhook")).state is State.OK
    assert watch.fake.hooks[INSTANCE]["url"] == HERE


def test_a_link_opens_one_instance_for_a_day(clock: StillClock) -> None:
    settings = Settings(_env_file=None, secret_key=SecretStr("um segredo bem comprido para testar"))
    now = clock.now()
    key = link(settings, INSTANCE, now).partition("?k=")[2]
    assert admits(settings, INSTANCE, key, now)
    assert not admits(settings, "another", key, now)
    assert not admits(Settings(_env_file=None), INSTANCE, key, now)
    ends, _, proof = key.partition(".")
    for forged in ("", ".", ends, f"{int(ends) + 1}.{proof}", f"{ends}.é", f"９.{proof}", "9" * 400 + "." + proof):
        assert not admits(settings, INSTANCE, forged, now)
    clock.jump(days=1, seconds=1)
    assert not admits(settings, INSTANCE, key, clock.now())
