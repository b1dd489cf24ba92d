"""What is kept about an agenda, shown to its owner who asks: the Pix key, the address, the CPF.

A question never begins a change. None of this passes a model: it is answered before any brain is asked.
"""

import re
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from ...agenda import clients
from ...agenda.documents import write_cpf
from ...models import Professional
from ...notify.render import chat
from ..reading.vocabulary import plain

_WHAT: Final = {
    "pix": r"(?:chaves?(?: d[eo])?(?: meu| minha)? pix|chave|pix|dados d[eo] pix)",
    "address": r"(?:endereco|local de atendimento)",
    "cpf": r"cpf",
}
_ASK: Final = (
    r"(?:(?:me |voce |pode |sabe |quero |queria |preciso )*(?:qual|quais|cade|mostr\w+|ver|ve|diz|dizer|fal(?:a|ar)"
    r"|lembr\w+|conf(?:ere|erir)|manda|mandar|passa|passar|esqueci|saber|onde (?:esta|fica))"
    r"(?: qual| quais)?(?: que)?(?: (?:e|era|esta|foi|sao))? )"
)
_MINE: Final = r"(?:(?:o|a|os|as) )?(?:(?:meu|minha|meus|minhas) )?"
_NOW: Final = (
    r"(?: (?:mesmo|ai|aqui|hoje|agora|atual|atualmente|(?:cadastr|salv|guard|registr|us)\w*|que|esta|ficou|foi|tem"
    r"|tenho|voce|eu|de|em|no|por favor|sistema|odys|sendo|cert[oa]|correto|correta|clientes?|dos|meus))*"
)
_IS: Final = r"(?: (?:e|esta|era|ficou|foi))? (?:qual|cadastrad[oa]|cert[oa]|salv[oa]|correto|correta)"
_HAVE: Final = r"(?:(?:eu )?(?:ja )?(?:tem|tenho|existe|cadastrei)(?: alguma?| uma?)?(?: ja)? )"


def _question(what: str) -> re.Pattern[str]:
    end = r"(?: [?!.])*"
    return re.compile(
        rf"(?:e )?(?:(?:{_ASK}){_MINE}{what}{_NOW}{end}|{_MINE}{what}{_IS}{_NOW}{end}"
        rf"|(?:meu|minha) {what}(?: \?)+|{_HAVE}{_MINE}{what}{_NOW} \?{end}|{what} cadastrad[oa]{end})"
    )


_QUESTIONS: Final = {name: _question(what) for name, what in _WHAT.items()}
# Namesakes are told together, as many as one looks through.
_MOST: Final = 5
_CPF_OF: Final = re.compile(rf"(?:e )?(?:{_ASK})(?:o )?cpf d[aeo] (?P<name>[a-z ]+?)(?: cadastrado)?(?: [?!.])*")


async def told(session: AsyncSession, text: str, own: Professional) -> str:
    """Return what is kept of what a message asks for; nothing where it asks for none of it."""
    words = plain(text).strip()
    if found := _CPF_OF.fullmatch(words):
        named = await clients.search(session, own.id, found["name"])
        lines = [_cpf(each.cpf, each.name) for each in named[:_MOST]]
        return "\n".join(lines) or chat("client_unknown", name=found["name"].title())
    match next((name for name, question in _QUESTIONS.items() if question.fullmatch(words)), ""):
        case "pix":
            return chat("my_pix", key=own.pix_key or "")
        case "address":
            return chat("my_address", address=own.address)
        case "cpf":
            return _cpf(own.cpf, "")
    return ""


def _cpf(cpf: str | None, client: str) -> str:
    return chat("my_cpf", cpf=write_cpf(cpf) if cpf else "", client=client)
