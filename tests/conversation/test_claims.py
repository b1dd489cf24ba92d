"""The claim guard: no sentence leaves that says something was done when nothing was."""

from datetime import date

import pytest

from bot.conversation.guards.claims import Claim, claims, honest

# Somebody did, is doing or takes for granted: never true in a turn that only proposes.
DONE = """
Agendei seu corte para quinta às 15h.
Marquei!
Pronto, marquei seu horário para quinta, 26/11, às 15h.
Já marquei pra você 😊
Confirmei sua presença.
Cancelei o seu horário de quinta.
Desmarquei tudo.
Remarquei para sexta às 10h.
Reagendei sua sessão.
Reservei esse horário para você.
Prontinho! Tá tudo certo.
Prontinho
Pronto!
Feito!
Combinado, quinta às 15h!
Fechado: quinta, 26/11, às 15h.
Perfeito! Até quinta às 15h!
Te espero amanhã às 9h 💈
Nos vemos na sexta às 10h!
Até quinta, 26/11, às 15h.
Agendei para quinta às 15h, tudo bem?
Marquei para quinta, 26/11, às 15h, ok?
Agendei seu horário, quer mais alguma coisa?
Não se preocupe, já cancelei o horário.
Não só marquei como avisei a Júlia.
Acabei de agendar seu horário.
Consegui marcar para você às 15h.
Consegui te encaixar amanhã às 10h.
Fiz o agendamento.
Já fiz a remarcação para sexta.
Coloquei você na agenda de quinta.
Te coloquei na lista de espera.
Incluí a Júlia na quinta às 15h.
Anotei aqui: corte na quinta às 15h.
Enviei o pedido para a Ana.
Mandei uma mensagem para a Júlia avisando.
Avisei a profissional.
Notifiquei a cliente do cancelamento.
Registrei a falta da Júlia.
Registrei o pagamento de R$ 50,00.
Recebi seu pagamento, obrigada!
Recebi o Pix.
Paguei o seu boleto.
Estornei o valor.
Alterei o horário para as 16h.
Mudei para sexta.
Troquei seu horário.
Transferi sua consulta para segunda.
Antecipei seu horário.
Adiei a sessão.
Deixei agendado para as 15h.
Garanti sua vaga.
Bloqueei sua tarde de quinta.
Marcamos então quinta às 15h.
Cancelamos o seu horário.
Estou marcando seu horário agora mesmo.
Estou cancelando, um momento.
Vou agendar para você agora.
Vou cancelar o seu horário de quinta.
Ok, vou remarcar.
Agendo para quinta às 15h então!
Confirmo seu horário de quinta às 15h.
AGENDEI SEU HORÁRIO
agendei teu horario
*Agendei* seu horário
Agen*dei* seu horário
Concluí o agendamento.
Solicitei a remarcação ao profissional.
Eu já desmarquei a Júlia e avisei.
I booked your appointment for Thursday.
I've cancelled your appointment.
Quinta às 15h. Marquei. Quer algo mais?
Agendei seu horário ✅ Quer algo mais?
Mas fique tranquila: confirmei com a Ana.
Resolvi: passei seu horário para sexta às 10h.
"""

