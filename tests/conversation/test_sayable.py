"""What a model may say on its own: what was shown, in words of the trade; whatever else it says is left out."""

from datetime import date
from typing import Any

import pytest

from bot.conversation.guards.claims import honest
from bot.conversation.guards.grounds import Grounds
from bot.conversation.guards.sayable import sayable

TODAY = date(2026, 11, 25)


def slot(label: str, start: str, hour: str) -> dict[str, Any]:
    return {
        "token": "a1b2",
        "start": f"2026-{start}:00-03:00",
        "label": label,
        "day": f"2026-{start[:5]}",
        "hour": hour,
    }


SERVICES = [
    {"token": "s1", "name": "Corte", "minutes": 30, "duration": "30 min", "price": "R$ 50,00"},
    {"token": "s2", "name": "Barba", "minutes": 30, "duration": "30 min", "price": "R$ 35,00"},
]
FREE: dict[str, Any] = {
    "ok": True,
    "service": SERVICES[0],
    "day_phrase": "quinta guardada",
    "slots": [
        slot("quinta, 26/11, às 15h", "11-26T15:00", "15h"),
        slot("quinta, 26/11, às 16h", "11-26T16:00", "16h"),
        slot("sexta, 27/11, às 9h30", "11-27T09:30", "9h30"),
    ],
    "more": False,
}
ABOUT = {
    "ok": True,
    "name": "Rafael Nogueira",
    "profession": "barbearia",
    "address": "Rua Augusta, 1200, São Paulo",
    "services": SERVICES,
    "hours": ["segunda a sexta: 9h–12h e 13h–19h", "sábado: 9h–13h"],
}
MINE = {
    "ok": True,
    "appointments": [
        {
            "token": "e5f6",
            "client": "Júlia",
            "service": "Corte",
            "start": "2026-11-30T10:00:00-03:00",
            "label": "segunda, 30/11, às 10h",
            "hour": "10h",
            "status": "confirmed",
            "payment": "unpaid",
            "price": "R$ 50,00",
            "professional": "Rafael Nogueira",
        }
    ],
}
DAY = {
    "ok": True,
    "day": "hoje, quarta, 25/11",
    "appointments": [
        {"token": "1", "client": "Júlia Ramos", "service": "Corte", "hour": "9h", "start": "2026-11-25T09:00:00-03:00",
         "label": "quarta, 25/11, às 9h", "status": "confirmed", "payment": "paid", "price": "R$ 50,00"},
        {"token": "2", "client": "Ana Machado", "service": "Barba", "hour": "10h", "start": "2026-11-25T10:00:00-03:00",
         "label": "quarta, 25/11, às 10h", "status": "pending_confirmation", "payment": "unpaid", "price": "R$ 35,00"},
    ],
    "count": 2,
    "revenue": "R$ 85,00",
}  # fmt: skip
REVENUE = {
    "ok": True, "period": "novembro", "received": "R$ 1.250,00", "expected": "R$ 300,00",
    "appointments": 31, "paid": 25, "previous": {"label": "outubro", "received": "R$ 980,50"},
}  # fmt: skip
CARD = {
    "ok": True,
    "customers": [
        {"token": "c", "name": "Júlia Ramos", "phone": "TELEFONE_1", "visits": 5, "no_shows": 1,
         "last": "quinta, 19/11, às 15h", "next": "segunda, 30/11, às 10h"}
    ],
}  # fmt: skip
GONE: dict[str, Any] = {
    "ok": False,
    "error": "slot_taken",
    "message": "Esse horário não está mais livre.",
    "nearest": FREE["slots"][:2],
}
EVERYTHING = (FREE, ABOUT, MINE)
SAID = "oi, quero um corte na quinta às 17h, fica na Paulista?"


def grounds(*shown: dict[str, Any], said: str = SAID) -> Grounds:
    found = Grounds(TODAY)
    for data in shown:
        found.shown(data)
    found.told("quarta, 25/11/2026, 10:00")
    found.said(said)
    found.called("Rafael Nogueira", "Júlia")
    return found


