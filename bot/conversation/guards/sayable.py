"""What a model may say on its own: facts that were shown, questions, offers and courtesies, in words we know.

The claim guard knows how Portuguese speaks of deeds; this one needs to know nothing of a lie. A statement leaves only
if each of its times, prices and numbers was shown in this turn and each of its words is a word of the trade. Other
languages, disguised letters, slang, promises, invented rules and addresses are not, whatever they mean. Questions and
denials, which commit nobody, may use the person's own words and one that is unknown.
"""

import re
from collections.abc import Sequence, Set
from enum import Enum
from functools import cache

from ...settings import templates_directory
from . import deeds
from .claims import fold, words_only
from .evidence import Facts
from .grounds import AMOUNT, CLOCK, Grounds, money_in, numbers_in
from .pairing import on_their_days, stands

# A word of ours counts however it is bent: "livrezinho" does not, "horários" does.
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_TIME_LIKE = re.compile(r"\d{1,2}(?:h\d{0,2}|hs|hrs|horas?|min|o|a|x)?")
_LONG_NUMBER = re.compile(r"(?:\d[ .()/-]{0,2}){8,}")
_SPELLED_NUMBER = re.compile(r"(?:\b(?:zero|uma?|dois|duas|tres|quatro|cinco|seis|meia|sete|oito|nove)\b[ ,.-]*){4,}")
# "Não precisa mais vir", "não vale mais": a cancellation, without the word.
_NO_MORE = re.compile(
    r"\bnao\b(?!.*\b(?:livres?|dispon\w+|vagas?|horarios)\b).{0,40}\bmais\b(?! (?:alg|cedo|tarde|de |nada))"
)
_PART = re.compile(r"\b(?:manha|tarde|noite|antes|depois|cedo|almoco|alem|outr[oa]s?)\b")
_DAY_ALONE = re.compile(r"\bdia (\d{1,2})\b(?!/)")
_CENTS = re.compile(r"(?<=\d),(?=\d\d\b)")
_COVERED = re.compile(r"\b(?:telefone|email|documento)_?\d+\b")
_REACHES = re.compile(
    r"@|://|\bwww\b|\bhttps?\b|\bhxxp|\bwa ?[.,]? ?me\b|\.(?:com|net|org|me|io|ly|br)\b"
    r"|\[\.\]|\bponto (?:com|me|br|net)\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b(?=\w*\d)(?=\w*[a-z])\w{16,}"
)
# Money changes hands through our own messages only, whoever asks for it.
_PAYS = re.compile(
    r"\b(?:pix|boletos?|deposit\w*|transfer\w*|chave|conta bancaria|agencia|cartao|cartoes|sinal|cvv|senha|codigo)\b"
)
_HUSHES = re.compile(
    r"\b(?:garant\w+|tranquil\w+|sossegad\w+|relax\w+|despreocup\w+|pode deixar|deixa? comigo|cont[ea]r? com|certeza"
    r"|promet\w+|juro|considere|fique sabendo|nao se preocupe|sem falta|prioridade"
    r"|nao (?:\w+ ){0,3}(?:deve|paga|pagar|cobr\w+|custa)|te (?:vejo|espero|aguardo)|nos vemos"
    r"|esperamos (?:voce|vc)|te (?:esperamos|aguardamos))\b"
)
_FREE = re.compile(r"\b(?:livres?|vagas?|disponive(?:l|is)|disponibilidade|opc(?:ao|oes)|alternativas?|horarios)\b")
# "Já ficou no seu nome", "o pedido está com ele", "é seu": a booking in words that are harmless one by one.
_YOU = re.compile(r"\b(?:voces?|vcs?|te|seus?|suas?|teu|tua)\b")
_THEIRS = re.compile(
    r"\bja (?:esta|foi|ficou|era|sao|tem)\b|\beh? (?:todo |toda )?(?:seu|sua)\b|\bpedido\b"
    r"|\b(?:em|no) (?:seu|teu) nome\b"
    r"|(?=.*\b(?:voces?|vcs?|te|seus?|suas?|teu|tua)\b)"
    r".*\b(?:ja|agora|fica|ficou|ficaram|esta|estao|continuam?|segue|seguem|aparece|constam?)\b"
)
# A question that leaves a time to be chosen; "quer mais alguma coisa?" takes it for granted.
_CHOICE = re.compile(
    r"\b(?:qual|quais|prefere|serve|serviria|ess[ea]s?|algum|pode ser|marcar|marque|prepar\w+|melhor"
    r"|quer (?!mais|outra))\b"
)
_OTHER = re.compile(r"\boutr[oa]s?\b")
_TAKEN = re.compile(r"\b(?:lotad|ocupad|chei[oa]|esgotad)")
# That there is nothing, or no room: for a client a day lost, for a professional somebody who stands at the door.
_DENIES = re.compile(
    r"\b(?:lotad\w+|ocupad\w+|chei[oa]s?|esgotad\w+|ninguem)\b"
    r"|\bsem (?:vaga|horario|cliente|compromisso|atendimento|consulta)\w*\b"
    r"|\b(?<!de )(?<!por )nada\b|\bnao (?:tem|temos|tenho|ha|existe|consta)\b"
    r"|\b(?:nao|nem|nenhum\w*|zero)\b.*\b(?:livres?|dispon\w+|vagas?|horarios?|consultas?|sess(?:ao|oes)|clientes?|atend\w+"
    r"|agendamentos?|compromissos?|pedidos?|pagamentos?|marcad\w+|abre|funciona)\b"
)
_ASKS = re.compile(
    r"^(?:e |mas |entao |ou )*(?:(?:se|caso) |(?:para|pra|antes de) \w+r\b|posso|podemos|poderia|quer\b|queria"
    r"|pode (?:ser|me|repetir|escrever|escolher|dizer|falar|mandar)\b|gostaria|prefere"
    r"|me (?:diga|diz|fala|fale|informe|passe|mande|conte)|diga|escolha|responda|escreva|digite|toque|informe"
    r"|(?:eh? so|basta) (?:me |dizer|escrever|responder|tocar|escolher|falar|mandar|digitar)"
    r"|preciso (?:que|saber|d)|qual|quais|quando|que tal|como posso|entendi|voce (?:quer|pode|prefere|gostaria)|nao)"
)


