"""Whom a message names: "marca a Júlia quinta às 15h" is about Júlia.

A name cannot be looked up in a list, so it is what is left: words that are no command, no day, no service and
no glue. Words that stand together are one name; two names are two people, and then it is asked which.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...text import plain as compared
from .intents import without_phone
from .vocabulary import mended, unaccented

# A message longer than this is a story; whoever it names is asked for again.
MOST_WORDS: Final = 60
LONGEST_NAME: Final = 60

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?|\S")
# Before one more name: "e o Pedro", "e 80 do Pedro".
_ARTICLE: Final = r"(?:(?:R\$\s*)?\d\S*\s+)?(?:[ao]|[dn][ao]|pr[ao])\s+"
_JOINTS: Final = frozenset({"da", "de", "do", "das", "dos"})
_TITLES: Final = frozenset(
    {"dona", "seu", "dr", "dra", "doutor", "doutora", "senhor", "senhora", "sr", "sra", "tia", "tio"}
)
# Everything that is said around a name. Plain and mended, as `mended` returns words.
_GLUE: Final = frozenset(
    word
    for line in (
        # glue
        "a o as os um uma uns umas ao aos na no nas nos num numa e ou com sem por para que se me mim lhe ele ela",
        "eles elas eu tu voce voces meu minha meus minhas seu seus sua suas dele dela esse essa esses essas este",
        "esta isso isto aquele aquela la ai aqui ali nao sim ja so tambem mais menos muito bem mal mas porque",
        "quando como onde qual quais quem quanto quantos quantas todo toda todos todas tudo nada alguem ninguem",
        "alguma algumas algum alguns aula aulas treino treinos retorno retornos",
        "outro outra mesmo mesma cada entao pois ta estao estou estava foi era ser sao tem tenho teve tinha vai",
        "vou vem veio vindo ha haver favor obrigado obrigada oi ola bom boa dia tarde noite certo ok beleza valeu",
        "gente pessoal amigo ate ainda agora logo depois antes durante sobre entre desde perto vez vezes quero",
        "queria quer querem preciso precisa pode posso podia consegue consigo gostaria deixa faz fazer feito vamos",
        "bora acho pedir pediu pedido pedidos avisou disse falou manda mandar mostra mostrar ver olha diz dizer",
        "fala falar sei sabe passar passou passa passe ficou kk kkk rs opa ei hum ah eh né ne fim lugar novo nova",
        "hein xfone avisa avisar avise faltaram furaram deram apareceram compareceram desmarcaram cancelaram vao",
        "confirmaram podem conseguem devem devendo",
        # commands
        "marca marcar marque marcado marcada marcou agenda agendar agende agendado agendada agendamento",
        "agendamentos encaixa encaixar encaixe reserva reservar reserve coloca colocar bota botar anota anotar",
        "inclui incluir poe confirma confirmar confirme confirmado confirmada confirmou confirmo aceita aceitar",
        "aceite aceito aprova aprovar aprove recusa recusar recuse recusado rejeita rejeitar rejeite desmarca",
        "desmarcar desmarque desmarcou desmarcada cancela cancelar cancele cancelou cancelado cancelada",
        "cancelamento remarca remarcar remarque remarcou reagenda reagendar reagende muda mudar mude mudou troca",
        "trocar troque trocou transfere transferir move mover adia adiar antecipa antecipar adianta adiantar",
        "empurra empurrar joga jogar altera alterar desloca conclui concluir conclua concluido concluida concluiu",
        "finaliza finalizar finalize finalizei finalizou termina terminar terminei terminou acabei acabou acaba",
        "encerra encerrar encerrei encerrou atendi atender atende atendo atendido atendida pagou paga pago pagar",
        "paguei pagamento recebi receber recebeu recebido quitou acertou pix dinheiro cartao baixa caiu conta",
        "faltou falta faltar faltas furou bolo levei deu apareceu compareceu vir show registra registrar tira",
        "tirar tire busca buscar procura procurar acha achar encontra encontrar pesquisa mostre libera liberar",
        # what is asked about
        "telefone contato ficha cadastro dados historico perfil observacao observacoes anotacao anotacoes",
        "informacoes cliente clientes paciente pacientes aluno aluna pessoa horario horarios hora horas vaga vagas",
        "consulta sessao atendimento atendimentos compromisso proximo proxima ultima ultimo servico servicos valor",
        "preco reais real endereco plano link menu ajuda moça moco moca rapaz menina menino nome numero tal favor",
        "poe cano mundo galera volta novamente atrasa atrasar",
        "ligou ligar mandou mensagem saber agora ainda desconto descontos cento relatorio resumo",
        "inteira inteiro outros outras demais resto restante verdade pensando melhor acrescenta acrescentar adiciona",
        "adicionar incluir acabo termino saio falando falou conseguir acabou acaba chegou cheguei dele dela",
        "pagaram quitaram vieram compareceu poder poderei dois duas tres quatro cinco seis sete",
        "oito nove dez onze doze vinte trinta",
        "gentileza cobra cobrar cobre cobranca envia enviar gera gerar exporta exportar recibo recibos cpf chave",
        # days and hours that the date grammar may leave behind
        "hoje amanha ontem anteontem segunda terca quarta quinta sexta sabado domingo feira segundas tercas",
        "quartas quintas sextas seg ter qua qui sex sab dom semana semanas mes meses ano dias manha madrugada meio",
        "meia cedo janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro natal",
        "feriado vem que min minuto minutos h hs hrs am pm inicio comeco final passado passada pras pros pra pro",
        "as às das dos",
    )
    for word in unaccented(line).split()
)

# "R$ 40" names nobody.
_CURRENCY: Final = re.compile(r"r\$", re.IGNORECASE)


def people_in(text: str, *, besides: Collection[str] = ()) -> list[str]:
    """Return the names in a text as they were written; `besides` are plain words that are no names here.

    Days and hours should be cut out before (`dates.cut`).
    """
    words = _WORD.findall(_CURRENCY.sub(" ", without_phone(text)))[:MOST_WORDS]
    glue = _GLUE | {*besides}
    names = [" ".join(run)[:LONGEST_NAME] for run in _runs(words, glue)]
    if not any(name[0].isupper() for name in names) or text.isupper():
        return list(dict.fromkeys(names))
    # Whoever writes one name with a capital letter writes them all so; the other words are something else,
    # but for those that are named beside it: "a Júlia e o carlos".
    kept: list[str] = []
    for name in names:
        if name[0].isupper() or (kept and _beside(name, kept, text)):
            kept.append(name)
    return list(dict.fromkeys(kept))


def in_a_row(name: str, text: str) -> bool:
    """Tell whether a name stands in a row with others: "e o Pedro", "Pedro, Ana e"."""
    said, after = re.escape(name), rf"(?<!\w)e\s+(?:{_ARTICLE})?|,\s+{_ARTICLE}"
    return bool(re.search(rf"(?:{after}){said}(?!\w)|(?<!\w){said}(?:,|\s+e\s)", text))


def _beside(name: str, kept: Sequence[str], text: str) -> bool:
    """Tell whether a name follows the last one as one more: with an article, or bare where a telephone wrote the
    first letter of the message large."""
    optional = "?" if text.lstrip().startswith(kept[0]) else ""
    return bool(
        re.search(rf"(?<!\w){re.escape(kept[-1])}(?:\s*,|\s+e)\s+(?:{_ARTICLE}){optional}{re.escape(name)}(?!\w)", text)
    )


def _runs(words: Sequence[str], glue: Collection[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for index, word in enumerate(words):
        known = _known(word, glue)
        joins = (
            run
            and unaccented(word.lower()) in _JOINTS
            and index + 1 < len(words)
            and not _known(words[index + 1], glue)
        )
        if joins or not known:
            run.append(word.rstrip("."))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _known(word: str, glue: Collection[str]) -> bool:
    low = unaccented(word.lower()).rstrip(".")
    if not low or not low[0].isalpha() or low in _TITLES or low in _JOINTS:
        return True
    return low in glue or any(part in glue for part in mended(low).split())


def called(name: str, full: str) -> int:
    """Say how well `name` fits somebody named `full`: 2 for their own words in order, 1 for short forms, 0 for not."""
    said, words = compared(name).split(), compared(full).split()
    if not said:
        return 0
    if _in_order(said, words, exact=True):
        return 2
    return 1 if _in_order(said, words, exact=False) else 0


def _in_order(said: Sequence[str], words: Sequence[str], *, exact: bool) -> bool:
    rest = iter(words)
    # Two letters are the shortest a name is cut to: "Ju".
    return all(
        any(word == part or (not exact and len(part) >= 2 and word.startswith(part)) for word in rest) for part in said
    )
