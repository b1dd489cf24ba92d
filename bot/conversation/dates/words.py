"""Turn a chat message into words the date grammar knows: accents gone, typos mended, numbers read, traps set apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from .lexicon import CODE, LEXICON, VALUED, Value


@dataclass(frozen=True, slots=True)
class Words:
    """A message as the grammar sees it: a string of categories, and beside it each word's value and place."""

    codes: str
    values: tuple[Value, ...]
    spans: tuple[tuple[int, int], ...]


def words(text: str) -> Words:
    """Read a message; places are those of the characters in `text`."""
    places: list[int] | None = None
    if SPACES.search(text) or (not text.isascii() and not unicodedata.is_normalized("NFC", text)):
        text, places = _compose(text)
    folded = text.translate(FOLD)
    if "@" in folded or "://" in folded or "www." in folded:
        folded = LINK.sub(lambda link: "\0" * len(link[0]), folded)
    codes: list[str] = []
    values: list[Value] = []
    spans: list[tuple[int, int]] = []
    for match in TOKEN.finditer(folded):
        code, value = READERS[match.lastgroup or ""](match[0])
        codes.append(code)
        values.append(value)
        start, end = match.span()
        spans.append((start, end) if places is None else (places[start], places[end]))
    return Words("".join(codes), tuple(values), tuple(spans))


def _compose(text: str) -> tuple[str, list[int]]:
    """Drop accents that are characters of their own and doubled spaces, and say where each kept character was."""
    doubled = {at for run in SPACES.finditer(text) for at in range(run.start() + 1, run.end())}
    kept = [i for i, char in enumerate(text) if not unicodedata.combining(char) and i not in doubled]
    return "".join(text[i] for i in kept), [*kept, len(text)]


def _base(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char)[0].lower()
    return plain if plain.isascii() and plain.isprintable() else char


