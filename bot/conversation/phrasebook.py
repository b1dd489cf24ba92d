"""Which words say what: one table for clients, one for professionals.

A table is read from the top and the first line that matches wins, so what is special stands above what is
general. Patterns see plain words (`vocabulary.plain`) with "|" for every stop and comma, so that none of them
reaches over one, and `xfone` for a phone number.
"""

import re
from enum import StrEnum
from typing import Final

from ..models.enums import Role


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
    SET_PRICE = "set_price"
    LINK = "link"
    PLAN = "plan"
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
    rf"(?:hoje|amanha|ontem|depois de amanha|{WEEKDAY}|dia \d+|dias|semana|mes|feriado|natal|fim de semana|\d+/\d+|outubro"
    "|janeiro|fevereiro|marco|abril|maio|junho|julho|agosto|setembro|novembro|dezembro)"
)
TIME: Final = (
    r"(?:hora|horarios?|vagas?|encaixe|espaco|espacinho|disponibilidade|agenda|brecha|janela|horinha|buraquinho)"
)
FREE_TIME: Final = r"(?:livres?|disponive(?:l|is)|vag[oa]s?|abert[oa]s?|sobrando)"
APPOINTMENT: Final = (
    r"(?:horarios?|agendamentos?|consultas?|sess(?:ao|oes)|cortes?|compromissos?|atendimentos?|marcac(?:ao|oes)|reservas?"
    r"|hora|unha|barba)"
)
# Verbs as they are said, without the past: "cancelei" and "marcado" tell of something, they ask for nothing.
_CANCEL = r"(?:cancel(?:ar|a|o|e|em|amento|ando)|desmarc(?:ar|a|o|ando)|desmarque)"
_MOVE = (
    r"(?:remarc(?:ar|a|o|armos|acao|ando)|remarque|reagend(?:ar|a|e|o|amento|armos)|adi(?:ar|e|amento)|antecip(?:ar|a|e|o)"
    r"|adiantar|adiante|transf(?:erir|ere|ira))"
)
_SHIFT = r"(?:mud(?:ar|a|e|o)|troc(?:ar|a|o)|troque|alter(?:ar|a|e|o)|empurr(?:ar|a|e)|desloc(?:ar|a)|mov(?:er|e|a))"
_CANNOT = (
    r"nao (?:vou|irei|posso|poderei|consigo|conseguirei|da|vai dar)(?: mais)?(?: (?:poder|conseguir|dar))?(?: mais)?(?: para)?"
    r"(?: mim| eu)? (?:ir|comparecer|aparecer|estar|chegar)(?!\S)"
)
_BOOK = r"(?:marc(?:ar|aria|armos)|marque|agend(?:ar|e|aria|armos)|reserv(?:ar|a|e)|encaix(?:ar|a))"
_CHATTER: Final[tuple[tuple[Intent, str], ...]] = (
    (
        Intent.DROP,
        r"^(?:\| )?(?:(?:ah|nao|entao|nada) (?:\| )?)?(?:deixa(?: para la| para depois| quieto| isso)?|esquec[ea](?: isso)?|desisto|mudei de ideia"
        r"|nada(?: nao)?|nao precisa(?: mais| nao)?|nao quero(?: mais)?(?: nada)?|agora nao|para)(?: \|.*)?$",
    ),
    (
        Intent.HELP,
        r"^(?:\| )*(?:ajuda|help|menu|opcoes|comandos|socorro|inicio|me ajuda)(?: \|)*$|^[ |?]*\?[ |?]*$|comandos"
        r"|como (?:isso |isto |voce )?funciona|o que (?:e que )?voce (?:sabe |pode )?(?:faz|fazer|sabe)$|o que (?:eu )?(?:posso|da para) .*"
        r"|nao sei (?:como )?(?:usar|mexer)|preciso de ajuda",
    ),
    (
        Intent.THANKS,
        r"obrigad[oa]s?|valeu|agrade(?:co|cid[oa])|grat[oa]|gratidao|tmj",
    ),
    (
        Intent.BYE,
        rf"tchau|xau|ate (?:mais|logo|breve|ja|la|a proxima|{DAY})|\| ate |falou|boa semana|bom fim de semana|bom descanso|^ate$|fui$",
    ),
    (
        Intent.GREET,
        r"(?:(?:oi|fala|ola) )?odys|oi|ola|oie|opa|hey|hello|alo|eai|e ai|bom dia|boa tarde|boa noite|tudo (?:bem|bom|certo|joia)|saudacoes",
    ),
)
_WHO = (
    r"quem e voce|quem e$|quem (?:esta )?fala(?:ndo)?|(?:voce|isso|isto|ai|aqui) e (?:um |uma )?(?:robo|bot|ia|maquina|automatic[oa]|pessoa)"
    r"|^(?:e )?(?:um )?(?:robo|bot)|com quem (?:que )?(?:eu )?(?:falo|estou falando)|que (?:telefone|contato) e esse"
)


