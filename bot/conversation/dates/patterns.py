"""The grammar of days and hours: each rule is a regular expression over categories of words.

In a pattern a lower-case name is one word of that category (see `lexicon`), an upper-case name is a pattern of
`NAMES`, spaces mean nothing, and the rest is the usual notation. Where several rules fit, the first one wins.
"""

from __future__ import annotations

import re

from .lexicon import CODE

NAMES = {
    # Numbers that can be an hour; that can be a day of the month.
    "NUM": "[s n z dez one]",
    "FIG": "[s n z b dez one first]",
    "H": "[h horas]",
    "CLOCK": "[k ks kc kz]",
    "LIGHT": "[manha tarde noite]",
    "SIDE": "(?:[de da a na pela]? LIGHT | [de da] dawn | pm | am)",
    "UNIT": "[min h horas dia dias semana semanas mes meses ano anos]",
    # After a number these make it a count: "as 3 opções"; after a comma also any word: "às 15h, 2 cortes".
    "COUNTED": """(?:[ws nouns reais anos dias semanas meses last]
        | mais (?: $ | [stop asked comma polite]) | de MON
        | [da do das dos] [noun nouns])""",
    "ALONE": "(?! (?<! [h horas k ks kc kz manha tarde noite]) COUNTED)",
    "THINGS": "(?:[w x min noun] | COUNTED)",
    "MINUTES": "(?:HALFPAST | e [s n z b dez] (?! H | ou [s n z b dez]) min?)",
    # "10h 30", "13 h 15 min"; a smaller number may begin something else.
    "REST": "(?:b min? (?! COUNTED | H) | [s n z] min | n (?= $ | [stop asked polite]))",
    "HALFPAST": "(?:e meia (?! horas))",
    "HALF": "(?:e (?:meia | FIG min?))",
    "TAIL": "(?:em? ponto)? SIDE? (?:em? ponto)?",
    # An hour after a word that says it is one; an hour in a range; an hour that needs no such word.
    "TIME": """(?:(?:CLOCK | dec) H? | NUM (?:H REST? | b (?! THINGS | H))? MINUTES?
        | NOON | midnight) TAIL""",
    "NOON": "(?:noon (?:MINUTES | e meio)?)",
    "ABOUT": "[about umas]",
    "ONWARDS": "(?:em diante | para frente)",
    "PLAIN": "(?:CLOCK H? | NUM H? HALFPAST? | noon HALFPAST?) TAIL",
    "SURE": "(?:CLOCK H? | (?:NUM h | [n dez] horas) HALFPAST? | noon HALFPAST?) TAIL",
    "LISTED": "(?:CLOCK H? | NUM h? HALFPAST? (?! horas) | [n dez] horas | noon) TAIL",
    "AT": """(?:para? as ABOUT? | para das | pelas | pras | por? ABOUT [das de as] | prox [das as de]
        | [slot o a] [das da do] | a (?= one (?:$ | [comma stop asked polite e h horas da])))""",
    "TO": "(?:ate [as a o]? | as | a | ao | dash)",
    "WEEKDAY": "(?:[ord week] (?:dash? feira)? | TECA (?:dash? feira)? | DOM | TER)",
    # "Dom" is also a title and a gift, "ter" also a verb.
    "DOM": "(?<![o one]) dom (?! de? [w ws])",
    # "Teça 10h" is Tuesday and "marca a Teca às 10h" is not; "quita" and "seta" are words of their own.
    "TECA": "(?: ^ | (?<= [na para prox este ser comma stop])) teca",
    "MAYBE": "(?! TECA | TER) [slip teca ter] (?= feira | quevem | comma? (?:as | CLOCK | NUM h) | [de a pela] LIGHT)",
    "TER": """(?:ter (?= stop? (?:[k kc kz] | [n dez] h | date))
        | (?<![w ws wish ask want]) ter (?= stop? (?:as | CLOCK | NUM h | slash)))""",
    "ATHOUR": "(?= comma? (?:as | CLOCK | NUM h))",
    "NAMED": "(?:[ord week] (?:dash? feira)? | dom | hoje | amanha)",
    "MON": "(?:month | mon)",
    "OFMONTH": "(?:de (?:MON | dez) | month)",
    "YEAR": "(?:[de do comma]? y | do ano quevem | do prox ano)",
    "NEXTMONTH": "(?:mes quevem | mes seguinte | prox mes)",
    "MONTHLONG": "(?:NEXTMONTH | este? mes | (?:MON | dez) YEAR?)",
    "WEEKLONG": "(?:semana quevem | semana seguinte | prox semana | este? semana)",
    "WEEKEND": "(?:fds | fim de semana)",
    "LASTDAY": "o? dia? [s n z b dez] (?! H | SIDE | e meia | TOHOUR)",
    "TOHOUR": "(?:para as | para a | pras)",
    "THROUGH": "(?:ate [a o]? | a | ao | dash)",
    "MORE": "(?:(?:comma | e | ou | slash)* [a as o os]? (?:NAMED | weeks))*",
}