# How something stands: true only when a tool said so.
STATE = """
Está marcado!
Tá marcado, quinta às 15h.
Seu horário está confirmado.
Seu horário de quinta está confirmado.
Seu horário foi agendado com sucesso!
Confirmado!
Agendado ✅
Prontinho, tá agendado
Ficou marcado para quinta às 15h.
Fica marcado então para quinta.
Ficou combinado quinta às 15h.
Ficou para quinta às 15h.
Seu horário está garantido.
Sua vaga está reservada.
Reserva feita!
Reserva confirmada para quinta, 26/11, às 15h.
Agendamento realizado.
Agendamento concluído com sucesso.
Cancelamento efetuado.
O cancelamento foi feito.
Horário cancelado.
Foi cancelado.
Seu horário foi remarcado para sexta às 10h.
Remarcado!
Tudo remarcado para sexta.
Reagendada para segunda às 9h.
Sua consulta foi desmarcada.
Pagamento confirmado.
Pagamento recebido, obrigada!
O pagamento foi aprovado.
Está pago.
Seu pedido foi enviado.
Pedido enviado para a Ana, agora é só aguardar.
A solicitação foi registrada.
Você já está na agenda.
Já está na agenda de quinta.
Está tudo certo para quinta às 15h.
Tudo certo para quinta às 15h!
A Júlia confirmou.
A Júlia cancelou o horário dela.
A Júlia pagou.
Você tem um horário marcado para quinta às 15h.
Seus horários foram cancelados.
Corte na quinta às 15h: confirmado.
• 15h Júlia, corte (confirmado)
Seu corte com a Ana, quinta às 15h, está marcado.
Não precisa fazer mais nada, seu horário está confirmado.
Sem problemas, está cancelado.
Nenhum problema: foi remarcado.
Está confirmado, certo?
Seu horário está marcado para quinta, quer cancelar?
Seu horário já consta como confirmado.
O horário segue confirmado.
Your appointment is confirmed.
Your appointment has been cancelled.
Posso garantir que seu horário está confirmado!
Se precisar de algo me chame, mas está marcado.
A falta foi registrada.
Sua consulta de quinta já foi confirmada pela Ana.
Horário alterado para as 16h.
Seu horário é quinta às 15h.
Seu próximo corte: quinta, 26/11, às 15h.
Você tem uma consulta na sexta às 10h.
Tudo certo, seu corte com o João ficou para quinta às 15h 😊
Show! Seu atendimento foi agendado com a Ana para o dia 26/11 às 15h. Te esperamos!
Beleza, cancelei aqui pra você.
Ok. Horário cancelado com sucesso. Se precisar remarcar é só falar.
Seu agendamento foi confirmado: Corte, 26/11 às 15h
✅ Agendamento confirmado
Agendamento: quinta 26/11 15h — confirmado
Acabei de confirmar com a Ana.
Está feito.
Já está tudo agendado.
A consulta da Júlia foi marcada para sexta.
Registrei o não comparecimento da Júlia.
Ok, a Júlia foi marcada como faltou.
Seu horário mudou para sexta às 10h.
Seu horário passou para sexta às 10h.
Sua vaga está guardada.
Guardei o horário pra você.
Segurei o horário das 15h para você.
Está na agenda!
Pode vir quinta às 15h que está tudo certo.
Pode vir quinta às 15h!
Sim, você já está marcado.
Sucesso! Quinta às 15h é seu.
Quinta às 15h é sua!
Pedido de cancelamento realizado com sucesso.
Reserva efetuada: quinta às 15h
O horário das 15h é seu!
Marcado então!
Marcadinho para quinta.
Tá na mão: corte quinta às 15h agendado.
Bora, te marquei quinta 15h
Vc tá agendado p quinta 15h
Foi agendado sim.
Confirmado para quinta
Já foi cancelado, pode ficar tranquila
Agendamento cancelado ✔
A Ana já confirmou seu horário
Sua reserva foi feita
Efetuei a reserva
Seu pagamento foi estornado
Reembolso concluído
Já avisei a Ana que você vai atrasar
Vou avisar a Ana
Anotado!
Está reservado para você até amanhã
Ana confirmada para as 15h
Então fica assim: quinta às 15h, corte.
Fechou! Quinta às 15h.
Agendado, quinta às 15h. Confirma?
Agendado? Sim, está agendado.
Seu horário: quinta às 15h. Posso ajudar em algo mais?
Cadastrei a Júlia como nova cliente.
Marquei como pago.
Júlia marcada como paga.
"""

