"""What professionals say, the special above the general."""

from typing import Final

from .money_words import MONEY
from .phrasebook import (
    BOOK,
    CANCEL,
    CHATTER,
    DAY,
    EVERY,
    FREE_TIME,
    INSTEAD,
    MOVE,
    SHIFT,
    SWAP,
    TIME,
    UNDO,
    WEEKDAY,
    WHO,
    Intent,
    Rules,
    line,
)

# What is left of a day that is shorter than usual.
_HOURS: Final = "(?:ate|de|da|das|a tarde|a noite|depois|apos|a partir|as|entre)"
PROFESSIONAL: Final[Rules] = (
    UNDO,
    line(
        Intent.HELP,
        r"como (?:e que )?(?:eu )?(?:faco para |posso |devo )?(?:cancel|marc|remarc|desmarc|confirm|agend|bloque|cobr"
        r"|cadastr|adicion|mud|alter|recus)(?:o|ar|eio)(?!\S).*",
    ),
    *MONEY,
    line(
        Intent.UNSURE,
        r"nao pag(?:ou|aram)|nao (?:falt|fur)(?:ou|aram)|quanto (?:\w+ ){0,4}pagou|quem (?:\w+ )?pagou|faltou pagar",
        r"confirma\w* ou .*",
    ),
    line(
        Intent.EVERYBODY,
        rf"(?:confirm|aceit|aprov|cancel|desmar|recus|rejeit|remar|reagend|pass|jog|empurr|mud|adi|atras|antecip)\w*"
        rf" (?:(?:a |minha )?agenda (?:toda |inteira |completa )?(?:de |d[ao] )?{DAY}|tod[oa]s?(?! [ao]s (?:{WEEKDAY}))"
        rf"|tudo(?= (?:de |d[ao] |n[oa] )?{DAY}| \||$)|(?:a )?galera|geral)(?: .*)?",
        r"(?:confirm|aceit|cancel|desmar|recus)\w* (?:[oa]s |meus )?(?:clientes|horarios|atendimentos|agendamentos"
        rf"|pedidos)(?: todos)?(?: (?:para |de |d[ao] |n[ao] )?{DAY}.*|(?= \||$))",
        "(?:limpa|limpar|zera|zerar|esvazia) (?:a |minha )?agenda.*",
    ),
    line(Intent.WHO, rf"{WHO}"),
    line(Intent.PLAN, "(?:meu|qual|quais|de|o) (?:o )?(?:meu )?planos?|assin(?:ar|atura)|quanto custa o odys"),
    line(Intent.LINK, "link|qr ?code|qr"),
    line(
        Intent.HOLIDAYS,
        "(?:quais|que|proxim[oa]s?|tem|lista d[eo]s) (?:\\w+ ){0,4}feriados?(?! (?:a|de|das) ?\\d).*|feriados",
    ),
    line(
        Intent.SERVICES,
        r"(?:meus|nov[oa]|adicion\w+|cadastr\w+|inclu\w+|remov\w+|exclu\w+|apag\w+|cri\w+|quais|lista de)"
        r" (?:\w+ ){0,2}servicos?.*",
        r"servicos(?= \||$)|quanto (?:tempo )?(?:dura|demora|leva).*",
        r"(?:qual|quais) (?:\w+ ){0,3}(?:duracao|duracoes|tempo) (?:d[aeo]s? |de cada )?(?!.*\d).*",
    ),
    line(
        Intent.SET_LENGTH,
        r"(?:mud|alter|aument|diminu|troc)\w+ (?:\w+ ){0,2}duracao.*",
        r".* (?:agora (?:dura|leva|demora)|(?:vai|passa a|passou a) durar) .*(?:\d|hora).*",
        r".* dura (?:so )?(?:\d|meia hora|uma hora).*|duracao (?:d[aeo]s? )?.* \d.*",
    ),
    line(
        Intent.SET_PRICE,
        r"(?:mud|alter|aument|troc|abaix|diminu|reajust|atualiz)\w+ (?:\w+ ){0,3}(?:precos?|valor(?:es)?).*",
        r"(?:aument|abaix|diminu|reajust)\w+ .*\d.*|(?:sobe|baixa(?! n[oa] pag\w+)) .*\d.*",
        r"(?:mud|alter|troc|atualiz)\w+ .* (?:para|por) (?:r \$ ?\d.*|\d+(?: \| \d+)* (?:reais|conto|pila).*)",
        r"(?:.* )?descontos? .*\d.*|.*\d.* descontos?(?: .*)?",
        r".* (?:agora e|passou para|vai custar|custa|preco .* e|valor .* e) (?:r \$ ?)?\d+.*",
    ),
    line(
        Intent.PRICES,
        r"quanto (?!.*(?:pag|receb|dev|ganh|fatur|entrou|lucr|vendi|tirei))"
        r"(?:\w+ ){0,2}(?:custa|esta|e|fica|ficou|sai|cobro|cobrando)(?= |$).*",
        r"(?:qual|quais) (?:e |sao )?(?:o |os |a )?(?:meus? )?(?:precos?|valor(?:es)?|tabela).*|quanto (?:eu )?cobro.*",
        r"(?:(?:meus |os )?precos|tabela de precos)(?= \||$)",
    ),
    line(
        Intent.HOURS,
        "horarios? de (?:atendimento|trabalho|funcionamento)|expediente|jornada",
        r"(?:qual|quais|que horas?) (?:\w+ ){0,4}(?:horario de almoco|almoco|intervalo)(?= \||$)",
        "(?:quais|que) dias (?:eu )?(?:atendo|trabalho)|que horas (?:eu )?(?:abro|fecho|comeco|encerro)",
    ),
    line(
        Intent.SHORTER,
        r"(?:so|somente|apenas) (?:vou |posso |consigo |vou poder )?(?:atend(?:o|er|erei)|trabalh(?:o|ar)|fic(?:o|ar)"
        r"|comec(?:o|ar)|abr(?:o|ir)|cheg(?:o|ar)|entr(?:o|ar)) (?!quem|com )(?:.* )?"
        rf"{_HOURS}(?: .*)?",
        r"(?:atend(?:o|er)|trabalh(?:o|ar)|comec(?:o|ar)|abr(?:o|ir)|cheg(?:o|ar)|fic(?:o|ar))"
        rf" (?:so|somente|apenas|mais tarde) (?:\| )?(?:so )?{_HOURS} .*",
        rf"(?:{DAY}) (?:\| )?(?:so|somente|apenas) (?:ate|de manha|de tarde|a tarde|pela manha|de noite|a noite|das?"
        r"|de \d\S*|depois|apos|a partir|as|entre)(?: .*)?",
        r"(?:saio|encerro|fecho|paro|termino|vou (?:sair|encerrar|fechar|parar)) (?:mais cedo )?(?:\| )?(?:so )?"
        r"(?:(?<=cedo )|(?<=cedo \| )|as |ate ).*\d.*",
    ),
    line(
        Intent.OPEN,
        rf"desbloque\w+|abr(?:e|ir|a) (?:a |o |no |na |minha )?(?:agenda|{DAY}).*|liber(?:a|ar|e) .*",
        "vou (?:atender|trabalhar|abrir) .*",
        r"(?:n[oa] |em )?(?:natal|ano novo|feriado|carnaval|sabado|domingo)(?: que vem| dia \d\S*| \d+/\d+)?(?: eu)?"
        r" (?:trabalho|atendo|abro)(?: sim)?(?= \||$)",
    ),
    line(
        Intent.BLOCK,
        r"paus\w+ .*(?:agenda|marcac|agendament).*",
        r"bloque(?:ar|ia|ie|io)|ferias|folga|fech(?:a|ar|e) (?:d[eo] |entre |[oa]s )?(?:dias? )?\d.*",
        rf"fech(?:a|ar|e) (?:(?:a |minha )?agenda|(?:[oa] |n[oa] |em )?{DAY})|tir(?:a|ar) o dia",
        rf"fech(?:a|ar|e) tod[ao]s? (?:[ao]s )?(?:{DAY}|dia).*",
        "nao (?:vou |irei |quero )?(?:(?:consigo|consegui|conseguir|posso|poderei|poder) )?(?:mais )?"
        "(?:atend(?:er|o)|trabalh(?:ar|o)|abr(?:ir|o))|(?:vou |irei )viajar",
        r"(?:(?:vou )?estar(?:ei)?|estou|to) viajando .*\d.*|viajo (?:d[eo]|n[ao]|dias?|entre|amanha|hoje) .*",
        r"nao (?:quero|(?:marc|agend|encaix|aceit)\w*) (?:mais )?ninguem(?: .*)?",
        rf"nao (?:marc|agend|encaix)\w* (?:mais )?nada .*(?:{DAY})(?: .*)?",
        rf"nao (?:marc|agend|encaix|aceit)\w* mais (?:client\w+|agendamentos?|horarios?|gente) .*(?:{DAY})(?: .*)?",
    ),
    line(Intent.WAITLIST, "(?:lista|fila) de espera|quem (?:esta )?(?:esperando|na (?:lista|fila|espera)).*"),
    line(
        Intent.PENDING,
        r"pendentes?|pendencias?|(?:falta|tem|tenho|alguem|alguma) (?:\w+ ){0,3}confirmar|o que falta.*",
        r"pedidos?(?: novos?)(?!\S)|pedidos|solicitac(?:ao|oes)(?: nova)?|quem (?:ainda )?nao confirmou",
        "alguem (?:pediu|quer) .*",
    ),
    line(
        Intent.REVENUE,
        r"fatur\w+",
        r"quanto (?:\w+ ){0,3}(?:recebi|receber|ganhei|ganhar|entrou|entrar|fiz|vendi|tirei|deu|lucrei)|receita",
        r"quant[oa]s (?:\w+ ){0,2}(?:tive|fiz|atendi|foram)(?!\S).*",
        rf"relatorios?(?: (?:d[aeo]s? )?(?:{DAY}|ano|dia|financeiro|mensal|semanal|vendas|ganhos).*|(?= \||$))",
        r"compar(?:a|ar|e|ando) .*",
        "ganhos|balanco|lucro|caixa|(?:total )?recebido|fechamento d[eo] (?:dia|hoje)",
        r"(?:resumo|fechamento) (?:\w+ ){0,2}(?:semana|mes|ano|quinzena|financeiro|caixa|vendas?).*",
    ),
    line(
        Intent.NEXT,
        rf"(?:quem|qual) (?:e )?(?:o |a |meu |minha )?proxim[oa](?! (?:{DAY}|horario (?:livre|vago|disponivel)"
        rf"|vaga))",
        r"(?:^|\| )proxim[oa] (?:cliente|atendimento|horario(?! livre| vago| disponivel))",
        r"quem (?:\w+ ){0,2}agora|quem (?:e|vem) depois",
        r"^(?:o )?proxim[oa](?: por favor)?$|agora \| quem vem",
    ),
    line(
        Intent.NOTE,
        r"(?:anot|registr|escrev)\w* (?:ai )?que .*",
        r"(?:anot|registr|escrev|coloc|bot)\w* (?:ai )?n[ao] (?:ficha|cadastro|observac\w+|anotac\w+) .*",
        r"(?:coloc|bot|adicion|fa[zc])\w* (?:uma )?(?:anotacao|observacao) .*",
    ),
    line(
        Intent.CUSTOMER,
        r"(?:telefone|contato|ficha|cadastro|dados|historico|perfil|observac\w+|anotac\w+|informac\w+|fala)"
        r" d[aeo]s? (?!agenda|dia).*",
        "quem e (?!voce|que |(?:[oa]|meu|minha) (?:proxim|ultim|primeir)).*",
        "(?:procur|busc|ach|encontr|pesquis)(?:a|ar|e|ue) .*",
        r"(?:telefone|contato|ficha|cadastro|historico|endereco) del[ea]s?(?: .*)?",
        r"quantas faltas .*|quando (?:a|o) .* veio.*|quantas vezes.*|ultima vez|^(?:\| )?xfone(?: \|)?$",
    ),
    line(
        Intent.VISITS,
        r"(?:que horas?|que dia|quando|qual (?:e )?(?:o |a )?(?:horario|hora|dia))"
        r" (?:(?:e|que|vem|volta|esta|ficou|seria|marcad[oa]|marcou|mesmo) )*(?:o|a|d[oa]|xfone|dona|seu)"
        r" (?!que |ultim|primeir|proxim).*",
        r"(?:quando|que horas?|que dia) (?:\w+ ){1,2}(?:vem|vai vir|volta|(?:esta|ficou) marcad[oa]|marcou).*",
        r"(?:[oa] )?\w+ (?:esta |ficou )?(?:marcad[oa]|agendad[oa]|vem|volta) (?:\w+ )?(?:quando|que (?:horas?|dia)).*",
        r"(?:[oa] )?(?!nao |que |quem |mes |semana |\| )\w+ (?:ja )?(?:confirmou(?: que (?:vem|vai))?|remarcou"
        r"|vem|vai vir)(?: (?:mesmo|n?[oa] ?))*"
        rf"(?: {DAY})?(?: (?:de |a )?(?:manha|tarde|noite))?(?= \||$)",
        r"(?:[oa] )\w+ e (?:que horas?|que dia|quando).*",
        r"(?:[oa] )\w+ tem (?:algum |alguma )?(?:horario|hora|consulta|sessao|aula|treino|retorno|algo)(?: marcad[oa])?"
        rf"(?: (?:n[oa] )?{DAY})?(?= \||$).*",
        r"(?:quais|qual) (?:sao )?(?:os |as )?(?:proxim[oa]s )?(?:horarios|aulas|sessoes|consultas|treinos) d[ao] "
        rf"(?!{DAY}|agenda|dia|manha|tarde|noite|mes|ano|escola|academia)\w+.*",
    ),
    line(
        Intent.CANCELLED, r"quem (?:\w+ ){0,2}(?:cancelou|desmarcou|furou comigo)(?: .*)?|(?:os )?cancelad[oa]s(?: .*)?"
    ),
    line(
        Intent.TELL,
        r"(?:avis|fal|mand)\w* (?:para |com |mensagem para )?(?:el[ea]s?|[oa] client\w+|[oa]s client\w+)(?= \||$)",
        r"avis(?:a|ar|e) (?!me )(?:\w+ ){1,8}que .*",
    ),
    line(
        Intent.AGENDA,
        r"quem (?:\w+ ){0,2}(?:tenho|tem|vem|atendo|vai|esta|faltou|veio|cancelou|desmarcou|marcou|confirmou|furou)",
        rf"o que (?:eu )?(?:tenho|tem).*|tem quem|me mostra (?:{DAY}).*",
        r"quant[oa]s (?:\w+ ){0,2}(?:tenho|pessoas|clientes|atendimentos|horarios|agendamentos)",
        "(?<!ja )(?:tenho|tem) (?:muita |algum |muito )?(?:alguem|cliente|alguma coisa|algo|gente|compromisso"
        "|atendimento)(?! (?:pendente|para confirmar))",
    ),
    line(
        Intent.PAID,
        r"pag(?:ou|aram)|quitaram|acertaram|recebi (?:(?:r \$ )?\d\S* (?:reais )?)?d[aeo]",
        r"(?:marc|coloc|registr|anot|bot)\w+ (?:\w+ ){0,4}(?:pag[oa]|pagamento).*",
        "pagamento d[aeo] .*|pix d[aeo] .* caiu|recebi o (?:pagamento|pix)|baixa no pagamento|acertou|quitou",
        "(?:esta|foi) pag[oa]",
    ),
    line(
        Intent.NO_SHOW,
        "nao (?:veio|vieram|aparec(?:eu|eram)|comparec(?:eu|eram))|(?:deu|deram) (?:o )?cano|falt(?:ou|aram)"
        "|fur(?:ou|aram)|(?:deu|deram) (?:um )?bolo|levei (?:um )?bolo",
        r"(?:marc|registr|anot|coloc|d)\w* (?:uma |a )?falta|no show|falta (?:para|da|do|de) .*",
    ),
    line(
        Intent.COMPLETE,
        "conclu(?:ir|i|a|o|ido|ida)|finaliz(?:ar|a|e|ei|ado)|termin(?:ei|ou|a|ar|ado)|acab(?:ei|ou|ado)",
        "vieram|compareceu|compareceram",
        r"(?:^|\| |e )(?:[oa] )?(?!nao |quem |que )\w+ veio(?: sim)?(?= \||$| e | hoje| ontem)",
        "ja atendi|pronto com|encerr(?:a|ar|e|ei|ou)|atendi (?:a|o)|foi atendid[oa]",
    ),
    line(
        Intent.REJECT,
        "recus(?:ar|a|e|o)|rejeit(?:ar|a|e|o)",
        "nao (?:vou |quero |posso )?(?:aceit(?:ar|a|e|o)|confirm(?:ar|a|e|o)|aprov(?:ar|a|e|o))",
    ),
    line(
        Intent.SERIES,
        rf"(?:{BOOK}|marca|agenda|coloca|bota|quer|fixa) .*(?:{EVERY})",
        rf"(?:{EVERY}) .*(?:{BOOK}|marca|agenda|coloca|bota)",
        "(?:quer\\w* |faz |criar? |novo |marca\\w* )?(?:um )?horario fixo(?: .*)?",
    ),
    SWAP,
    line(
        Intent.RESCHEDULE,
        rf"{MOVE}|adia|{SHIFT}|(?:pass(?:ar|a|e)|jog(?:ar|a)|jogue) (?:[^| ]+ ){{1,9}}(?:para|as) .*",
        rf"nao (?:vem|vai|consegue|pode).* {INSTEAD}.*|atras(?:a|ar|e) (?:o|a|xfone) (?!agenda).*",
        rf"{CANCEL} .* (?:marca|{BOOK}).*|(?:em vez|ao inves|no lugar) d[aeo]s? .*",
    ),
    line(
        Intent.CANCEL,
        rf"{CANCEL}|(?:cancel|desmarc)(?:ou|aram)"
        "|nao (?:vem|(?:va[io](?: poder| conseguir)?|podem?|consegu(?:e|em)) vir)(?: mais)?",
        rf"tir(?:a|ar|e) (?:a|o) .* (?:da agenda|d[aeo] (?:{DAY})).*",
    ),
    line(
        Intent.FREE,
        rf"{TIME} (?:\w+ ){{0,4}}{FREE_TIME}|{FREE_TIME} (?:{DAY}).*|estou livre",
        rf"tenho (?:horario|vaga|hora|espaco) (?:para|n[ao]|em|hoje|amanha|{DAY}).*",
        rf"tenho (?:\w+ ){{0,2}}{FREE_TIME}|buracos?|janelas?|vagas(?: .*)?|tem (?:encaixe|vaga|horario).*",
        "quando (?:eu )?(?:posso|consigo).*",
    ),
    line(
        Intent.BOOK,
        r"(?:cliente|paciente|alun[oa]) nov[oa] .*|nov[oa] (?:cliente|paciente|alun[oa]) .*",
        rf"{BOOK}|marca|encaixe|(?:novo )?agendamento(?= \||$)",
        "(?:(?:coloc|bot|anot)(?:a|ar|e)|poe) (?:a|o|um|uma|dona|seu) .*",
        rf"agenda (?:o|a|um|uma|dona|seu|xfone) (?!{DAY}).*|agenda (?:para )(?:o|a) (?!{DAY}).*",
        rf"agenda (?!(?:{DAY}|d[aeo]s?|desta|desse|deste|dessa|na|no|para|esta|essa|completa|cheia|livre|toda)"
        rf"(?!\S)).* (?:{DAY}|\d+\S*).*",
        "quer (?:vir|(?:um )?horario).*",
    ),
    line(Intent.CONFIRM, "confirm(?:ar|a|e|o|ad[oa])|aceit(?:ar|a|e|o)|aprov(?:ar|a|e|o)"),
    line(
        Intent.AGENDA,
        "agenda",
        rf"(?:compromissos?|horarios|atendimentos|agendamentos|clientes) (?:de |da |do |para |desta )?(?:{DAY})",
        rf"resumo (?:d[aeo] )?(?:dia|{DAY})|que horas (?:eu )?(?:termino|acabo|saio).*",
        rf"como (?:esta|ficou|foi|vai|anda|e) (?:\w+ ){{0,2}}(?:{DAY}|dia|tarde|manha)",
        r"(?:que horas?|quem|qual) (?:e |vem |que )*(?:o |a |meu |minha )*(?:ultim|primeir)[oa](?: .*)?",
        "meus? (?:atendimentos|clientes|horarios|compromissos|dia)|^(?:e )?(?:a |na |da )?semana(?: toda| inteira)?$",
    ),
    line(
        Intent.MORE,
        "outr[oa]s? (?:horarios?|opc(?:ao|oes)|dias?|datas?)|mais (?:horarios?|opcoes)|nenhum(?:a)?(?: .*)?",
        "tem outr[oa]",
    ),
    line(Intent.PERSON, "suporte|atendente|humano|falar com (?:alguem|uma pessoa|o suporte)"),
    *CHATTER,
)