class _Mode(Enum):
    STATED = 0
    ASKED = 1


@cache
def vocabulary() -> frozenset[str]:
    """Return the words a model may use in a statement, folded."""
    words = (templates_directory() / "prompts" / "_words.txt").read_text(encoding="utf-8")
    return frozenset(words.split())


def sayable(text: str, grounds: Grounds, *, cut: bool = False) -> tuple[str, list[str]]:
    """Return `text` without the sentences that nothing bears out, and those; an empty text means nothing useful.

    `cut` tells that something was left out before. What is left of a text must then tell something: "Qual você
    prefere?" makes no sense without the times it was about.
    """
    pieces = deeds.SENTENCES.split(text)
    kept: list[str] = []
    dropped: list[str] = []
    days: set[str] = set()
    for at in range(0, len(pieces), 2):
        said = fold(pieces[at])
        days = _days(said, grounds) or days
        if not said or _may_say(said, grounds, days):
            kept.append(pieces[at] + (pieces[at + 1] if at + 1 < len(pieces) else ""))
        else:
            dropped.append(pieces[at])
    left = "".join(kept).strip()
    if dropped:
        left = re.sub(r"[^\n.!?]*:\s*\Z", "", left).strip() if not text.rstrip().endswith(":") else left
    if (not _tells(kept) and (dropped or cut or not ("?" in left or grounds.courteous))) or _reads_as_booked(
        left, grounds
    ):
        return "", dropped or [text]
    return left, dropped


