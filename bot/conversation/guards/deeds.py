"""Deeds in words: how Portuguese says that something was booked, cancelled or paid, and how it only talks about it.

Every pattern is for folded text: lower case, no accents, no formatting.
"""

import re

# Not every participle is a deed: "está ocupado", "estou animada".
_PARTICIPLE = (
    r"(?:(?:re)?agend|(?:re|des)?marc|confirm|cancel|reserv|garant|assegur|encaix|(?:des)?bloque|adi|antecip|registr"
    r"|anot|adicion|efetu|realiz|finaliz|alter|atualiz|mud|troc|transfer|aprov|recus|estorn|reembols|salv|lanc|notific"
    r"|avis|program|solicit|coloc|inclu|envi|mand|apag|remov|exclu|conclu|recep|receb|acert|combin|process|resolv|conced"
    r"|aceit|quit|inser|guard|segur|cadastr|formaliz|providenci)(?:ad|id)[oa]s?"
)
# "coloquei", "marquei", "incluí": the first person of the past, however it is spelt.
DID = re.compile(
    r"\b(?:(?:agend|confirm|cancel|reagend|reserv|encaix|adi|antecip|registr|anot|adicion|efetu|realiz|finaliz|alter"
    r"|atualiz|mud|aprov|estorn|reembols|salv|avis|program|solicit|pass|envi|mand|deix|recus|recuper|inici"
    r"|formaliz|providenci|sinaliz|inform|cadastr|guard|segur)ei"
    r"|(?:mar|remar|desmar|tro|colo|notifi|bloc)quei|lancei|paguei|apaguei|bloqueei|desbloqueei"
    r"|inclui|conclui|exclui|transferi|removi|garanti|pedi|resolvi|fiz|consegui (?:\w+ ){0,2}?\w+r"
    r"|(?:acabei|terminei) de \w+|recebi (?:o |seu |a |sua )?(?:pagamento|pix|confirmacao)"
    r"|i(?:'ve| have)? (?:just )?(?:booked|scheduled|confirmed|cancell?ed|rescheduled|reserved|moved))\b"
)
# "Marcamos quinta às 15h?" proposes; without the question mark it tells.
WE_DID = re.compile(
    r"\b(?:agendamos|marcamos|confirmamos|cancelamos|remarcamos|reagendamos|desmarcamos|reservamos|encaixamos"
    r"|registramos|alteramos|mudamos|trocamos|avisamos|enviamos|solicitamos|anotamos|garantimos"
    r"|recebemos o pagamento)\b"
)
# Announced or in progress: nothing will follow, since the text ends the turn.
DOING = re.compile(
    r"\b(?:(?:estou|to|estamos|tamo|ja vou|vou|vamos|irei|iremos) (?:ja |agora |te |lhe |so |aqui )*"
    r"(?:agend|marc|confirm|cancel|remarc|reagend|desmarc|reserv|encaix|registr|avis|notific|solicit|bloque|efetu|realiz)"
    r"(?:ar|ando)\b"
    r"|(?:eu |ja |te |entao )(?:agendo|marco|cancelo|remarco|desmarco|reservo|encaixo|registro|aviso)\b"
    r"|^(?:agendo|marco|cancelo|remarco|desmarco|confirmo|reservo|agendando|marcando|cancelando|remarcando)\b)"
)
# How things stand: a participle of booking, on its own or in any form of "ser/estar/ficar".
STANDS = re.compile(
    r"\b(?:(?:re)?agend|(?:re|des)?marc|confirm|cancel|reserv|garant|encaix|desbloque|bloque)(?:ad|id)(?:inh)?[oa]\b"
    r"|\b(?:cancelled|canceled|confirmed|booked|scheduled|rescheduled)\b"
)
BECAME = re.compile(
    r"\b(?:foi|foram|esta|estao|ta|tao|ficou|ficaram|fica|ficam|deixei|tudo|ja|sido|segue|seguem|consta|constam)"
    r"(?: (?:ja|agora|tudo|todo|todos|todas|devidamente|como|oficialmente|entao|bem|super|aqui|la|automaticamente))*"
    r" (?:"
    + _PARTICIPLE
    + r"|pag[oa]s?|feit[oa]s?|aceit[oa]s?|cert[oa]|na (?:sua |minha |nossa )?agenda|de pe|em dia)\b"
    r"|\b(?:agendamento|reserva|cancelamento|remarcacao|reagendamento|pagamento|pix|estorno|reembolso|pedido|solicitacao"
    r"|alteracao|mudanca|troca|confirmacao|marcacao|consulta|sessao|corte|horario|vaga)s?"
    r"(?: (?:foi|foram|ja|esta|ta|agora|com sucesso|dele|dela|de \w+))*[:, ]+"
    r"(?:realizad|efetuad|concluid|feit|registrad|finalizad|aprovad|recusad|recebid|enviad|alterad|atualizad|trocad"
    r"|transferid|aceit|processad|solicitad|mudad|adiad|antecipad|estornad|pag|ok)[oa]?s?\b"
    r"|\b(?:ficou|fica) (?:combinad|acertad|cert|para|pra|as|entao)"
    r"|\b(?:voce|vc|ele|ela|ja) (?:ja )?(?:esta|ta) na (?:agenda|lista)\b"
    r"|\b(?:confirmou|cancelou|desmarcou|remarcou|pagou|aceitou|recusou|aprovou|agendou|marcou|reservou)\b"
)
# "Seu horário é quinta às 15h": a booking without the word, if a time follows.
OWN = re.compile(
    r"\b(?:(?:seu|sua|teu|tua) (?:proxim[oa] |nov[oa] )?|(?:voce|vc) (?:ja )?tem (?:um |uma |o |a )?)"
    r"(?:horario|consulta|sessao|corte|atendimento|agendamento|reserva)\b"
    # "quinta às 15h é sua"
    r"|^(?=.*\beh? (?:todo |toda )?(?:seu|sua|teu|tua)\W*$)"
)
NOT_ONES_OWN = re.compile(r"\b(?:livres?|dispon\w+|vagas?|preferid\w+|ocupad\w+|opc\w+|para marcar|aguard\w+)\b")
# A farewell that takes a booking for granted, or "Pronto!" with nothing else.
FAREWELL = re.compile(
    r"^(?:entao )?(?:ate (?:a |o |dia |o dia )*(?:hoje|amanha|segunda|terca|quarta|quinta|sexta|sabado|domingo|\d+/)"
    r"|(?:pode vir|pode aparecer|nos vemos|te vejo|te espero|te esperamos|te aguardo|te aguardamos|espero voce"
    r"|aguardamos voce|esperamos voce|estaremos te esperando|see you)\b)"
)
READY = re.compile(
    r"^(?:ta |esta |tudo )?(?:pront[oa]|prontinh[oa]|feit[oa]|combinad[oa]|fechad[oa]|fechou|resolvid[oa]"
    r"|certo|anotad[oa]|ok|perfeito|done|all set)\b"
)
NO = re.compile(
    r"\b(?:nao(?! (?:so|apenas|somente|se preocupe?)\b)|nunca|jamais|nem|nenhum|nenhuma|nada|sem|ninguem)\b"
)
WHEN_IT_IS = re.compile(
    r"\b(?:se|caso|quando|assim que|depois que|depois d[eoa]s?|apos|antes de|uma vez|ate que|enquanto|para que"
    r"|por que|porque so)\b"
)
LATER = re.compile(
    r"\b(?:sera|serao|vai ser|vao ser|seja|sejam|seria|ser|estara|estarao|estiver|estiverem|for|forem|ficara|ficarao"
    r"|fique|ficaria|precisa|precisam|deve|devem|pode|podem|so (?:eh?|fica|vale)|com hora|com horario)\b(?: \w+){0,2}$"
)
PRESENT = re.compile(r"\bficam?\b")
ASKS_FOR = re.compile(
    r"\b(?:me (?:diga|diz|fala|fale|informe|informa|passe|passa|mande|manda|conte|conta|confirme|confirma|avise|avisa)"
    r"|eh? so|basta|escolha|escolhe|responda|toque|digite|envie|preciso (?:que|saber|do|da)"
    r"|se quiser|se preferir|posso|quer)\b"
)
OFFERS = re.compile(
    r"^(?:e |mas |entao |ou |ok |certo |oi |ola )*(?:voce |vc )?(?:quer|queria|gostaria|deseja|prefere|posso|podemos"
    r"|pode|vamos|qual|quais|que|quando|onde|como|confirma|seria|eh? para|precisa|tem|teria|ha|sera que)\b"
)
TAG = re.compile(
    r"^(?:ok|certo|ta|ta bom|ta bem|tudo bem|tudo certo|pode ser|beleza|blz|combinado|viu|ne|entendeu|sim)\W*$"
)
DATE_PART = re.compile(
    r"^(?:(?:dia |as |a |para |pra |de |da |na |no )*(?:\d|hoje|amanha|segunda|terca|quarta|quinta|sexta|sabado|domingo"
    r"|meio[- ]dia|meia[- ]noite|manha|tarde|noite|proxim))"
)
SENTENCES = re.compile(
    r"((?<=[.!?…])[*_\"')\]]*\s+|[ \t]*\n+[ \t]*|(?<=[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f])[ \t]*(?=\w))"
)
CLAUSES = re.compile(
    r"\s*[,;:()\u2013\u2014]\s*|\s+-\s+|\s+(?=(?:mas|porem|entretanto|e|pois|porque|portanto|ou seja)\s)"
)
COURTESY = re.compile(
    r"^(?:(?:ate|te|nos|a gente se) .{0,25}|tchau.*|de nada|por nada|disponha|qualquer .{0,50}|fico .{0,40}"
    r"|estou (?:a|por|aqui).{0,50}|otimo|perfeito|maravilha|excelente|legal|show|claro|ok|certo|beleza|oi|ola"
    r"|bom dia|boa tarde|boa noite|(?:muito )?obrigad[oa].*|um abraco|abracos?|beijos?|pronto|prontinho|feito|entendi"
    r"|sim|combinado|(?:oi|ola|claro|certo|otimo|perfeito|bom dia|boa tarde|boa noite|obrigad[oa])[, ]+\w+"
    r"|tenha .{0,40}|(?:bom|boa) .{0,20})?\W*$"
)
