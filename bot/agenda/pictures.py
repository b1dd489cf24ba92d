"""Pictures for a phone: the QR of a Pix code, and the revenue of two periods side by side.

A chat shows a picture about as wide as a hand, so letters are large, marks are few, and every colour is told from
the others by its lightness alone.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Final

import segno
from PIL import Image, ImageDraw

from .. import phrases
from . import lettering
from .chart import Bar, Chart
from .lettering import CAPITAL, Align, Colour

# A QR stays under this side, so that a chat shows it without making it smaller.
QR_SIDE: Final = 1000

SIZE: Final = 1080
# Drawn twice as large and then halved: that is what makes edges smooth.
_SCALE: Final = 2
_LEFT, _RIGHT = 64, SIZE - 64
_TOP, _BASE = 420, 884
# A pair of bars fills this part of its place; a bar is at most as wide as a thumb is on the glass.
_FILLED, _WIDEST, _BETWEEN = 0.8, 58, 4
# At most as many lines as can be read at a glance.
_LINES: Final = 4

# Contrast to the paper: letters 16:1 and 6:1, bars 8:1 and 3:1; the lines of the grid recede.
PAPER, _INK, _SOFT, _LINE = (255, 255, 255), (23, 33, 43), (92, 103, 115), (228, 233, 238)
NOW, BEFORE = (12, 82, 120), (134, 149, 162)
_RISE, _FALL = (222, 240, 231), (250, 235, 219)


def qr_png(text: str) -> bytes:
    """Return the QR code of `text` with its quiet zone, in squares of whole pixels."""
    code = segno.make(text, micro=False, error="m", boost_error=False)
    modules, _ = code.symbol_size(scale=1)
    out = BytesIO()
    code.save(out, kind="png", scale=max(1, QR_SIDE // modules))
    return out.getvalue()


def chart_png(chart: Chart) -> bytes:
    """Draw a chart, square; one without a payment says so."""
    canvas = _Canvas()
    _head(canvas, chart)
    highest = max((max(bar.cents, bar.previous_cents) for bar in chart.bars), default=0)
    step = _step(highest)
    top = step * max(2, -(-highest // step))
    left = _grid(canvas, step, top)
    _bars(canvas, chart.bars, left, top)
    if not highest:
        canvas.centred((left + _RIGHT) / 2, _BASE - 80, "Nenhum pagamento registrado", 40, _SOFT)
    for place, note in enumerate(chart.notes[:2]):
        canvas.text(_LEFT, 994 + 48 * place, _clipped(note, 34, _RIGHT - _LEFT), 34, _SOFT)
    return canvas.png()


class _Canvas:
    """Draw in the pixels of the finished picture."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self, x: float, y: float, text: str, size: int, colour: Colour, align: Align = "left", bold: int = 0
    ) -> None:
        """Write one line on a baseline; `bold` widens its strokes by so many half pixels."""
        lettering.write(self._image, (x * _SCALE, y * _SCALE), text, size * _SCALE, colour, align, bold)

    def centred(self, x: float, y: float, text: str, size: int, colour: Colour, align: Align = "middle") -> None:
        """Write one line whose capitals have their middle at `y`."""
        self.text(x, y + CAPITAL * size / 2, text, size, colour, align)

    def line(self, y: float, left: float, right: float, colour: Colour) -> None:
        self._draw.line((left * _SCALE, y * _SCALE, right * _SCALE, y * _SCALE), colour, 2 * _SCALE)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, radius: float) -> None:
        """Fill a rectangle with rounded corners."""
        self._draw.rounded_rectangle([round(each * _SCALE) for each in (left, top, right, bottom)], radius, colour)

    def bar(self, left: float, right: float, height: float, colour: Colour) -> None:
        """Draw a bar that stands on the base line, its upper corners rounded."""
        box = [round(each * _SCALE) for each in (left, _BASE - height, right, _BASE)]
        radius = min(7 * _SCALE, (box[2] - box[0]) // 2, box[3] - box[1])
        # A rectangle of Pillow's has its last pixel too.
        self._draw.rounded_rectangle(
            (box[0], box[1], box[2] - 1, box[3] - 1), radius, colour, corners=(True, True, False, False)
        )

    def png(self) -> bytes:
        out = BytesIO()
        # A palette of our own shades makes the file a third as large, and keeps white paper white.
        small = self._image.reduce(_SCALE).quantize(palette=_palette(), dither=Image.Dither.NONE)
        small.save(out, "PNG")
        return out.getvalue()


def _head(canvas: _Canvas, chart: Chart) -> None:
    """Write the title, what changed, and the two sums, each beside the colour of its bars."""
    canvas.text(_LEFT, 116, "Faturamento", 58, _INK, bold=2)
    if chart.change:
        width = _width(chart.change, 36) + 56
        canvas.box(_RIGHT - width, 68, _RIGHT, 130, _RISE if chart.rises else _FALL, 62)
        canvas.centred(_RIGHT - width / 2, 99, chart.change, 36, _INK)
    half = (_RIGHT - _LEFT) / 2
    columns = (
        (_LEFT, NOW, chart.period, chart.amount, 66, _INK, 3),
        (_LEFT + half + 24, BEFORE, chart.previous, chart.previous_amount, 50, _SOFT, 1),
    )
    for left, swatch, label, amount, size, colour, bold in columns:
        canvas.box(left, 212, left + 28, 240, swatch, 12)
        canvas.text(left + 44, 238, _clipped(label, 36, half - 90), 36, _SOFT)
        canvas.text(left, 326, _clipped(amount, size, half - 24), size, colour, bold=bold)


def _grid(canvas: _Canvas, step: int, top: int) -> float:
    """Draw the lines with their sums, and return where the bars may begin."""
    sums = range(0, top + 1, step)
    left = _LEFT + max(_width(_short(cents), 30) for cents in sums) + 22
    for cents in sums:
        y = _BASE - (_BASE - _TOP) * cents / top
        canvas.line(y, left, _RIGHT, _LINE if cents else BEFORE)
        canvas.centred(left - 22, y, _short(cents), 30, _SOFT, "right")
    return left


def _bars(canvas: _Canvas, bars: Sequence[Bar], left: float, top: int) -> None:
    """Draw each pair in its place: the earlier period first, the one asked for in front."""
    if not bars:
        return
    place = (_RIGHT - left) / len(bars)
    gap = _BETWEEN if place > 40 else 2
    width = max(3, min(_WIDEST, (place * _FILLED - gap) / 2))
    every = _labelled(bars, place)
    for index, bar in enumerate(bars):
        middle = left + place * (index + 0.5)
        for cents, colour, start in (
            (bar.previous_cents, BEFORE, middle - gap / 2 - width),
            (bar.cents, NOW, middle + gap / 2),
        ):
            if cents > 0:
                # A payment is never so small that its bar cannot be seen.
                canvas.bar(start, start + width, max(3, (_BASE - _TOP) * cents / top), colour)
        if index % every == 0:
            canvas.text(middle, _BASE + 42, bar.label, 30, _SOFT, "middle")


def _labelled(bars: Sequence[Bar], place: float) -> int:
    """Return how many bars share one label, so that labels keep a distance."""
    widest = max(_width(bar.label, 30) for bar in bars) + 10
    return next((every for every in (1, 2, 3, 5, 7, 10) if place * every >= widest), 10)


def _step(highest: int) -> int:
    """Return the distance of the lines in centavos: a round sum of at least one real that needs few of them."""
    step = 100
    while step * _LINES < highest:
        leading = int(str(step)[0])
        step = step // leading * {1: 2, 2: 5, 5: 10}[leading]
    return step if highest else 5000


def _short(cents: int) -> str:
    return phrases.money(cents).removesuffix(",00")


def _clipped(text: str, size: int, width: float) -> str:
    """Return `text`, or its beginning and an ellipsis where it is wider than `width`."""
    if _width(text, size) <= width:
        return text
    while text and _width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


@cache
def _palette() -> Image.Image:
    """Return every colour with its shades towards what lies under it: enough for the edges of letters and bars."""
    shades = [_LINE]
    for colour, under, steps in (
        *((each, PAPER, 12) for each in (_INK, _SOFT, NOW, BEFORE)),
        *((_INK, each, 8) for each in (_RISE, _FALL)),
        *((each, PAPER, 3) for each in (_RISE, _FALL)),
    ):
        shades += [_between(under, colour, step / (steps - 1)) for step in range(steps)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for shade in dict.fromkeys(shades) for part in shade])
    return palette


def _between(one: Colour, other: Colour, way: float) -> Colour:
    red, green, blue = (round(a + (b - a) * way) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _width(text: str, size: int) -> float:
    return lettering.width(text, size * _SCALE) / _SCALE