def _rules(*lines: tuple[Intent, str]) -> Rules:
    return tuple((intent, re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")) for intent, pattern in lines)


CLIENT: Final = _rules(
    (
        Intent.UNSURE,
        r"multa|taxa|se (?:eu )?(?:cancelar|desmarcar|faltar|remarcar|nao (?:for|puder|comparecer))"
        r"|(?:posso|pode|da para) (?:cancelar|desmarcar|remarcar) ate|ate quando (?:eu )?(?:posso|da para)"
        rf"|{_CANCEL} ou {_MOVE}|{_MOVE} ou {_CANCEL}|marcar ou (?:re|des)marcar|marcar ou cancelar",
    ),
    (Intent.WHO, _WHO),
    (
        Intent.OTHER_PROFESSIONAL,
        r"(?:outr[oa]|(?:trocar|mudar|troca|muda) de) (?:profissional|barbeir[oa]|psicolog[oa]|manicure|agenda)"
        r"|(?:com|por) outr[oa] (?:pessoa|profissional)",
    ),
    (
        Intent.PERSON,
        r"atendente|humano|atendimento humano|pessoa (?:de verdade|real)|(?:falar|conversar|falo) com (?!quem)\w+|tem alguem ai"
        r"|nao (?:quero )?(?:falar com )?(?:um )?robo|me liga|liga para mim|me ligue|cham[ae]r? (?:alguem|o|a) ?.*",
    ),
    (
        Intent.WAITLIST,
        r"lista de espera|fila de espera|avis[ae]r? (?:se|quando|caso)|me (?:avis[ae]|cham[ae]) (?:se|quando|caso)"
        r"|(?:se|caso) (?:alguem|surgir|abrir|aparecer|vagar|sobrar).*",
    ),
    (
        Intent.SERIES,
        rf"tod[ao]s? (?:as |os |a )?(?:semana|quinzena|mes|{WEEKDAY})|semanal(?:mente)?|quinzenal(?:mente)?|mensal(?:mente)?"
        r"|horario fixo|(?:a cada|de) (?:15|quinze) (?:em 15 )?dias",
    ),
    (
        Intent.RESCHEDULE,
        rf"{_MOVE}|{_SHIFT}|(?:em vez|ao inves|no lugar) d[aeo]|mais (?:tarde|cedo) (?:no )?meu horario"
        rf"|meu horario e .* (?:da para|pode|podia) ser"
        rf"|pass(?:ar|a|e|aria) (?:(?:o )?meu horario |minha consulta |ele |ela |isso )?para (?:o |a |as )?(?:{DAY}|\d\S*|outr[oa]"
        r"|mais|proxim[oa]|depois)|(?:jog(?:ar|a)|jogue) (?:\w+ ){0,3}para"
        rf"|deix(?:ar|a|e) (?:\w+ ){{0,3}}para (?:a |o |as )?(?:{DAY}|outr[oa]|proxim[oa]|mais tarde|\d\S*)"
        rf"|{_CANCEL} .*\b(?:{_BOOK}|e marca) .*|{_CANNOT}.* outr[oa] (?:dia|horario|data).*"
        rf"|outr[oa] (?:dia|horario|data).* {_CANNOT}.*",
    ),
    (
        Intent.CANCEL,
        rf"{_CANCEL}|imprevisto|{_CANNOT}|nao (?:vou|irei)(?: mais)?(?= \||$| {DAY})|tir(?:ar|a) meu (?:nome|horario).*"
        rf"|(?:hoje|amanha|{WEEKDAY}) nao vai (?:mais )?dar(?: para mim)?|nao vai dar para mim"
        r"|(?:vou|ter que|preciso) faltar|desistir d[aeo] .*|liber(?:ar|a|e) (?:o )?meu horario"
        rf"|nao (?:quero|preciso|precisa) mais (?:d?[oa] )?(?:meu |minha )?{APPOINTMENT}",
    ),
    (
        Intent.BOOK,
        rf"{_BOOK}|(?:me |voce |^|\| |^\| |ja |entao |pode |ou |e |oi |ai )(?:marca|agenda)(?: .*|$)|quero (?:o )?mesmo horario.*"
        r"|horario alem.*|mais um horario|novo horario|agendamento(?: para.*)?$",
    ),
    (
        Intent.MORE,
        r"outr[oa]s? (?:horarios?|opc(?:ao|oes)|dias?|datas?|hora)|mais (?:horarios?|opcoes)|nenhum(?:a)?(?: .*)?"
        r"|(?:nao )?tem outr[oa]|tem mais(?: tarde| cedo)?|(?<!o )mais (?:tarde|cedo)",
    ),
    (
        Intent.LATE,
        r"vou demorar|atras(?:ar|ad[oa]|ei|o|ando|adinh[oa])|chego (?:\w+ ){0,2}(?:em|depois|mais tarde|\d+).*"
        r"|chegar (?:\w+ ){0,4}(?:depois|mais tarde|atrasad[oa])",
    ),
    (
        Intent.CONFIRM,
        r"confirmo|estou confirmado|vou comparecer|(?:^|\| )(?:esta )?confirmad[oa](?= \||$)|vou sim|estarei (?:la|ai)|presenca|pode confirmar|confirmar"
        r"|(?:^|\| )(?:eu )?vou(?= \||$)|estou indo|a caminho",
    ),
    (
        Intent.MINE,
        rf"(?:meus?|minhas?|nossa) (?:proxim[oa]s? )?{APPOINTMENT}|tenho (?:algum |alguma )?(?:\w+ )?(?:horario|algo|coisa|consulta"
        r"|agendamento)? ?(?:marcad|agendad)[oa]|(?:estou|esta|fiquei|ficou) (?:marcad|agendad)[oa]|que dia (?:eu )?(?:marquei|ficou)"
        r"|(?:esqueci|sabe|lembra|ver) (?:\w+ )?que (?:horas?|horario|dia) .*|ja (?:marquei|agendei|esta marcad[oa])"
        r"|(?:cancelou|cancelaram|desmarcou|desmarcaram|confirmou|confirmaram).*|meu horario|tem algo no meu nome|(?:que horas|qual horario|que horario|que dia) (?:eu )?(?:marquei|tinha marcado)"
        r"|(?:tinha|tenho|tava|estava) marcado .*|marquei (?:para )?(?:que|qual|quando) .*",
    ),
    (
        Intent.HOURS,
        rf"horarios? de (?:funcionamento|atendimento|abertura|trabalho)|ate que horas?"
        r"|(?:que horas?|horario) (?:\w+ ){0,2}(?:abrem?|fecham?|comecam?|funcionam?|encerram?|atendem?)"
        rf"|(?:abrem?|fecham?|funcionam?|trabalham?) (?:que horas|ate|aos?|no|na|em|{DAY}).*"
        rf"|atendem? (?:que horas|ate|aos? (?:{WEEKDAY})|(?:no|em) {WEEKDAY}|{WEEKDAY})(?: que horas)?(?= \||$| de)"
        r"|(?:quais|que) dias? (?:da semana )?(?:voces? )?(?:atendem?|trabalham?|abrem?|funcionam?)"
        r"|(?:esta|estao) (?:abert|fechad)[oa]s?",
    ),
    (
        Intent.BOOK,
        rf"(?:tem|teria|tens|ha|estao com|esta com|sobrou|rola|surgiu|consig[ou]|consegue|conseguem|conseguiria|arruma|arranja|quero|queria|qria|preciso"
        rf"|gostaria|precisando|necessito|procurando|alguma?)(?: de)? (?:\w+ ){{0,4}}{TIME}|{TIME} (?:\w+ ){{0,4}}{FREE_TIME}"
        rf"|{FREE_TIME} (?:para|hoje|amanha)|tem (?:para )?(?:{DAY}).*|disponibilidade|proximo horario|quais (?:\w+ ){{0,2}}horarios.*"
        r"|me (?:atender|atende|atendem)|atendem? (?:hoje|amanha|.*\d).*|(?:posso|consigo|da para|podia) (?:eu )?(?:ir|passar) .*"
        r"|(?:quero|queria|gostaria de|preciso|precisava|vou querer|querendo|vim|da para)(?: de)?(?: ir)? (?:fazer|cortar|pintar|aparar|depilar|tingir"
        r"|alisar|consultar|treinar|um|uma|me consultar) ?.*|encaixe|vaga"
        rf"|(?:\d\S*|{DAY}) (?:esta |e )?{FREE_TIME}|(?:as )?\d\S* tem$|tem (?:como|jeito de) (?:eu )?ir .*|como (?:eu )?(?:agendo|marco)",
    ),
    (
        Intent.PAYMENT,
        r"paga|pix|cartao|credito|debito|pag(?:ar|uei|amento|o)|parcel(?:a|ar|ado)|boleto|nota fiscal|recibo|sinal",
    ),
    (
        Intent.SERVICES,
        r"servicos?|o que (?:e que )?voces fazem|tem (?:manicure|barbeiro|cabeleireir[oa]|depilacao|massagem|sobrancelha).*|voces? (?:faz(?:em)?|trabalham? com) .*|(?:^|\| )faz(?:em)? .*|trabalham? com .*"
        r"|quanto tempo .*|duracao|demora quanto.*",
    ),
    (
        Intent.PRICES,
        r"quanto (?!tempo)(?:\w+ ){0,4}?(?:custam?|cobram?|fica|ficar|sai|e|esta|vale|seria|da)|quanto(?= \||$)|precos?|valor(?:es)?"
        r"|tabela|orcamento|quanto que e|e caro|baratinho",
    ),
    (
        Intent.ADDRESS,
        r"enderecos?|onde (?:que )?(?:e|ficam?|esta|estao|voces? \w+|eu vou|vou)|voces? (?:ficam?|sao de) .*|localizacao|mapa|manda a loc"
        r"|como (?:eu )?(?:chego|faco para chegar)|qual (?:e )?(?:a )?rua|(?:que|qual) bairro|e perto d[aeo]|fica (?:onde|em|perto).*",
    ),
    *_CHATTER,
)

PROFESSIONAL: Final = _rules(
    (
        Intent.UNSURE,
        r"nao pagou|nao (?:faltou|furou)|quanto (?:\w+ ){0,4}pagou|quem (?:\w+ )?pagou|falt(?:ou|a) pagar"
        r"|(?:confirm\w+|cancel\w+|desmarc\w+|recus\w+) (?:tod[oa]s?|tudo)(?: .*)?|confirma\w* ou .*",
    ),
    (Intent.WHO, _WHO),
    (Intent.PLAN, r"(?:meu|qual|quais|de|o) (?:o )?(?:meu )?planos?|assin(?:ar|atura)|quanto custa o odys"),
    (Intent.LINK, r"link|qr ?code|qr"),
    (
        Intent.SERVICES,
        r"(?:meus|nov[oa]|adicion\w+|cadastr\w+|inclu\w+|remov\w+|exclu\w+|apag\w+|cri\w+|quais|lista de) (?:\w+ ){0,2}servicos?.*"
        r"|servicos(?= \||$)",
    ),
    (
        Intent.SET_PRICE,
        r"(?:mud|alter|aument|troc|abaix|diminu|reajust|atualiz)\w+ (?:\w+ ){0,3}(?:precos?|valor(?:es)?).*"
        r"|(?:aument|abaix|diminu|reajust)\w+ .*\d.*|.* (?:agora e|passou para|vai custar|custa|preco .* e|valor .* e) (?:r \$ ?)?\d+.*",
    ),
    (
        Intent.HOURS,
        r"horarios? de (?:atendimento|trabalho|funcionamento)|expediente|jornada|(?:quais|que) dias (?:eu )?(?:atendo|trabalho)"
        r"|que horas (?:eu )?(?:abro|fecho|comeco|encerro)",
    ),
    (
        Intent.OPEN,
        r"desbloque\w+|abr(?:e|ir|a) (?:a |minha )?(?:agenda|" + DAY + r").*|liber(?:a|ar|e) .*"
        r"|vou (?:atender|trabalhar|abrir) .*",
    ),
    (
        Intent.BLOCK,
        r"bloque(?:ar|ia|ie|io)|ferias|folga|fech(?:a|ar|e) (?:(?:a |minha )?agenda|"
        + DAY
        + r")|tir(?:a|ar) o dia|nao (?:vou |irei )?(?:atend(?:er|o)|trabalh(?:ar|o))"
        r"|(?:vou |irei )viajar",
    ),
    (
        Intent.PENDING,
        r"pendentes?|pendencias?|(?:falta|tem|tenho) (?:\w+ ){0,3}confirmar|o que falta.*|pedidos?(?: novos?)(?!\S)|pedidos|solicitacoes"
        r"|quem (?:ainda )?nao confirmou|alguem (?:pediu|quer) .*",
    ),
    (
        Intent.REVENUE,
        r"fatur\w+|quanto (?:\w+ ){0,3}(?:recebi|receber|ganhei|entrou|fiz|vendi|tirei|deu|lucrei)|receita|ganhos|balanco|lucro|caixa|(?:total )?recebido",
    ),
    (
        Intent.NEXT,
        rf"(?:quem|qual) (?:e )?(?:o |a |meu |minha )?proxim[oa](?! (?:{DAY}|horario (?:livre|vago|disponivel)|vaga))|(?:^|\| )proxim[oa] (?:cliente|atendimento|horario)"
        r"|quem (?:\w+ ){0,2}agora|quem (?:e|vem) depois|^(?:o )?proxim[oa]$",
    ),
    (
        Intent.CUSTOMER,
        r"(?:telefone|contato|ficha|cadastro|dados|historico|perfil|observac\w+|anotac\w+|informac\w+|fala) d[aeo]s? (?!agenda|dia).*|quem e (?:o|a|esse|essa) .*"
        r"|(?:procur|busc|ach|encontr|pesquis)(?:a|ar|e|ue) .*|quando (?:a|o) .* veio.*|quantas vezes.*|ultima vez"
        r"|^(?:\| )?xfone(?: \|)?$",
    ),
    (
        Intent.AGENDA,
        rf"quem (?:\w+ ){{0,2}}(?:tenho|tem|vem|atendo|vai|esta|faltou|veio|cancelou|desmarcou|marcou|furou)|o que (?:eu )?(?:tenho|tem).*|tem quem|me mostra (?:{DAY}).*"
        r"|quant[oa]s (?:\w+ ){0,2}(?:pessoas|clientes|atendimentos|horarios|agendamentos)"
        r"|(?:tenho|tem) (?:muita |algum |muito )?(?:alguem|cliente|alguma coisa|algo|gente|compromisso|atendimento)(?! (?:pendente|para confirmar))",
    ),
    (
        Intent.PAID,
        r"pagou|recebi d[aeo]|(?:marc|coloc|registr|anot|bot)\w+ (?:\w+ ){0,4}(?:pag[oa]|pagamento).*|pagamento d[aeo] .*"
        r"|pix d[aeo] .* caiu|recebi o (?:pagamento|pix)|baixa no pagamento|acertou|quitou|esta pag[oa]",
    ),
    (
        Intent.NO_SHOW,
        r"nao (?:veio|apareceu|compareceu)|faltou|furou|deu (?:um )?bolo|levei (?:um )?bolo"
        r"|(?:marc|registr|anot|coloc|d)\w* (?:uma |a )?falta|no show|falta (?:para|da|do|de) .*",
    ),
    (
        Intent.COMPLETE,
        r"conclu(?:ir|i|a|o|ido|ida)|finaliz(?:ar|a|e|ei|ado)|termin(?:ei|ou|a|ar|ado)|acab(?:ei|ou|ado)|ja atendi|encerr(?:a|ar|e|ei|ou)"
        r"|atendi (?:a|o)|foi atendid[oa]",
    ),
    (
        Intent.REJECT,
        r"recus(?:ar|a|e|o)|rejeit(?:ar|a|e|o)|nao (?:vou |quero |posso )?(?:aceit(?:ar|a|e|o)|confirm(?:ar|a|e|o)|aprov(?:ar|a|e|o))",
    ),
    (
        Intent.RESCHEDULE,
        rf"{_MOVE}|adia|{_SHIFT}|(?:pass(?:ar|a|e)|jog(?:ar|a)|jogue) (?:\w+ ){{1,5}}(?:para|as) .*"
        rf"|{_CANCEL} .* (?:marca|{_BOOK}).*|(?:em vez|ao inves|no lugar) d[aeo]s? .*",
    ),
    (
        Intent.CANCEL,
        rf"{_CANCEL}|cancelou|desmarcou|nao (?:vem|vai (?:poder )?vir|pode vir|vai conseguir vir)(?: mais)?|tir(?:a|ar|e) (?:a|o) .* da agenda",
    ),
    (
        Intent.FREE,
        rf"{TIME} (?:\w+ ){{0,4}}{FREE_TIME}|{FREE_TIME} (?:{DAY}).*|estou livre|tenho (?:\w+ ){{0,2}}{FREE_TIME}|buracos?|janelas?"
        r"|vagas(?: .*)?|tem (?:encaixe|vaga|horario).*|quando (?:eu )?(?:posso|consigo).*",
    ),
    (
        Intent.BOOK,
        rf"{_BOOK}|marca|encaixe|(?:novo )?agendamento(?= \||$)|(?:coloc|bot|anot)(?:a|ar|e) (?:a|o|um|uma|dona|seu) .*"
        rf"|agenda (?:o|a|um|uma|dona|seu|xfone) (?!{DAY}).*|agenda (?:para )(?:o|a) (?!{DAY}).*"
        rf"|agenda (?!(?:{DAY}|d[aeo]s?|desta|desse|deste|dessa|na|no|para|esta|essa|completa|cheia|livre|toda) ).* (?:{DAY}|\d+\S*).*",
    ),
    (
        Intent.CONFIRM,
        r"confirm(?:ar|a|e|o|ad[oa])|aceit(?:ar|a|e|o)|aprov(?:ar|a|e|o)",
    ),
    (
        Intent.AGENDA,
        rf"agenda|(?:compromissos?|horarios|atendimentos|agendamentos|clientes) (?:de |da |do |para |desta )?(?:{DAY})"
        rf"|como (?:esta|ficou|vai|anda|e) (?:\w+ ){{0,2}}(?:{DAY}|dia|tarde|manha)|meus? (?:atendimentos|clientes|horarios|compromissos|dia)",
    ),
    (
        Intent.MORE,
        r"outr[oa]s? (?:horarios?|opc(?:ao|oes)|dias?|datas?)|mais (?:horarios?|opcoes)|nenhum(?:a)?(?: .*)?|tem outr[oa]",
    ),
    (Intent.PERSON, r"suporte|atendente|humano|falar com (?:alguem|uma pessoa|o suporte)"),
    *_CHATTER,
)

TABLES: Final[dict[Role, Rules]] = {Role.CLIENT: CLIENT, Role.PROFESSIONAL: PROFESSIONAL}
