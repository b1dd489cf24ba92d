"""Two transports in one installation: each message leaves by the right one, and voice notes come from their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
from groq import AsyncGroq
from pydantic import SecretStr

from bot.conversation.ears import ModelEars
from bot.conversation.groq import connect
from bot.conversation.inbox import Held
from bot.db import Database
from bot.models import Contact, ContactIdentity, Conversation, Inbound, Professional, User, new_id
from bot.models.enums import Channel, IdentityKind, Role
from bot.notify import outbox
from bot.notify.messages import LoginCode
from bot.notify.sender import send_due
from bot.settings import Settings, UnsafeSettings
from bot.whatsapp.channels import Channels
from bot.whatsapp.cloud import CloudApi
from bot.whatsapp.events import Message
from bot.whatsapp.evolution.client import EvolutionApi
from bot.whatsapp.evolution.payloads import parse
from bot.whatsapp.outgoing import Text
from bot.whatsapp.transport import default_line

from ..conftest import StillClock
from ..conversation.test_voice import NOTE
from ..fakes import evolution as fakes
from ..fakes import groq as fake_groq
from ..fakes.evolution import INSTANCE, KEY, Evolution, evolution, upsert
from ..fakes.graph import ACCOUNT, Graph, graph
from ..fakes.groq import hears
from ..stage import stage_settings

JULIA, JULIA_KEY = "5511988887777", "551188887777"


@dataclass
class Town:
    """Both servers, and a client of an installation that uses both."""

    graph: Graph
    evolution: Evolution
    settings: Settings
    channels: Channels


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with graph() as meta, evolution() as unofficial, aiohttp.ClientSession() as http:
        settings = stage_settings(
            meta.url,
            evolution_api_url=unofficial.url,
            evolution_api_key=SecretStr(KEY),
            evolution_instance=INSTANCE,
        )
        yield Town(meta, unofficial, settings, Channels(CloudApi(http, settings), EvolutionApi(http, settings)))
        assert meta.violations == unofficial.violations == []


async def test_each_message_leaves_by_its_conversation_its_professional_or_the_installation(
    town: Town, db: Database, clock: StillClock
) -> None:
    now = clock.now()
    async with db.begin() as session:
        user = User(name="Helena", created_at=now)
        julia = Contact(name="Júlia", phone=JULIA, created_at=now)
        session.add_all([user, julia])
        await session.flush()
        helena = Professional(
            user_id=user.id, slug="h", name="Helena", channel=Channel.EVOLUTION, account=INSTANCE, created_at=now
        )
        session.add(helena)
        talks = [
            Conversation(
                channel=channel,
                account=account,
                contact_id=julia.id,
                mode=Role.CLIENT,
                state={},
                last_inbound_at=heard_at,
                created_at=now,
            )
            for channel, account, heard_at in (
                (Channel.CLOUD, ACCOUNT, now),
                (Channel.EVOLUTION, INSTANCE, now - timedelta(days=9)),
            )
        ]
        session.add_all(talks)
        await session.flush()
        for talk in talks:
            await outbox.say(session, Text(f"por {talk.channel}"), talk, now=now)
        for code, owner in (("111111", helena.id), ("222222", None)):
            await outbox.owe(session, LoginCode(code=code), contact_id=julia.id, professional_id=owner, now=now)
    channel, account = default_line(town.settings)
    assert (channel, account) == (Channel.CLOUD, ACCOUNT)
    await send_due(db, town.channels, clock, account=account, channel=channel)
    cloud, other = town.graph.texts_to(JULIA), town.evolution.texts_to(JULIA)
    assert cloud[0] == "por cloud"
    assert other[0] == "por evolution"
    assert "222222" in cloud[1]
    assert "111111" in other[1]
    assert len(cloud) == len(other) == 2


async def test_a_voice_note_is_heard_over_evolution_as_over_meta(town: Town) -> None:
    async with fake_groq.groq() as ears_server:
        sdk: AsyncGroq = connect(Settings(_env_file=None, groq_api_key=SecretStr(fake_groq.KEY)))
        town.evolution.media["3A01"] = NOTE
        town.graph.media["901"] = NOTE
        audio = {"mimetype": "audio/ogg; codecs=opus", "ptt": True, "mediaKey": "a2V5", "directPath": "/v/x"}
        (message,) = parse(upsert({"audioMessage": audio}, id="3A01", phone=JULIA), INSTANCE).events
        assert isinstance(message, Message)
        meta = {"type": "audio", "voice": True, "media_id": "901", "mime": "audio/ogg"}
        ears = ModelEars(town.channels, sdk.with_options(base_url=ears_server.url), town.settings)
        for channel, account, event in (
            (Channel.EVOLUTION, INSTANCE, message.event()),
            (Channel.CLOUD, ACCOUNT, meta),
        ):
            ears_server.script_audio(hears("quero marcar um corte amanhã às nove"))
            row = Inbound(channel=channel, account=account, external_id="1", event=event)
            held = Held(Conversation(id=new_id()), Contact(id=new_id()), [row], new_id())
            assert await ears.listen(held) == "quero marcar um corte amanhã às nove"
        await sdk.close()


async def test_receipts_go_where_the_message_came_from(town: Town) -> None:
    await town.channels.mark_read(Channel.CLOUD, ACCOUNT, "wamid.1", {})
    details = {"details": {"jid": f"{JULIA}@s.whatsapp.net"}}
    await town.channels.mark_read(Channel.EVOLUTION, INSTANCE, "3A01", details)
    assert [each["message_id"] for each in town.graph.read] == ["wamid.1"]
    assert [each["id"] for each in town.evolution.read] == ["3A01"]


async def test_a_person_of_one_channel_only_is_not_looked_for_on_the_other(
    town: Town, db: Database, clock: StillClock
) -> None:
    now = clock.now()
    async with db.begin() as session:
        hidden = Contact(name="?", created_at=now)
        session.add(hidden)
        await session.flush()
        session.add(
            ContactIdentity(
                contact_id=hidden.id,
                channel=Channel.EVOLUTION,
                kind=IdentityKind.LID,
                value="103800000000284@lid",
                created_at=now,
            )
        )
        await outbox.owe(session, LoginCode(code="111111"), contact_id=hidden.id, professional_id=None, now=now)
    await send_due(db, town.channels, clock, account=ACCOUNT)
    assert town.graph.attempts == town.evolution.attempts == 0


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("", ""),
        ("evolution_webhook_token", "EVOLUTION_WEBHOOK_TOKEN"),
        ("evolution_api_key", "EVOLUTION_API_KEY"),
        ("evolution_instance", "EVOLUTION_INSTANCE"),
    ],
)
def test_production_with_evolution_alone_needs_its_secrets_and_none_of_metas(missing: str, named: str) -> None:
    given = {
        "odys_env": "production",
        "cron_secret": "cron-de-teste",
        "secret_key": "s" * 32,
        "evolution_api_url": "https://evolution.exemplo.com.br",
        "evolution_api_key": KEY,
        "evolution_instance": INSTANCE,
        "evolution_webhook_token": fakes.TOKEN,
    }
    chosen = Settings(_env_file=None, **{name: value for name, value in given.items() if name != missing})  # type: ignore[arg-type]
    assert default_line(chosen)[0] is Channel.EVOLUTION
    if not named:
        chosen.refuse_unsafe()
        return
    with pytest.raises(UnsafeSettings, match=named) as refused:
        chosen.refuse_unsafe()
    assert "WHATSAPP" not in str(refused.value)