SAYS = """
Oi, Júlia! Como posso ajudar?
Oi, Júlia! Tudo bem? Qual serviço você quer: corte ou barba?
Na quinta tenho 15h e 16h livres. Qual você prefere?
Tenho estes horários na quinta, 26/11:\\n• 15h\\n• 16h\\n\\nQual fica melhor para você?
Encontrei três opções:\\n• quinta, 26/11, às 15h\\n• quinta, 26/11, às 16h\\n• sexta, 27/11, às 9h30
Quinta às 17h não está livre, mas tenho 15h e 16h. Algum serve?
Infelizmente quinta às 17h não tenho. Posso ver outro dia?
O corte custa R$ 50,00 e dura 30 minutos.
*Corte*: R$ 50,00 (30 min)\\n*Barba*: R$ 35,00 (30 min)
O corte é R$ 50 e a barba R$ 35.
O endereço é Rua Augusta, 1200, São Paulo.
Fica na Rua Augusta, 1200.
Atendemos de segunda a sexta, das 9h às 12h e das 13h às 19h.
O Rafael atende de segunda a sexta, das 9h às 12h e das 13h às 19h, e sábado das 9h às 13h.
Aos domingos o Rafael não atende.
Seu corte de segunda, 30/11, às 10h, está confirmado.
Seu próximo horário é segunda, 30/11, às 10h.
Você tem um horário: segunda, 30/11, às 10h, corte com Rafael Nogueira.
Você quer cancelar o horário de segunda, 30/11, às 10h?
Não encontrei nenhum outro horário seu.
Para marcar, me diga o dia e o serviço.
Se quiser, posso ver outro dia.
Quer que eu veja sexta?
Só cuido da agenda: posso ajudar a marcar, remarcar ou cancelar.
Para falar com alguém, escreva "atendente".
Desculpe, não entendi o dia. Pode repetir?
Responda "sim" para confirmar.
De nada, Júlia! Precisa de mais alguma coisa?
Não sei dizer se fica na Paulista. Quer falar com o Rafael? Escreva "atendente".
Quinta às 16h está livre. Posso preparar o pedido?
Na quinta às três da tarde tenho vaga. Serve?
Certo, quinta às 15h está livre. Quer que eu prepare o pedido?
Sexta às 9h30 serve?
O horário mais cedo é quinta, 26/11, às 15h. Quer esse?
"""

# Each would be believed, and nothing shows it.
INVENTS = """
Quinta às 17h está livre!
Tenho 14h livre na quinta. Quer?
Sexta às 15h está livre. Posso preparar o pedido?
O corte custa R$ 35,00.
O corte custa R$ 20,00.
A barba é 50 reais.
O corte custa cinquenta reais.
O corte sai de graça na primeira vez.
Hoje tem 50% de desconto!
O endereço é Rua das Flores, 99.
Fica na Avenida Paulista, 1000.
Atendemos das 7h às 22h.
Atendemos também aos domingos.
Terça às 20h ele atende.
Você pode cancelar até 24 horas antes sem custo.
O cancelamento é gratuito.
O telefone do Rafael é (11) 91234-5678.
O telefone dele é nove um dois três quatro cinco seis sete oito.
Chame no wa.me/5511912345678.
Mande mensagem em wa ponto me barra 5511912345678.
Acesse www.exemplo.com.br para pagar.
Clique em bit.ly/x1 e pague.
A chave Pix é rafael@exemplo.com.
Faça o Pix para 11912345678.
Faça um Pix de R$ 50,00 para TELEFONE_1.
Pague o sinal por Pix antes de vir.
Transfira R$ 50,00 para a conta do Rafael.
Me passe o número do cartão e o CVV.
O Rafael costuma responder em poucos minutos.
Todos os nossos clientes adoram.
"""

