"""Changing by chat what an agenda offers: "novo serviço: barba, 20 min, R$ 30", "mudar meu horário de sábado: 9 às 12".

What changes services or hours is read back and waits for a yes. What we ask for, or tell somebody to write, may be
written on its own afterwards: the question is kept as `state["flow"]` until they speak of something else.
"""

import re
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from ... import phrases
from ...agenda import booking, owners, reminders, workweek
from ...models import Professional, Service
from ...models.enums import Role
from ...notify.render import chat
from ...text import plain
from ...whatsapp.outgoing import Text
from ..brain import Answer, Toolbox
from ..dialogue.talk import FORGOTTEN
from ..reading.business import read_changes, read_service, repeats_weekly, says_only_hours
from ..reading.intents import Intent, understand
from ..reading.yesno import read_yes_no
from ..scene import Scene
from . import own_details

# The steps of `state["flow"]` that are questions of ours about an agenda that exists.
HOURS, SERVICE = "new_hours", "new_service"
EDITS: Final = frozenset({HOURS, SERVICE})

_WISH = r"^\s*(?:(?:quero|queria|preciso|gostaria de|posso|vou|pode)\s+)?"
NEW_SERVICE: Final = re.compile(
    _WISH
    + r"(?:adicionar?|novo|cadastrar?|incluir?|inclui|colocar?|botar?|criar?|acrescentar?)\s+(?:mais\s+)?(?:um\s+)?"
    r"(?:novo\s+)?servi[cç]os?\b(?:\s+novo\b)?\s*:?\s*",
    re.I,
)
NEW_HOURS: Final = re.compile(
    _WISH + r"(?:(?:mudar?|alterar?|trocar?|definir?)\s+(?:o\s+|os\s+)?(?P<mine>meus?\s+)?|(?P<new>meu novo|novos?)\s+)"
    r"hor[aá]rios?\b(?P<work>\s+de\s+(?:atendimento|trabalho|funcionamento))?\s*(?:para|pra|:)?\s*",
    re.I,
)
# "Agora vou trabalhar de segunda a sexta das 8 às 17": the week, where it can be nothing else.
_FROM_NOW_ON: Final = re.compile(
    r"^\s*(?P<now>(?:agora|a partir de agora|de agora em diante)\s*,?\s+)?(?:eu\s+)?(?:vou\s+)?(?P<only>s[óo]\s+)?"
    r"(?:trabalhar|trabalho|atender|atendo|abrir|abro)\s+",
    re.I,
)
# "Meu horário agora é de segunda a sexta das 8 às 17".
_IS_NOW: Final = re.compile(
    r"^\s*(?:o\s+)?meus?\s+hor[aá]rios?(?:\s+de\s+\w+)?\s+(?:agora\s+(?:[ée]|s[ãa]o|vai ser)"
    r"|(?:vai|passa a) ser|mudou para)\s+",
    re.I,
)
# "Não, sábado das 9 às 13" corrects what was just read back.
_CORRECTING: Final = re.compile(r"^\s*n[ãa]o\b\W*", re.I)
NEW_ADDRESS: Final = re.compile(
    r"^\s*(?:meu |novo |(?:quero |vou )?(?:mud|alter|troc|atualiz)(?:ar?|ei|e) )(?:de |[oa] |meu |novo )*"
    r"endere[cç]o(?: agora)?\s*(?:é|e|para|pra|:)?\s*",
    re.I,
)
# "Meu endereço mudou", "meu endereço tá errado?" name none.
_NO_ADDRESS: Final = re.compile(r"^(?:mudou|est[áa]|t[áa]|n[ãa]o|errad[oa]|qual|onde)\b|\?$", re.I)
MY_SERVICES: Final = re.compile(r"^(?:(?:quais|ver|mostrar?|lista\w*) )?(?:sao )?(?:os )?meus servicos\??$")
MY_HOURS: Final = re.compile(
    r"^(?:(?:quais|ver|mostrar?|lista\w*) )?(?:sao )?(?:os )?meus horarios(?: de (?:trabalho|atendimento))?\??$"
)
MY_LINK: Final = re.compile(r"^(?:\w+ ){0,4}link(?: \w+){0,4}\??$")


async def answer(session: AsyncSession, here: Scene, own: Professional, tools: Toolbox) -> Answer | None:
    """Change one thing of an agenda that exists, or show it; pass when the message is about something else."""
    open_question = _open(here)
    if found := NEW_SERVICE.match(here.text):
        return await _services(here, tools, here.text[found.end() :])
    if (text := _hours_in(here.text)) is not None:
        return await _hours(here, tools, text)
    said = _CORRECTING.sub("", here.text)
    if open_question == HOURS and says_only_hours(said):
        return await _hours(here, tools, said)
    if open_question == SERVICE and _service_lines(said, read=True):
        return await _services(here, tools, said)
    if open_question and not here.state["flow"].get("proposed") and _unclear(here.text):
        refusal = "hours_not_understood" if open_question == HOURS else "service_not_understood"
        return _asked(here, open_question, chat(refusal))
    if open_question:
        # They speak of something else: what was asked is asked no more, whoever answers this.
        here.conversation.state.pop("flow", None)
    return await _told(session, here, own)


