"""Yes or no, strictly: the whole message is one or the other, or it is neither.

What is agreed to here is written at once, so everything else in a message ("sim, mas às 16h", "não sei",
"pode ser às 15h?") makes it neither, and the dialogue reads it instead.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from .vocabulary import EMOJI, plain

# Nobody needs more than this for a plain yes.
LONGEST: Final = 120
MOST_WORDS: Final = 12

Phrase = tuple[str, ...]


def _phrases(*lines: str) -> frozenset[Phrase]:
    return frozenset(tuple(phrase.split()) for line in lines for phrase in line.split(","))


YES: Final = _phrases(
    "sim,isso,isso mesmo,isso ai,e isso,e isso ai,e isso mesmo,exato,exatamente,correto,certo,certinho,esta certo",
    "esta bom,esta,esta otimo,esta ok,tudo ok,tudo certo,ok,claro,claro que sim,com certeza,certeza",
    "com certeza sim,logico,positivo,afirmativo,uhum,aham,ahan,arram",
    "pode,pode ser,pode sim,pode ser sim,pode seguir,pode fazer,pode mandar,pode ir,pode deixar,podemos",
    "pode fechar,pode fechar sim,pode ser esse,pode ser essa,pode ser esse mesmo,pode ser essa mesma",
    "confirmo,confirma,confirmar,confirme,confirmado,confirmada,eu confirmo,confirmo sim,pode confirmar",
    "quero,quero sim,eu quero,eu quero sim,aceito,eu aceito,topo,concordo,de acordo,combinado,fechado,fechou",
    "beleza,bora,bora la,vamos,vamos la,vamo,partiu,demorou,show,show de bola,perfeito,perfeita,otimo,otima,maravilha",
    "excelente,joia,tranquilo,sem problema,sem problemas,legal,bacana,massa,top,manda ver,yes,yep,si",
    "agora sim,ai sim,essa sim,esse sim",
    "por mim sim,por mim ok,e esse mesmo,esse mesmo,este mesmo,essa mesma,serve,serve sim,sim senhor,sim senhora",
)
NO: Final = _phrases(
    "nao,nao quero,nao quero nao,nao pode,nao confirmo,nao confirma,nao confirme,nao aceito,nao concordo,no,nem",
    "agora nao,hoje nao,ainda nao,melhor nao,acho melhor nao,claro que nao,com certeza nao,prefiro nao,quero nao",
    "por enquanto nao,por mim nao,negativo,jamais,nunca,nem pensar,de jeito nenhum,de forma alguma,de maneira nenhuma",
    "deixa,deixa pra la,deixa para la,deixe,deixa quieto,esquece,esqueca,esquece isso,deixa isso,nao precisa",
    "precisa nao,nao e isso,nao era isso,isso nao,errado,esta errado,desisto,desisti,mudei de ideia,nada,nada disso",
    "nao vou querer,nao vou querer mais,pode nao,nao precisa mais,no momento nao,nao agora,nao ainda,nao mesmo",
    "pensando bem nao,pensando melhor nao,na verdade nao,pensando bem melhor nao,ah nao",
    "nao esta certo,nao senhor,nao senhora,deixa para depois",
)
# Said around a yes or a no, without changing it.
FILLER: Final = _phrases(
    "por favor,por gentileza,obrigado,obrigada,muito obrigado,muito obrigada,valeu,grato,grata,sorriso,entao,viu,ne",
    "ai,pronto,amigo,amiga,querido,querida,moco,moca,oi,bom dia,boa tarde,boa noite,eu,ah,hum,k,rs,rsrs",
    "ate amanha,ate mais,ate logo",
)

# Naming the deed agrees to that deed alone: "pode cancelar" is no yes to a booking.
BOOK, CANCEL, MOVE = "book_appointment", "cancel_appointment", "reschedule_appointment"
# No tool: what a reminder asks.
PRESENCE = "presence"
DEED: Final[Mapping[str, frozenset[Phrase]]] = {
    BOOK: _phrases(
        "marca,marque,marcar,agenda,agende,agendar,reserva,marca sim,agenda sim,marca ai,marca esse,pode marcar",
        "pode agendar,pode reservar,pode marcar sim,pode agendar sim,pode marcar esse,pode marcar esse horario",
        "quero marcar,quero agendar,favor marcar",
    ),
    CANCEL: _phrases(
        "cancela,cancelar,cancele,pode cancelar,pode desmarcar,desmarca,desmarcar,desmarque,quero cancelar",
        "quero desmarcar,quero mesmo,cancela sim,pode cancelar sim,cancela isso,cancela mesmo,cancela ai",
    ),
    MOVE: _phrases(
        "muda,mudar,pode mudar,pode remarcar,remarca,remarcar,remarque,pode trocar,troca,pode passar,quero remarcar",
        "quero mudar,pode alterar,pode transferir,muda sim,remarca sim",
    ),
    PRESENCE: _phrases(
        "eu vou,vou,vou sim,eu vou sim,que eu vou,que eu vou sim,que vou,que vou sim,vou com certeza,vou estar la",
        "vou estar ai,estarei la,estarei ai,la estarei,vou comparecer,presenca confirmada,confirmo presenca",
        "confirmo a presenca,confirmo minha presenca,pode confirmar presenca,pode confirmar a presenca",
        "pode confirmar minha presenca,confirmar presenca,ate la",
    ),
}
KEEP: Final[Mapping[str, frozenset[Phrase]]] = {
    BOOK: _phrases(
        "cancela,cancelar,pode cancelar,cancela isso,desmarca,nao quero mais,nao quero marcar,nao marca,nao marque",
        "nao marca nao,nao agenda,nao agende",
    ),
    CANCEL: _phrases(
        "nao cancela,nao cancele,nao quero cancelar,nao desmarca,nao desmarque,nao quero desmarcar,deixa como esta",
        "deixa assim,deixa marcado,mantem,mantenha,pode manter,quero manter,nao cancela nao,nao quero cancelar nao",
    ),
    MOVE: _phrases(
        "nao muda,nao mude,nao remarca,nao remarque,nao quero mudar,nao quero remarcar,deixa como esta,deixa assim",
        "mantem,mantenha,pode manter,quero manter,cancela,cancela isso",
    ),
}
# Said to close what was going on, where nothing waits for an answer. A "sim" is not: it answers something.
ENOUGH: Final = NO | _phrases(
    "ok,esta bom,esta,esta certo,esta otimo,esta ok,esta tudo bem,esta tudo certo,tudo bem,tudo bom,tudo ok,tudo certo",
    "certo,certinho,beleza,show,show de bola,perfeito,perfeita,otimo,otima,maravilha,excelente,joia,tranquilo,legal",
    "bacana,massa,top,suave,de boa,combinado,fechado,fechou,demorou,entendi,entendido,ciente,anotado,feito,que bom",
    "pode deixar,sem problema,sem problemas,uhum,aham,ahan,arram,ah,eu que agradeco,imagina,disponha,so isso",
    "so isso mesmo,era isso,era so isso,era isso mesmo,e so isso,e so,por hoje e so,por enquanto e so",
    "por enquanto e isso,k,rs,rsrs,sorriso,desculpa,desculpe,mandei errado,mensagem errada,foi engano,engano,foi mal",
    "era para outra pessoa,ignora,ignore,pode ignorar,desconsidera,desconsidere,pode desconsiderar,sem querer",
    "foi sem querer,fica para a proxima,deixa para a proxima,quem sabe depois",
    "que pena,ah que pena,poxa,poxa vida,que chato,nossa,eita,caramba,caro hein,esta caro,muito caro,que caro",
)
# A thumb is a yes only to a question.
_THUMBS: Final = re.compile("|".join(re.escape(sign) for sign, word in EMOJI.items() if word == " sim "))
# A yes or no that names no deed at all.
BARE: Final = "bare"
# While it is not known what was asked, only a booking may be named: it is what nearly every question is about.
UNNAMED: Final = BOOK
_CLAUSES: Final = re.compile(r"[!,;.\n]")
_SECOND_THOUGHT: Final = re.compile(r"(?<!\S)(?:pera|perai|espera|calma)(?: ai)?(?!\S)")


def begins_with_no(text: str) -> bool:
    """Tell whether a message begins with a no, whatever else it says: "não, o Pedro"."""
    return plain(text).startswith(" nao ")


def closes(text: str) -> bool:
    """Tell whether a message, where nothing waits for an answer, only rounds off: "tá bom", "blz 👍"."""
    if len(text) > LONGEST:
        return False
    clauses = _CLAUSES.split(plain(_THUMBS.sub(" ok ", text)))
    said = [_said(clause.split(), _roundings()) for clause in clauses]
    return None not in said and any(said)


def read_yes_no(text: str, about: str = "") -> bool | None:
    """Tell whether a message is a plain yes (True), a plain no (False) or neither (None).

    `about` is the tool that waits for the answer.
    """
    if len(text) > LONGEST:
        return None
    said: set[bool] = set()
    words_said = plain(text)
    if " nao " in words_said:
        # "Não, pera, deixa marcado"; beside a yes, or alone, "pera" stays what it is: a second thought.
        words_said = _SECOND_THOUGHT.sub(" ", words_said)
    clauses = [clause.split() for clause in _CLAUSES.split(words_said)]
    if sum(map(len, clauses)) > MOST_WORDS:
        return None
    for words in clauses:
        meanings = _said(words, _meanings(about))
        if meanings is None:
            return None
        said |= meanings
    return said.pop() if len(said) == 1 else None


@cache
def _roundings() -> Mapping[Phrase, bool | None]:
    return dict[Phrase, bool | None].fromkeys(FILLER) | dict.fromkeys(ENOUGH, True)


@cache
def _meanings(about: str) -> Mapping[Phrase, bool | None]:
    yes = YES | (DEED[UNNAMED] if not about else DEED.get(about, frozenset()))
    meanings: dict[Phrase, bool | None] = dict.fromkeys(FILLER)
    return meanings | dict.fromkeys(yes, True) | dict.fromkeys(NO | KEEP.get(about, frozenset()), False)


def _said(words: list[str], meanings: Mapping[Phrase, bool | None]) -> set[bool] | None:
    """Read the words from the left, the longest phrase first; None when one of them belongs to no phrase."""
    said: set[bool] = set()
    at = 0
    while at < len(words):
        size = next((size for size in range(5, 0, -1) if tuple(words[at : at + size]) in meanings), 0)
        if not size:
            return None
        means = meanings[tuple(words[at : at + size])]
        said |= set() if means is None else {means}
        at += size
    return said