RULES = {
    # What looks like a day or an hour and is none.
    "trap": """
        place ord [de da do] [w ws] | ord a turn | [first nth last] [noun nouns label work] | na NUM HALFPAST
        | street (?! stop? [ord week] (?:ATHOUR | [de da a pela na] LIGHT)) stop? [de da do das dos na o a]{0,2}
            (?: FIG (?:de MON)? | [w ws ord week nth last natal month bom place work newyear])
            (?:[de da do das dos e]? (?:[w ws month] | bom (?= w))){0,3}
            (?:[comma label no]{0,3} (?:[s n z b dez one x y] (?! H | e meia | slash | de MON | SIDE)))?
        | [place work] stop? [de da do]? FIG de MON
        | [na da pela a] FIG de MON
        | label [comma no stop label slash dash]{0,2}
            (?:[s n z b dez one x y dec first] (?! H | e meia | da LIGHT | pm | am | de MON | min? TOHOUR))+
        | score [comma dash de]? (?:date | dec | FIG)
        | bom (?:dia | LIGHT)
        | (?:ate? as | das | pelas | one das) FIG (?:COUNTED | min | horas de [w ws work])
        | one das FIG | [cada want] as s (?! H | MINUTES | SIDE)
        | FIG anos | (?:FIG | dec) (?:e FIG)? reais
        | durante (?:(?:NUM | b | meia) (?:H | min) | CLOCK) HALF?
        | por (?:[s one meia] (?:H | min) | FIG min | ks) HALF?
        | (?<!slot) de umas? (?:[s one] H | [s n z b dez one] min | meia horas | ks) HALF?
        | (?<![slot o]) de (?:[n dez] H | [k kc]) (?! TO | ONWARDS | SIDE)
        | (?:NUM H | CLOCK) (?:e meia)? de [w ws work noun nouns durante]
        | (?:FIG | meia) [h horas min] (?:e meia)? (?:antes | cada (?! as))
        | (?:depois | apos | antes) de? (?:(?:[s one] H (?! SIDE) | meia horas) | FIG [min dias semanas meses anos])
        | em one [horas dia semana] [w ws mais este vago festa]
        | meia horas
        | mais (?:LIGHT | cedo) (?! do? que)
        | muito tarde
        | [depois apos antes] [do da] [work busy]
    """,
    "past": """
        (?:antes de)? ontem | (?:semana | mes) passado [de da do na no em] a? WEEKDAY
        | (?:WEEKDAY | semana | mes | ano | WEEKEND | month | LIGHT | (?:dia FIG | date | FIG de MON) | dia FIG OFMONTH)
            (?:[de do da] (?:mes | ano | semana))? passado
        | last (?>semana | mes | ano | WEEKDAY | WEEKEND | noite)
            (?! [de do da] (?:MON | dez | mes | prox | ano | este))
        | last FIG? [dias semanas meses]
        | [first nth last ord] (?:WEEKDAY | dia | semana) [de do da] (?:mes | ano | MON) passado
        | ha ABOUT? (?:FIG | meia) UNIT | FIG UNIT atras
    """,
    # A day that is not one day: every one, some one, one of a kind.
    "vague": """
        (?<!is) bom (?:WEEKEND | semana | NAMED | natal | ano | festa)
        | WEEKDAY (?:de | da)? festa
        | NAMED THROUGH [a o]? NAMED MORE | entre [a o]? NAMED e [a o]? NAMED
        | NAMED a [s n b dez] (?! H | SIDE | e) | ter THROUGH [o a]? NAMED
        | FIG (?:ou | e) date | wf | w dash? feira | ask dash feira
        | daqui [a de about umas muito mais w]{0,2} FIG (?! UNIT)
        | FIG [w e unless] month | da (?:b ATHOUR | FIG (?:CLOCK | NUM h)) | (?<!de) ord do w | depois WEEKDAY | MAYBE
        | (?<! [das as de entre e pelas dia]) dec (?= comma? (?:as (?:NUM (?! COUNTED) | noon | CLOCK) | CLOCK | NUM h))
        | WEEKDAY (?:[de da na]? outra [semana mes] | comma? [except not] este (?! WEEKDAY))
        | (?:outra | vago) (?:NAMED | semana | WEEKEND | mes | LIGHT) | outra dia | one dia este
        | (?:outra | vago | em one)? [dia dias] (?:de semana | util)
        | [ord first nth last] (?:semana | quinzena) (?:[de do da] MONTHLONG)?
        | ord (?:[noun nouns work] | label (?! [s n z b dez one x]))
        | [ord first] score
        | [ord first] [street place] (?! stop? [de da do]? FIG de MON)
        | [one pela mine em] ord | ^ ord [w ws] [stop asked comma polite]* $
        | (?<!para) a ord (?! dash? feira | quevem | as (?:NUM (?! COUNTED) | CLOCK | noon) | SURE
            | [de da a pela] LIGHT | [de da] WEEKLONG | este semana)
        | WEEKDAY (?:seguinte | [depois antes apos] [de do da dos das] [w ws natal festa newyear mes holiday])
        | semana do dia FIG
        | dia NUM H
        | FIG de [s n z one] ATHOUR | amanha e depois (?! [de das da do])
        | natal | newyear
        | [as das] date
    """,
    # What comes back is no one day, whatever else is said with it.
    "recurring": """
        cada [as os a o]? (?:NAMED | weeks | WEEKEND | LIGHT | FIG? UNIT) MORE
        | de? FIG em FIG UNIT
        | (?<! de) always [as a o os na no ao de]* (?:NAMED | weeks)
        | weeks (?:dash? feira)? MORE
    """,
    "any": "vago [dia dias]",
    "weekend": "(?:este | prox)? WEEKEND (?:quevem | seguinte)?",
    "nth": "[first nth last ord] (?:WEEKDAY | dia) [de do da] MONTHLONG",
    "edge": """
        [comeco fim meio last] [de da do] (?:WEEKLONG | MONTHLONG | ano | prox ano)
        | [first nth last ord] WEEKDAY (?! (?:e | ou) WEEKDAY)
    """,
    "impossible": """
        kx | [de da na pela]? dawn
        | ou (?:mais [tarde cedo] | [depois antes] (?! (?:[das da as] | de as) TIME | de? SURE) | [na no]? outra | vago)
        | fix comma? NUM (?! THINGS | H | MINUTES | SIDE | OFMONTH) | one nth (?:para as | pras)
        | as x | as b (?! THINGS) | as NUM [s n z dez] (?! H | OFMONTH)
        | s as TIME
        | ou [as das a o]? NUM (?! THINGS | de MON)
    """,
    # Days.
    "after_tomorrow": "depois [de w e]? amanha",
    "weekday_hence": """
        WEEKDAY comma? daqui [ha w]? a? FIG [semana semanas]
        | daqui [ha w]? a? FIG [semana semanas] comma? [na no em da de]? WEEKDAY
    """,
    "hence": "(?:daqui [ha w]? | em) [a de about umas muito mais]{0,2} (?:(?:FIG | meia) UNIT HALF? | CLOCK) util?",
    "from_today": """
        FIG [dias semanas meses] (?:depois | a? partir | apartir | apos) de? (?:hoje | amanha | WEEKDAY | dia FIG)
    """,
    "today": "hoje",
    "tomorrow_or_after": "amanha ou depois (?! (?:[de das da as do o]{0,2} (?:TIME | almoco)))",
    "tomorrow": "amanha",
    "weekday_number": """
        WEEKDAY comma? (?:b (?! THINGS | H | OFMONTH)
            | [one first] (?= $ | [comma stop asked polite as])
            | [s n z dez] (?= $ | [comma stop asked polite as w b] | para (?! [as a one] | o? noon)
                | [na no] [w ws place work label]))
    """,
    "weekday": "este? prox? WEEKDAY (?:quevem | agora | prox (?! [das as de]))?",
    "dashed": "(?<! do) dia FIG dash [z n dez] (?! H | SIDE | min | e | para | pras) | FIG dash [s n z dez one] ATHOUR",
    "days": """
        (?:de | do)? os? [dia dias] FIG (?:(?:ate o? | a | ao) LASTDAY | dash LASTDAY (?! THINGS)) (?:OFMONTH YEAR?)?
        | entre os? o? [dia dias] FIG e o? dia? FIG (?:OFMONTH YEAR?)?
        | (?:de | do)? FIG (?:a | ao | ate o?) FIG OFMONTH YEAR?
        | (?: ^ | (?<= [de do dias comma stop asked])) FIG dash FIG OFMONTH YEAR?
        | entre FIG e FIG OFMONTH YEAR?
        | (?:de | do)? dia? date (?:a | ao | ate o?) dia? date | entre dia? date e dia? date
    """,
    "either": """
        (?<!not) [dia dias] FIG
            (?:(?:comma | e | ou | slash | comma ou) dia? [s n z b dez] (?! H | e meia | SIDE | TOHOUR | THINGS))+
            OFMONTH?
        | FIG (?:ou | e) FIG OFMONTH
    """,
    "month_or_hours": "dia FIG de n as (?! one) (?>PLAIN) ALONE",
    "month_day": """
        dia? FIG OFMONTH YEAR? | dia? FIG (?:mon | dez ATHOUR) | dia FIG do [s n z dez one] (?! H)
        | FIG do [s n z dez one] ATHOUR
        | dia FIG de [s n z one] (?! H | TO PLAIN | SIDE | MINUTES | COUNTED | reais)
    """,
    "day_number": "dia FIG (?! H)",
    "date": "(?:dia | em | no | para)? date | dia (?:dot | dec) | dot ATHOUR",
    "week": "semana quevem | semana seguinte | prox semana | este semana",
    "month": "NEXTMONTH | este mes | month (?= comma? [o no]? dia FIG) | (?:em | para | durante | mes de) month YEAR?",
    "year": "ano quevem | prox ano",
    "holiday": "no natal | dia [de do] natal | vespera [de do] natal",
    # Parts of the day.
    "lunch": "(?:depois | apos) [do de o dash]? almoco | antes [do de]? almoco",
    "part": """
        [de da do no ao o a pela na]? [comeco fim meio] [de da] LIGHT
        | [de da a pela na] LIGHT (?:muito? cedo)? | mais para a? [tarde noite]
        | muito? cedo (?= na (?:prox | este)? NAMED)
    """,
    "this_part": "este LIGHT | agora [de da a pela na]? LIGHT",
    "maybe_part": "LIGHT | muito? cedo",
    # Hours.
    "between": """
        (?:das | da) PLAIN (?:TO | e as) (?>PLAIN) ALONE
        | entre [as a o]? PLAIN e [as a o]? (?>PLAIN) ALONE
        | de (?= [n dez k noon]) (?>PLAIN (?:as | ate as) PLAIN | PLAIN TO SURE | SURE TO PLAIN) ALONE
        | (?: (?<= [ord week dom feira]) comma? de | (?<= [hoje amanha]) comma? de?)
            [s n dez] [a ate dash] [s n dez one] (?! H | COUNTED | OFMONTH)
        | as PLAIN (?:ate [as a]? | as | a) (?! one) (?>PLAIN) ALONE
        | SURE TO (?! one) (?>PLAIN) ALONE | [n dez] (?>as PLAIN | [dash a ate] SURE) ALONE
    """,
    "after": """
        [depois apos] (?:(?:[das da as] | de as | de (?= [s one] (?:H SIDE | HALFPAST))) (?>TIME)
            | de (?! [s one z]) (?>TIME) | [de do o]? (?>SURE)) ALONE
        | (?:a? partir | apartir) (?:[de das da do as] | de as) (?>TIME) ALONE
        | (?:das | de)? SURE ONWARDS | das NUM ONWARDS | mais tarde do? que [as a o]? (?>TIME) ALONE
    """,
    "before": """
        antes (?:(?:[das da as] | de as) (?>TIME) | de (?! [s one z]) (?>TIME) | [de do o]? (?>SURE)) ALONE
        | ate (?:[as a o] ABOUT? (?>TIME) ALONE | ABOUT? SURE | NUM HALFPAST | umas (?>TIME) (?! THINGS))
        | mais cedo do? que [as a o]? (?>TIME) ALONE
    """,
    "early": """
        (?<![das da de do slot para por]) as? [s n dez b] min?
            (?:TOHOUR (?:NUM H? | noon) | para o? noon) TAIL
        | [n dez b] min? para one (?: SIDE | (?= $ | [comma stop asked polite]))
    """,
    "hours": "(?:AT TIME | SURE) (?:(?:comma? ou | comma | slash | dash) as? (?>LISTED) (?! THINGS | de MON))+"
    " | (?<! [as das de ate dash entre]) [n dez] (?:ou | e) as? (?:[k kc kz] H? | [n dez] h)",
    "hour": """
        AT (?>TIME) (?! COUNTED)
        | (?:NUM (?:H MINUTES? | HALFPAST) | CLOCK) SIDE
        | (?:[s n z dez] [da de] | one da) [manha tarde noite dawn] | NUM (?:pm | am)
        | NUM MINUTES [da de] LIGHT
        | (?:dec h | NUM h? (?= em? ponto)) TAIL
        | (?:[k kc kz] H? | [n dez] h REST? MINUTES?) TAIL
        | NUM HALFPAST TAIL | NOON | midnight
    """,
    "hour_beside_day": """
        (?<= [hoje amanha]) [n dez] (?= $ | [comma stop asked polite w wish] | para (?! [as a one] | o? noon)
            | [na no] [w ws place work label])
    """,
    "maybe_hour": """
        umas NUM (?! THINGS | H) MINUTES? (?! SIDE) | [s one z] h MINUTES? TAIL | ks TAIL | NUM horas MINUTES? TAIL
        | (?<= [hoje amanha ord week dom feira date]) comma? dec (?! COUNTED) TAIL
        | NUM e [n b dez] (?! ou) min? TAIL
    """,
    "many_hours": "b H",
}

