"""What needs no thinking: taps, a plain yes or no, opt-outs, link codes, calling a person.

Each step looks at the scene and answers or passes (None). They run in one transaction, in this order, before
any brain is asked. A step that passes has written nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import phrases
from ..agenda import booking, offers, waitlist
from ..agenda.refusals import OfferOver
from ..errors import Refused
from ..models import Consent, Contact, Conversation, Professional
from ..models.enums import STANDING, Action, Actor, Role
from ..notify.render import chat
from ..text import plain
from ..whatsapp.outgoing import Text
from . import buttons, handoff, pending
from .brain import Answer, Toolkit
from .client import rating
from .dialogue import afterwards, answering, signup
from .dialogue.refusals import Undone, explain
from .identity import owner_of
from .inbox import SILENT_TYPES
from .professional import holiday_taps
from .scene import Scene

Step = Callable[[AsyncSession, Scene, Toolkit], Awaitable[Answer | None]]

# What the person typed beyond this is not a request for an appointment; Meta's own limit for a text is 4,096.
LONGEST = 4096
# The button that Meta puts under a login code.
UNASKED: Final = "DID_NOT_REQUEST_CODE"
# A polite refusal is not repeated for this long.
POLITE_FOR = timedelta(minutes=5)
SPOKEN_TYPES: Final = {
    "audio": "áudios",
    "image": "imagens",
    "video": "vídeos",
    "sticker": "figurinhas",
    "document": "documentos",
    "location": "localizações",
    "contacts": "contatos",
    "order": "pedidos",
}
LINK_CODE: Final = re.compile(r"^\s*agendar\s+(?:com\s+)?([a-z0-9][a-z0-9-]{1,59})\s*$", re.IGNORECASE)
PERSON: Final = re.compile(
    r"\b(atendente|humano|falar com (?:uma? )?(?:pessoa|alguém|alguem|gente|humano|atendente))\b", re.IGNORECASE
)
MODE: Final = re.compile(r"^\s*modo\s+(cliente|profissional)\s*[.!]?\s*$", re.IGNORECASE)
# The word alone, or a whole sentence about messages; inside any other sentence it means something else.
_WORD = r"(?:parar|parem?|sair|stop|descadastrar)"
_MESSAGES = r"(?: mais| as| os| essas?| esses?| suas)* (?:mensage(?:m|ns)|msgs?|avisos?|lembretes?)(?: mais)?"
STOP: Final = re.compile(
    rf"^\W*(?:quero |(?:por )?favor,? )?(?:{_WORD}(?:\W+{_WORD})*"
    rf"|(?:parar?|parem?|n[ãa]o quero)(?: mais)?(?: de)?(?: me)? (?:receber|mandar|enviar){_MESSAGES}"
    rf"|(?:parar|parem?|chega|basta)(?: de| com)?{_MESSAGES}"
    rf"|n[ãa]o (?:quero|(?:me )?(?:mandem?|manda|enviem?|envia)){_MESSAGES})"
    r"(?:\W+(?:por favor|pfv?|obrigad[oa]))?\W*$",
    re.IGNORECASE,
)
RESUME: Final = re.compile(r"^\W*(?:quero )?voltar(?: a receber(?: as)? mensagens)?\W*$", re.IGNORECASE)


async def answer_directly(session: AsyncSession, here: Scene, toolkit: Toolkit) -> Answer | None:
    """Return the answer of the first step that has one."""
    for step in STEPS:
        answer = await step(session, here, toolkit)
        if answer is not None:
            return answer
    return None


async def _subscription(session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """PARAR and VOLTAR, whoever says them and whatever else is going on."""
    if here.state.get("flow") and plain(here.text) in signup.STOP:
        return None  # what is left is the sign-up, not Odys
    out, answer, lines = here.contact.opted_out_at is not None, None, here.text.splitlines()
    for words in lines:  # each message of a burst is a line; the last wish counts
        if STOP.match(words) and (len(lines) == 1 or plain(words) != "sair"):  # "vou" / "sair" is no wish at all
            out, answer = True, Text(chat("opted_out"))
        elif out and RESUME.match(words):
            out, answer = False, Text(chat("opted_in"))
        else:
            continue
        await _consent(session, here, words, given=not out)
    return Answer(say=answer, state={**here.state, "pending": None}) if answer is not None else None


async def _consent(session: AsyncSession, here: Scene, words: str, *, given: bool) -> None:
    """Change whether a person is written to, and keep their words: both may have to be shown one day."""
    contact = await session.get_one(Contact, here.contact.id)
    contact.opted_out_at = None if given else here.now
    session.add(Consent(contact_id=contact.id, given=given, text=words.strip()[:200], said_at=here.now))


async def _silence(_session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """A person has taken over: keep what was said, say nothing."""
    return Answer() if handoff.silent(here) else None


async def _not_words(_session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """Pictures and the like get one polite answer, an edit that came too late one hint; reactions none."""
    if here.payload or here.text.strip():
        if len(here.text) <= LONGEST or here.payload:
            return None
        return Answer(say=Text(chat("text_too_long", limit=f"{LONGEST:,}".replace(",", "."))))
    kinds = {str(row.event.get("type")) for row in here.held.rows}
    if kinds <= SILENT_TYPES:
        return _once(here, "edit", chat("edited_too_late")) if "edit" in kinds else Answer()
    if kinds <= {"text", "button", "interactive"}:
        return Answer(say=Text(chat("not_understood")))
    kind = next((SPOKEN_TYPES[kind] for kind in sorted(kinds) if kind in SPOKEN_TYPES), "esse tipo de mensagem")
    return _once(here, kind, chat("unsupported_message", kind=kind))


def _once(here: Scene, about: str, words: str) -> Answer:
    """Say something polite, and not again while more of the same comes in: an album is a dozen messages."""
    told = here.state.get("told") or {}
    if about in told and here.now - datetime.fromisoformat(told[about]) < POLITE_FOR:
        return Answer()
    return Answer(say=Text(words), state={**here.state, "told": {about: here.now.isoformat()}})


async def _tap(session: AsyncSession, here: Scene, toolkit: Toolkit) -> Answer | None:
    """A tapped button that writes or chooses; what only steers the dialogue is left to the brain."""
    if here.payload is None:
        return None
    if here.payload == UNASKED:
        return Answer(say=Text(chat("code_not_asked")))
    tap = buttons.decode(here.payload)
    if tap.verb in STEERING:
        return None
    if tap.verb in BY_TOKEN:
        return None if tap.value in here.state.get("tokens", {}) else Answer(say=Text(chat("old_button")))
    if tap.verb in holiday_taps.VERBS:
        return await holiday_taps.tapped(session, here, tap)
    if tap.verb not in TAPS:
        return Answer(say=Text(chat("old_button")))
    if tap.id is None:
        return Answer(say=Text(chat("foreign_button")))
    return await TAPS[tap.verb](session, here, toolkit, tap)


async def _decided(session: AsyncSession, here: Scene, toolkit: Toolkit, tap: buttons.Tap) -> Answer:
    """Sim or Não under a question."""
    found = await pending.find(session, here, tap.uuid)
    if found is None:
        return Answer(say=Text(chat("foreign_button")))
    if tap.verb == buttons.YES:
        return await pending.accept(session, here, found, toolkit)
    return await pending.decline(session, here, found)


async def _ruled(session: AsyncSession, here: Scene, _: Toolkit, tap: buttons.Tap) -> Answer:
    """Confirmar or Recusar under a booking request: the tap is the professional's decision."""
    if here.own is None:
        return Answer(say=Text(chat("foreign_button")))
    action = Action.CONFIRM if tap.verb == buttons.CONFIRM else Action.REJECT
    shown = here.shown_at(tap.uuid)
    owner = Actor.PROFESSIONAL
    try:
        done = await booking.act(
            session, tap.uuid, action, actor=owner, professional_id=here.own.id, now=here.now, shown_at=shown
        )
    except Refused as refusal:
        raise Undone(explain(refusal, here.asker, {})) from refusal
    dialog, tokens = afterwards.ruled(here.state.get("dialog") or {}, done, action, here.now)
    receipt = await booking.receipt(session, done, action)
    return Answer(say=receipt, state={**here.state, "dialog": dialog}, tokens=tokens)