def _tells(kept: Sequence[str]) -> bool:
    """Whether some sentence is neither a question nor a courtesy nor a word or two."""
    said = (words_only(fold(piece)) for piece in kept if "?" not in piece)
    return any(len(each.split()) > 2 and not deeds.COURTESY.match(each) for each in said)


def _days(said: str, grounds: Grounds) -> set[str]:
    return {time for time in Facts.times_in(said, grounds.today) if ":" not in time}


def _reads_as_booked(text: str, grounds: Grounds) -> bool:
    """Whether a bare time that is only free would pass for a time that was taken: nothing on offer, no choice left."""
    said = fold(text)
    if _FREE.search(said) or ("?" in said and _CHOICE.search(said)):
        return False
    stated = " ".join(part for part in map(fold, deeds.SENTENCES.split(text)[::2]) if not deeds.NO.search(part))
    hours = {time for time in Facts.times_in(stated, grounds.today) if ":" in time}
    taken = {time for record in grounds.records if not record.free for time in record.times}
    return bool(hours - taken)


def _may_say(said: str, grounds: Grounds, days: set[str]) -> bool:
    if any(never.search(said) for never in (_REACHES, _LONG_NUMBER, _SPELLED_NUMBER, _HUSHES, _NO_MORE)):
        return False
    # "R$ 1.250,50" is one thing, whatever its comma.
    said = _CENTS.sub("'", said)
    clauses = [clause for clause in deeds.CLAUSES.split(said) if clause]
    asked = said.rstrip(" *_\"')").endswith("?")
    modes = [_mode(clause, asked=asked and place == len(clauses) - 1) for place, clause in enumerate(clauses)]
    if asked and len(clauses) > 1:
        # "quinta, 26/11, às 15h?": what comes before belongs to the question unless it says something by itself.
        opener = next((place for place, clause in enumerate(clauses) if _ASKS.match(clause)), None)
        modes = [_Mode.ASKED if opener is None or place >= opener else mode for place, mode in enumerate(modes)]
    if _PAYS.search(said) and _Mode.STATED in modes:
        return False
    stated = " , ".join(c for c, mode in zip(clauses, modes, strict=True) if mode is _Mode.STATED)
    open_ = " , ".join(c for c, mode in zip(clauses, modes, strict=True) if mode is _Mode.ASKED)
    return (
        not _is_theirs(stated, grounds)
        and stands(stated, grounds)
        and _words_known(stated, grounds, allowed=0)
        and _words_known(open_, grounds, allowed=1, also=grounds.said_words)
        and _times_shown(stated, open_, grounds, days)
        and _prices_shown(clauses, grounds, also=grounds.said_money if not money_in(stated) else set())
        and _numbers_shown(stated, grounds)
        and not (_DENIES.search(said) and not asked and not _may_deny(said, clauses, grounds, days))
    )


def _may_deny(said: str, clauses: Sequence[str], grounds: Grounds, days: set[str]) -> bool:
    """Whether a look bears out that there is nothing: it found nothing of that kind, or did not show that time."""
    shown = (_denies_shown(clause, clauses[:place], grounds, days) for place, clause in enumerate(clauses))
    if not grounds.looked or any(shown):
        return False
    named = _times(said, grounds)
    if named and not any(named <= record.times for record in grounds.records):
        return True
    if _FREE.search(said) or _TAKEN.search(said):
        return "slots" in grounds.none or (grounds.refused and bool(named & grounds.said_times))
    if re.search(r"\bpag\w+\b", said):
        return False
    return bool(grounds.none & {"appointments", "customers", "professionals"}) or bool(_OTHER.search(said))