# Questions, offers, negations, conditions, rules and plain facts.
INNOCENT = """
Posso marcar?
Posso marcar para quinta às 15h?
Quer que eu marque para quinta?
Quer que eu cancele?
Quer que eu cancele o horário marcado para quinta?
Você quer cancelar o horário de quinta, 26/11, às 15h?
Quer confirmar o horário de quinta às 15h?
Marcamos quinta às 15h?
Quinta às 15h, confirmado?
Posso confirmar a Júlia?
Deseja remarcar ou cancelar?
Qual horário você prefere?
Prefere 15h ou 16h?
Não está marcado.
Ainda não foi confirmado.
Ainda não está confirmado, falta a resposta da Ana.
Seu horário ainda não foi confirmado pela profissional.
Você não tem nenhum horário marcado.
Não há nada agendado para hoje.
Nada foi cancelado.
Nenhum horário foi marcado ainda.
Não marquei nada.
Eu não cancelei nada.
Não consegui marcar esse horário.
Não consegui encontrar a Júlia.
Hoje você está sem horários marcados.
Ninguém confirmou ainda.
Assim que a Ana responder, você recebe a confirmação.
Quando estiver confirmado, você recebe uma mensagem.
Depois de confirmado, dá para remarcar até um dia antes.
Se o horário for cancelado, ele volta a ficar livre.
Se a Ana confirmar, fica marcado.
O horário só fica marcado depois do seu sim.
O horário será confirmado pela profissional.
O pedido precisa ser confirmado pela Ana.
O horário ainda pode ser cancelado.
O atendimento é só com hora marcada.
Atendemos com horário marcado.
Para marcar, me diga o dia e o serviço.
Me diga o dia e a hora que eu marco.
Se quiser, posso cancelar.
Se quiser, eu marco para sexta.
É só me dizer o dia.
Esses são os horários livres para quinta:
Quinta tem 15h, 16h e 17h.
• quinta, 26/11, às 15h
O corte custa R$ 50,00 e dura 40 min.
O endereço é Rua das Flores, 100.
Atendemos de segunda a sexta, das 9h às 18h.
Até sexta tenho vaga às 15h.
Até às 18h.
Até sexta, das 9h às 18h.
Tenho horário livre até quinta às 18h.
Hoje você atende 4 pessoas.
Você recebeu R$ 1.200,00 neste mês.
Foram 12 atendimentos e 3 faltas.
8 confirmados e 2 pendentes.
Qual deles você quer remarcar?
Não encontrei ninguém com esse nome.
Encontrei duas Júlias: qual delas?
Oi, Júlia! Como posso ajudar?
Olá! Tudo bem?
De nada! 😊
Até mais!
Até logo, Júlia.
Obrigada pela mensagem.
Desculpe, não entendi o dia.
Esse horário não está mais livre.
Esse horário já passou.
Só cuido da agenda: posso ajudar a marcar, remarcar ou cancelar.
Ela costuma responder em poucos minutos.
Pode ser às 16h?
Que tal sexta às 10h?
O cancelamento é gratuito até 24 horas antes.
A confirmação chega aqui mesmo pelo WhatsApp.
Vamos ver os horários de quinta.
Vou verificar os horários.
Vamos marcar para quinta?
Para falar com alguém, escreva "atendente".
Responda "sim" para confirmar.
Toque em Sim para marcar.
Você quer marcar, remarcar ou cancelar?
Pronto, aqui estão os horários livres:
Certo, quinta às 15h está livre. Qual serviço?
Você tem horário livre às 15h.
Seu horário preferido, quinta às 15h, está ocupado.
Você não tem consulta na sexta.
Seu pedido de horário precisa da confirmação da Ana.
Você gostaria de agendar um corte?
Encontrei estes horários para amanhã:
A Ana não atende aos domingos.
Qual serviço você deseja agendar: corte ou barba?
Não encontrei horário livre na quinta. Quer ver sexta?
Você pode cancelar até 24h antes.
Posso verificar outro dia.
Você já tem cadastro com a Ana.
Para cancelar, responda "sim" na pergunta acima.
Preciso saber o dia para marcar.
Ana atende de segunda a sexta, das 9h às 18h, na Rua das Flores, 100.
Hoje você tem 3 atendimentos: 9h Júlia, 10h Ana e 15h Bia.
Não vi nenhum pagamento registrado.
O prazo para remarcar é de 12 horas.
Qual cliente você quer marcar às 15h?
São R$ 80,00 e dura 50 minutos.
Nenhuma falta registrada este mês.
Ela veio 5 vezes e faltou 1.
A última visita foi quinta, 19/11, às 15h.
O próximo horário dela é quinta, 26/11, às 15h.
Não tenho como marcar sem saber o serviço.
Não é possível cancelar um horário já concluído.
Esse horário acabou de ser ocupado.
Estou aqui para ajudar com a agenda.
Me conta: quer marcar, remarcar ou cancelar?
Sim! Temos horário às 15h, 16h e 17h.
Temos vaga quinta às 15h. Quer que eu prepare o pedido?
Antes de marcar, me diga seu nome.
Claro! Qual dia fica melhor para você?
Quer manter o horário marcado?
Seu recado será enviado junto com o pedido.
Você precisa confirmar com "sim" para que eu marque.
Tudo bem, não vou cancelar.
Ok, não cancelei nada.
Tudo bem, seu horário continua como está.
Pode ser na sexta?
Até que horas você pode?
Feito isso, me avise.
Para qual horário você quer mudar?
Você recebeu 3 pagamentos, e 2 estão em aberto.
Recebido: R$ 500,00. A receber: R$ 120,00.
Ainda falta confirmar 2 horários.
Dois pedidos aguardam sua confirmação.
Combinado é combinado, mas preciso do dia.
"""


