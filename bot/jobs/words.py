"""What checks say, in the two languages that read it: Portuguese in alerts, English in logs and on the command line."""

from collections.abc import Mapping
from types import MappingProxyType

from .evolution_words import EVOLUTION
from .outside_words import OUTSIDE
from .saying import Said

TITLES: Mapping[str, Said] = MappingProxyType(
    {
        "answers": Said("Mensagens sem resposta", "unanswered messages"),
        "owed": Said("Fila de envio", "messages owed"),
        "owed_email": Said("E-mails na fila", "e-mails owed"),
        "latency": Said("Tempo de resposta", "time to answer"),
        "statuses": Said("Confirmações de entrega", "delivery statuses"),
        "silence": Said("Movimento", "incoming traffic"),
        "dead_letters": Said("Mensagens que não puderam ser tratadas", "dead letters"),
        "failures": Said("Falhas de envio", "failed messages"),
        "blocked": Said("Envio pelo número", "sending from"),
        "plans": Said("Planos pagos", "paid plans"),
        "cost": Said("Mensagens do mês pelo número", "this month from"),
        "token": Said("Token do WhatsApp", "WhatsApp token"),
        "number": Said("Número", "number"),
        "webhook": Said("Endereço do webhook do número", "webhook of"),
        "health": Said("Liberação para enviar pelo número", "permission of"),
        "subscription": Said("Inscrição no webhook", "webhook subscription"),
        "templates": Said("Modelos de mensagem", "message templates"),
        "endpoint": Said("Endereço público", "public address"),
        "settings": Said("Configuração", "settings"),
        "alerts": Said("Alertas por e-mail", "alerts by e-mail"),
        "database": Said("Banco de dados", "database"),
        "redis": Said("Redis", "Redis"),
        "groq": Said("Groq", "Groq"),
        "smtp": Said("Servidor de e-mail", "mail server"),
        "supabase": Said("Logins de fora", "outside logins"),
        "sentry": Said("Sentry", "Sentry"),
        "stripe": Said("Stripe", "Stripe"),
        "evolution": Said("Evolution API", "Evolution API"),
        "evolution_webhook": Said("Webhook da instância", "webhook of instance"),
    }
)

