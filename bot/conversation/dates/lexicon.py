"""The words of days and hours in Brazilian Portuguese, as people type them on a phone.

Every word belongs to one category, and each category is one character: the categories of a message form a string,
so that the grammar can be regular expressions over meanings instead of over spellings.
"""

from __future__ import annotations

import re

Value = tuple[int, ...]

# Words of each category, already without accents. What people type on a phone is listed as it is typed.
PLAIN = {
    "hoje": "hoje hj oje hoge",
    "amanha": "amanha anamha amenha amanhan amnhan amn amh",
    "slip": "quita quina seta qta qa qu qya qia qus qusa qyua qiua",
    "depois": "depois dps depoes despois dipois",
    "antes": "antes",
    "apos": "apos pos",
    "ate": "ate",
    "desde": "desde",
    "partir": "partir",
    "apartir": "apartir",
    "entre": "entre",
    "diante": "diante",
    "frente": "frente",
    "daqui": "daqui daki dentro",
    "em": "em",
    "ha": "ha faz fazem",
    "atras": "atras",
    "que": "que q ke qe",
    "quevem": "qvem quevem",
    "prox": "proxima proximo prox prx px",
    "seguinte": "seguinte",
    "este": "esta este nesta neste desta deste essa esse nessa nesse dessa desse",
    "agora": "agora",
    "outra": "outra outro outras outros noutra noutro",
    "vago": "qualquer alguma algum algumas alguns",
    "cada": "toda todo todas todos cada tds",
    "feira": "feira feiras fera",
    "festa": "santa paixao cinzas aleluia pascoa carnaval ramos gorda",
    "dia": "dia diaa dis dua duia doia disa",
    "dias": "dias",
    "semana": "semana",
    "semanas": "semanas",
    "mes": "mes",
    "meses": "meses",
    "ano": "ano",
    "anos": "anos aninhos",
    "util": "util uteis",
    "fim": "fim final finalzinho fimzinho",
    "comeco": "comeco comecinho inicio meados",
    "fds": "fds finde",
    "h": "h hs hr hrs hors hras",
    "horas": "hora horas",
    "min": "min mins minuto minutos minutinhos",
    "pm": "pm",
    "am": "am",
    "meia": "meia",
    "meio": "meio",
    "ponto": "ponto",
    "manha": "manha manhazinha manhanzinha demanha matina mahna manah",
    "tarde": "tarde tardinha tardezinha atarde",
    "noite": "noite noitinha anoite",
    "dawn": "madrugada",
    "cedo": "cedo cedinho sedo",
    "muito": "bem logo",
    "mais": "mais",
    "almoco": "almoco almocar",
    "work": "servico expediente escola faculdade aula creche",
    "as": "as aas",
    "a": "a aa",
    "o": "o",
    "os": "os",
    "ao": "ao",
    "na": "na nas",
    "no": "no nos pelo",
    "pela": "pela",
    "pelas": "pelas plas",
    "das": "das",
    "da": "da",
    "do": "do",
    "dos": "dos",
    "de": "de d",
    "e": "e eh",
    "ou": "ou",
    "para": "para pra pro p",
    "pras": "pras pros",
    "por": "por",
    "durante": "durante dura duracao duram demora demoram leva levam",
    "about": "volta perto cerca uns tipo",
    "umas": "umas",
    "not": "nao naum naun nunca nem jamais n",
    "only": "so somente apenas sim",
    "but": "mas porem todavia",
    "because": "porque pq pois",
    "unless": "se caso",
    "know": "saber sei sabe ver veja",
    "except": "menos exceto tirando salvo",
    "busy": "ruim impossivel ocupado ocupada viajando viajar viajo complicado complicada complica indisponivel "
    "compromisso trabalho trabalhando trabalhar saio entro chego volto fora acordo durmo odeio detesto enrolado "
    "enrolada atolado atolada corrido puxado",
    "have": "tenho",
    "booked": "marquei agendei coloquei",
    "is": "ta tah fica",
    "engaged": "medico medica dentista prova reuniao viagem plantao exame casamento curso treino culto formatura "
    "velorio",
    "holiday": "feriado",
    "opens": "abre abrem abrir abrimos fecha fecham fechar funciona funcionam",
    "always": "sempre",
    "then": "era eram tinha vemos vejo fiz fez completo completa completei fui estive cortei vim veio vieram "
    "faltou faltei atendi comprei paguei pago pagar pagamento pague recebo receber vence vencimento vencem nasci "
    "nasceu nascimento aniversario niver validade",
    "ask": "tem teria tera daria consegue conseguiria poderia rola rolaria sobrou",
    "serve": "serve servem",
    "wish": "queria gostaria pode posso podemos podia poder consigo marca marcar agenda agendar vamos bora",
    "ser": "ser seria seja",
    "want": "quero prefiro escolho adoro gostei",
    "swap": "mudar muda mude trocar troca troque passar passa passe remarcar remarca remarque reagendar reagenda "
    "adiar adia antecipar antecipa adiantar adianta transferir transfere jogar joga alterar altera mover move empurrar",
    "fix": "digo alias ops corrigindo correcao corrige perai pera verdade desculpa desculpe perdao minto errei "
    "retificando",
    "say": "dizer",
    "better": "melhor",
    "means": "quer quis",
    "mine": "meu minha sua tua nossa",
    "polite": "oi ola opa pfv pf pfvr pls plz favor entao mesmo msm viu ne ok blz beleza obrigado obrigada obg vlw "
    "valeu certo combinado fechado hein tb tbm tambem",
    "bom": "bom boa otimo otima feliz lindo linda excelente",
    "slot": "horario horarios vaga encaixe",
    "street": "rua av avenida ave alameda travessa praca pca largo rodovia estrada viela beco",
    "place": "vila bairro edificio ed predio cond condominio conjunto colegio hospital shopping clube estacao "
    "metro ponte parque jardim residencial feriadao memorial terminal",
    "label": "sala apto ap apartamento bloco andar casa lote quadra numero nro cpf cnpj cep rg cod codigo pedido "
    "senha protocolo mesa opcao item lugar fila posicao turma pagina manequim versao km artigo capitulo "
    "linha ficha unidade filial",
    "score": "nota pressao parcela parcelas avaliacao nivel tamanho",
    "noun": "opcao via vez dose sessao parte fase pessoa fila consulta aula parcela casa rua "
    "porta loja mao linha etapa tentativa metade chance alternativa mensagem foto imagem "
    "avenida serie turma prova data hora sugestao proposta lista crianca filha moca "
    "cadeira sala divisao categoria classe edicao temporada posicao colocada opiniao basica "
    "chamada pele roda intencao natureza lei guerra sinfonia dica pergunta duvida versao geracao feita coluna "
    "camada dessa",
    "nouns": "opcoes vezes sessoes alternativas dessas delas desses deles",
    # In -s, and no number of anything.
    "said": "voces vcs vces nos eles elas meus minhas seus suas pois aos gracas rsrs kkks abracos abs bjs beijos bjos",
    "quinzena": "quinzena",
    "reais": "reais real conto contos pila pilas pau paus mangos pratas prata centavos",
    "turn": "esquerda direita",
    "natal": "natal",
    "vespera": "vespera",
    "newyear": "reveillon",
}
# Words of the same category that differ by a number.
VALUED: dict[str, dict[int, str]] = {
    # The feminine ordinals, which are also days of the week.
    "ord": {
        0: "segunda sengunda secunda segunta segunada cegunda segundona segundinha",
        2: "quarta kuarta cuarta",
        3: "quinta kinta",
        4: "sexta cexta sexya sesta sextona sextinha",
    },
    "week": {
        0: "seg segundafeira",
        1: "terca tersa tercafeira terc",
        2: "qua qau quartafeira",
        3: "qui quin quintafeira",
        4: "sex sextafeira sestafeira",
        5: "sabado sabadao sabadinho sabadu sadado sab sabd",
        6: "domingo domindo dumingo domingao",
    },
    "ontem": {1: "ontem onten ontm", 2: "anteontem antontem"},
    "passado": {1: "passado passada passados passadas", 2: "retrasado retrasada"},
    "ter": {1: "ter"},
    "teca": {1: "teca"},
    "dom": {6: "dom"},
    "weeks": {0: "segundas", 1: "tercas", 2: "quartas", 3: "quintas", 4: "sextas", 5: "sabados", 6: "domingos"},
    "first": {1: "primeiro primeira"},
    "nth": {2: "segundo", 3: "terceiro terceira", 4: "quarto", 5: "quinto"},
    "last": {-1: "ultimo ultima ultimos ultimas", -2: "penultimo penultima"},
    "month": {
        1: "janeiro",
        2: "fevereiro feveiro",
        3: "marco",
        4: "abril",
        5: "maio",
        6: "junho",
        7: "julho",
        8: "agosto",
        9: "setembro",
        10: "outubro",
        11: "novembro",
        12: "dezembro desembro desenbro",
    },
    "mon": {
        1: "jan",
        2: "fev",
        3: "mar",
        4: "abr",
        5: "mai",
        6: "jun",
        7: "jul",
        8: "ago",
        9: "set",
        10: "out",
        11: "nov",
    },
    # Numbers from 1 to 6, which as an hour mean the afternoon; then up to 23; then more than a day has hours.
    "s": {2: "dois duas", 3: "tres", 4: "quatro", 5: "cinco", 6: "seis"},
    "n": {
        0: "zero",
        7: "sete",
        8: "oito",
        9: "nove",
        11: "onze",
        12: "doze",
        13: "treze",
        14: "catorze quatorze quatoze quartoze",
        15: "quinze",
        16: "dezesseis dezasseis dezeseis desesseis deseseis",
        17: "dezessete dezassete dezesete desessete desesete",
        18: "dezoito desoito",
        19: "dezenove dezanove desenove",
        20: "vinte",
    },
    "b": {30: "trinta", 40: "quarenta", 50: "cinquenta cincoenta"},
    "one": {1: "um uma"},
    "dez": {10: "dez"},
}
# What the lexer itself finds: clocks (plain; "3h30"; "3:30"; "03:30"; impossible), calendar dates, hours written with a
# point, numbers from 01 to 06, years, what is surely no date, unknown words and plurals, unknown words in -feira,
# numbers with a point that may be a date, signs.
LEXED = (
    *("k", "ks", "kc", "kz", "kx", "date", "dec", "noon", "midnight", "z", "y"),
    *("x", "w", "ws", "wf", "dot", "instead", "comma", "stop", "asked", "slash", "dash"),
)

