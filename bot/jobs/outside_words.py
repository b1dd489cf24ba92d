"""What the checks of settings and of the services around Odys say."""

from collections.abc import Mapping

from .saying import Said

OUTSIDE: Mapping[str, Said] = {
    "settings_development": Said(
        "Desenvolvimento: nenhuma proteção é exigida.",
        "development: no wall is asked for (set ODYS_ENV=production to check them)",
    ),
    "settings_safe": Said("Produção, com as proteções que ela exige.", "production, with the walls it needs"),
    "settings_unsafe": Said("Inseguro para produção: {reason}.", "unsafe for production: {reason}"),
    "settings_incomplete": Said("Falta definir: {missing}.", "these belong together and are missing: {missing}"),
    "alerts_go": Said("Vão para o endereço definido.", "they go to ALERT_EMAIL"),
    "alerts_unset": Said("ALERT_EMAIL está vazio: só no log.", "ALERT_EMAIL is empty: alerts are only in the log"),
    "alerts_stay": Said(
        "ALERT_EMAIL está definido, mas SMTP_URL não: nada será enviado.",
        "ALERT_EMAIL is set but SMTP_URL is not: nothing will be sent",
    ),
    "database_fine": Said("No ar, na revisão {revision}.", "reachable, at revision {revision}"),
    "database_unreached": Said(
        "Não responde ({reason}). Confira DATABASE_URL.",
        "no answer ({reason}). Check DATABASE_URL.",
    ),
    "database_behind": Said(
        "Está na revisão {revision}, e o programa pede {head}. Rode `odys migrate`.",
        "at revision {revision}, and this program needs {head}. Run `odys migrate`.",
    ),
    "redis_fine": Said("No ar.", "reachable"),
    "redis_unset": Said(
        "Vazio: o worker roda dentro de `odys web`.",
        "REDIS_URL is empty: `odys web` runs the worker itself",
    ),
    "redis_unreached": Said("Não responde ({reason}). Confira REDIS_URL.", "no answer ({reason}). Check REDIS_URL."),
    "groq_fine": Said("Os modelos {models} estão disponíveis.", "{models} are available"),
    "groq_unset": Said("Vazio: quem responde são as regras.", "GROQ_API_KEY is empty: the rules answer"),
    "groq_refused": Said("Não aceita a chave. Confira GROQ_API_KEY.", "the key is not accepted. Check GROQ_API_KEY."),
    "groq_unreached": Said(
        "Não responde ({reason}); enquanto isso, as regras respondem.",
        "no answer ({reason}); the rules answer meanwhile",
    ),
    "groq_lacks": Said(
        "Não tem mais o(s) modelo(s) {missing}. Troque GROQ_MODEL, GROQ_FALLBACK_MODEL ou GROQ_TRANSCRIPTION_MODEL.",
        "it has no {missing}. Change GROQ_MODEL, GROQ_FALLBACK_MODEL or GROQ_TRANSCRIPTION_MODEL.",
    ),
    "smtp_fine": Said("No ar, e aceita o usuário.", "reachable, and the login works"),
    "smtp_greets": Said("No ar.", "reachable"),
    "smtp_unset": Said("Vazio: nenhum e-mail sai.", "SMTP_URL is empty: no e-mail leaves"),
    "smtp_refused": Said(
        "Não aceita o usuário ou a senha. Confira SMTP_URL.",
        "user or password is not accepted. Check SMTP_URL.",
    ),
    "smtp_unreached": Said("Não responde ({reason}). Confira SMTP_URL.", "no answer ({reason}). Check SMTP_URL."),
    "stripe_fine": Said("A chave tem a forma de uma chave {mode}.", "the key looks like a {mode} key"),
    "stripe_unset": Said(
        "Vazio: todos no plano gratuito.", "STRIPE_SECRET_KEY is empty: everybody is on the free plan"
    ),
    "stripe_wrong": Said("Não parece certo: {wrong}.", "this does not look right: {wrong}"),
    "stripe_test": Said(
        "Chave de teste em produção: ninguém paga de verdade.",
        "a test key in production: nobody really pays",
    ),
    "supabase_fine": Said("Publica {keys} chave(s).", "it publishes {keys} key(s)"),
    "supabase_secret": Said("Conferidos pelo segredo definido.", "verified by SUPABASE_JWT_SECRET"),
    "supabase_unset": Said("Vazio: só os logins do próprio Odys.", "SUPABASE_* is empty: only our own logins"),
    "supabase_unreached": Said(
        "Não responde ({reason}). Confira SUPABASE_JWKS_URL.", "no answer ({reason}). Check SUPABASE_JWKS_URL."
    ),
    "supabase_keyless": Said(
        "Não publica chave pública nenhuma ({reason}). Confira SUPABASE_JWKS_URL, que termina em jwks.json.",
        "it publishes no public key ({reason}). Check SUPABASE_JWKS_URL, which ends in jwks.json.",
    ),
    "sentry_fine": Said("Os erros vão para o endereço definido.", "errors go to SENTRY_DSN"),
    "sentry_unset": Said("Vazio: os erros ficam só no log.", "SENTRY_DSN is empty: errors are only in the log"),
    "sentry_missing": Said(
        "Falta o pacote sentry-sdk: `uv sync --no-dev --extra sentry`.",
        "the package sentry-sdk is missing: `uv sync --no-dev --extra sentry`",
    ),
    "sentry_wrong": Said(
        "SENTRY_DSN não é um endereço do Sentry: https://CHAVE@SERVIDOR/NÚMERO.",
        "SENTRY_DSN is no address of Sentry's: https://KEY@HOST/NUMBER",
    ),
    "evolution_fine": Said("Conectada.", "connected"),
    "evolution_unset": Said("Vazio: só a API da Meta.", "EVOLUTION_API_URL is empty: only Meta's API is used"),
    "evolution_unreached": Said(
        "Não responde ({reason}). Confira EVOLUTION_API_URL.",
        "no answer ({reason}). Check EVOLUTION_API_URL.",
    ),
    "evolution_refused": Said(
        "Recusou a consulta ({reason}). Confira EVOLUTION_API_KEY e EVOLUTION_INSTANCE.",
        "it refuses ({reason}). Check EVOLUTION_API_KEY and EVOLUTION_INSTANCE.",
    ),
    "evolution_closed": Said(
        "A instância está {state}: leia o QR de novo no painel dela.",
        "the instance is {state}: scan its QR code again",
    ),
    "endpoint_fine": Said("Responde à pergunta da Meta.", "it answers Meta's handshake"),
    "endpoint_unset": Said("Só se confere em produção.", "checked in production only"),
    "endpoint_unneeded": Said("Só a Meta precisa dele.", "only Meta needs it"),
    "endpoint_plain": Said(
        "PUBLIC_URL é {address}: a Meta só entrega em https.",
        "PUBLIC_URL is {address}: Meta delivers to https only",
    ),
    "endpoint_unreached": Said(
        "Não responde pela internet ({reason}). Confira DNS, certificado e proxy.",
        "no answer from outside ({reason}). Check DNS, certificate and proxy.",
    ),
    "endpoint_wrong": Said(
        "Responde {status}, e não à pergunta da Meta. Confira se o proxy leva {path} até o `odys web` "
        "e se WHATSAPP_VERIFY_TOKEN é o mesmo lá.",
        "it answers {status}, not Meta's handshake. Does the proxy hand {path} to `odys web`, "
        "and is WHATSAPP_VERIFY_TOKEN the same there?",
    ),
    "endpoint_expires": Said(
        "O certificado vence em {days} dia(s); depois disso a Meta não entrega nada.",
        "the certificate expires in {days} day(s); after that Meta delivers nothing",
    ),
}