_FLOW: Mapping[str, Said] = {
    "answers_fine": Said("Ninguém está esperando resposta.", "nobody waits for an answer"),
    "answers_late": Said(
        "{waiting} mensagem(ns) sem resposta; a mais antiga espera há {minutes} min. "
        "Veja se o processo `odys worker` está no ar e o que diz o log dele.",
        "{waiting} message(s) unanswered, the oldest for {minutes} min. "
        "Is `odys worker` running? Its log says what holds it up.",
    ),
    "owed_fine": Said("Nada atrasado na fila.", "nothing is late"),
    "owed_late": Said(
        "{waiting} mensagem(ns) já deveriam ter saído; a mais antiga, há {minutes} min. "
        "Veja se o processo `odys worker` está no ar e o que diz o log dele.",
        "{waiting} message(s) should have left already, the oldest {minutes} min ago. "
        "Is `odys worker` running? Its log says what holds it up.",
    ),
    "latency_unknown": Said(
        "Pouca gente escreveu nos últimos dez minutos.", "few people wrote within the last ten minutes"
    ),
    "latency_fine": Said("95% das pessoas têm resposta em até {seconds} s.", "95% are answered within {seconds} s"),
    "latency_slow": Said(
        "De {people} pessoas que escreveram nos últimos dez minutos, uma em cada vinte esperou mais de {seconds} s. "
        "Veja se o modelo está lento (`odys doctor`) ou se falta um processo `odys worker`.",
        "of {people} people who wrote within ten minutes one in twenty waited for more than {seconds} s. "
        "Is the model slow (`odys doctor`), or is another `odys worker` needed?",
    ),
    "statuses_fine": Said("As confirmações estão chegando.", "statuses come in"),
    "statuses_missing": Said(
        "{missing} mensagem(ns) das últimas 24 horas foram aceitas pela Meta e ficaram sem nenhuma confirmação. "
        "Podem não ter chegado: confira a forma de pagamento da conta no Gerenciador do WhatsApp.",
        "{missing} message(s) of the last 24 hours were accepted by Meta and never heard of again. "
        "They may not have arrived: check the account's payment method in WhatsApp Manager.",
    ),
    "statuses_stopped": Said(
        "Nenhuma confirmação chegou há {minutes} min, e {missing} mensagem(ns) enviada(s) esperam por ela. "
        "O webhook parou de receber: confira o endereço e a inscrição do campo messages no painel da Meta.",
        "no status came in for {minutes} min while {missing} sent message(s) wait for theirs. "
        "The webhook gets nothing: check its address and the messages field in Meta's dashboard.",
    ),
    "silence_usual": Said(
        "Última mensagem recebida há {hours} h, dentro do normal.",
        "last message in {hours} h ago, as usual",
    ),
    "silence_new": Said(
        "Ainda há poucas mensagens para saber o que é normal.",
        "too few messages yet to know what is usual",
    ),
    "silence_long": Said(
        "Nenhuma mensagem chega há {hours} h; o maior silêncio das últimas quatro semanas foi de {usual} h. "
        "Mande um oi para o número: se não aparecer, o webhook não está recebendo.",
        "no message came in for {hours} h; the longest silence of the last four weeks was {usual} h. "
        "Write to the number: if nothing shows up, the webhook gets nothing.",
    ),
    "dead_letters_none": Said("Nenhuma.", "none"),
    "dead_letters_old": Said(
        "{total} guardada(s), nenhuma das últimas 24 horas. Veja com `odys deadletters list`.",
        "{total} kept, none of the last 24 hours: see `odys deadletters list`",
    ),
    "dead_letters_new": Said(
        "{recent} nas últimas 24 horas ({total} ao todo). Veja com `odys deadletters list` e, corrigida a causa, "
        "tente de novo com `odys deadletters retry`.",
        "{recent} in the last 24 hours, {total} in all. See `odys deadletters list`; once the cause is mended, "
        "`odys deadletters retry` tries again.",
    ),
    "plans_fine": Said("A Stripe não disse nada estranho.", "Stripe said nothing strange"),
    "plans_strange": Said(
        "{events} aviso(s) da Stripe nas últimas 24 horas não foram entendidos; o último: {reason}. "
        "O plano de quem paga ficou como estava. Confira os preços STRIPE_PRICE_BASIC, STRIPE_PRICE_PRO e "
        "STRIPE_PRICE_PREMIUM e a assinatura no painel da Stripe.",
        "{events} event(s) of Stripe within 24 hours were not understood, the last one: {reason}. "
        "The plans stay as they were: check the prices STRIPE_PRICE_* and the subscription in Stripe's dashboard.",
    ),
    "plans_waiting": Said(
        "{events} aviso(s) da Stripe esperam há mais de uma hora e não puderam ser aplicados ({reason}): alguém pode "
        "ter pago um plano e não ter recebido. Confira STRIPE_SECRET_KEY e o log.",
        "{events} event(s) of Stripe have waited for more than an hour and could not be applied ({reason}): somebody "
        "may have paid and have no plan. Check STRIPE_SECRET_KEY and the log.",
    ),
    "failures_none": Said("Nenhuma nas últimas 24 horas.", "none in the last 24 hours"),
    "failures_usual": Said(
        "{failed} de {total} nas últimas 24 horas (por código: {codes}); nada fora do comum.",
        "{failed} of {total} in the last 24 hours (by code: {codes}), nothing unusual",
    ),
    "failures_many": Said(
        "{failed} de {total} mensagens das últimas 24 horas não chegaram (por código: {codes}). "
        "Veja quais com `odys deadletters list`.",
        "{failed} of {total} messages of the last 24 hours did not arrive (by code: {codes}). "
        "See which with `odys deadletters list`.",
    ),
    "failures_serious": Said(
        "{failed} de {total} mensagens das últimas 24 horas falharam por algo a corrigir: código {serious} "
        "(todos: {codes}). Veja quais com `odys deadletters list`.",
        "{failed} of {total} messages of the last 24 hours failed for something to mend: code {serious} "
        "(all: {codes}). See which with `odys deadletters list`.",
    ),
    "sending_works": Said("O envio funciona.", "sending works"),
    "blocked_token": Said(
        "Nada sai: a Meta recusa o token ou a permissão (código {code}: {reason}). "
        "Gere um token permanente de usuário do sistema, troque WHATSAPP_TOKEN e reinicie. As mensagens esperam.",
        "nothing leaves: Meta refuses the token or its permission (code {code}: {reason}). "
        "Create a permanent token of a system user, set WHATSAPP_TOKEN and restart. The messages wait.",
    ),
    "blocked_payment": Said(
        "Nada sai: a conta está sem forma de pagamento válida (código {code}: {reason}). "
        "Resolva em Configurações de pagamento no Gerenciador do WhatsApp. As mensagens esperam na fila.",
        "nothing leaves: the account has no valid payment method (code {code}: {reason}). "
        "Mend it under payment settings in WhatsApp Manager. The messages wait.",
    ),
    "blocked_account": Said(
        "Nada sai: a Meta restringiu a conta ou o número (código {code}: {reason}). "
        "Veja o motivo e recorra em Qualidade da conta, no Gerenciador do WhatsApp. As mensagens esperam na fila.",
        "nothing leaves: Meta restricted the account or the number (code {code}: {reason}). "
        "See why, and appeal, under account quality in WhatsApp Manager. The messages wait.",
    ),
    "cost_free": Said(
        "{used} de 1.000 mensagens gratuitas no mês ({per_booking} por agendamento).",
        "{used} of 1,000 free messages this month ({per_booking} a booking)",
    ),
    "cost_near": Said(
        "{used} de 1.000 mensagens gratuitas do mês já foram usadas ({per_booking} por agendamento). "
        "Depois delas cada mensagem é cobrada, e sem forma de pagamento a Meta deixa de entregar.",
        "{used} of this month's 1,000 free messages are used ({per_booking} a booking). "
        "After that each one is charged, and without a payment method Meta stops delivering.",
    ),
    "cost_over": Said(
        "As 1.000 mensagens gratuitas do mês acabaram ({used} usadas, {per_booking} por agendamento): as próximas são "
        "cobradas. Confira se há forma de pagamento no Gerenciador do WhatsApp; sem ela a Meta deixa de entregar.",
        "this month's 1,000 free messages are gone ({used} used, {per_booking} a booking): more are charged. "
        "Make sure WhatsApp Manager has a payment method; without one Meta stops delivering.",
    ),
    "check_failed": Said("A verificação falhou: {error}. Veja o log.", "the check itself failed: {error}; see the log"),
}

