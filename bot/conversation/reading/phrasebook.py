"""What can be asked, and the words that both sides of an agenda use.

The tables are in `client_words` and `professional_words`. A table is read from the top and the first line that
matches wins, so what is special stands above what is general. Patterns see plain words (`vocabulary.plain`)
with "|" for every stop and comma, and `xfone` for a phone number.
"""

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """What a message asks for."""

    # Either side.
    GREET = "greet"
    THANKS = "thanks"
    BYE = "bye"
    HELP = "help"
    WHO = "who"
    PERSON = "person"
    BOOK = "book"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    CONFIRM = "confirm"
    MORE = "more"
    DROP = "drop"
    KEEP = "keep"
    INTRO = "intro"
    UNDO = "undo"
    SWAP = "swap"
    SERVICES = "services"
    HOURS = "hours"
    # A client.
    MINE = "mine"
    PRICES = "prices"
    ADDRESS = "address"
    LATE = "late"
    PAYMENT = "payment"
    WAITLIST = "waitlist"
    SERIES = "series"
    OTHER_PROFESSIONAL = "other_professional"
    # A professional.
    AGENDA = "agenda"
    NEXT = "next"
    PENDING = "pending"
    REVENUE = "revenue"
    CUSTOMER = "customer"
    REJECT = "reject"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    PAID = "paid"
    FREE = "free"
    BLOCK = "block"
    OPEN = "open"
    SHORTER = "shorter"
    SET_PRICE = "set_price"
    SET_LENGTH = "set_length"
    LINK = "link"
    PLAN = "plan"
    HOLIDAYS = "holidays"
    CHARGE = "charge"
    CHART = "chart"
    EXPORT = "export"
    PIX_KEY = "pix_key"
    CPF = "cpf"
    DEADLINE = "deadline"
    EVERYBODY = "everybody"
    UNPAID = "unpaid"
    TELL = "tell"
    NOTE = "note"
    CANCELLED = "cancelled"
    VISITS = "visits"
    # Something was asked, and it can be read in more than one way.
    UNSURE = "unsure"
    # No word of the tables.
    NONE = "none"


Rules = tuple[tuple[Intent, re.Pattern[str]], ...]

WEEKDAY: Final = (
    "(?:segunda|terca|quarta|quinta|sexta|sabado|domingo)(?: ?feira)?|segundas|tercas|quartas|quintas|sextas|sabados"
    "|domingos|seg|ter|qua|qui|sex|sab|dom"
)
DAY: Final = (
    rf"(?:hoje|amanha|ontem|depois de amanha|{WEEKDAY}|dia \d+(?:/\d+)*|dias|semana|mes|feriado|natal|fim de semana"
    rf"|\d+/\d+|outubro"
    "|janeiro|fevereiro|marco|abril|maio|junho|julho|agosto|setembro|novembro|dezembro)"
)
# A day that is named, whether or not it is understood.
A_DAY: Final = re.compile(rf"(?<!\S){DAY}(?!\S)")
TIME: Final = (
    "(?:hora|horinha|horarios?|horariozinho|vagas?|encaixe|espaco|espacinho|disponibilidade|agenda|brecha|janela"
    "|buraquinho)"
)
FREE_TIME: Final = r"(?:livres?|disponive(?:l|is)|vag[oa]s?|abert[oa]s?|sobrando)"
APPOINTMENT: Final = (
    r"(?:horarios?|agendamentos?|consultas?|sess(?:ao|oes)|cortes?|compromissos?|atendimentos?"
    r"|marcac(?:ao|oes)|reservas?"
    r"|hora|unha|barba)"
)
# Verbs as they are said, without the past: "cancelei" and "marcado" tell of something, they ask for nothing.
CANCEL = r"(?:cancel(?:ar|a|o|e|em|amento|ando)|desmarc(?:ar|a|o|ando)|desmarque)"
MOVE = (
    r"(?:remarc(?:ar|a|o|armos|acao|ando)|remarque|reagend(?:ar|a|e|o|amento|armos)|adi(?:ar|e|amento)"
    r"|antecip(?:ar|a|e|o)"
    r"|adianta|adiantar|adiante|transf(?:erir|ere|ira))"
)
SHIFT = r"(?:mud(?:ar|a|e|o)|troc(?:ar|a|o)|troque|alter(?:ar|a|e|o)|empurr(?:ar|a|e)|desloc(?:ar|a)|mov(?:er|e|a))"
CANNOT = (
    r"nao (?:(?:vou|irei|posso|poderei|consigo|conseguirei|da|vai dar)(?: mais)?(?: (?:poder|conseguir"
    r"|dar))?(?: mais)?(?: para)?"
    rf"(?: mim| eu)? (?:ir|comparecer|aparecer|estar|chegar)|vou (?:poder|conseguir)(?: mais)?(?= \||$| {DAY}))(?!\S)"
)
# "Terça não dá", "não consigo na terça": a day that is given up, and what is said when another is wanted for it.
GIVES_UP = (
    rf"(?:{CANNOT}|nao (?:posso|consigo)(?: mais)? (?:n[oa] |de )?{DAY}"
    rf"|{DAY} (?:eu )?nao (?:posso|consigo|da|vai dar|rola)(?: mais)?(?: para mim)?(?= \||$))"
)
INSTEAD = (
    rf"(?:{DAY} (?:as \S+ )?(?:pode|da|dava|consigo|posso|serve)|so (?:n[oa] )?{DAY}"
    r"|(?:quero|queria|prefiro|gostaria|pode|podia|poderia|teria|tem|da|dava|daria|seria|consigo|posso|bota|coloca|passa)"
    rf" (?:(?!nao |cancel|desmarc)\w+ ){{0,4}}(?:{DAY}|outr[oa]|\d+\S*))"
)
BOOK = r"(?:marc(?:ar|aria|armos)|marque|agend(?:ar|e|aria|armos)|reserv(?:ar|a|e)|encaix(?:ar|a))"

