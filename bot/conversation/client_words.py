"""What clients say, the special above the general."""

from typing import Final

from .phrasebook import (
    APPOINTMENT,
    BOOK,
    CANCEL,
    CANNOT,
    CHATTER,
    DAY,
    FREE_TIME,
    MOVE,
    SHIFT,
    TIME,
    WEEKDAY,
    WHO,
    Intent,
    Rules,
    line,
)

CLIENT: Final[Rules] = (
    line(
        Intent.UNSURE,
        "multa|taxa|se (?:eu )?(?:cancelar|desmarcar|faltar|remarcar|nao (?:for|puder|comparecer))",
        "(?:posso|pode|da para) (?:cancelar|desmarcar|remarcar) ate|ate quando (?:eu )?(?:posso|da para)",
        rf"{CANCEL} ou {MOVE}|{MOVE} ou {CANCEL}|marcar ou (?:re|des)marcar|marcar ou cancelar",
    ),
    line(Intent.WHO, rf"{WHO}"),
    line(
        Intent.OTHER_PROFESSIONAL,
        "(?:outr[oa]|(?:trocar|mudar|troca|muda) de) (?:profissional|barbeir[oa]|psicolog[oa]|manicure|agenda)",
        "(?:com|por) outr[oa] (?:pessoa|profissional)",
    ),
    line(
        Intent.PERSON,
        "atendente|humano|atendimento humano|pessoa (?:de verdade|real)",
        r"(?:falar|conversar|falo) com (?!quem)\w+|tem alguem ai|nao (?:quero )?(?:falar com )?(?:um )?robo",
        "me liga|liga para mim|me ligue|cham[ae]r? (?:alguem|o|a) ?.*",
    ),
    line(
        Intent.WAITLIST,
        "lista de espera|fila de espera|avis[ae]r? (?:se|quando|caso)",
        "me (?:avis[ae]|cham[ae]) (?:se|quando|caso)",
        "(?:se|caso) (?:alguem|surgir|abrir|aparecer|vagar|sobrar).*",
    ),
    line(
        Intent.SERIES,
        rf"tod[ao]s? (?:as |os |a )?(?:semana|quinzena|mes|{WEEKDAY})|semanal(?:mente)?|quinzenal(?:mente)?",
        "mensal(?:mente)?|horario fixo|(?:a cada|de) (?:15|quinze) (?:em 15 )?dias",
    ),
    line(
        Intent.RESCHEDULE,
        rf"{MOVE}|{SHIFT}|(?:em vez|ao inves|no lugar) d[aeo]|mais (?:tarde|cedo) (?:no )?meu horario",
        "meu horario e .* (?:da para|pode|podia) ser",
        rf"{CANNOT}.* (?:da para|pode|podia|poderia|teria como) ser.*",
        r"pass(?:ar|a|e|aria) (?:o|a|as?) d[aeo]s? .* (?:para|as) .*",
        rf"pass(?:ar|a|e|aria) (?:(?:o )?meu horario |minha consulta |ele |ela |isso )?para (?:o |a |as"
        rf" )?(?:{DAY}|\d\S*|outr[oa]|mais|proxim[oa]|depois)",
        r"(?:jog(?:ar|a)|jogue) (?:\w+ ){0,3}para",
        rf"deix(?:ar|a|e) (?:\w+ ){{0,3}}para (?:a |o |as )?(?:{DAY}|outr[oa]|proxim[oa]|mais tarde|\d\S*)",
        rf"{CANCEL} .*\b(?:{BOOK}|e marca) .*|{CANNOT}.* outr[oa] (?:dia|horario|data).*",
        rf"outr[oa] (?:dia|horario|data).* {CANNOT}.*",
    ),
    line(
        Intent.CANCEL,
        rf"{CANCEL}|imprevisto|{CANNOT}|nao (?:vou|irei)(?: mais)?(?= \||$| {DAY})",
        rf"tir(?:ar|a) meu (?:nome|horario).*|(?:hoje|amanha|{WEEKDAY}) nao vai (?:mais )?dar(?: para mim)?",
        "nao vai dar para mim|(?:vou|ter que|preciso) faltar|desistir d[aeo] .*",
        "liber(?:ar|a|e) (?:o )?meu horario",
        rf"nao (?:quero|preciso|precisa) mais (?:d?[oa] )?(?:meu |minha )?{APPOINTMENT}",
    ),
    line(
        Intent.BOOK,
        rf"{BOOK}|(?:me |voce |^|\| |^\| |ja |entao |pode |ou |e |oi |ai )(?:marca|agenda)(?: .*|$)",
        "quero (?:o )?mesmo horario.*|horario alem.*|mais um horario|novo horario|agendamento(?: para.*)?$",
    ),
    line(
        Intent.MORE,
        "outr[oa]s? (?:horarios?|opc(?:ao|oes)|dias?|datas?|hora)|mais (?:horarios?|opcoes)",
        "nenhum(?:a)?(?: .*)?|(?:nao )?tem outr[oa]|tem mais(?: tarde| cedo)?|(?<!o )mais (?:tarde|cedo)",
    ),
    line(
        Intent.LATE,
        "vou demorar|atras(?:ar|ad[oa]|ei|o|ando|adinh[oa])",
        r"chego (?:\w+ ){0,2}(?:em|depois|mais tarde|\d+).*",
        r"chegar (?:\w+ ){0,4}(?:depois|mais tarde|atrasad[oa])",
    ),
    line(
        Intent.CONFIRM,
        r"confirmo|estou confirmado|vou comparecer|(?:^|\| )(?:esta )?confirmad[oa](?= \||$)|vou sim",
        r"estarei (?:la|ai)|presenca|pode confirmar|confirmar|(?:^|\| )(?:eu )?vou(?= \||$)|estou indo",
        "a caminho",
    ),
    line(
        Intent.MINE,
        rf"(?:meus?|minhas?|nossa) (?:proxim[oa]s? )?{APPOINTMENT}",
        r"tenho (?:algum |alguma )?(?:\w+ )?(?:horario|algo|coisa|consulta|agendamento)? ?(?:marcad|agendad)[oa]",
        "(?:estou|esta|fiquei|ficou) (?:marcad|agendad)[oa]|que dia (?:eu )?(?:marquei|ficou)",
        r"(?:esqueci|sabe|lembra|ver) (?:\w+ )?que (?:horas?|horario|dia) .*",
        "ja (?:marquei|agendei|esta marcad[oa])",
        "(?:cancelou|cancelaram|desmarcou|desmarcaram|confirmou|confirmaram).*|meu horario",
        "tem algo no meu nome",
        "(?:que horas|qual horario|que horario|que dia) (?:eu )?(?:marquei|tinha marcado)",
        "(?:tinha|tenho|tava|estava) marcado .*|marquei (?:para )?(?:que|qual|quando) .*",
    ),
    line(
        Intent.HOURS,
        "horarios? de (?:funcionamento|atendimento|abertura|trabalho)|ate que horas?",
        r"(?:que horas?|horario) (?:\w+ ){0,2}(?:abrem?|fecham?|comecam?|funcionam?|encerram?|atendem?)",
        rf"(?:abrem?|fecham?|funcionam?|trabalham?) (?:que horas|ate|aos?|no|na|em|{DAY}).*",
        rf"atendem? (?:que horas|ate|aos? (?:{WEEKDAY})|(?:no|em) {WEEKDAY}|{WEEKDAY})(?: que horas)?(?= \||$| de)",
        "(?:quais|que) dias? (?:da semana )?(?:voces? )?(?:atendem?|trabalham?|abrem?|funcionam?)",
        "(?:esta|estao) (?:abert|fechad)[oa]s?",
    ),
    line(
        Intent.BOOK,
        rf"(?:tem|teria|tens|ha|estao com|esta com|sobrou|rola|surgiu|consig[ou]|consegue|conseguem"
        rf"|conseguiria|arruma|arranja|quero|queria|qria|preciso|gostaria|precisando|necessito|procurando"
        rf"|alguma?)(?: de)? (?:\w+ ){{0,4}}{TIME}",
        rf"{TIME} (?:\w+ ){{0,4}}{FREE_TIME}|{FREE_TIME} (?:para|hoje|amanha)|tem (?:para )?(?:{DAY}).*",
        r"disponibilidade|proximo horario|quais (?:\w+ ){0,2}horarios.*|me (?:atender|atende|atendem)",
        r"atendem? (?:hoje|amanha|.*\d).*|(?:posso|consigo|da para|podia) (?:eu )?(?:ir|passar) .*",
        "(?:quero|queria|gostaria de|preciso|precisava|vou querer|querendo|vim|da para)(?: de)?(?: ir)?"
        " (?:fazer|cortar|pintar|aparar|depilar|tingir|alisar|consultar|treinar|um|uma|me consultar) ?.*",
        rf"encaixe|vaga|(?:\d\S*|{DAY}) (?:esta |e )?{FREE_TIME}|(?:as )?\d\S* tem$",
        "tem (?:como|jeito de) (?:eu )?ir .*|como (?:eu )?(?:agendo|marco)",
    ),
    line(
        Intent.PAYMENT,
        "paga|pix|cartao|credito|debito|pag(?:ar|uei|amento|o)|parcel(?:a|ar|ado)|boleto|nota fiscal|recibo",
        "sinal",
    ),
    line(
        Intent.SERVICES,
        "servicos?|o que (?:e que )?voces fazem",
        "tem (?:manicure|barbeiro|cabeleireir[oa]|depilacao|massagem|sobrancelha).*",
        r"voces? (?:faz(?:em)?|trabalham? com) .*|(?:^|\| )faz(?:em)? .*|trabalham? com .*|quanto tempo .*",
        "duracao|demora quanto.*",
    ),
    line(
        Intent.PRICES,
        r"quanto (?!tempo)(?:\w+ ){0,4}?(?:custam?|cobram?|fica|ficar|sai|e|esta|vale|seria|da)",
        r"quanto(?= \||$)|precos?|valor(?:es)?|tabela|orcamento|quanto que e|e caro|baratinho",
    ),
    line(
        Intent.ADDRESS,
        r"enderecos?|onde (?:que )?(?:e|ficam?|esta|estao|voces? \w+|eu vou|vou)|voces? (?:ficam?|sao de) .*",
        "localizacao|mapa|manda a loc|como (?:eu )?(?:chego|faco para chegar)|qual (?:e )?(?:a )?rua",
        "(?:que|qual) bairro|e perto d[aeo]|fica (?:onde|em|perto).*",
    ),
    *CHATTER,
)