_META: Mapping[str, Said] = {
    "not_configured": Said("não configurado", "not configured"),
    "meta_unreached": Said(
        "Não foi possível perguntar à Meta agora ({reason}).",
        "Meta could not be asked just now ({reason})",
    ),
    "token_first": Said("Só dá para saber com um token válido.", "only a valid token can tell"),
    "meta_does_not_tell": Said("A Meta não diz.", "Meta does not tell"),
    "meta_refuses": Said(
        "A Meta recusou a consulta (código {code}: {reason}). "
        "Confira o identificador nas configurações e as permissões do token.",
        "Meta refuses to tell (code {code}: {reason}). Check the id in the settings and the token's permissions.",
    ),
    "token_fine": Said("Válido, sem data para vencer.", "valid, never expires"),
    "token_fine_until": Said("Válido por mais {days} dias.", "valid for {days} more days"),
    "token_accepted": Said("A Meta aceita o token.", "Meta accepts it"),
    "token_refused": Said(
        "A Meta não aceita mais o token ({reason}). Gere um token permanente de usuário do sistema, "
        "troque WHATSAPP_TOKEN e reinicie.",
        "Meta does not accept the token any more ({reason}). Create a permanent token of a system user, "
        "set WHATSAPP_TOKEN and restart.",
    ),
    "token_expires": Said(
        "O token vence em {days} dia(s). Gere um token permanente de usuário do sistema e troque WHATSAPP_TOKEN.",
        "the token expires in {days} day(s). Create a permanent token of a system user and set WHATSAPP_TOKEN.",
    ),
    "token_lacks": Said(
        "Falta ao token: {missing}. Gere outro com whatsapp_business_messaging e whatsapp_business_management "
        "para esta conta e troque WHATSAPP_TOKEN.",
        "the token lacks {missing}. Create one with whatsapp_business_messaging and whatsapp_business_management "
        "for this account and set WHATSAPP_TOKEN.",
    ),
    "number_fine": Said("Conectado, qualidade {quality} ({name}).", "connected, quality {quality} ({name})"),
    "number_quality": Said(
        "A qualidade do número caiu para {quality}: há pessoas bloqueando ou denunciando. "
        "Reduza avisos e lembretes até voltar a GREEN; com RED a Meta limita ou bloqueia.",
        "the number's quality fell to {quality}: people block or report it. "
        "Send fewer notices until it is GREEN again; with RED Meta limits or blocks it.",
    ),
    "number_status": Said(
        "O número está {status}. Veja o motivo e o que fazer no Gerenciador do WhatsApp.",
        "the number is {status}. WhatsApp Manager says why and what to do.",
    ),
    "webhook_here": Said("A Meta entrega aqui.", "Meta delivers here"),
    "webhook_elsewhere": Said(
        "A Meta entrega as mensagens em {there}, e não em {here}. Corrija o endereço no painel da Meta ou PUBLIC_URL.",
        "Meta delivers messages to {there}, not to {here}. Correct the address in Meta's dashboard, or PUBLIC_URL.",
    ),
    "health_fine": Said("A Meta deixa enviar.", "Meta lets it send"),
    "health_limited": Said("A Meta deixa enviar com limites: {reason}", "Meta lets it send, within limits: {reason}"),
    "health_blocked": Said("A Meta não deixa enviar: {reason}", "Meta does not let it send: {reason}"),
    "subscribed": Said("A conta entrega as mensagens ao aplicativo.", "the account delivers to the application"),
    "subscribed_again": Said(
        "A conta tinha deixado de entregar as mensagens ao nosso aplicativo, e assinamos o webhook de novo. O que foi "
        "escrito nesse meio-tempo pode não ter chegado: veja no painel da Meta quem desfez a assinatura.",
        "the account had stopped delivering to our application, and we subscribed the webhook again. What was written "
        "meanwhile may not have come in: Meta's dashboard shows who ended the subscription.",
    ),
    "not_subscribed": Said(
        "A conta não entrega as mensagens ao nosso aplicativo: nada chega. No painel da Meta, em WhatsApp, "
        "Configuração, assine de novo o webhook (ou POST /{business}/subscribed_apps com o token).",
        "the account does not deliver to our application: nothing comes in. Subscribe the webhook again in Meta's "
        "dashboard (or POST /{business}/subscribed_apps with the token).",
    ),
    "templates_fine": Said("Os {count} estão aprovados.", "all {count} are approved"),
    "templates_wait": Said("Em análise na Meta: {names}.", "waiting for Meta's review: {names}"),
    "templates_changed": Said(
        "Ainda funcionam, mas mudaram na Meta: {names}. Veja com `odys templates status`; "
        "um modelo que virou MARKETING custa cerca de nove vezes mais.",
        "they work, but Meta changed something: {names}. See `odys templates status`; "
        "one that became MARKETING costs about nine times as much.",
    ),
    "templates_unusable": Said(
        "Não podem ser enviados: {names}. Veja com `odys templates status` e envie com `odys templates push`.",
        "these cannot be sent: {names}. See `odys templates status`, then `odys templates push`.",
    ),
}

SENTENCES: Mapping[str, Said] = MappingProxyType({**_FLOW, **_META, **OUTSIDE, **EVOLUTION})