async def _attending(session: AsyncSession, here: Scene, _: Toolkit, tap: buttons.Tap) -> Answer:
    """Confirmar under a reminder: the client says they are coming."""
    shown = here.shown_at(tap.uuid)
    try:
        row = await booking.attend(session, tap.uuid, contact_id=here.contact.id, now=here.now, shown_at=shown)
    except Refused as refusal:
        raise Undone(explain(refusal, here.asker, {})) from refusal
    return Answer(say=await booking.receipt(session, row, Action.ATTEND))


async def _offered(session: AsyncSession, here: Scene, _: Toolkit, tap: buttons.Tap) -> Answer:
    """Quero or Não quero under an offer of the waitlist."""
    message = here.held.reply_to
    shown = await offers.shown_by(session, tap.uuid, message) if message else None
    try:
        if tap.verb == buttons.DECLINE:
            await waitlist.decline(session, tap.uuid, contact_id=here.contact.id, now=here.now, shown=shown)
            return Answer(say=Text(chat("declined")))
        row = await waitlist.accept(session, tap.uuid, contact_id=here.contact.id, now=here.now, shown=shown)
    except Refused as refusal:
        raise Undone(explain(refusal, here.asker, {})) from refusal
    if row.status not in STANDING:
        return explain(OfferOver(), here.asker, {})
    if row.created_at < here.now:
        when = phrases.moment(row.start_at.astimezone(here.asker.zone))
        return Answer(say=Text(chat("already_booked", when=when)))
    return Answer()  # what was booked now is told by its own message


