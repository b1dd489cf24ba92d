"""What Evolution delivers becomes the values that Meta's deliveries become, and nothing it sends is an exception."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.enums import Channel, InboundKind
from bot.whatsapp.events import Broken, Echo, Event, Message, MessageType, Notice, Status
from bot.whatsapp.evolution.payloads import parse, unreadable
from bot.whatsapp.evolution.wire import message_id

from ..fakes.evolution import INSTANCE, KEY, OWNER, Taken, envelope, sent_data, update_data, upsert
from ..payloads import SHARED
from .test_payloads import anything, assert_storable, paths, replaced

JULIA, LID = "5511988887777", "103800000000284@lid"
ROW = "0b9f2f8e-7d5c-4c0f-9e0a-3f6f0e9f1a2b"
AUDIO = {"mimetype": "audio/ogg; codecs=opus", "ptt": True, "url": "https://mmg.whatsapp.net/x", "mediaKey": "a2V5"}
VCARD = "BEGIN:VCARD\nFN:Zé\nTEL;type=CELL;waid=5511966665555:+55 11 96666-5555\nEND:VCARD"
TAPS: dict[str, Any] = {
    "list": {"listResponseMessage": {"title": "9h", "singleSelectReply": {"selectedRowId": "slot:a"}}},
    "buttons": {"buttonsResponseMessage": {"selectedButtonId": "slot:a", "selectedDisplayText": "9h"}},
    "template": {"templateButtonReplyMessage": {"selectedId": "slot:a", "selectedDisplayText": "9h"}},
    "flow": {
        "interactiveResponseMessage": {
            "body": {"text": "9h"},
            "nativeFlowResponseMessage": {"name": "quick_reply", "paramsJson": '{"id": "slot:a"}'},
        }
    },
}


def events(body: object) -> list[Event]:
    batch = parse(body, INSTANCE)
    assert batch.channel is Channel.EVOLUTION
    assert all(event.account == INSTANCE for event in batch.events)
    return list(batch.events)


def said(node: dict[str, Any], **key: Any) -> Message:
    (event,) = events(upsert(node, **{"id": "A1", "phone": JULIA, **key}))
    assert isinstance(event, Message)
    return event


# -- who


@pytest.mark.parametrize("version", ["2.3.6", "2.3.7", "2.4.0"])
def test_phone_and_lid_are_found_wherever_a_version_puts_them(version: str) -> None:
    message = said({"conversation": "oi"}, phone=JULIA, lid=LID, version=version)
    assert (message.phone, message.id, message.name, message.our_number) == (JULIA, "A1", "Cliente", OWNER)
    # 2.3.7 writes the phone over the LID, and it is gone.
    assert message.lid == (None if version == "2.3.7" else LID)


def test_a_sender_with_a_lid_alone_is_somebody() -> None:
    message = said({"conversation": "oi"}, phone="", lid=LID)
    assert (message.phone, message.lid) == (None, LID)


def test_the_oldest_field_of_the_phone_and_a_device_number() -> None:
    message = said({"conversation": "oi"}, phone="", lid=LID, senderPn=f"{JULIA}:12@s.whatsapp.net")
    assert (message.phone, message.lid) == (JULIA, LID)
    beside = upsert({"conversation": "oi"}, id="A1", lid=LID)
    beside["data"]["senderPn"] = f"{JULIA}@s.whatsapp.net"
    assert [event.phone for event in events(beside) if isinstance(event, Message)] == [JULIA]


def test_a_business_that_is_hosted_elsewhere_is_somebody() -> None:
    assert said({"conversation": "oi"}, phone="", lid=f"{JULIA}:99@hosted").phone == JULIA


@pytest.mark.parametrize(
    "jid",
    ["120363021234567890@g.us", "status@broadcast", "551199@broadcast", "12036302@newsletter", "0@s.whatsapp.net"],
)
def test_other_peoples_talk_is_not_kept(jid: str) -> None:
    assert events(upsert({"conversation": "oi"}, id="A1", lid=jid)) == []


@pytest.mark.parametrize(
    "event", ["contacts.update", "CONTACTS_UPSERT", "chats.set", "presence.update", "groups.upsert", "messages.set"]
)
def test_lists_of_people_and_the_phones_past_are_not_kept(event: str) -> None:
    assert events(envelope(event, [{"remoteJid": f"{JULIA}@s.whatsapp.net", "pushName": "Júlia"}])) == []


@pytest.mark.parametrize("ours", [True, "true"])
def test_what_was_typed_on_the_phone_is_an_echo(ours: object) -> None:
    (event,) = events(upsert({"conversation": "eu respondo"}, id="A1", phone=JULIA, lid=LID, fromMe=ours))
    assert isinstance(event, Echo)
    assert (event.to, event.text, event.type) == (JULIA, "eu respondo", MessageType.TEXT)


def test_an_emoji_under_a_message_is_nothing_typed() -> None:
    thumb = {"reactionMessage": {"text": "👍", "key": {"id": "X"}}}
    (event,) = events(upsert(thumb, id="A1", phone=JULIA, fromMe=True))
    assert isinstance(event, Echo)
    assert (event.type, event.text) == (MessageType.REACTION, "")


# -- what


@pytest.mark.parametrize("node", TAPS.values(), ids=TAPS)
def test_a_tap_brings_its_id_back(node: dict[str, Any]) -> None:
    message = said(node)
    assert (message.type, message.payload, message.text) == (MessageType.INTERACTIVE, "slot:a", "9h")


@pytest.mark.parametrize(
    ("node", "kind", "text"),
    [
        ({"conversation": "oi"}, "text", "oi"),
        ({"messageContextInfo": {}, "conversation": "oi"}, "text", "oi"),
        ({"extendedTextMessage": {"text": "oi"}}, "text", "oi"),
        ({"ephemeralMessage": {"message": {"extendedTextMessage": {"text": "some"}}}}, "text", "some"),
        ({"viewOnceMessageV2": {"message": {"imageMessage": {"caption": "foto"}}}}, "image", "foto"),
        ({"imageMessage": {"caption": "foto", "mimetype": "image/jpeg"}}, "image", "foto"),
        ({"associatedChildMessage": {"message": {"imageMessage": {"caption": "foto"}}}}, "image", "foto"),
        ({"videoMessage": {}}, "video", ""),
        ({"ptvMessage": {}}, "video", ""),
        ({"documentWithCaptionMessage": {"message": {"documentMessage": {"caption": "veja"}}}}, "document", "veja"),
        ({"stickerMessage": {}}, "sticker", ""),
        ({"locationMessage": {"degreesLatitude": -23.5, "degreesLongitude": -46.6}}, "location", ""),
        ({"contactMessage": {"displayName": "Zé", "vcard": VCARD}}, "contacts", ""),
        ({"contactsArrayMessage": {"contacts": [{"displayName": "Zé", "vcard": VCARD}]}}, "contacts", ""),
        ({"reactionMessage": {"text": "👍", "key": {"id": "X"}}}, "reaction", "👍"),
        ({"encReactionMessage": {"targetMessageKey": {"id": "X"}}}, "reaction", ""),
        ({"pinInChatMessage": {"key": {"id": "X"}, "type": 1}}, "reaction", ""),
        ({"pollCreationMessageV3": {"name": "quando?"}}, "unsupported", ""),
        ({"orderMessage": {"message": "quero"}}, "order", "quero"),
        ({"conversation": 7}, "unsupported", ""),
        ({"listResponseMessage": {"title": "9h"}}, "text", "9h"),
        ({"listResponseMessage": {}}, "unsupported", ""),
        ({"somethingNewMessage": {"a": 1}}, "unknown", ""),
        ({"protocolMessage": {"type": "HISTORY_SYNC_NOTIFICATION"}}, "unknown", ""),
        ({}, "unknown", ""),
        ({"messageContextInfo": {"deviceListMetadata": {}}}, "unknown", ""),
    ],
)
def test_every_kind_of_message(node: dict[str, Any], kind: str, text: str) -> None:
    message = said(node)
    assert (message.type, message.text) == (kind, text)
    assert_storable(message.event())


def test_a_shared_contact_has_its_number() -> None:
    assert said({"contactMessage": {"displayName": "Zé", "vcard": VCARD}}).details["people"] == [
        {"name": "Zé", "phones": ["5511966665555"]}
    ]


def test_an_answer_says_what_it_answers() -> None:
    body = upsert({"conversation": "sim"}, id="A1", phone=JULIA)
    body["data"]["contextInfo"] = {"stanzaId": "Q1", "isForwarded": True}
    (message,) = events(body)
    assert isinstance(message, Message)
    assert (message.reply_to, message.forwarded) == ("Q1", True)
    inside = {"extendedTextMessage": {"text": "sim", "contextInfo": {"stanzaId": "Q2"}}}
    assert said(inside).reply_to == "Q2"


def test_a_voice_note_carries_what_fetching_it_takes() -> None:
    message = said({"audioMessage": {**AUDIO, "waveform": "A" * 500}, "base64": "T2dnUw=="})
    assert (message.type, message.voice, message.media_id) == (MessageType.AUDIO, True, "A1")
    assert message.details["base64"] == "T2dnUw=="
    assert message.details["media"] == {
        "key": {"id": "A1", "remoteJid": f"{JULIA}@s.whatsapp.net", "fromMe": False},
        "message": {"audioMessage": AUDIO},
    }


@pytest.mark.parametrize(
    ("stamp", "read"),
    [(1_795_000_000, True), ({"low": 1_795_000_000, "high": 0, "unsigned": True}, True), ("x", False), (None, False)],
)
def test_a_timestamp_may_come_in_two_halves(stamp: Any, read: bool) -> None:
    body = upsert({"conversation": "oi"}, id="A1", phone=JULIA)
    body["data"]["messageTimestamp"] = stamp
    (message,) = events(body)
    assert isinstance(message, Message)
    assert message.sent_at == (datetime.fromtimestamp(1_795_000_000, UTC) if read else None)


# -- edits and deletions


def test_an_edit_and_a_deletion_name_the_message_they_change() -> None:
    key = {"id": "A1", "remoteJid": f"{JULIA}@s.whatsapp.net", "fromMe": False}
    edit = {"key": key, "type": "MESSAGE_EDIT", "editedMessage": {"conversation": "às 16h"}}
    (event,) = events(envelope("messages.edited", edit))
    assert isinstance(event, Message)
    assert (event.type, event.text, event.details["original"]) == (MessageType.EDIT, "às 16h", "A1")
    for gone in (
        envelope("messages.edited", {"key": key, "type": "REVOKE"}),
        envelope("messages.delete", {**key, "status": "DELETED"}),
        envelope("messages.delete", {"id": "cm1", "key": key, "status": "DELETED"}),
    ):
        (event,) = events(gone)
        assert isinstance(event, Message)
        assert (event.type, event.details) == (MessageType.REVOKE, {"original": "A1"})


def test_a_change_whose_key_names_us_is_nobodys() -> None:
    for key in (
        {"id": "A1", "remoteJid": f"{OWNER}@s.whatsapp.net", "fromMe": False},
        {"id": "A1", "remoteJid": f"{JULIA}@s.whatsapp.net", "fromMe": True},
    ):
        assert events(envelope("messages.edited", {"key": key, "type": 0})) == []


# -- what became of ours


TAKEN = Taken(message_id(ROW), INSTANCE, {"number": JULIA, "text": "Oi!"})


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SERVER_ACK", "sent"),
        ("DELIVERY_ACK", "delivered"),
        ("READ", "read"),
        ("PLAYED", "played"),
        ("ERROR", "failed"),
        *(("SENT", "sent"), ("delivered", "delivered"), ("FAILED", "failed")),
        (3, "delivered"),
    ],
)
def test_what_became_of_a_message_of_ours(state: Any, status: str) -> None:
    (event,) = events(envelope("messages.update", update_data(TAKEN, state)))
    assert isinstance(event, Status)
    assert (event.status, event.message_id, event.opaque) == (status, TAKEN.id, ROW)
    assert bool(event.errors) == (status == "failed")


def test_what_became_of_others_and_what_is_not_known_yet_is_not_kept() -> None:
    others = {"fromMe": False, "status": None, "message": {"conversation": "x"}}
    for change in ({"fromMe": False}, others, {"status": "PENDING"}, {"remoteJid": "1@g.us"}):
        assert events(envelope("messages.update", {**update_data(TAKEN, "READ"), **change})) == []


def test_the_echo_of_the_api_says_to_whom_and_what() -> None:
    foreign = Taken("3EB08EE80DB4E276AFE85B83CCE531B53AF65F4B", INSTANCE, {"number": JULIA, "text": "Oi!"})
    for taken, row in ((TAKEN, ROW), (foreign, None)):
        (event,) = events(envelope("send.message", sent_data(taken)))
        assert isinstance(event, Status)
        assert (event.status, event.recipient, event.said) == ("accepted", JULIA, "Oi!")
        assert (event.message_id, event.opaque) == (taken.id, row)


# -- news


def test_a_connection_that_closes_twice_is_told_twice() -> None:
    state = {"instance": INSTANCE, "state": "close", "statusReason": 428}
    first, second = envelope("connection.update", state), envelope("connection.update", state)
    second["date_time"] = "2026-11-21T11:00:00.000Z"
    values = [event.value for body in (first, first, second) for event in events(body) if isinstance(event, Notice)]
    assert values[0] == values[1] != values[2]
    assert (values[0]["state"], values[0]["statusReason"]) == ("close", 428)


@pytest.mark.parametrize("data", [None, "x", [1]])
def test_news_without_an_object_are_news(data: object) -> None:
    (event,) = events(envelope("logout.instance", data))
    assert isinstance(event, Notice)
    assert event.value["data"] == data


def test_a_code_that_opens_the_account_and_the_servers_key_are_not_kept() -> None:
    code = {"qrcode": {"instance": INSTANCE, "code": "2@secret", "base64": "data:image/png;base64,AA"}}
    assert events(envelope("qrcode.updated", code)) == []
    (limit,) = events(envelope("QRCODE_UPDATED", {"message": "QR code limit reached", "statusCode": 500}))
    assert isinstance(limit, Notice)
    new = events(envelope("something.new", {"apikey": KEY, "a": 1}))
    broken = parse({"apikey": KEY, "data": 1}, INSTANCE).events
    assert KEY not in json.dumps([event.event() for event in (limit, *new, *broken)])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], ""),
        (None, "not an object"),
        ([1], "not an object"),
        ({}, "no event"),
        (envelope("messages.upsert", 1), "not an object"),
        (envelope("messages.upsert", {}), "no sender"),
        (envelope("messages.upsert", {"key": {"remoteJid": "x"}}), "no sender"),
        (envelope("messages.update", {"status": "READ"}), "no message id"),
        (envelope("messages.update", {"keyId": "A"}), "no status"),
        (envelope("send.message", {"key": {"remoteJid": "1234567@s.whatsapp.net"}}), "no message id"),
        (envelope("messages.upsert", {}, "another"), "of another instance"),
    ],
)
def test_what_makes_no_sense_is_kept_with_its_reason(body: Any, reason: str) -> None:
    found = events(body)
    assert [event.reason for event in found if isinstance(event, Broken)] == ([reason] if reason else [])


def test_one_bad_event_does_not_hold_its_neighbours() -> None:
    good = upsert({"conversation": "oi"}, id="A1", phone=JULIA)
    several = {**good, "data": [1, good["data"], {"key": None}]}
    assert [type(event) for event in events([several, "x", good])] == [Broken, Message, Broken, Broken, Message]
    assert [event.kind for event in unreadable(b"\xff{", INSTANCE).events if isinstance(event, Broken)] == [
        InboundKind.NOTICE
    ]


BODIES = [
    upsert({"conversation": "oi"}, id="A1", phone=JULIA, lid=LID, version="2.3.6"),
    upsert({"audioMessage": AUDIO, "base64": "AA=="}, id="A2", phone=JULIA),
    *(upsert(node, id="A3", lid=LID) for node in TAPS.values()),
    upsert({"contactsArrayMessage": {"contacts": [{"displayName": "Zé", "vcard": VCARD}]}}, id="A4", phone=JULIA),
    upsert({"reactionMessage": {"text": "👍", "key": {"id": "X"}}}, id="A5", phone=JULIA, fromMe=True),
    envelope("messages.update", [update_data(TAKEN, "READ")]),
    envelope("send.message", sent_data(TAKEN)),
    envelope(
        "messages.edited",
        {"key": {"id": "A", "remoteJid": LID}, "type": 14, "editedMessage": {"extendedTextMessage": {"text": "x"}}},
    ),
    envelope("messages.delete", {"key": {"id": "A", "remoteJid": LID, "fromMe": False}}),
    envelope("connection.update", {"instance": INSTANCE, "state": "open"}),
    envelope("qrcode.updated", {"message": "limit"}),
]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_mutated_delivery_never_raises_and_never_surprises(data: st.DataObject) -> None:
    body: Any = data.draw(st.sampled_from(BODIES))
    for _ in range(data.draw(st.integers(1, 2))):
        body = replaced(body, data.draw(st.sampled_from(paths(body))), data.draw(anything))
    for event in parse(body, INSTANCE).events:
        assert_storable(event.event())
        assert not (isinstance(event, Broken) and event.reason.startswith("unexpected")), event


@pytest.mark.skipif(not SHARED.is_dir(), reason="cases written elsewhere are not here")
@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("evo_send_message__issue1934", Status, {"status": "accepted", "said": "teste de envio"}),
        ("evo_upsert_empty_message__issue91", Message, {"type": "unknown", "from": "556600000635"}),
        ("evo_upsert_lid_only_no_alt__issue2466", Message, {"from": None, "lid": "13718000000000@lid", "text": "Oi"}),
        ("evo_upsert_lid_senderpn__issue1778", Message, {"from": JULIA, "lid": LID, "text": "Vou pensar e retorno."}),
    ],
)
def test_what_was_recorded_elsewhere(name: str, kind: type, says: dict[str, Any]) -> None:
    (event,) = events(json.loads((SHARED / f"{name}.json").read_text()))
    assert isinstance(event, kind)
    assert says.items() <= event.event().items()
