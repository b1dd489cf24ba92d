"""Dialogues as data: what a person does and reads, what there was before, and what was agreed to in the end.

A script is `> typed`, `> [tapped]`, `< must be in the answer`, `! must not be`; patterns are regular expressions. It is
Monday 23/11/2026, 10h. `done` lists what was agreed to, as "book Corte 24/11 9:30".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.models.enums import Role

from .fake_toolbox import JULIA, Service

ANA, ANA_PAULA, CARLOS, PEDRO = "Ana Souza", "Ana Paula Vieira", "Carlos Lima", "Pedro Alves"
WAITS = {"status": "pending_confirmation"}


@dataclass(frozen=True)
class Dialogue:
    name: str
    script: str
    done: Sequence[str] = ()
    seed: Sequence[tuple[Any, ...]] = ()
    role: Role = Role.CLIENT
    agenda: dict[str, Any] = field(default_factory=dict)


def client(name: str, script: str, *done: str, seed: Sequence[tuple[Any, ...]] = (), **agenda: Any) -> Dialogue:
    return Dialogue(name, script, done, seed, Role.CLIENT, agenda)


def professional(name: str, script: str, *done: str, seed: Sequence[tuple[Any, ...]] = ()) -> Dialogue:
    return Dialogue(name, script, done, seed, Role.PROFESSIONAL)


TUESDAY, THURSDAY = (JULIA, "Corte", "2026-11-24 09:00"), (JULIA, "Corte", "2026-11-26 15:00")

BOOKING = [
    client(
        "everything in one message, and a tap",
        """
        > oi, queria marcar um corte amanhã de manhã
        < livres para \\*Corte\\* amanhã, terça, 24/11
        < 1\\. ter 24/11, 9h
        ! 13h
        > [9h30]
        < Corte, terça, 24/11, às 9h30
        > sim
        """,
        "book Corte 24/11 9:30",
    ),
    client(
        "one thing at a time",
        """
        > quero um horário
        < Qual serviço
        > corte
        < livres
        > amanhã
        < 24/11
        > de tarde
        < ter 24/11, 13h
        ! ter 24/11, 9h
        > às 16h
        < terça, 24/11, às 16h
        > sim
        """,
        "book Corte 24/11 16:00",
    ),
    client(
        "the hour first", "> corte e barba quinta 15h\n< quinta, 26/11, às 15h\n> 👍", "book Corte e barba 26/11 15:00"
    ),
    client(
        "an hour without its day asks for the day",
        "> quero marcar um corte às 16h\n< Para que dia\n> quinta\n< quinta, 26/11, às 16h\n> pode marcar",
        "book Corte 26/11 16:00",
    ),
    client(
        "numbers answer lists",
        "> tem vaga sexta?\n< 2\\. Barba\n> 2\n< 3\\. sex 27/11, 10h\n> 3\n< Barba, sexta, 27/11, às 10h\n> 1",
        "book Barba 27/11 10:00",
    ),
    client("typos and abbreviations", "> oi vc tem horaio amnhã p corte?\n< ter 24/11, 9h"),
    client(
        "the only service is taken",
        "> tem vaga amanhã?\n< livres para \\*Corte\\*",
        services=[Service("Corte", 30, 5000)],
    ),
    client("nothing is offered yet", "> quero marcar\n< ainda não", services=[]),
    client(
        "an ordinal chooses",
        "> corte amanhã\n> pode ser o segundo\n< terça, 24/11, às 9h30\n> isso mesmo",
        "book Corte 24/11 9:30",
    ),
    client("the last one", "> corte amanhã de manhã\n> o último\n< às 11h30\n> ok", "book Corte 24/11 11:30"),
    client("all the same to them", "> corte sexta\n> tanto faz\n< sexta, 27/11, às 9h\n> s", "book Corte 27/11 9:00"),
    client("a service is never chosen for them", "> quero marcar\n> tanto faz\n< Qual serviço\n! Posso"),
    client("a Monday is no ordinal", "> corte sexta\n> segunda\n< segunda, 30/11"),
    client(
        "an hour of the list",
        "> corte quinta\n> o das 11h\n< quinta, 26/11, às 11h\n> sim",
        "book Corte 26/11 11:00",
    ),
    client(
        "outside hours: the reason and the nearest",
        "> corte quinta às 20h\n< não cabe no expediente\n< mais próximos\n< qui 26/11, 18h30\n> [18h30]\n> sim",
        "book Corte 26/11 18:30",
    ),
    client(
        "taken: the reason and the nearest",
        "> corte quinta 15h\n< já está ocupado\n< qui 26/11, 14h30\n! qui 26/11, 15h\\n",
        seed=[(CARLOS, "Corte", "2026-11-26 15:00")],
    ),
    client("a closed day shows the soonest", "> corte domingo\n< Não há horário livre\n< seg 23/11, 10h30"),
    client(
        "other times go on where the list ended",
        "> corte amanhã\n< 14h\n> [Outros horários]\n< ter 24/11, 14h30\n! 9h30",
    ),
    client(
        "other times in words, and past the end of the day",
        "> corte amanhã de tarde\n> tem outro?\n< ter 24/11, 17h30\n> mais opções\n< qua 25/11, 9h",
    ),
    client("two days are both shown", "> corte sexta ou sábado\n< sexta, 27/11 e sábado, 28/11\n< sex 27\n< sáb 28"),
    client(
        "part of a day that is full",
        "> corte hoje de manhã\n> [10h30]\n> sim\n> corte hoje às 11h\n",
        "book Corte 23/11 10:30",
    ),
    client(
        "a day that is over",
        "> corte ontem\n< já passou\n> amanhã às 9h\n< terça, 24/11, às 9h\n> sim",
        "book Corte 24/11 9:00",
    ),
    client("a date that does not exist", "> corte dia 31 de abril\n! Posso"),
    client("next week", "> corte semana que vem\n< seg 30/11, 9h"),
    client("a word of thanks changes nothing", "> obrigado!\n< Por nada"),
    client(
        "a burst is one message",
        "> oi⏎queria marcar⏎um corte⏎amanhã de manhã\n< livres para \\*Corte\\* amanhã",
    ),
]

CHANGING = [
    client(
        "yes, but at another hour",
        "> corte amanhã às 9h\n< às 9h\n> sim, mas às 10h\n< terça, 24/11, às 10h\n> sim",
        "book Corte 24/11 10:00",
    ),
    client("no, another hour", "> corte amanhã 9h\n> não, às 16h\n< 24/11, às 16h\n> sim", "book Corte 24/11 16:00"),
    client(
        "actually another day",
        "> corte amanhã 9h\n> na verdade sexta\n< sexta, 27/11, às 9h\n> sim",
        "book Corte 27/11 9:00",
    ),
    client(
        "another service",
        "> corte sexta 11h\n> na verdade barba\n< Barba, sexta, 27/11, às 11h\n> sim",
        "book Barba 27/11 11:00",
    ),
    client("that day does not suit", "> corte quinta\n> quinta não dá, sexta de manhã?\n< sex 27/11, 9h\n! 13h"),
    client(
        "price in between",
        "> corte amanhã\n> quanto custa?\n< R\\$ 50,00\n< ter 24/11, 9h\n> 1\n> sim",
        "book Corte 24/11 9:00",
    ),
    client(
        "address while a question waits",
        "> corte amanhã 9h\n> onde fica?\n< Rua Augusta\n> sim",
        "book Corte 24/11 9:00",
    ),
    client(
        "price and booking in one message",
        "> quero corte amanhã 10h, quanto custa?\n< Corte: R\\$ 50,00\n< Posso marcar",
    ),
    client("dropped while gathering", "> corte amanhã\n> esquece\n< não marquei nada\n> oi\n< marcar, remarcar"),
    client(
        "cancel while gathering drops the booking only", "> corte sexta\n> cancela\n< não marquei nada", seed=[TUESDAY]
    ),
    client("no to the list asks for the day", "> corte amanhã\n> não\n< Para que dia\n> sexta\n< sex 27/11"),
    client("a yes to nothing in particular", "> corte amanhã\n> sim\n< 1\\. ter 24/11, 9h\n! Posso"),
    client(
        "other times put an end to the question before",
        "> corte amanhã às 9h\n> tem outro horário?\n< ter 24/11, 9h30\n> sim\n! Feito",
    ),
    client("gibberish in between", "> corte amanhã\n> blablabla xyz\n< não entendi\n< ter 24/11, 9h"),
    client("a greeting in between", "> quero marcar\n> bom dia!\n< Qual serviço"),
]

OWN = [
    client("none to cancel, then one to book", "> vou ter que desmarcar\n< não tem nenhum\n> sim\n< Qual serviço"),
    client(
        "the only one is cancelled", "> vou ter que desmarcar\n< Quer mesmo\n< 24/11\n> sim", "cancel", seed=[TUESDAY]
    ),
    client("naming the deed agrees to it", "> preciso cancelar\n> pode cancelar", "cancel", seed=[TUESDAY]),
    client("not after all", "> cancela meu horário\n> não", seed=[TUESDAY]),
    client(
        "which one",
        "> não vou poder ir\n< De qual\n< qui 26/11, 15h\n> [15h]\n< 26/11\n> sim",
        "cancel",
        seed=[TUESDAY, THURSDAY],
    ),
    client("the one of Thursday", "> cancela o de quinta\n< quinta, 26/11\n> sim", "cancel", seed=[TUESDAY, THURSDAY]),
    client(
        "no, the other one",
        "> cancela o de quinta\n> não, o outro\n< terça, 24/11\n> sim",
        "cancel",
        seed=[TUESDAY, THURSDAY],
    ),
    client(
        "better move it",
        "> quero desmarcar\n> não, remarca pra sexta 10h\n< 24/11, às 9h → sexta, 27/11, às 10h\n> sim",
        "move 27/11 10:00",
        seed=[TUESDAY],
    ),
    client("does not want to cancel", "> não quero cancelar\n< mantive\n! Quer mesmo", seed=[TUESDAY]),
    client(
        "move to a day",
        "> dá pra mudar pra sexta?\n< sex 27/11, 9h\n> [9h30]\n< → sexta, 27/11, às 9h30\n> sim",
        "move 27/11 9:30",
        seed=[TUESDAY],
    ),
    client(
        "an hour alone is of the same day",
        "> dá pra mudar pra 11h?\n< → terça, 24/11, às 11h\n> sim",
        "move 24/11 11:00",
        seed=[TUESDAY],
    ),
    client("later that day", "> preciso adiar\n> mais tarde\n< ter 24/11, 9h30", seed=[TUESDAY]),
    client(
        "from one day to another",
        "> passa o de quinta pra sexta 10h\n< 26/11, às 15h → sexta, 27/11, às 10h",
        seed=[TUESDAY, THURSDAY],
    ),
    client(
        "which one is moved",
        "> quero remarcar\n< De qual\n> quinta\n< livres\n> sexta às 10h\n"
        "< 26/11, às 15h → sexta, 27/11, às 10h\n> sim",
        "move 27/11 10:00",
        seed=[TUESDAY, THURSDAY],
    ),
    client(
        "cannot come, so another day",
        "> não vou poder ir, dá pra ser sexta às 10?\n< → sexta, 27/11, às 10h\n> sim",
        "move 27/11 10:00",
        seed=[TUESDAY],
    ),
    client(
        "a correction of a move",
        "> remarca pra sexta 10h\n> não, às 11h\n< → sexta, 27/11, às 11h\n> sim",
        "move 27/11 11:00",
        seed=[TUESDAY],
    ),
    client("when is it", "> qdo é meu horario?\n< terça, 24/11, às 9h: Corte", seed=[TUESDAY]),
    client(
        "nothing to confirm but its state is told", "> confirmo\n< aguardando confirmação", seed=[(*TUESDAY, WAITS)]
    ),
    client("a person", "> quero falar com uma pessoa\n< atendente"),
    client("late", "> vou atrasar 10 minutos\n< combinar direto\n> [Falar com atendente]\n< atendente"),
    client("hours and services", "> que horas abre?\n< 9h–12h\n> o que vcs fazem?\n< Corte e barba"),
    client("who is this", "> você é um robô?\n< Odys\n< Rafael Nogueira"),
    client(
        "doubt is asked back", "> cancelar ou remarcar?\n< O que você quer\n> [Cancelar]\n< Quer mesmo", seed=[TUESDAY]
    ),
    client("nonsense gets a short list", "> asdf\n< 1\\. Marcar horário\n< 4\\. Falar com atendente\n! 5\\."),
]

DAY: list[tuple[Any, ...]] = [
    (JULIA, "Corte", "2026-11-23 09:00"),
    (CARLOS, "Barba", "2026-11-23 15:00", WAITS),
    (PEDRO, "Corte e barba", "2026-11-24 14:00"),
]
TWO_ANAS: list[tuple[Any, ...]] = [(ANA, "Corte", "2026-11-24 09:00"), (ANA_PAULA, "Barba", "2026-11-25 09:30")]

ASKED = [
    professional(
        "today",
        "> quem tenho hoje?\n< hoje, segunda, 23/11\n< 9h Júlia Ramos, Corte\n< 15h Carlos Lima, Barba \\(aguardando",
        seed=DAY,
    ),
    professional(
        "tomorrow and nothing", "> agenda de amanhã\n< Pedro\n> como está minha sexta?\n< Nenhum horário", seed=DAY
    ),
    professional("a day alone", "> e amanhã?\n< Pedro Alves", seed=DAY),
    professional("the week", "> agenda da semana\n< hoje, segunda\n< amanhã, terça", seed=DAY),
    professional(
        "yesterday",
        "> quem faltou ontem?\n< ontem\n< Ana Souza, Corte \\(faltou",
        seed=[(ANA, "Corte", "2026-11-22 09:00", {"status": "no_show"})],
    ),
    professional("who is next", "> quem é o próximo?\n< Carlos Lima\n< 15h", seed=DAY),
    professional("nobody is next", "> quem é o próximo?\n< Não há mais ninguém"),
    professional(
        "money", "> quanto faturei esse mês?\n< novembro\n< R\\$ 1\\.234,56\n> e quanto recebi ontem?\n< ontem"
    ),
    professional("money of no period is this month's", "> faturamento\n< novembro"),
    professional(
        "a period that is not understood is asked for", "> faturamento do trimestre retrasado\n< De qual período"
    ),
    professional("who calls", "> quem é o 11 98888-7777?\n< Júlia Ramos\n< \\(11\\) 98888-7777"),
    professional("which Ana", "> telefone da Ana\n< Qual delas\n> 2\n< Ana Souza\n< 95555-0000"),
    professional("a name alone", "> Carlos\n< Carlos Lima\n< 96666-5555"),
    professional("nobody of that name", "> ficha do Xavier\n< Não encontrei \\*Xavier\\*"),
    professional("free times", "> quais horários tenho livres amanhã?\n< terça, 24/11: 9h, 9h30\n! 14h,", seed=DAY),
    professional("services and hours", "> meus serviços\n< Barba\n> horário de atendimento\n< 9h–12h"),
    professional("nonsense", "> asdf qwer\n< 1\\. Agenda de hoje"),
    professional(
        "a question of its own beats the one that is open",
        "> cancela o Xavier\n< Não encontrei\n> quem tenho hoje?\n< hoje, segunda\n> e amanhã?\n< Pedro\n"
        "> telefone da Ana Souza\n< 95555-0000\n> quem é o Carlos Lima?\n< 96666-5555\n! cancelar",
        seed=DAY,
    ),
]

ORDERED = [
    professional(
        "book: service is asked",
        "> marca a Júlia quinta às 15h\n< serviço para \\*Júlia Ramos\\*\n> [Corte]\n"
        "< Corte, quinta, 26/11, às 15h, Júlia Ramos\n> sim",
        "book Corte 26/11 15:00",
    ),
    professional(
        "book: all at once, no accents",
        "> agenda carlos amanha 10h barba\n< Barba, terça, 24/11, às 10h, Carlos Lima\n> s",
        "book Barba 24/11 10:00",
    ),
    professional(
        "book: by phone", "> marca 11 96666-5555 amanhã 9h corte\n< Carlos Lima\n> sim", "book Corte 24/11 9:00"
    ),
    professional(
        "book: which Ana",
        "> marca a Ana amanhã 11h corte\n< Qual delas\n> 1\n< às 11h, Ana Paula\n> sim",
        "book Corte 24/11 11:00",
    ),
    professional(
        "book: step by step",
        "> marcar cliente\n< Para quem\n> Carlos\n< serviço\n> barba\n< livres\n> sexta de tarde\n"
        "< sex 27/11, 13h\n> 16h\n< sexta, 27/11, às 16h, Carlos\n> sim",
        "book Barba 27/11 16:00",
    ),
    professional(
        "book: somebody new",
        "> marca o Zeca quinta 10h corte\n< Não encontrei \\*Zeca\\*\n> [É cliente novo]\n"
        "< quinta, 26/11, às 10h, Zeca\n> sim",
        "book Corte 26/11 10:00",
    ),
    professional(
        "book: the name was wrong",
        "> marca o Karlos quinta 10h corte\n< Não encontrei\n> Carlos Lima\n< às 10h, Carlos Lima\n> sim",
        "book Corte 26/11 10:00",
    ),
    professional("book: two people are not guessed", "> marca a Júlia e o Carlos amanhã 10h\n< Para quem\n! Posso"),
    professional("book: month names are no people", "> marca o Júlio quinta 10h corte\n< Não encontrei \\*Júlio\\*"),
    professional("confirm", "> confirma o Carlos\n< confirm\\? Carlos Lima\n> sim", "confirm", seed=DAY),
    professional("refuse", "> recusa o Carlos\n< reject\\? Carlos\n> sim", "reject", seed=DAY),
    professional("not confirming is refusing", "> não confirma o Carlos\n< reject\\? Carlos", seed=DAY),
    professional("nothing waits", "> confirma\n< Nenhum pedido"),
    professional("what waits", "> pedidos pendentes\n> 1\n< confirm\\? Carlos Lima\n> sim", "confirm", seed=DAY),
    professional(
        "nothing of that client waits", "> confirma a Júlia\n< Não encontrei um horário de \\*Júlia\\*", seed=DAY
    ),
    professional("did not come", "> a Júlia não veio\n< no_show\\? Júlia\n> sim", "no_show", seed=DAY),
    professional("did not come, by the hour", "> o cliente das 9h não veio\n< no_show\\? Júlia", seed=DAY),
    professional(
        "yesterday's no-show",
        "> a Ana faltou\n< no_show\\? Ana Souza, Corte, domingo, 22/11",
        seed=[(ANA, "Corte", "2026-11-22 09:00")],
    ),
    professional("did come", "> a Júlia não faltou\n! no_show", seed=DAY),
    professional("done", "> terminei com a Júlia\n< complete\\? Júlia\n> sim", "complete", seed=DAY),
    professional("paid", "> o Carlos pagou\n< paid\\? Carlos\n> sim", "paid", seed=DAY),
    professional("who has not paid is no payment", "> a Júlia não pagou\n! paid", seed=DAY),
    professional(
        "cancel one of two",
        "> desmarca a Ana\n< Ana Souza\n< Ana Paula\n> quarta\n< Quer mesmo cancelar\\? Ana Paula\n> sim",
        "cancel",
        seed=TWO_ANAS,
    ),
    professional(
        "cancel whom",
        "> cancela\n< De qual cliente\n> Ana Souza\n< Quer mesmo cancelar\\? Ana Souza\n> pode cancelar",
        "cancel",
        seed=TWO_ANAS,
    ),
    professional("do not cancel", "> não desmarca a Ana\n! Quer mesmo", seed=TWO_ANAS),
    professional(
        "move",
        "> passa o Pedro pra sexta 10h\n< 24/11, às 14h → sexta, 27/11, às 10h\n> sim",
        "move 27/11 10:00",
        seed=DAY,
    ),
    professional(
        "move, other hour",
        "> passa o Pedro das 14h pras 16h\n> sim, mas às 17h\n< → terça, 24/11, às 17h\n> sim",
        "move 24/11 17:00",
        seed=DAY,
    ),
    professional(
        "move, where to",
        "> remarca o Pedro\n< livres\n> quinta 9h\n< → quinta, 26/11, às 9h\n> sim",
        "move 26/11 9:00",
        seed=DAY,
    ),
    professional("dropped", "> marca a Júlia\n> deixa pra lá\n< não marquei nada\n> sim\n! Posso"),
    professional(
        "something else in between",
        "> marca a Júlia quinta 15h\n> quem tenho hoje?\n< Agenda de\n> corte\n< Corte, quinta, 26/11, às 15h\n> sim",
        "book Corte 26/11 15:00",
        seed=DAY,
    ),
]

ALL = [*BOOKING, *CHANGING, *OWN, *ASKED, *ORDERED]