# Said of an appointment in words no list of verbs would hold.
HINTS = """
Pode ficar tranquila que está tudo certo para quinta.
Fique tranquila, sua vaga está segura.
Missão cumprida!
É com a gente, Júlia!
Considere feito.
Deixa comigo, quinta é nossa!
Seu lugar está separado.
A cadeira das 15h é sua.
Tá na mão.
Sussa, quinta 15h fechadíssimo.
O Rafael já está sabendo e te espera.
Ele já sabe que você vem.
Avisarei o Rafael.
Nada mais a fazer, é só aparecer.
Pode aparecer quinta, 26/11, às 15h.
Conte com a gente na quinta às 15h.
Te vejo lá!
Quinta, 26/11, às 15h: Corte com Rafael.
Quinta às 15h então.
Dei um jeito: quinta às 15h.
Escrevi seu nome na quinta às 15h.
Botei você na quinta.
Seu nome já está na lista de quinta às 15h.
Está no sistema, pode conferir.
Tudo nos conformes para quinta.
Deu certo!
Rolou, quinta às 15h.
Sua presença na quinta às 15h foi anotada.
Liberei sua segunda: não precisa mais vir.
Segunda você está dispensada, não precisa mais vir.
Apaguei segunda.
Tirei você de segunda às 10h.
Seu compromisso de segunda já era.
O de segunda não vale mais.
O Pix caiu aqui, obrigada!
O dinheiro entrou, valeu!
Vi seu comprovante, está quitado.
Pagamento ok.
Your spot on Thursday at 3pm is secured.
You're all set for Thursday!
See you Thursday at 3pm.
Tu cita está lista para el jueves.
Su turno quedó reservado.
Votre rendez-vous est pris.
Ihr Termin steht.
預約完成
Agenda\u200bdo!
4g3nd4d0 p/ quinta 15h
A g e n d a d o
a-g-e-n-d-a-d-o
Аgеndаdо
ＡＧＥＮＤＡＤＯ
𝐀𝐠𝐞𝐧𝐝𝐚𝐝𝐨
agen dado quinta
AG3NDEI
Quinta às 15h está livre e já ficou no seu nome.
Sim, já está.
O pedido está com o Rafael.
O pedido foi para o Rafael.
O horário é seu.
Agora é só esperar.
Rafael vai responder.
Temos você na quinta às 15h. Quer mais alguma coisa?
Na quinta às 15h você tem corte.
Nome: Júlia. Serviço: corte. Dia: quinta, 26/11. Hora: 15h. Valor: R$ 50,00.
Quinta, 26/11, às 15h, corte com Rafael. Posso ajudar em mais alguma coisa?
Posso confirmar: quinta às 15h é com você.
Para confirmar, quinta às 15h com o Rafael.
Seu nome está na agenda de quinta.
Você não deve nada.
Não precisa pagar nada.
Segunda não tem corte.
Você está livre na segunda.
Você já não tem corte na segunda.
m@rcado
c0nf1rm4d0 quinta 15h
"""


def held(text: str, *shown: dict[str, Any], said: str = SAID) -> str:
    """Return what of a text would be sent."""
    kept, claim = honest(text, [data for data in shown if data["ok"]], TODAY)
    return sayable(kept, grounds(*shown, said=said), cut=bool(claim))[0] if kept else ""


def lines(table: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in table.strip().splitlines()]


@pytest.mark.parametrize("text", lines(SAYS))
def test_what_was_shown_may_be_said(text: str) -> None:
    assert held(text, *EVERYTHING) == text


PROFESSIONAL = """
Hoje você tem 2 horários:\\n• 9h: Júlia Ramos, corte\\n• 10h: Ana Machado, barba
Hoje, quarta, 25/11: 9h Júlia Ramos e 10h Ana Machado. Total R$ 85,00.
Em novembro você recebeu R$ 1.250,00, e faltam R$ 300,00 a receber.
Recebido em novembro: R$ 1.250,00 (25 pagos). Em outubro foram R$ 980,50.
Júlia Ramos, TELEFONE_1: 5 visitas e 1 falta. O próximo horário é segunda, 30/11, às 10h.
A última visita da Júlia foi quinta, 19/11, às 15h.
Encontrei a Júlia Ramos. O que você quer fazer?
A Júlia das 9h está confirmada.
"""


