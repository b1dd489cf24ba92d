"""Nobody was chosen yet: a greeting that says what this is, and a search for a professional by name."""

from typing import Final
from uuid import UUID

from ...notify.render import chat
from ..brain import Answer
from ..reading.intents import Intent
from ..reading.people import people_in
from .talk import Data, Talk, choices, do, fitting, option

# Words that are said about a professional and belong to no name.
BESIDES: Final = frozenset(
    {
        "codigo",
        "profissional",
        "outro",
        "outra",
        "barbeiro",
        "barbeira",
        "psicologo",
        "psicologa",
        "manicure",
        "doutora",
    }
)
# A name with a title and a profession; more words are a sentence.
LONGEST: Final = 5
AFTER: Final = (do("book", "Marcar horário"), do("prices", "Preços"), do("help", "Ajuda"))


async def search(talk: Talk) -> Answer:
    """Greet, or look for the professional that a message names."""
    intent = talk.reading.intent
    if talk.heard.payload or intent in {Intent.GREET, Intent.HELP, Intent.WHO, Intent.DROP}:
        talk.memory.clear()
        return talk.say("greeting_unknown")
    if intent in {Intent.THANKS, Intent.BYE}:
        return talk.say("thanks" if intent is Intent.THANKS else "bye")
    names = people_in(talk.said.rest, besides=BESIDES)
    if _asks_for_more(talk):
        talk.memory["then"] = talk.heard.text[:300]
    if not names:
        return talk.ask("professional", chat("ask_professional"))
    found = await _found(talk, names[0])
    if not found and not names[0][0].isupper() and talk.asked != "professional" and talk.memory.get("then"):
        # A service was named, not yet the professional.
        return talk.ask("professional", chat("ask_professional"))
    if not found:
        return talk.ask("professional", chat("professional_not_found", query=names[0]))
    if len(found) > 1:
        rows = [option("pro", each["id"], each["name"], each.get("profession") or "") for each in found]
        return talk.ask("professional", chat("professional_candidates"), fitting(rows), label="Ver profissionais")
    return choose(talk, found[0])


async def _found(talk: Talk, name: str) -> list[Data]:
    """Look for the whole message when it answers the question, for the name in it otherwise."""
    whole = talk.heard.text.strip()
    short = talk.asked == "professional" and len(whole.split()) <= LONGEST
    for query in (whole, name) if short else (name,):
        data, _ = await talk.call("find_professional", query=query)
        if found := data.get("professionals"):
            return list(found)
    return []


def choose(talk: Talk, professional: Data) -> Answer:
    """Turn to a professional; what was asked before comes next."""
    then = talk.memory.get("then")
    talk.memory.clear()
    if then:
        # Answered in this same turn, with the agenda that was chosen.
        talk.memory["then"] = then
    words = chat(
        "professional_chosen", professional=professional["name"], profession=professional.get("profession") or ""
    )
    return talk.answer(choices(words, AFTER), professional_id=UUID(str(professional["id"])))


def _asks_for_more(talk: Talk) -> bool:
    return talk.reading.intent not in {Intent.NONE, Intent.OTHER_PROFESSIONAL} or talk.said.dated
