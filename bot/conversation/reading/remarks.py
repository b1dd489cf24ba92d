"""What a client says beside the time they want: whom it is for, how many come, what the professional should mind."""

import re
from typing import Final

from ...models.enums import Role
from ...notify.render import chat
from ..dialogue.several import joined
from ..dialogue.talk import Talk

# As much as an appointment's note shows on a phone.
LONGEST: Final = 200
_WHO: Final = (
    r"(?:marido|esposa|mulher|namorad[oa]|noiv[oa]|companheir[oa]|filh[oa]s?|m[ãa]e|pai|irm[ãa]o?s?|av[óôo]|net[oa]s?"
    r"|sobrinh[oa]s?|ti[oa]s?|prim[oa]s?|sogr[oa]|cunhad[oa]|enteado|enteada|afilhad[oa]|amig[oa]s?|beb[êe]|crian[çc]as?)"
)
# "Pra minha filha", "eu e meu filho"; "meu pai" alone may be why somebody comes late.
_FOR: Final = re.compile(
    rf"\b(?:p|pr[ao]s?|para|com|e|encaixar|atender)\s+(?:[oa]s?\s+)?(?:meus?|minhas?|nossos?|nossas?)\s+{_WHO}\b",
    re.IGNORECASE,
)
# "Deixa eu ver com meu marido" is for nobody else to know.
_ASKS_FIRST: Final = re.compile(
    r"\b(?:ver|vejo|fal\w+|combin\w+|pergunt\w+|confirm\w+|confer\w+|consult\w+) (?:isso )?(?:com|pr?[ao]|para)"
    rf" (?:[oa] )?(?:meu|minha) {_WHO}\b",
    re.IGNORECASE,
)
_MIND: Final = re.compile(
    r"\bal[ée]rgic[oa]|\bgr[áa]vida|\bgestante|\bcadeirante|\bautista|\bdefici[êe]n|\bdiab[ée]t|\bpress[ãa]o alta"
    r"|\b(?:avis[ae]|fal[ae]|diz|diga|lembr[ae])\s+(?:[àa]|ao|pra|pro|para|pr[ao] el[ea]|el[ea])?\s*(?:\w+\s+)?que\b",
    re.IGNORECASE,
)
# Why a time is given up for another one, which the professional is asked about.
_WHY: Final = re.compile(
    r"\b(?:porque|pq|pois|por causa|j[áa] que|é que|imprevisto|doente|gripad[oa]|febre|resfriad[oa])\b"
    r"|\b(?:surgiu|apareceu) uma?\b|\bque (?:eu )?(?:vou (?:levar|ter|estar|viajar|trabalhar)|tenho (?:que|uma?)|terei"
    r"|preciso|(?:estou|t[ôo])(?! (?:marcad|agendad))|fiquei|tive|viajo|trabalho)\b",
    re.IGNORECASE,
)
_SEVERAL: Final = re.compile(
    r"\b(?:p|pra|para) mim\b[^.?!]{0,40}\b(?:e|outr[oa])\b[^.?!]{0,40}\b(?:p|pr[ao]|para) (?:[oa] )?(?:meu|minha)\b"
    r"|\b(?:p|pra|para) mim e\b|\beu(?: e|,) (?:[oa] )?(?:meu|minha)\b|\bn[óo]s (?:dois|duas|tr[êe]s)\b|\bos dois\b"
    r"|\bsomos (?:[2-9]|dois|duas|tr[êe]s|quatro)\b|\b(?:[2-9]|dois|duas|tr[êe]s|quatro) pessoas\b"
    r"|\b(?:[2-9]|dois|duas|tr[êe]s) (?:cortes|hor[áa]rios|vagas)\b",
    re.IGNORECASE,
)


def remark(text: str, *, moving: bool = False) -> str:
    """Return what the professional should know of a message, in the client's own words; nothing of most."""
    kept = (
        _FOR.search(_ASKS_FIRST.sub(" ", text))
        or _MIND.search(text)
        or _SEVERAL.search(text)
        or (moving and _WHY.search(text))
    )
    return " ".join(text.split())[:LONGEST] if kept else ""


def for_several(text: str) -> bool:
    """Tell whether more than one person wants to come: a time is for one."""
    return _SEVERAL.search(text) is not None


def keep(talk: Talk, *, moving: bool) -> None:
    """Keep what a message says that the professional should know, until there is a time to say it with."""
    if said := remark(talk.heard.text, moving=moving):
        talk.memory["remark"] = said


def passed_on(talk: Talk) -> dict[str, str]:
    """Return what a client wants the professional to know, as the tools take it, and say that it is passed on."""
    if talk.asker.role is Role.PROFESSIONAL or not (words := str(talk.memory.get("remark", ""))):
        return {}
    told = chat("remark_kept", remark=words, several=for_several(words))
    talk.preface = joined([talk.preface, told])
    return {"note": words}
