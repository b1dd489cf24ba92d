"""Statuses: in any order, any number of times, the end is the same."""

from datetime import timedelta
from itertools import permutations

from bot.models import Contact, ContactIdentity, Outbound
from bot.models.enums import Channel, IdentityKind, InboundStatus, OutboundStatus
from bot.notify.messages import ReviewRequest
from bot.notify.settle import settle
from bot.whatsapp.payloads import parse
from bot.whatsapp.phones import phone_key
from bot.whatsapp.rows import rows_of, store

from .post_office import PostOffice, owed

SENT, DELIVERED, READ = OutboundStatus.SENT, OutboundStatus.DELIVERED, OutboundStatus.READ
QUEUED, FAILED = OutboundStatus.QUEUED, OutboundStatus.FAILED
GONE = ("failed", 131026)  # undeliverable
BUSY = ("failed", 131000)  # worth another try


async def sent_one(post: PostOffice) -> None:
    await post.owe(await post.person())
    await post.send()


ENDS: list[tuple[tuple[str | tuple[str, int], ...], OutboundStatus]] = [
    (("sent", "delivered", "read"), READ),
    (("sent", "delivered"), DELIVERED),
    (("sent", "read"), READ),
    (("sent", "read", "played"), READ),
    (("sent", GONE), FAILED),
    (("sent", BUSY), QUEUED),
    (("sent", "delivered", GONE), DELIVERED),
    (("read", BUSY), READ),
    (("sent", "delivered", "read", GONE), READ),
    (("sent", "delivered", "sent"), DELIVERED),
    (("sent", "deleted", "warning"), SENT),
]


async def test_t09_status_monotone_every_order_ends_the_same(post: PostOffice) -> None:
    person = await post.person()
    for told, end in ENDS:
        for number, order in enumerate(sorted(set(permutations(told)), key=str)):
            await post.forget()
            await post.owe(person)
            await post.send()
            # Settled one by one, or all at once.
            await post.told(post.graph.accepted[-1], *order, settle_each=number % 2 == 0)
            row = await post.row()
            assert row.status is end, order
            assert (row.read_at is not None) is ("read" in told), order
            assert (row.delivered_at is not None) is ("delivered" in told), order
            assert (row.error_code != "") is (end in (FAILED, QUEUED)), order
            assert await post.waiting_statuses() == 0
            assert len(await post.lines()) == 1
            async with post.db.begin() as session:
                contact = await session.get_one(Contact, person)
                assert (contact.unreachable_at is not None) is (end is FAILED), order


async def test_a_failed_status_sends_again_as_a_template(post: PostOffice) -> None:
    await sent_one(post)
    assert post.graph.accepted[0].body["type"] != "template"
    await post.told(post.graph.accepted[0], ("failed", 131047))
    await post.send()
    assert [sent.body["type"] for sent in post.graph.accepted][1:] == ["template"]
    row = await post.row()
    assert (row.status, row.provider_id) == (SENT, post.graph.accepted[1].id)
    # What comes late about the first try changes nothing about the second.
    await post.told(post.graph.accepted[0], "sent", ("failed", 131026))
    assert (await post.row()).status is SENT
    await post.told(post.graph.accepted[1], "delivered")
    assert (await post.row()).status is DELIVERED


async def test_late_news_of_a_failed_try_does_not_pass_for_news_of_the_next(post: PostOffice) -> None:
    await sent_one(post)
    first = post.graph.accepted[0]
    await post.told(first, BUSY)
    post.clock.jump(seconds=10)
    # The second try is on its way, its answer not yet noted.
    await post.change(status=OutboundStatus.SENDING, provider_id=None, attempts=2)
    await post.told(first, "sent")
    assert (await post.row()).status is OutboundStatus.SENDING
    second = owed("5511988887777", await post.row())
    await post.told(second, "sent")
    assert ((await post.row()).status, (await post.row()).provider_id) == (SENT, second.id)


async def test_a_failure_that_may_pass_is_tried_twice_and_no_more(post: PostOffice) -> None:
    await sent_one(post)
    for _ in range(3):
        await post.told(post.graph.accepted[-1], BUSY)
        post.clock.jump(minutes=1)
        await post.send()
    assert ((await post.row()).status, len(post.graph.accepted)) == (FAILED, 2)


async def test_a_payment_problem_stops_the_number(post: PostOffice) -> None:
    await sent_one(post)
    await post.told(post.graph.accepted[0], ("failed", 131042))
    await post.owe(await post.person("5521977776666"))
    await post.send()
    assert len(post.graph.accepted) == 1
    post.clock.jump(minutes=6)
    await post.send()
    assert len(post.graph.accepted) == 2
    await post.told(post.graph.accepted[1], "delivered")
    await post.send()
    assert len(post.graph.accepted) == 3
    assert {row.status for row in await post.rows()} == {SENT, DELIVERED}


async def test_delivered_means_reachable_again(post: PostOffice) -> None:
    person = await post.person(unreachable_at=post.clock.now())
    await post.owe(person)
    await post.send()
    await post.told(post.graph.accepted[0], "delivered")
    async with post.db.begin() as session:
        assert (await session.get_one(Contact, person)).unreachable_at is None


async def test_statuses_of_strangers_and_news_are_put_away(post: PostOffice) -> None:
    await sent_one(post)
    stranger = owed("5511988887777", Outbound(id="not one of ours"))
    await post.told(stranger, "sent", "delivered", GONE)
    assert await post.waiting_statuses() == 0
    assert (await post.row()).status is SENT


async def test_who_told_whatsapp_to_stop_gets_no_offers_and_still_their_reminders(post: PostOffice) -> None:
    ana = await post.person()
    async with post.db.begin() as session:
        identity = {"channel": Channel.CLOUD, "kind": IdentityKind.PHONE, "value": phone_key("5511988887777")}
        session.add(ContactIdentity(contact_id=ana, created_at=post.clock.now(), **identity))

    async def preferences(*told: object) -> None:
        """As Meta may send them: among strangers, and with something unheard of."""
        value = {"messaging_product": "whatsapp", "user_preferences": [{"wa_id": "5521900000000"}, None, *told]}
        change = {"field": "user_preferences", "value": value}
        entry = {"id": "1", "time": int(post.clock.now().timestamp()), "changes": [change]}
        body = {"object": "whatsapp_business_account", "entry": [entry]}
        async with post.db.begin() as session:
            rows = rows_of(parse(body), now=post.clock.now())
            await store(session, [row | {"status": InboundStatus.NEW} for row in rows])
        await settle(post.db, post.clock)

    review = ReviewRequest(client="Ana", professional="Bia", service="Corte", appointment_id="a")
    # The other spelling of the ninth digit is the same person.
    await preferences({"wa_id": "551188887777", "category": "marketing_messages", "value": "stop"})
    await post.owe(ana, review)
    await post.owe(ana)
    await post.send()
    assert [(row.status, row.error_code) for row in await post.rows()] == [
        (OutboundStatus.SKIPPED, "marketing_stopped"),
        (SENT, ""),
    ]
    # Said before the stop, and heard only now: deliveries that failed come again later, after newer ones.
    earlier = int((post.clock.now() - timedelta(hours=1)).timestamp())
    again = {"wa_id": "551188887777", "category": "marketing_messages", "value": "resume"}
    await preferences(again | {"timestamp": earlier})
    await post.owe(ana, review)
    await post.send()
    assert len(post.graph.accepted) == 1
    post.clock.jump(minutes=1)
    await preferences(again)
    await post.owe(ana, review)
    await post.send()
    assert len(post.graph.accepted) == 2