CODE = {name: chr(0x4E00 + i) for i, name in enumerate([*PLAIN, *VALUED, *LEXED])}


# What the finger does to the words people type most: a letter left out, two changed about, the key beside instead of
# one or with it, no vowels.
SLIPPED = (
    *("hoje", "amanha", "depois", "daqui", "semana", "proxima", "proximo", "tarde", "noite"),
    *("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo"),
    *("janeiro", "fevereiro", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    *("quatro", "cinco", "quinze", "trinta", "meia"),
)
# Words of their own, or of too many: "nt" is "não tem", "qnt" is "quanto", "dq" is "do que".
NO_SLIPS = {
    *("manha", "sabao", "sanado", "domino", "tera", "erca", "note", "nt", "boite", "qnt", "dq", "proximas"),
    *("tinta", "vinco", "mia", "ma", "m", "meias"),
}
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {key: row[max(at - 1, 0) : at] + row[at + 1 : at + 2] for row in ROWS for at, key in enumerate(row)}
VOWELS = re.compile("(?<!^)[aeiou]")


def _slips(word: str) -> set[str]:
    """Give the slips of a word that do not leave out its first letter."""
    slips = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    for at, letter in enumerate(word):
        before, after = word[:at], word[at + 1 :]
        slips |= {before + key + after for key in BESIDE[letter]}
        slips |= {before + both + after for key in BESIDE[letter] for both in (letter + key, key + letter) if at}
        slips |= {before + after} if at else set()
    bare = VOWELS.sub("", word)  # "qrt"; "qrta"
    return (slips | {bare, bare + word[-1]}) - NO_SLIPS


def _lexicon() -> dict[str, tuple[str, Value]]:
    words: dict[str, tuple[str, Value]] = {}
    for name, spelt in PLAIN.items():
        for word in spelt.split():
            words.setdefault(word, (CODE[name], ()))
    for name, values in VALUED.items():
        for value, spelt in values.items():
            for word in spelt.split():
                words.setdefault(word, (CODE[name], (value,)))
    for word in SLIPPED:
        for slip in _slips(word):
            words.setdefault(slip, words[word])
    return words


LEXICON = _lexicon()