def _denies_shown(clause: str, before: Sequence[str], grounds: Grounds, days: set[str]) -> bool:
    """Whether a clause denies a day of which something was shown; a part of a day is not looked at."""
    if not _DENIES.search(clause) or _PART.search(clause):
        return False
    named = next((found for each in (clause, *reversed(before)) if (found := _days(each, grounds))), days)
    hours = {time for time in _times(clause, grounds) if ":" in time}
    of_kind = [
        record for record in grounds.records if record.free or not (_FREE.search(clause) or _TAKEN.search(clause))
    ]
    shown = [record.times for record in of_kind if any(":" in time for time in record.times)]
    return any(day in times and (not hours or hours <= times) for day in named for times in shown)


def _is_theirs(stated: str, grounds: Grounds) -> bool:
    """Whether a statement calls something the person's own, or on its way; no record of an appointment shows it."""
    hours = {time for time in _times(stated, grounds) if ":" in time}
    taken = [record.times for record in grounds.records if not record.free]
    if hours and all(any(hour in times for times in taken) for hour in hours):
        return False
    return bool(_THEIRS.search(stated) or (hours and _YOU.search(stated) and not _FREE.search(stated)))


def _mode(clause: str, *, asked: bool) -> _Mode:
    open_ = asked or _ASKS.match(clause) or deeds.NO.search(clause) or _DENIES.search(clause)
    return _Mode.ASKED if open_ else _Mode.STATED


def _words_known(text: str, grounds: Grounds, *, allowed: int, also: set[str] | None = None) -> bool:
    left = " ".join(_WORD.findall(CLOCK.sub(" ", AMOUNT.sub(" ", _COVERED.sub(" ", text)))))
    for name in grounds.names:
        left = re.sub(rf"\b{re.escape(name)}\b", " ", left)
    known = vocabulary() | grounds.words | (also or set())
    said = left.replace("-", " ").split()
    unknown = {word for word in said if word not in known and not (word.isdecimal() or _TIME_LIKE.fullmatch(word))}
    return len(unknown) <= allowed


def _times_shown(stated: str, asked: str, grounds: Grounds, days: set[str]) -> bool:
    """Whether every hour was shown, on the day it is put to; a question or a denial may repeat the person's own."""
    told, put = _times(stated, grounds), _times(asked, grounds)
    offered = bool(_FREE.search(stated) or re.search(r"\b(?:tenho|temos)\b", stated))
    if offered and not (grounds.offers or grounds.looked):
        return False
    on = {time for time in told if ":" not in time}
    hours = {time for time in told if ":" in time}
    records = [record.times for record in grounds.records if record.free or not (offered and hours)]
    if not on <= set().union(*records, _times("hoje", grounds)):
        return False
    if not on_their_days(stated, grounds, records) or not _paired(hours, on or days, records):
        return False
    asked_hours = {time for time in put if ":" in time} - grounds.said_times
    asked_days = {time for time in put if ":" not in time}
    shown = [record.times for record in grounds.records]
    if not on_their_days(asked, grounds, shown, grounds.said_times):
        return False
    return _paired(asked_hours, asked_days or on or days, shown)


def _times(text: str, grounds: Grounds) -> Set[str]:
    return Facts.times_in(text, grounds.today) | {f"dia {day}" for day in _DAY_ALONE.findall(text)}


def _paired(hours: set[str], days: set[str], records: Sequence[Set[str]]) -> bool:
    """Whether each hour was shown, and on these days where they are one day in two words ("quinta, 26/11")."""
    one_day = any(days <= times for times in records)
    return all(any(hour in times and (not one_day or days <= times) for times in records) for hour in hours)


def _prices_shown(clauses: Sequence[str], grounds: Grounds, *, also: set[int]) -> bool:
    """Whether every price was shown, and for the service it is put to."""
    for clause in clauses:
        for amount in money_in(clause) - also:
            shown = [record for record in grounds.records if amount in record.money]
            named = {name for record in grounds.records for name in record.names if name in clause}
            if not shown or (
                named and not any(max(named, key=len) in record.names for record in shown if record.names)
            ):
                return False
    return True


def _numbers_shown(stated: str, grounds: Grounds) -> bool:
    return numbers_in(_COVERED.sub(" ", stated)) <= grounds.numbers
