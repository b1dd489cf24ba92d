"""Portuguese letters for pictures.

The font that comes with Pillow is good and has no accents. Each accented letter is thus its plain letter with the
mark drawn over it, or under it; what has no letter in the font is left out.
"""

import math
import unicodedata
from functools import cache
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Align = Literal["left", "middle", "right"]

# Heights of this font in parts of its size.
CAPITAL: Final = 0.70
_SMALL: Final = 0.55
_ALIKE: Final = str.maketrans({"–": "-", "—": "-", "\u00a0": " "})
_HIGH: Final = frozenset("bdfhklt")
_ACUTE, _GRAVE, _CIRCUMFLEX, _TILDE, _DIAERESIS, _CEDILLA = "\u0301\u0300\u0302\u0303\u0308\u0327"


def width(text: str, size: int) -> float:
    """Return how wide a line is at a size, both in pixels."""
    return float(_font(size).getlength(_letters(text)[0]))


def write(
    image: Image.Image,
    at: tuple[float, float],
    text: str,
    size: int,
    colour: Colour,
    align: Align = "left",
    bold: int = 0,
) -> None:
    """Write one line whose baseline begins, has its middle, or ends at a point; `bold` widens strokes by pixels."""
    letters, marks = _letters(text)
    long = _font(size).getlength(letters)
    # Room for the marks of capitals above, for cedillas and tails below, and for bold strokes beside.
    room = size // 2
    mask = Image.new("L", (int(long) + 2 * room, 2 * size + room))
    draw = ImageDraw.Draw(mask)
    draw.text((room, size + room), letters, 255, _font(size), "ls", stroke_width=bold)
    for index, mark in marks:
        left = room + _font(size).getlength(letters[:index])
        _mark(draw, letters[index], mark, (left, size + room), size, bold)
    start = at[0] - {"left": 0, "middle": long / 2, "right": long}[align]
    image.paste(colour, (round(start) - room, round(at[1]) - size - room), mask)


def _letters(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Take a text apart: letters that the font has, and the marks with the index of the letter each belongs to."""
    letters: list[str] = []
    marks: list[tuple[int, str]] = []
    for each in unicodedata.normalize("NFKD", text.translate(_ALIKE).replace("…", "\ue000")):
        if each == "\ue000":
            letters.append("…")
        elif " " <= each <= "~" or each == "·":
            letters.append(each)
        elif letters and each in _STROKES:
            marks.append((len(letters) - 1, each))
    return "".join(letters), marks


def _mark(
    draw: ImageDraw.ImageDraw, letter: str, mark: str, baseline: tuple[float, float], size: int, bold: int
) -> None:
    """Draw a mark where it belongs on a letter that begins at `baseline`."""
    across = _font(size).getlength(letter)
    middle = baseline[0] + across / 2
    high = CAPITAL if letter.isupper() or letter in _HIGH else _SMALL
    if letter in "ij":  # the mark takes the place of the dot
        draw.rectangle((baseline[0] - 1, 0, baseline[0] + across + 1, baseline[1] - (_SMALL + 0.03) * size), 0)
    foot = baseline[1] if mark == _CEDILLA else baseline[1] - (high + 0.06) * size
    thick = max(1, round(0.075 * size) + bold)
    for stroke in _STROKES[mark]:
        draw.line([(middle + x * size, foot + y * size) for x, y in stroke], 255, thick, joint="curve")


def _wave() -> tuple[tuple[float, float], ...]:
    steps = 16
    return tuple(
        (0.24 * (step / steps - 0.5), -0.07 - 0.035 * math.sin(2 * math.pi * step / steps)) for step in range(steps + 1)
    )


# Each mark as strokes around the middle of its letter, in parts of the size; up is negative.
_STROKES: Final = {
    _ACUTE: (((-0.045, 0.0), (0.065, -0.14)),),
    _GRAVE: (((0.045, 0.0), (-0.065, -0.14)),),
    _CIRCUMFLEX: (((-0.12, 0.0), (0.0, -0.12), (0.12, 0.0)),),
    _TILDE: (_wave(),),
    _DIAERESIS: (((-0.12, -0.02), (-0.12, -0.09)), ((0.12, -0.02), (0.12, -0.09))),
    _CEDILLA: (((0.01, 0.0), (0.0, 0.07), (0.06, 0.1), (0.06, 0.15), (0.02, 0.18), (-0.07, 0.17)),),
}


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):  # Pillow without FreeType has one tiny font
        raise RuntimeError("Pillow was built without FreeType: there are no letters to draw with")
    return font
