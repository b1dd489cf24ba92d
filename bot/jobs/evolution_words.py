"""What the checks of Evolution say, in Portuguese and in English."""

from collections.abc import Mapping
from types import MappingProxyType

from .saying import Said

EVOLUTION: Mapping[str, Said] = MappingProxyType(
    {
        "evolution_alive": Said(
            "Conectada, e o WhatsApp responde por ela.", "connected, and WhatsApp answers through it"
        ),
        "evolution_trying": Said(
            "Não está como deveria; o Odys está tentando de novo ({doing}).",
            "not as it should be; trying again ({doing})",
        ),
        "evolution_pairing": Said(
            "Desconectada do WhatsApp ({state}): é preciso ler o QR de novo com o celular do número. "
            "O link foi para {told}. As mensagens esperam na fila.",
            "disconnected from WhatsApp ({state}): the number's phone has to scan a QR code. "
            "The link went to {told}. The messages wait.",
        ),
        "evolution_silent": Said(
            "Diz que está conectada, mas nada passa: nem a mensagem de teste, nem depois de reiniciar. "
            "Abra o WhatsApp no celular do número, confira a internet dele e, se não voltar, leia o QR de novo: o link "
            "foi para {told}.",
            "it says that it is connected but nothing gets through, not even a test message after a restart. "
            "Open WhatsApp on the number's phone; if that does not help, scan its QR code again: the link went to "
            "{told}.",
        ),
        "evolution_licence": Said(
            "Pede ativação de licença (LICENSE_REQUIRED) e não faz mais nada. Ative no painel dela ou use a "
            "versão 2.3.7. As mensagens esperam na fila.",
            "it asks for a licence (LICENSE_REQUIRED) and does nothing else. Activate it in its manager, or use "
            "version 2.3.7. The messages wait.",
        ),
        "evolution_no_instance": Said(
            "A instância não existe nesse servidor. Crie-a no painel da Evolution, com esse nome.",
            "there is no such instance on that server: create it in Evolution's manager, by this name",
        ),
        "evolution_hears": Said("Entrega aqui.", "it delivers here"),
        "evolution_hears_nothing": Said(
            "Não entrega mensagens em lugar nenhum. Configure o webhook para {here}, com o cabeçalho "
            "Authorization: Bearer EVOLUTION_WEBHOOK_TOKEN.",
            "it delivers nowhere. Set its webhook to {here}, with the header "
            "Authorization: Bearer EVOLUTION_WEBHOOK_TOKEN.",
        ),
        "evolution_hears_elsewhere": Said(
            "Entrega em {there}, e não em {here}. Confira o webhook da instância e PUBLIC_URL.",
            "it delivers to {there}, not to {here}. Check the webhook of the instance and PUBLIC_URL.",
        ),
        "blocked_disconnected": Said(
            "Nada sai: a instância da Evolution está desconectada do WhatsApp. As mensagens esperam na fila.",
            "nothing leaves: the Evolution instance is disconnected from WhatsApp. The messages wait.",
        ),
        "blocked_licence": Said(
            "Nada sai: a Evolution pede ativação de licença (LICENSE_REQUIRED). Ative no painel dela ou use a "
            "versão 2.3.7. As mensagens esperam na fila.",
            "nothing leaves: Evolution asks for a licence (LICENSE_REQUIRED). Activate it in its manager, or use "
            "version 2.3.7. The messages wait.",
        ),
        "blocked_evolution": Said(
            "Nada sai: a Evolution recusa ({code}: {reason}). Confira EVOLUTION_API_KEY e o nome da instância. "
            "As mensagens esperam na fila.",
            "nothing leaves: Evolution refuses ({code}: {reason}). Check EVOLUTION_API_KEY and the name of the "
            "instance. The messages wait.",
        ),
    }
)