def _unclear(text: str) -> bool:
    """Tell whether a message asks for nothing else that we know of."""
    return read_yes_no(text) is None and understand(text, Role.PROFESSIONAL).intent is Intent.NONE


def _open(here: Scene) -> str:
    """Return the question of ours that is open, if it is not of this morning."""
    flow = here.state.get("flow") or {}
    fresh = here.now - datetime.fromisoformat(flow["at"]) < FORGOTTEN if "at" in flow else False
    return str(flow["step"]) if fresh else ""


def _hours_in(text: str) -> str | None:
    """Return what a message says about the weekly hours, nothing where it only wants to change them; None else."""
    if found := NEW_HOURS.match(text):
        rest = text[found.end() :]
        asks = bool(found["mine"] or found["new"] or found["work"]) and not rest.strip(" .!?")
        return rest if asks or says_only_hours(rest) else None
    if (found := _IS_NOW.match(text)) and says_only_hours(rest := text[found.end() :]):
        return rest
    if found := _FROM_NOW_ON.match(text):
        rest = text[found.end() :]
        if says_only_hours(rest) and (found["now"] or repeats_weekly(rest)):
            return _and_no_others(rest) if found["only"] else rest
    return None


def _and_no_others(hours: str) -> str:
    """Close the days that are not named: "só atendo de terça a sábado"."""
    closed = set(range(7)) - (read_changes(hours) or {}).keys()
    return "; ".join([hours, *(f"{phrases.WEEKDAYS[day]} fechado" for day in sorted(closed))])


async def _hours(here: Scene, tools: Toolbox, text: str) -> Answer:
    if not text.strip(" .!?"):
        return _asked(here, HOURS, chat("ask_hours"))
    return await _proposed(here, tools, HOURS, "set_hours", hours=text)


async def _services(here: Scene, tools: Toolbox, text: str) -> Answer:
    lines = _service_lines(text)
    if not lines:
        return _asked(here, SERVICE, chat("ask_new_service"))
    return await _proposed(here, tools, SERVICE, "save_services", services=lines)


def _service_lines(text: str, *, read: bool = False) -> list[str]:
    """Take a text apart, a service a line; with `read` only those that are described in full."""
    lines = [line.strip() for line in re.split(r"[\n;]", text) if line.strip(" .!?")]
    return [line for line in lines if not read or read_service(line)]


async def _proposed(here: Scene, tools: Toolbox, step: str, tool: str, **arguments: Any) -> Answer:
    """Ask for a yes, or for better words; either way what comes next may be a correction."""
    result = await tools.call(tool, arguments)
    if result.proposal is not None:
        return Answer(proposal=result.proposal, state=_state(here, step, proposed=True))
    return _asked(here, step, str(result.data.get("message") or chat("sorry")))


def _asked(here: Scene, step: str, question: str) -> Answer:
    # A yes from here on answers no earlier question.
    return Answer(say=Text(question), state={**_state(here, step), "pending": None})


def _state(here: Scene, step: str, *, proposed: bool = False) -> dict[str, Any]:
    flow = {"step": step, "at": here.now.isoformat(), "proposed": proposed}
    return {**here.state, "flow": flow, "dialog": {}}


async def _told(session: AsyncSession, here: Scene, own: Professional) -> Answer | None:
    """Note an address, or show what an agenda is like."""
    words = plain(here.text)
    if kept := await own_details.told(session, here.text, own):
        return Answer(say=Text(kept))
    if found := NEW_ADDRESS.match(here.text):
        address = " ".join(here.text[found.end() :].split())[:200]
        if not any(letter.isalnum() for letter in address) or _NO_ADDRESS.search(address):
            return Answer(say=Text(chat("ask_new_address")))
        await booking.lock(session, own.id)
        (await session.get_one(Professional, own.id)).address = address
        await reminders.renew(session, own.id, now=here.now)
        return Answer(say=Text(chat("address", address=address)))
    if MY_SERVICES.match(words):
        return Answer(say=Text(chat("prices", lines="\n".join(map(_line, await owners.offered(session, own.id))))))
    if MY_HOURS.match(words):
        return Answer(
            say=Text(chat("hours", lines="\n".join(workweek.hours_lines(await workweek.usual_week(session, own.id)))))
        )
    if MY_LINK.match(words):
        return Answer(say=Text(chat("my_link", slug=own.slug, link=link_to(here, own.slug))))
    return None


def link_to(here: Scene, slug: str) -> str:
    """Return the link that opens WhatsApp with the words that choose this agenda."""
    number = here.first.event.get("our_number") or ""
    return f"https://wa.me/{number}?text=agendar%20{slug}"


def _line(row: Service) -> str:
    return f"{row.name}: {phrases.duration(row.minutes)}, {phrases.money(row.price_cents)}"
