"""Sign-up by chat: a professional gets an agenda, services and hours by answering questions.

The step one is at is `state["flow"]`; each answer is written at once and echoed from what was written. What is there
already is changed in `editing`, after a yes.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from ... import phrases
from ...agenda import owners, workweek
from ...errors import Refused
from ...models import Contact, Conversation, Professional
from ...models.enums import Role
from ...notify.render import chat
from ...text import plain
from ...whatsapp.outgoing import Choices, Option, Outgoing, Text
from .. import buttons
from ..brain import Answer, Toolkit
from ..professional import editing
from ..professional.editing import link_to
from ..reading.business import read_hours, read_service
from ..scene import DEFAULT_ZONE, Scene
from .refusals import Undone

Step = Callable[[AsyncSession, Scene, dict[str, Any]], Awaitable[Answer]]

WANTS_TO_SIGN_UP: Final = re.compile(
    r"\b(sou (?:um |uma )?profissional|(?:quero|queria|gostaria de|como) (?:faco (?:para|pra) )?"
    r"(?:me |)cadastr\w+|quero usar o odys|(?:criar|abrir) (?:uma |minha |a |)(?:conta|agenda))\b"
)
STOP: Final = frozenset({"cancelar", "sair", "parar cadastro", "deixa pra la", "esquece", "agora nao"})
SERVICES_DONE: Final = buttons.encode("do", "services_done")
SKIP: Final = frozenset({"pular", "pula", "nao", "depois", "nenhum", "nao tenho"})
DONE: Final = frozenset({"pronto", "so isso", "so esse", "so esses", "acabou", "terminei", "e so", "so", "nao", "ok"})


async def answer(session: AsyncSession, here: Scene, toolkit: Toolkit) -> Answer | None:
    """Take the next step of a sign-up or set-up; pass when neither is going on nor asked for."""
    flow = dict(here.state.get("flow") or {})
    words = plain(here.text)
    if flow and words in STOP:
        edits = flow["step"] in editing.EDITS
        state = {**_without_flow(here), "pending": None} if edits else _without_flow(here)
        return Answer(say=Text(chat("kept" if edits else "signup_stopped")), state=state)
    if flow.get("step") == "service" and here.payload == SERVICES_DONE:
        return _ask(here, "hours", Text(chat("signup_ask_hours")), {})
    if flow.get("step") in STEPS and here.payload is None:
        return await _guarded(session, STEPS[flow["step"]](session, here, flow))
    if here.is_professional and here.own is not None and here.payload is None:
        tools = toolkit.for_asker(here.asker, here.state, professional=here.professional, session=session)
        if edited := await editing.answer(session, here, here.own, tools):
            return edited
    if here.payload == buttons.encode("do", "signup") or (here.payload is None and WANTS_TO_SIGN_UP.search(words)):
        return _begin(here)
    return None


async def _guarded(session: AsyncSession, step: Awaitable[Answer]) -> Answer:
    """Take a step; a refusal undoes it, is said, and leaves the question open."""
    try:
        return await step
    except Refused as refusal:
        raise Undone(Answer(say=Text(refusal.message))) from refusal


def _begin(here: Scene) -> Answer:
    if here.own is not None:
        return Answer(say=Text(chat("signup_exists", name=here.own.name)))
    return _ask(here, "name", Text(chat("signup_start") + "\n\n" + chat("signup_ask_name")), {})


async def _name(session: AsyncSession, here: Scene, flow: dict[str, Any]) -> Answer:
    name = " ".join(here.text.split())
    if not 2 <= len(name) <= 80 or not any(letter.isalpha() for letter in name):
        return Answer(say=Text(chat("signup_ask_name")))
    return _ask(here, "profession", Text(chat("signup_ask_profession")), {"name": name})


async def _profession(session: AsyncSession, here: Scene, flow: dict[str, Any]) -> Answer:
    """The last question before there is an agenda: now it is made."""
    profession = " ".join(here.text.split())[:80]
    contact = await session.get_one(Contact, here.contact.id)
    await owners.create_professional(
        session, name=flow["name"], profession=profession, contact=contact, timezone=DEFAULT_ZONE, now=here.now
    )
    conversation = await session.get_one(Conversation, here.conversation.id)
    conversation.mode = Role.PROFESSIONAL
    return _ask(here, "service", Text(chat("signup_ask_service")), {})


async def _service(session: AsyncSession, here: Scene, flow: dict[str, Any]) -> Answer:
    professional = _own(here)
    if plain(here.text) in DONE and await owners.offered(session, professional.id):
        return _ask(here, "hours", Text(chat("signup_ask_hours")), {})
    return await _add_services(session, here, professional, here.text)


async def _hours(session: AsyncSession, here: Scene, flow: dict[str, Any]) -> Answer:
    said = await _set_hours(session, here, _own(here), here.text)
    if said is None:
        return Answer(say=Text(chat("hours_not_understood")))
    return _ask(here, "address", Text(said + "\n\n" + chat("signup_ask_address")), {})


async def _address(session: AsyncSession, here: Scene, flow: dict[str, Any]) -> Answer:
    professional = await session.get_one(Professional, _own(here).id)
    if plain(here.text) not in SKIP:
        professional.address = " ".join(here.text.split())[:200]
    name, link = phrases.first_name(professional.name), link_to(here, professional.slug)
    words = chat("signup_done", name=name, slug=professional.slug, link=link)
    return Answer(say=Text(words), state=_without_flow(here))


STEPS: Final[Mapping[str, Step]] = {
    "name": _name,
    "profession": _profession,
    "service": _service,
    "hours": _hours,
    "address": _address,
}


async def _add_services(session: AsyncSession, here: Scene, own: Professional, text: str) -> Answer:
    """Add the services described in `text`, one a line, and echo the rows."""
    wishes = [read_service(line) for line in re.split(r"[\n;]", text) if line.strip()]
    if not wishes or None in wishes:
        return Answer(say=Text(chat("service_not_understood")))
    rows = [
        await owners.add_service(
            session, own.id, name=wish.name, minutes=wish.minutes, price_cents=wish.price_cents, now=here.now
        )
        for wish in wishes
        if wish is not None
    ]
    said = "\n".join(
        chat(
            "signup_service_added",
            service=row.name,
            duration=phrases.duration(row.minutes),
            price=phrases.money(row.price_cents),
        )
        for row in rows
    )
    return Answer(say=Choices(said, (Option(SERVICES_DONE, "Pronto, é só isso"),)))


async def _set_hours(session: AsyncSession, here: Scene, own: Professional, text: str) -> str | None:
    windows = read_hours(text)
    if windows is None:
        return None
    await workweek.set_weekly_hours(session, own.id, windows)
    return chat("signup_hours_set", lines="\n".join(workweek.hours_lines(await workweek.usual_week(session, own.id))))


def _own(here: Scene) -> Professional:
    if here.own is None:
        raise Refused
    return here.own


def _ask(here: Scene, step: str, question: Outgoing, gathered: Mapping[str, Any]) -> Answer:
    flow = {**(here.state.get("flow") or {}), **gathered, "step": step}
    return Answer(say=question, state={**here.state, "flow": flow, "dialog": {}})


def _without_flow(here: Scene) -> dict[str, Any]:
    return {key: value for key, value in here.state.items() if key != "flow"}
