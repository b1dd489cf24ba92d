"""A yes writes to the agenda at once: what is not plainly yes or no must be neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.reading.yesno import read_yes_no

YES = """
sim|Sim|SIM|sim!|sim!!|Sim.|s|S|ss|sss|siim|simmm|sm|sim sim|isso|isso mesmo|isso aí|é isso|exato|exatamente|correto
certo|tá certo|tá|ta bom|tá ok|ok|OK|Ok!|okay|okk|oks|blz|beleza|Beleza então|claro|claro que sim|com certeza|ctz
pode|pode ser|pode sim|Pode ser sim|pode marcar|pode agendar|pode confirmar|pode marcar sim|pode seguir|confirmo
confirmado|Confirmado!|confirma|confirmo sim|eu confirmo|quero|quero sim|eu quero|aceito|topo|combinado|fechado|fechou
bora|vamos|perfeito|perfeito!!|ótimo|show|show de bola|joia|jóia|tranquilo|uhum|aham|positivo|de acordo|sem problema
👍|👍🏽|👍👍|✅|👌|✔️|🤝|👍 obrigada|sim 😊|ok 🙏|sim, por favor|sim por favor|sim pf|sim, obrigado|ok obg|ok, vlw
sim, pode marcar|isso, pode ser|ok, confirmo|claro, pode marcar|beleza, fechado|sim sim, pode ser|ok então|oi, sim
pode ser sim, obrigada|marca|marca aí|agenda sim|quero marcar|bom dia, confirmo|esse mesmo|serve|sim, quero
Sim senhor|sim kkk|maravilha|excelente|ah sim
"""
NO = """
não|nao|Não|NÃO|n|nn|não!|nãooo|naum|não não|não quero|nao quero|não quero não|deixa|deixa pra lá|deixa quieto
esquece|esquece isso|agora não|melhor não|acho melhor não|hoje não|não obrigado|não, obrigado|nao obg|n obrigada
não, valeu|claro que não|de jeito nenhum|negativo|👎|👎🏿|❌|não precisa|não é isso|não pode|desisto|mudei de ideia
não, deixa|não, esquece|por enquanto não|não vou querer|não, não quero|não 😊|nada|nem pensar|errado|oi, não
"""
NEITHER = """
sim, mas às 16h|sim mas as 16h|sim pode ser às 15h?|sim, pode ser às 15h|não, às 16h|não sei|nao sei ainda|sim e não
não, cancela o outro|pode ser às 15h?|pode ser?|sim?|ok?|confirma?|pode?|talvez|acho que sim|acho que não|quem sabe
depende|sim, só que quinta|não, quinta|na verdade sexta|às 16h|16h|2|quinta|mas|por favor|obrigado|valeu|oi|bom dia
😊|kkk||   |?|!!!|...|pode cancelar|cancela|pode mudar|não quero mais|sim, e quanto custa?|quanto custa?|não entendi
não posso|não, quero|não, pode marcar|sim, não|simbora comprar|sim cancelar tudo|siga|simples|nãoé|simone|sima
pode ser amanhã|pode marcar pra outro dia|confirmo para quinta|quero outro horário|quero cancelar|não cancela
deixa eu ver|deixa eu pensar|deixa marcado|ok mas preciso ver antes|sim se for às 15|claro que depende|não tem outro?
sim a segunda opção|o segundo|isso não é o que eu pedi|ok google|agora|isso mesmo não sei|é|é?|e|sim 😡|sim 😂
quero saber o preço|pode falar com ele?|me confirma depois|não consigo confirmar|sim ou não?|sim/não|s/n
não, é sim às 10|vou ver|já te falo|espera|peraí|amanhã sim|hoje sim|sim amanhã|ss amanha|nao amanha
"""


def _split(table: str) -> list[str]:
    return [text for line in table.strip("\n").splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", _split(YES))
def test_plain_yes(text: str) -> None:
    assert read_yes_no(text) is True


@pytest.mark.parametrize("text", _split(NO))
def test_plain_no(text: str) -> None:
    assert read_yes_no(text) is False


@pytest.mark.parametrize("text", _split(NEITHER))
def test_anything_else_is_neither(text: str) -> None:
    assert read_yes_no(text) is None


@pytest.mark.parametrize(
    ("about", "text", "meaning"),
    [
        ("cancel_appointment", "pode cancelar", True),
        ("cancel_appointment", "cancela", True),
        ("cancel_appointment", "sim, pode desmarcar", True),
        ("cancel_appointment", "não cancela", False),
        ("cancel_appointment", "não quero cancelar", False),
        ("cancel_appointment", "deixa como está", False),
        ("cancel_appointment", "pode marcar", None),
        ("cancel_appointment", "pode remarcar", None),
        ("cancel_appointment", "marca", None),
        ("cancel_appointment", "não quero mais", None),
        ("book_appointment", "pode cancelar", False),
        ("book_appointment", "cancela", False),
        ("book_appointment", "não quero mais", False),
        ("book_appointment", "pode marcar", True),
        ("book_appointment", "não marca", False),
        ("reschedule_appointment", "pode mudar", True),
        ("reschedule_appointment", "remarca", True),
        ("reschedule_appointment", "deixa como está", False),
        ("reschedule_appointment", "pode cancelar", None),
        ("update_appointment_status", "pode marcar", None),
        ("update_appointment_status", "pode confirmar", True),
        ("update_appointment_status", "sim", True),
        ("update_appointment_status", "cancela", None),
    ],
)
def test_naming_the_deed_counts_for_that_deed_alone(about: str, text: str, meaning: bool | None) -> None:
    assert read_yes_no(text, about) is meaning


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    read_yes_no(text)


@given(st.sampled_from(_split(YES)), st.sampled_from(["mas às 16h", "só que quinta", "dia 12", "quanto custa", "não"]))
def test_a_yes_with_anything_behind_it_is_no_yes(yes: str, more: str) -> None:
    assert read_yes_no(f"{yes}, {more}") is None