def sentences(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("text", sentences(DONE))
def test_a_deed_is_a_claim(text: str) -> None:
    assert claims(text) is Claim.DONE


@pytest.mark.parametrize("text", sentences(STATE))
def test_a_state_is_a_claim_while_nothing_bears_it_out(text: str) -> None:
    assert claims(text) is not None
    kept, claim = honest(text)
    assert claim
    assert kept != text


@pytest.mark.parametrize("text", sentences(INNOCENT))
def test_questions_offers_negations_and_facts_pass(text: str) -> None:
    assert claims(text) is None
    assert honest(text) == (text, None)


APPOINTMENTS = {
    "ok": True,
    "appointments": [
        {"status": "confirmed", "label": "quinta, 26/11, às 15h", "start": "2026-11-26T15:00:00-03:00", "hour": "15h"},
        {"status": "pending_confirmation", "label": "sexta, 27/11, às 9h30", "payment": "unpaid"},
        {"status": "cancelled", "label": "segunda, 30/11, às 8h"},
    ],
}
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    "text",
    [
        "Seu horário de quinta está confirmado.",
        "Seu horário de quinta, 26/11, às 15h, está confirmado!",
        "Sim, amanhã às 15h está confirmado.",
        "• 15h: corte (confirmado)",
        "Você tem um horário marcado para sexta às 9h30, e outro quinta às 15h.",
        "Seu horário é quinta às 15:00.",
        "O horário de segunda, 30/11, foi cancelado.",
    ],
)
def test_a_state_that_a_tool_showed_may_be_said(text: str) -> None:
    assert honest(text, [APPOINTMENTS], TODAY) == (text, None)


@pytest.mark.parametrize(
    "text",
    [
        "Seu horário de quinta às 10h está confirmado.",
        "Seu horário de sexta está confirmado.",
        "Seu horário de 3/12 está confirmado.",
        "Hoje às 15h está confirmado.",
        "Está confirmado.",
        "O horário de quinta foi cancelado.",
        "O horário de sexta está pago.",
        "Seu horário de sexta foi remarcado para quinta às 15h.",
        "Seu horário é quarta às 15h.",
    ],
)
def test_a_state_that_differs_from_what_the_tools_showed_is_dropped(text: str) -> None:
    assert honest(text, [APPOINTMENTS], TODAY) == ("", Claim.STATE)


def test_a_state_without_a_time_is_about_nothing_and_is_dropped() -> None:
    """The one appointment there is may be another than the one that was just asked for."""
    only = {"appointments": [{"status": "confirmed", "label": "quinta, 26/11, às 15h"}]}
    assert honest("Sim, está confirmado!", [only], TODAY) == ("", Claim.STATE)


def test_a_name_is_no_evidence() -> None:
    record = {"status": "pending_confirmation", "label": "quinta, 26/11, às 15h", "client": "confirmed sexta às 10h"}
    for lie in ("O horário de quinta às 15h está confirmado.", "Tem horário marcado sexta às 10h."):
        assert honest(lie, [{"appointments": [record], "note": "confirmed"}], TODAY)[1] is Claim.STATE


def test_no_record_makes_a_deed_true() -> None:
    assert honest("Confirmei seu horário de quinta às 15h.", [APPOINTMENTS], TODAY) == ("", Claim.DONE)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Prontinho! Agendei seu corte. Até lá! 😊", ""),
        ("Oi, Júlia! Agendei seu corte para quinta.", ""),
        ("Agendei seu corte.\nO endereço é Rua das Flores, 100.", "O endereço é Rua das Flores, 100."),
        (
            "O corte custa R$ 50,00. Já marquei! Qual dia você prefere?",
            "O corte custa R$ 50,00. Qual dia você prefere?",
        ),
        ("Cancelei. Qualquer coisa é só chamar! Tenha um ótimo dia!", ""),
    ],
)
def test_only_what_is_useful_is_left(text: str, left: str) -> None:
    assert honest(text) == (left, Claim.DONE)


def test_hidden_signs_do_not_hide_a_claim() -> None:
    for text in ("A\u200bgendei seu horário", "Agen\u00addei já", "Ａgendei", "AGENDE\u0301I"):
        assert claims(text) is Claim.DONE


def test_a_huge_text_is_read_in_no_time() -> None:
    assert claims("seu horario " * 5000 + "quinta as 15h, " * 2000) is not None