# What comes back, as it is said when it is booked.
EVERY = (
    rf"tod[ao]s? (?:as |os |a )?(?:semanas?|quinzena|mes|dia \d+|{WEEKDAY})|semanal(?:mente)?|quinzenal(?:mente)?"
    r"|mensal(?:mente)?|horario fixo|(?:a cada|de) (?:15|quinze|2|duas)(?: em (?:15|quinze|duas))? (?:dias|semanas)"
    r"|(?:as |aos |nas )?(?:segundas|tercas|quartas|quintas|sextas|sabados|domingos)(?: feiras)?|semana sim .*"
    rf"|(?:{WEEKDAY}) sim .*nao"
)


def line(intent: Intent, *patterns: str) -> tuple[Intent, re.Pattern[str]]:
    """Return a line of a table: what any of the patterns means, each on whole words."""
    return intent, re.compile(rf"(?<!\S)(?:{'|'.join(patterns)})(?!\S)")


UNDO: Final = line(
    Intent.UNDO,
    "desfaz(?:er|e)?|desfaca|revert(?:er|e|a)|descancel(?:ar|a|e)|desconfirm(?:ar|a|e)|ctrl z",
    "volt(?:ar|a|e|o|ei) (?:isso )?atras|volt(?:ar|a|e) (?:ao que|como|para como|do jeito que) (?:era|estava)",
    rf"(?:cancel|desfac)\w* (?:o |esse )?cancelamento|(?:{BOOK}|marca|coloca|bota|volta) de volta|de volta(?= \||$)",
    r"(?:(?:cancel|confirm|recus|remarqu|desmarqu|marqu|mud|fech)ei|bloqueia) (?:errado|sem querer|por engano)",
    "(?:foi |fiz )?(?:sem querer|por engano|engano meu)(?= \\||$)|(?:apertei|cliquei|toquei|respondi) errado",
)
SWAP: Final = line(
    Intent.SWAP,
    r"(?:troc|mud|alter)\w* (?:de |o |do |meu |esse |d[ao] \w+ )*(?:servico|procedimento)(?: .*)?",
    r"(?:errei|confundi|marquei errado|agendei errado) (?:de |o |no )?servico.*|(?:o )?servico (?:esta |e )?errado.*",
)
CHATTER: Final[Rules] = (
    line(
        Intent.DROP,
        r"^(?:\| )?(?:(?:ah|nao|entao|nada) (?:\| )?)?(?:deixa(?: para la| para depois| quieto| isso)?"
        r"|esquec[ea](?: isso)?|desisto|mudei de ideia|nada(?: nao)?|nao precisa(?: mais| nao)?|nao quero(?:"
        r" mais)?(?: nada)?|agora nao|para)"
        r"(?: (?:entao|viu|por favor|ta|obrigad[oa]))*(?: \|.*)?$",
    ),
    line(
        Intent.HELP,
        r"^(?:\| )*(?:ajuda|help|menu|opcoes|comandos|socorro|inicio|me ajuda)(?: \|)*$|^[ |?]*\?[ |?]*$",
        "comandos|como (?:isso |isto |voce )?funciona",
        "o que (?:e que )?voce (?:sabe |pode )?(?:faz|fazer|sabe)$|o que (?:eu )?(?:posso|da para) .*",
        "nao sei (?:como )?(?:usar|mexer)|preciso de ajuda|me ajuda aqui|quais (?:sao )?(?:as )?opcoes",
    ),
    line(Intent.THANKS, "obrigad[oa]s?|valeu|agrade(?:co|cid[oa])|grat[oa]|gratidao|tmj"),
    line(
        Intent.BYE,
        r"tchau|xau|ate (?:mais|logo|breve|ja|la|a proxima)|\| ate |"
        rf"(?:^|(?:\||obrigad[oa]|valeu|entao|ok|bom|beleza|certo|abracos?|beijos?) )ate (?:o |a )?{DAY}|"
        r"(?:^|\| )falou(?= \||$)|boa semana",
        r"(?:^|\| )(?:beij\w+|bjs?|bjos?|abracos?|abs)(?= \||$)|bom fim de semana|bom descanso|^ate$|fui(?= \||$)",
    ),
    line(
        Intent.GREET,
        "(?:(?:oi|fala|ola) )?odys|oi|ola|oie|opa|hey|hello|alo|eai|e ai|bom dia|boa tarde|boa noite",
        "tudo (?:bem|bom|certo|joia)|saudacoes",
    ),
)
WHO = (
    r"quem e voce|quem e$|quem (?:esta )?fala(?:ndo)?|(?:voce|isso|isto|ai|aqui) e (?:um |uma )?(?:robo"
    r"|bot|ia|maquina|automatic[oa]|pessoa)"
    r"|(?:falando|conversando) com (?:um |uma )?(?:robo|bot|ia|maquina)"
    r"|^(?:e )?(?:um )?(?:robo|bot)|.* ou (?:e )?(?:um )?robo|com quem (?:que )?(?:eu )?(?:falo|estou falando)"
    r"|que (?:telefone|contato) e esse"
)