# The clocks inside a piece; in a range "14 e 16" is two of them.
_HOUR = "(?P<hour> [k ks kc kz dec s n z dez one noon midnight])"
_SIDE = "(?:em? ponto)? (?:[de da a na pela]? (?P<side> [manha tarde noite dawn pm am]))?"
_NAME = re.compile(r"\(\?P<\w+>|[A-Z]+[0-9]?|[a-z]+")


def compiled(pattern: str) -> re.Pattern[str]:
    """Make ready a pattern over categories."""
    return re.compile(expanded(pattern))


def grammar(rules: dict[str, str]) -> re.Pattern[str]:
    """Make one pattern of many rules; `lastgroup` of a match is the name of its rule."""
    return re.compile("|".join(f"(?P<{name}>{expanded(pattern)})" for name, pattern in rules.items()))


def expanded(pattern: str) -> str:
    """Write a pattern over categories as one over their characters."""

    def replace(match: re.Match[str]) -> str:
        name = match[0]
        if name.startswith("("):
            return name
        return expanded(NAMES[name]) if name.isupper() else CODE[name]

    return _NAME.sub(replace, pattern).replace(" ", "").replace("\n", "")


GRAMMAR = grammar(RULES)
CLOCKS = compiled(
    f"(?:(?P<less> [s n dez b]) min? (?:para [as a o]? | pras))? {_HOUR} [h horas]?"
    f"(?:e (?P<half> [meia meio]) | e? (?P<minute> [s n z b dez]) (?! [h horas]) min?)? {_SIDE}"
)
CLOCK_PAIR = compiled(f"{_HOUR} [h horas]? (?:e (?P<half> meia))? {_SIDE}")
