"""How a message becomes plain words, for intents and for yes and no.

Lower case, no accents, chat abbreviations written out, slips of the finger in the words that matter mended.
Days and hours are left alone: their grammar is `dates`, which reads the person's own text.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

# An intent is in the first lines of a message; what is pasted below them is not read for one.
READ: Final = 1000
# A word that is longer than any of ours is not one of ours.
LONGEST_WORD: Final = 24


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


# What people type instead of the word.
SHORT: Final[Mapping[str, str]] = {
    short: full
    for full, shorts in {
        "voce": "vc vcc voxe ce",
        "voces": "vcs vces",
        "que": "q qe ke",
        "hoje": "hj hoj oje",
        "amanha": "amnha amhna amanh amh amnhan",
        "tambem": "tb tbm tmb tambm",
        "porque": "pq pk",
        "por favor": "pf pfv pfvr pls plz porfavor pfavor",
        "beleza": "blz bls blza belezinha bele",
        "obrigado": "obg obgd obrigadu brigado brigadu brigadao obrigadao obrigadinho",
        "obrigada": "obgda brigada brigadinha obrigadinha",
        "valeu": "vlw vlww vleu valew flw",
        "mesmo": "msm",
        "mesma": "msma",
        "quando": "qdo qnd qd qndo qando",
        "quanto": "qto qnto qnt qt quantu cuanto",
        "quantos": "qtos qts",
        "quantas": "qtas",
        "qual": "ql qal",
        "horario": "hr hrio horarinho horaio horairo orario hoario horrario horaro hrario",
        "horarios": "hrios horaios horairos orarios hoarios",
        "nao": "n nn naum naun nop nops",
        "para": "p pra pr",
        "para o": "pro",
        "para os": "pros",
        "para as": "pras",
        "muito": "mt mto mtu",
        "comigo": "cmg",
        "com": "cm",
        "depois": "dps dpois",
        "agora": "agr",
        "tudo": "td",
        "todos": "tds",
        "esta": "ta",
        "estao": "tao",
        "estou": "to tou",
        "estava": "tava",
        "e": "eh",
        "ai": "aii",
        "e ai": "eae iae",
        "gente": "gnt",
        "pode": "pd pod",
        "preco": "prco presso",
        "valor": "vlr",
        "vaga": "vg",
        "onde": "aonde ond",
        "deixa": "dexa deicha dx",
        "quieto": "queto",
        "atrasar": "atrazar",
        "atrasado": "atrazado",
        "atrasada": "atrazada",
        "quero": "qro kero qero",
        "queria": "qria keria",
        "quer": "ker",
        "com certeza": "cctz",
        "certeza": "ctz ctza",
        "verdade": "vdd",
        "mensagem": "msg",
        "telefone": "tel fone cel celular zap whats whatsapp wpp numero",
        "endereco": "end ender endreco enderco",
        "servico": "serviso sevico servco",
        "sim": "s ss sss sm sin sii",
        "ok": "okay oks okey okk okis okei oki",
        "bom dia": "bd",
        "boa tarde": "bt",
        "boa noite": "bn",
        "fim de semana": "fds",
        "quem": "qm qem",
        "tenho": "tnho",
        "horas": "hrs",
        "proximo": "prox proxm",
        "compromissos": "compromisos",
        "marcar": "amrcar macar mracar marcr maracr marcra marka markar marcasse",
    }.items()
    for short in shorts.split()
}
# "Queria que você cancelasse".
_WISHED: Final = {
    f"{verb}sse": f"{verb}r"
    for verb in _words(
        "agenda encaixa cancela desmarca remarca reagenda muda troca passa confirma recusa bloquea aumenta avisa cobra"
    )
}

# What a picture says.
EMOJI: Final[Mapping[str, str]] = {
    sign: f" {word} "
    for word, signs in {
        "sim": "👍 👌 ✅ ✔ ☑ 🆗 💯 🤝",
        "nao": "👎 ❌ ✖ 🚫 🙅",
        "obrigado": "🙏",
        "oi": "👋",
        "sorriso": "😊 🙂 😀 😁 😃 😄 😉 ❤ 🥰 😍 ✨ 💪 🎉 😘 🤗 😎 💙 💜 💚 🤩 ☺ 👏 🙌",
    }.items()
    for sign in signs.split()
}
_EMOJI: Final = re.compile("|".join(map(re.escape, EMOJI)))
_SKIN: Final = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\u200d♂♀]")
_LONG: Final = re.compile(r"([a-z])\1{2,}")
_DOUBLE: Final = re.compile(r"([a-z])\1")
_WORD: Final = re.compile(r"[a-z]+|\d+(?:[.,:/]\d+)*[a-z]*|[?!,;.\n]|\S")

# Words worth mending when a finger slipped: long enough that one slip cannot make another word of them.
MENDED: Final = _words(
    """
    agendar agendamento agendamentos atendente atendimento atendimentos cancelar cancela cancelamento desmarcar
    desmarca remarcar remarca reagendar reagenda encaixe encaixar horario horarios endereco localizacao servico
    servicos valores funcionamento confirmar confirma confirmo confirmado recusar recusa bloquear bloqueia concluir
    conclui finalizar finaliza faturamento faturei obrigado obrigada profissional disponivel disponiveis proximo
    telefone esquece imprevisto compromisso transferir antecipar
    """
)
# Real words one slip away from one of those: they stay what they are.
KEPT: Final = _words(
    """
    cancelas cancelo cancele canceles cancelei cancelou canela cancelam desmarcou desmarcas desmarque desmarquei
    desmarcam agendas agendo agenda agende agendei agendou agendado agendada concluo conclua concluiu recuse recuso
    recusou recusam confira confere confirme confirmei confirmou confirmada confirmam confirmas horaria horarias
    encaixa encaixo encaixou encaixes remarcou remarco remarque remarquei remarcam proxima proximas obrigar obrigam
    bloqueio bloqueie bloqueou finalizo finalize finalizou esqueco esqueci esqueca faturou fature transferi
    compromissos imprevistos proximos antecipa antecipo antecipe atende atender atendem servido servida
    """
)
# Short words people stretch: "siim", "ooi", "claaro".
STRETCHED: Final = {
    _DOUBLE.sub(r"\1", word): word
    for word in _words(
        "sim nao oi ola ok claro isso quero pode bora valeu beleza bom boa dia tarde noite obrigado uhum certo"
    )
}


# "Quero marca", "vou consegui": the verb that stands there has lost its r.
_VERBS: Final = "marca|fala|muda|troca|remarca|cancela|desmarca|encaixa|paga|altera|confirma|consegui"
_NO_R: Final = re.compile(rf" (quero|queria|vou|preciso|poder|posso|consigo|gostaria de) ({_VERBS})(?= )")
_NOT_NUM: Final = re.compile(r" num(?= (?:vou|posso|quero|consigo|da|vai|rola) )")
_MORE: Final = re.compile(r"(?<!\S)\+(?!\d)")


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """Return a message as plain words and signs, single spaces between them and around."""
    text = _SKIN.sub("", text[:READ]).lower().replace("p/", "p ").replace("c/", "com ")
    text = _EMOJI.sub(lambda found: EMOJI[found[0]], text)
    words = _WORD.findall(_LONG.sub(r"\1", unaccented(_MORE.sub(" mais ", text))))
    said = f" {' '.join(map(mended, words))} "
    return _NO_R.sub(r" \1 \2r", _NOT_NUM.sub(" nao", said))


def unaccented(text: str) -> str:
    """Return `text` without its accents."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """Return the word that a plain word stands for: abbreviations written out, one slip mended."""
    if (full := SHORT.get(word) or _WISHED.get(word)) is not None:
        return full
    stretched = STRETCHED.get(_DOUBLE.sub(r"\1", word))
    if stretched:
        return stretched
    if not 6 <= len(word) <= LONGEST_WORD or word in MENDED or word in KEPT or not word.isalpha():
        return word
    # The same letter left out on both sides is a wrong letter, on one side a missing or an extra one.
    for gap in sorted(_gaps(word)):
        near = _neighbours().get(gap, "")
        if near[:1] == word[0] and abs(len(near) - len(word)) <= 1:
            return near
    return word


@cache
def _neighbours() -> Mapping[str, str]:
    """Return the words worth mending by every spelling of them with one letter left out."""
    return {gap: word for word in sorted(MENDED) for gap in _gaps(word)}


def _gaps(word: str) -> set[str]:
    return {word, *(word[:index] + word[index + 1 :] for index in range(len(word)))}
