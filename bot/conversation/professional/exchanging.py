"""Two clients who take each other's time: "troca a Ana com o Carlos", "inverte os horários da Ana e do Carlos"."""

import re
from typing import Final

from ... import phrases
from ...notify.render import chat
from ..brain import Answer
from ..client.acts import info
from ..dialogue.afterwards import known
from ..dialogue.offer import refused
from ..dialogue.picking import filtered
from ..dialogue.talk import Data, Talk, start_of
from ..reading.catalogue import names
from ..reading.intents import Intent
from ..reading.people import called, people_in
from ..reading.vocabulary import plain
from ..reading.wish import fits
from .reads import ask_which, coming

EXCHANGE: Final = "exchange"
_CHANGE_PLACES: Final = re.compile(
    r"(?<!\S)(?:(?:troc(?:a|ar|o|ue)|invert(?:e|er|a|o)|permut\w+)(?!\S)(?!.* (?:servicos?|precos?|valor(?:es)?) )"
    r".* (?:com|e|por|pel[oa]) |no lugar d[ao] .* no lugar d[ao] )"
)
# "Troca a Ana e o Carlos para sexta" is where both shall go.
_SOMEWHERE: Final = re.compile(r" (?:para|pras|pros|as) ")
# What is said around the two and is no name.
_NOT_NAMES: Final = frozenset({"inverte", "inverter", "inverta", "inverto", "permuta", "permutar", "posicao", "duas"})
_MAY_BE: Final = frozenset({Intent.NONE, Intent.RESCHEDULE, Intent.SWAP, Intent.BOOK, Intent.AGENDA})


async def exchange(talk: Talk) -> Answer | None:
    """Propose that two who are named take each other's time; None where a message wants nothing of it."""
    words = plain(talk.heard.text)
    if talk.heard.payload or talk.reading.intent not in _MAY_BE or not _CHANGE_PLACES.search(words):
        return None
    if _SOMEWHERE.search(words.replace(" as duas ", " ")):
        return None
    named = people_in(talk.said.rest, besides={*names((await info(talk)).get("services") or []), *_NOT_NAMES})
    if len(people := list(dict.fromkeys(each.casefold() for each in named))) != 2:
        return None
    shown = await coming(talk)
    sides = [[each for each in shown if called(name, each["client"])] for name in people]
    talk.memory.clear()
    if absent := [name for name, side in zip(named, sides, strict=False) if not side]:
        return talk.say("client_not_there", name=phrases.listing(absent))
    moments = talk.said.when.alternatives or (talk.said.when,)
    then = [[each for each in side if any(fits(one, start_of(talk, each)) for one in moments)] for side in sides]
    sides = [narrow or side for narrow, side in zip(then, sides, strict=True)]
    talk.memory |= {"doing": EXCHANGE, "sides": [[known(each) for each in side] for side in sides]}
    return await go_on(talk)


async def go_on(talk: Talk, token: str = "") -> Answer:
    """Propose the exchange; ask which appointment is meant where one of the two has several."""
    sides: list[list[Data]] = talk.memory.get("sides") or []
    sides = [[each for each in side if each["token"] == token] or side for side in sides]
    if len(sides) != 2:
        return talk.say("old_button")
    talk.memory["sides"] = sides
    for side in sides:
        if len(side) > 1:
            return ask_which(talk, chat("which_appointment"), side)
    first, second = (side[0]["token"] for side in sides)
    talk.memory.pop("candidates", None)
    data, proposal = await talk.call("swap_appointments", first=first, second=second)
    return talk.propose(proposal) if proposal else refused(talk, data)


async def continued(talk: Talk) -> Answer | None:
    """Take a day or an hour as the appointment that was asked for; None when it is about something else."""
    one = filtered(talk.memory.get("candidates", []), talk.said.when) if talk.said.dated else []
    if talk.asked == "appointment" and len(one) == 1:
        return await go_on(talk, one[0]["token"])
    return talk.ask_again(chat("sorry")) if talk.reading.intent is Intent.NONE and not talk.pending else None