async def _link_code(session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """`agendar SLUG`, as the link of a professional types it."""
    found = LINK_CODE.match(here.text)
    if not found:
        return None
    slug = found[1].lower()
    professional = await session.scalar(select(Professional).where(Professional.slug == slug))
    return await _chosen(session, here, professional.id) if professional else None


async def _chosen(session: AsyncSession, here: Scene, professional_id: UUID | None) -> Answer:
    professional = await session.get(Professional, professional_id) if professional_id else None
    if professional is None:
        return Answer(say=Text(chat("foreign_button")))
    conversation = await session.get_one(Conversation, here.conversation.id)
    owner = await owner_of(session, conversation.channel, conversation.account)
    if owner is not None and owner.id != professional.id:
        return Answer(say=Text(chat("own_number", professional=owner.name)))
    conversation.mode = Role.CLIENT
    await _forget(session, here)
    words = chat("professional_chosen", professional=professional.name, profession=professional.profession)
    # What was asked before anybody was chosen comes next; nothing else of another agenda is kept.
    dialog = {key: kept for key, kept in (here.state.get("dialog") or {}).items() if key == "then"}
    return Answer(say=Text(words), professional_id=professional.id, state={"tokens": {}, "dialog": dialog})


async def _person(_session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    if here.payload is None and not here.is_professional and here.professional and PERSON.search(here.text):
        return Answer(handoff=True)
    return None


async def _mode(session: AsyncSession, here: Scene, _: Toolkit) -> Answer | None:
    """Switch sides: one phone can own an agenda and be somebody's client."""
    wanted = MODE.match(here.text)
    if not wanted or here.own is None:
        return None
    conversation = await session.get_one(Conversation, here.conversation.id)
    conversation.mode = Role.CLIENT if wanted[1].lower() == "cliente" else Role.PROFESSIONAL
    await _forget(session, here)
    if conversation.mode is Role.PROFESSIONAL:
        return Answer(say=Text(chat("mode_professional", name=here.own.name)), state={})
    return Answer(say=Text(chat("mode_client")), state={})


async def _picked(session: AsyncSession, here: Scene, _: Toolkit, tap: buttons.Tap) -> Answer:
    """One of several professionals in a list."""
    return await _chosen(session, here, tap.uuid)


async def _released(session: AsyncSession, here: Scene, _: Toolkit, tap: buttons.Tap) -> Answer:
    """Devolver ao Odys: the bot may speak again in a client's conversation."""
    return await handoff.release(session, here, tap)


async def _forget(session: AsyncSession, here: Scene) -> None:
    """Let go of what was asked on the other side: a yes must never cross from one role to the other."""
    if here.pending is not None:
        await pending.decline(session, here, here.pending)


async def _signup(session: AsyncSession, here: Scene, toolkit: Toolkit) -> Answer | None:
    return await signup.answer(session, here, toolkit)


STEPS: Final[tuple[Step, ...]] = (
    _subscription,
    _tap,
    _silence,
    _not_words,
    rating.answer,
    answering.answer,
    _link_code,
    _mode,
    _person,
    _signup,
)
TAPS: Final[Mapping[str, Callable[[AsyncSession, Scene, Toolkit, buttons.Tap], Awaitable[Answer]]]] = {
    buttons.YES: _decided,
    buttons.NO: _decided,
    buttons.CONFIRM: _ruled,
    buttons.REJECT: _ruled,
    buttons.ATTEND: _attending,
    buttons.ACCEPT: _offered,
    buttons.DECLINE: _offered,
    buttons.PROFESSIONAL: _picked,
    buttons.RELEASE: _released,
}
# Options of lists, which live as long as their tokens, and steps of the dialogue: the brain's.
BY_TOKEN: Final = frozenset({"slot", "service", "client", "appt", "wait"})
STEERING: Final = frozenset({"do", "move", "cancel"})