# One character for one character, so that places in the folded text are places in the text.
FOLD = (
    {code: _base(chr(code)) for code in range(0xA1, 0x250)}
    | {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    | {0xA0: " ", 0xAA: "a", 0xB0: "o", 0xBA: "o"}  # 6ª, 1º
    | dict.fromkeys(range(0x2010, 0x2016), "-")
)
SPACES = re.compile(r"[ \t\xa0]{2,}")
LINK = re.compile(r"(?:https?://|www\.)\S{1,400}|[\w.+-]{0,64}@[\w.-]{1,100}", re.ASCII)
REPEATED = re.compile(r"([a-z])\1+")
TOKEN = re.compile(
    r"""
    (?P<tens>(?:vinte|trinta|quarenta|cinquenta)\se\s(?:uma?|dois|duas|tres|quatro|cinco|seis|sete|oito|nove)\b)
  | (?P<idiom>(?:hoje\sem\sdia|dia[\s-]a[\s-]dia|mais\sou\smenos|quinta\sda\sboa\svista|segunda\smao
      |da\snoite\spro\sdia|de\sacordo|cedo\sou\starde|noite\se\sdia|amanha\se\soutro\sdia
      |pag(?:o|ar|amento)\s(?:no|na|em|via|com)\s[a-z]+)\b)
  | (?P<busy>(?:(?:muito|mto|mt|tao|meio)\s(?:cedo|tarde)|(?:cedo|tarde)\sdemais|sem\schance)\b)
  | (?P<instead>(?:em\svez|ao\sinves|no\slugar)\b)
  | (?P<except>(?:sem\sser|a\snao\sser|que\snao\sseja)\b)
  | (?P<until>(?:(?:no|o)\s(?:mais\stardar|maximo))\b)
  | (?P<least>no\sminimo\b)
  | (?P<nope>num(?=\s(?:posso|quero|vou|da|consigo|tem|vai|rola|queria)\b))
  | (?P<noon>mei(?:o|(?<!e\smei)a|)[\s-]?dia\b)
  | (?P<midnight>meia[\s-]?noite\b)
  | (?P<quevem>(?:que|quem|ke|qe|q)\s?ve[mn]\b)
  | (?P<word>[a-z]{2,})
  | (?P<junk>
        r\$\s?\d[\d.,]*                                                                 # money
      | \+\d[\d\s().-]{7,17}\d                                                          # phones
      | \(\d\d\)\s?9?[\s-]?\d{4}[-.\s]?\d{4}
      | (?<!\d)(?:\d\d\s)?(?:9[\s-]?)?\d{4}[-.\s]\d{4}(?!\d)
      | \d\d\.?\d{3}\.?\d{3}/\d{4}-\d\d                                                 # CNPJ
      | \d{3}\.\d{3}\.\d{3}-?\d\d                                                       # CPF
      | \d\d\.?\d{3}-\d{3}(?!\d)                                                        # CEP
      | \d+(?:[.,]\d+)?\s?(?:%|(?:x|k|kg|g|mg|ml|l|cm|mm|m|km)\b)                     # quantities
      | \d{5,}
    )
  | (?P<iso>\d{4}-\d\d-\d\d)(?!\d)
  | (?<!\d)(?<!\d/)(?:
        (?P<date>\d\d?/\d\d?(?:/(?:\d{4}|\d\d))?)(?![\d/])
      | (?P<dotted>\d\d?(?P<sep>[.-])\d\d?(?P=sep)(?:\d{4}|\d\d))(?!\d)
      | (?P<named>\d\d?/(?:jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez)[a-z]*)
    )
  | (?<![\d:])(?<!\d[.,/])
    (?P<clock>\d\d?(?:[:;]|h(?:rs?|s)?[:.]?)\d\d)(?!\d)(?::\d\d)?(?:\s?(?:hs?|hrs?|horas?|min|minutos|m)\b)?
  | (?P<slip>(?<!\d)\d\d?h\d(?!\d))
  | (?P<weekday>[2-6](?:a\b(?:[\s-]?f(?:eira)?\b)?|[\s-]?feira\b|af\b))
  | (?P<first>1[ao]\b)
  | (?P<decimal>\d+[.,]\d+(?:[.,]\d+)*)
  | (?P<number>\d+)
  | (?P<short>[pdc]/(?=\s?[a-z0-9]))
  | (?P<road>r\.(?=\s?[a-z0-9])|r(?=\s\d\d?\sde\s))
  | (?P<letter>[a-z])
  | (?P<sign>[,;.!?/\n():-])
    """,
    re.ASCII | re.VERBOSE,
)
SIGNS = dict.fromkeys(",;():", "comma") | dict.fromkeys(".!\n", "stop") | {"?": "asked", "/": "slash", "-": "dash"}
MONTHS = {name[:3]: number for number, names in VALUED["month"].items() for name in names.split()}
OPAQUE = (CODE["x"], ())
FIGURES = 1  # stands second in the value of a number written as figures: "14 e 15" is not "três e quinze"


def _word(word: str) -> tuple[str, Value]:
    known = LEXICON.get(word) or LEXICON.get(REPEATED.sub(r"\1", word))  # "sextaaa"
    if known:
        return known
    if word.endswith("feira"):
        return CODE["wf"], ()
    return CODE["ws" if word.endswith("s") and not word.endswith("mos") and len(word) > 3 else "w"], ()


def _number(digits: str) -> tuple[str, Value]:
    value = int(digits)
    if len(digits) == 4 and 1900 <= value < 2100:
        return CODE["y"], (value,)
    if len(digits) > 3:
        return OPAQUE
    if digits.startswith("0") and 1 <= value <= 6:
        return CODE["z"], (value, FIGURES)
    name = "one" if value == 1 else "s" if 2 <= value <= 6 else "n" if value < 24 else "b"
    return CODE[name], (value, FIGURES)


def _tens(text: str) -> tuple[str, Value]:
    tens, _, unit = text.split()
    value = LEXICON[tens][1][0] + LEXICON[unit][1][0]
    return CODE["n" if value < 24 else "b"], (value,)


def _clock(text: str) -> tuple[str, Value]:
    first, last = re.split(r"\D+", text)[:2]
    hour, minute = int(first), int(last)
    if hour > 23 or minute > 59:
        return CODE["kx"], ()
    if not 1 <= hour <= 6:
        name = "k"
    elif first.startswith("0"):
        name = "kz"
    else:
        name = "kc" if ":" in text else "ks"
    return CODE[name], (hour, minute)


def _decimal(text: str) -> tuple[str, Value]:
    parts = text.split(".")  # "às 14.30"
    if len(parts) == 2 and len(parts[1]) == 2 and int(parts[0]) < 24 and int(parts[1]) < 60:
        return CODE["dec"], (int(parts[0]), int(parts[1]))
    if len(parts) == 2 and len(parts[1]) == 2 and 24 <= int(parts[0]) <= 31 and 1 <= int(parts[1]) <= 12:
        return CODE["dot"], (int(parts[0]), int(parts[1]))
    return OPAQUE


def _date(text: str) -> tuple[str, Value]:
    """Read day, month and year, 0 for a year not said; whether it exists is for the grammar to say."""
    day, month, year = [*map(int, re.split(r"[/.-]", text)), 0][:3]
    return CODE["date"], (day, month, year + 2000 if 0 < year < 100 else year)


def _iso(text: str) -> tuple[str, Value]:
    year, month, day = map(int, text.split("-"))
    return CODE["date"], (day, month, year)


def _named(text: str) -> tuple[str, Value]:
    day, month = text.split("/")
    return CODE["date"], (int(day), MONTHS[month[:3]], 0)


def _weekday(text: str) -> tuple[str, Value]:
    # "6a" alone may also be the sixth; "6a feira" may not.
    return CODE["week" if "f" in text else "ord"], (int(text[0]) - 2,)


READERS: dict[str, Callable[[str], tuple[str, Value]]] = {
    "word": _word,
    "letter": _word,
    "number": _number,
    "sign": lambda sign: (CODE[SIGNS[sign]], ()),
    "clock": _clock,
    "date": _date,
    "dotted": _date,
    "iso": _iso,
    "named": _named,
    "tens": _tens,
    "weekday": _weekday,
    "decimal": _decimal,
    "instead": lambda _: (CODE["instead"], ()),
    "except": lambda _: (CODE["except"], ()),
    "busy": lambda _: (CODE["busy"], ()),
    "until": lambda _: (CODE["ate"], ()),
    "least": lambda _: (CODE["apartir"], ()),
    "nope": lambda _: (CODE["not"], ()),
    "noon": lambda _: (CODE["noon"], ()),
    "midnight": lambda _: (CODE["midnight"], ()),
    "quevem": lambda _: (CODE["quevem"], ()),
    "slip": lambda _: (CODE["kx"], ()),
    "first": lambda _: (CODE["first"], (1,)),
    "short": lambda text: LEXICON.get(text[0], (CODE["w"], ())),
    "road": lambda _: (CODE["street"], ()),
    "junk": lambda _: OPAQUE,
    "idiom": lambda _: OPAQUE,
}