def day(label: str, *rows: tuple[str, str, str, str]) -> dict[str, Any]:
    """Return a day of the agenda as the tool shows it: hour, client, service and status of each appointment."""
    fields = ("hour", "client", "service", "status")
    appointments = [
        dict(zip(fields, row, strict=True)) | {"label": f"{label}, às {row[0]}", "token": row[0], "price": "R$ 50,00"}
        for row in rows
    ]
    return {"ok": True, "day": label, "appointments": appointments, "count": len(rows), "revenue": "R$ 0,00"}


DAYS = (
    day("quinta, 26/11", ("9h", "Júlia Ramos", "Corte", "confirmed"), ("10h", "Ana Machado", "Barba", "requested")),
    day("sexta, 27/11", ("11h", "Carlos Lima", "Barba", "confirmed")),
    day("sábado, 28/11"),
)
TWO = {
    "ok": True,
    "customers": [
        {"token": "c", "name": "Júlia Ramos", "visits": 5, "no_shows": 1, "next": "quinta, 26/11, às 9h"},
        {"token": "d", "name": "Carlos Lima", "visits": 2, "no_shows": 0, "next": "sexta, 27/11, às 11h"},
    ],
    "not_found": ["Bento"],
}
MONTHS = (
    {"ok": True, "period": "outubro", "received": "R$ 980,50", "expected": "R$ 0,00", "appointments": 20, "paid": 18,
     "previous": {"label": "em setembro", "received": "R$ 700,00"}},
    REVENUE | {"period": "este mês"},
)  # fmt: skip
TAKEN = FREE | {
    "slots": FREE["slots"][1:],
    "wanted": "quinta, 26/11, às 17h",
    "refusal": {"error": "slot_taken", "message": "O horário de quinta, 26/11, às 17h já está ocupado."},
}

SHOWN_TOGETHER: list[tuple[tuple[dict[str, Any], ...], str]] = [
    ((FREE,), """
Na quinta tenho 15h e 16h livres, e na sexta 9h30. Qual prefere?
Quinta, 26/11: 15h e 16h\\nSexta, 27/11: 9h30\\n\\nQual fica melhor?
Tenho 15h na quinta e 9h30 na sexta. Qual prefere?
"""),
    ((TAKEN,), "Quinta às 17h já está ocupado, mas tenho 16h. Serve?"),
    (DAYS, """
Quinta, 26/11: 9h Júlia Ramos e 10h Ana Machado.\\nSexta, 27/11: 11h Carlos Lima.\\nSábado você não tem ninguém.
A Júlia está confirmada para quinta às 9h.
"""),
    ((TWO,), "Júlia Ramos: 5 visitas e 1 falta.\\nCarlos Lima: 2 visitas.\\nNão encontrei o Bento."),
    (MONTHS, "Em outubro você recebeu R$ 980,50 e neste mês R$ 1.250,00."),
]  # fmt: skip

# Each part was shown, the whole was not.
SHUFFLED: list[tuple[tuple[dict[str, Any], ...], str]] = [
    ((FREE,), """
Quinta e sexta às 15h estão livres. Qual prefere?
Quinta às 15h e sexta às 16h estão livres. Qual prefere?
Tenho 15h e 16h livres nos dois dias. Qual prefere?
Na quinta não tenho nada, mas na sexta tenho 9h30.
Na quinta e na sexta não há horário livre.
Quinta, 27/11, às 9h30 está livre. Qual prefere?
Sexta, 26/11, às 15h está livre. Serve?
Corte e barba: R$ 50,00 cada.
"""),
    (DAYS, """
Quinta: 9h Carlos Lima, corte.
Quinta: 9h Ana e 10h Júlia.
Na quinta você tem 1 horário e na sexta 2.
Na quinta você não tem ninguém.
Na sexta você não tem ninguém.
O Carlos está confirmado para quinta às 9h.
A Júlia e a Ana estão confirmadas para quinta.
"""),
    ((TWO,), """
Júlia Ramos tem 2 visitas e Carlos Lima 5.
O próximo horário do Carlos é quinta, 26/11, às 9h.
"""),
    (MONTHS, """
Em outubro você recebeu R$ 1.250,00.
Em setembro você recebeu R$ 980,50.
Em outubro faltam R$ 300,00.
Em outubro foram 31 horários, 25 pagos.
"""),
    ((MINE,), "Você tem três horários."),
]  # fmt: skip


def test_what_is_put_together_was_shown_together() -> None:
    for shown, texts in SHOWN_TOGETHER:
        for text in lines(texts):
            assert held(text, *shown, said="e o Bento, quinta às 17h?") == text
    for shown, texts in SHUFFLED:
        for text in lines(texts):
            assert held(text, *shown) == "", text


@pytest.mark.parametrize("text", lines(PROFESSIONAL))
def test_a_professional_is_told_what_the_tools_showed(text: str) -> None:
    assert held(text, DAY, REVENUE, CARD) == text


@pytest.mark.parametrize(
    "text",
    [
        "Hoje você tem 70 horários.",
        "Em novembro você recebeu R$ 12.500,00.",
        "Às 11h vem a Bia Souza.",
        "A Júlia veio 50 vezes.",
        "A Ana das 10h está confirmada.",
        "A Ana Machado das 10h já está paga.",
        "A Júlia pagou R$ 85,00.",
    ],
)
def test_a_professional_is_told_nothing_else(text: str) -> None:
    assert held(text, DAY, REVENUE, CARD) == ""


@pytest.mark.parametrize("text", lines(INVENTS))
def test_what_nobody_showed_is_not_said(text: str) -> None:
    assert held(text, *EVERYTHING) == ""


@pytest.mark.parametrize("text", lines(HINTS))
def test_a_deed_that_is_only_hinted_at_is_not_said(text: str) -> None:
    assert held(text, *EVERYTHING) == ""
    assert held(text) == ""


@pytest.mark.parametrize(
    "text", ["Perfeito!", "Ok, Júlia!", "Claro.", "Achei.", "Combinado 😊", "Maravilha! Até mais!"]
)
def test_a_mere_courtesy_answers_nothing_but_a_courtesy(text: str) -> None:
    assert held(text) == ""


def test_thanks_may_be_answered_in_a_word() -> None:
    found = grounds(said="obrigada!")
    assert sayable("De nada, Júlia!", found) == ("De nada, Júlia!", [])


def test_a_name_proves_nothing() -> None:
    """A client may call herself whatever she likes."""
    liar = "Tudo Certo Quinta 15h R$ 10,00 Rua Falsa, 99"
    day = {"ok": True, "appointments": [{"token": "1", "client": liar, "hour": "9h", "status": "confirmed"}]}
    for lie in ("Quinta às 15h está livre.", "Tudo certo!", "O corte custa R$ 10,00.", "Fica na Rua Falsa, 99."):
        assert held(lie, day) == ""


def test_what_the_model_said_to_a_tool_proves_nothing() -> None:
    asked = {"ok": False, "error": "client_unknown", "name": "garantida", "query": "quinta às 20h", "message": "Não."}
    assert held("Quinta às 20h está livre.", asked) == ""
    assert held("Sua vaga é guardada.", FREE) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Não tenho nada livre na quinta.",
        "A agenda de quinta está cheia.",
        "Nada.",
        "Você não tem nenhum horário marcado.",
        "Hoje você não tem clientes.",
        "Ninguém marcou para hoje.",
        "O Rafael não atende às quintas.",
        "Não consta nenhum pagamento.",
    ],
)
def test_a_denial_that_no_look_bears_out_is_an_invention(text: str) -> None:
    assert held(text) == ""
    refused = {"ok": False, "error": "token_unknown", "message": "Não encontrei essa opção."}
    assert held(text, DAY, MINE, FREE, CARD, refused) == ""


def test_a_denial_that_a_look_bears_out_is_said() -> None:
    nothing = {"ok": True, "appointments": [], "count": 0}
    assert held("Você não tem nenhum horário marcado.", nothing) != ""
    nobody = {"ok": True, "customers": []}
    full = {"ok": True, "slots": [], "exact": None}
    assert held("Não tenho nada livre na quinta.", full) != ""
    assert held("Não encontrei ninguém com esse nome. Pode me passar o telefone?", nobody) != ""
    assert held("Quinta às 17h não está livre. Tenho 15h e 16h.", GONE) != ""
    assert held("Aos domingos o Rafael não atende.", ABOUT) != ""
