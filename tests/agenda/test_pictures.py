"""Pictures: a QR that reads back, bars that are as tall as the money, letters with their accents."""

from datetime import date, timedelta
from io import BytesIO
from unicodedata import normalize

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.agenda import lettering
from bot.agenda.chart import Bar, Chart
from bot.agenda.pictures import BEFORE, NOW, PAPER, QR_SIDE, SIZE, chart_png, qr_png
from bot.agenda.pix import br_code, read_key
from bot.agenda.takings import Stretch, describe

from . import qr_reader

CODE = br_code(read_key("rafael@exemplo.com.br"), name="Rafael Nogueira", amount_cents=50_00, reference="A" * 25)


def test_the_qr_reads_back_as_the_code() -> None:
    assert qr_reader.read(qr_png(CODE)) == CODE


@settings(max_examples=6, deadline=None)
@given(name=st.text(min_size=1, max_size=40), cents=st.integers(1, 99_999_99))
def test_the_qr_of_any_code_reads_back(name: str, cents: int) -> None:
    code = br_code(read_key("+5511977776666"), name=name, amount_cents=cents)
    assert qr_reader.read(qr_png(code)) == code


def test_the_qr_of_the_longest_code_is_large_and_light() -> None:
    key = read_key("a" * 65 + "@exemplo.com")
    code = br_code(key, name="Maria Aparecida dos Santos", amount_cents=99_999_99, reference="Z" * 25)
    png = qr_png(code)
    assert qr_reader.read(png) == code
    assert 0.85 * QR_SIDE <= Image.open(BytesIO(png)).width <= QR_SIDE
    assert len(png) < 5_000


def test_the_qr_is_the_matrix_of_the_library() -> None:
    expected = segno.make(CODE, micro=False, error="m", boost_error=False).matrix
    assert qr_reader.modules(qr_png(CODE)) == [[bool(module) for module in row] for row in expected]


def chart(*pairs: tuple[int, int], period: str = "novembro", amount: str = "R$ 1,00") -> Chart:
    bars = tuple(Bar(str(day), now, before) for day, (now, before) in enumerate(pairs, 1))
    return Chart(period, amount, "outubro", "R$ 2,00", bars)


def drawn(chart: Chart) -> Image.Image:
    return Image.open(BytesIO(chart_png(chart))).convert("RGB")


def painted(image: Image.Image, colour: lettering.Colour, top: int, bottom: int) -> list[int]:
    """Return how many pixels of a colour each column has between two heights."""
    part = image.crop((0, top, SIZE, bottom))
    apart = ImageChops.difference(part, Image.new("RGB", part.size, colour)).convert("L")
    near = apart.point([255] * 4 + [0] * 252).tobytes()
    return [near[x::SIZE].count(255) for x in range(SIZE)]


def bars(image: Image.Image, colour: lettering.Colour) -> list[int]:
    """Return how tall the bars of a colour are, from left to right, in pixels."""
    found: list[int] = []
    before = 0
    for tall in painted(image, colour, 400, 883):  # under the legend, above the base line and the labels
        if tall > 4 and before <= 4:
            found.append(tall)
        elif tall > 4:
            found[-1] = max(found[-1], tall)
        before = tall
    return found


def darkest(image: Image.Image, *box: float) -> int:
    """Return the darkest shade of a part of a picture: left, top, right, bottom."""
    left, top, right, bottom = box
    return min(image.crop((left, top, right, bottom)).convert("L").tobytes())


def test_a_chart_is_square_light_and_small_enough_to_keep() -> None:
    png = chart_png(chart(*[(day * 10_00, day * 9_00) for day in range(31)]))
    image = Image.open(BytesIO(png))
    assert (image.format, image.size) == ("PNG", (1080, 1080))
    assert image.convert("RGB").getpixel((2, 2)) == PAPER
    assert len(png) < 60_000


def test_bars_are_as_tall_as_the_money() -> None:
    image = drawn(chart((400_00, 100_00), (200_00, 300_00), (0, 50_00)))
    full, half = bars(image, NOW)
    assert full > 400
    assert half == pytest.approx(full / 2, abs=2)
    assert bars(image, BEFORE) == pytest.approx([full / 4, full * 3 / 4, full / 8], abs=2)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.just(0) | st.integers(100_00, 2_000_00), min_size=1, max_size=31), st.integers(0, 2_000_00))
def test_any_sums_fit_and_keep_their_proportions(sums: list[int], before: int) -> None:
    tall = bars(drawn(chart(*[(cents, before) for cents in sums])), NOW)
    paid = [cents for cents in sums if cents]
    assert len(tall) == len(paid)
    assert all(8 < each <= 464 for each in tall)
    if paid:
        assert tall == pytest.approx([cents * max(tall) / max(paid) for cents in paid], abs=3)


@pytest.mark.parametrize("count", [1, 2, 7, 12, 18, 31])
def test_every_bar_of_a_period_is_seen_apart(count: int) -> None:
    image = drawn(chart(*[(300_00, 200_00)] * count))
    assert len(bars(image, NOW)) == len(bars(image, BEFORE)) == count


def test_one_centavo_among_thousands_is_still_seen() -> None:
    image = drawn(chart((1, 0), (5_000_00, 0)))
    assert max(painted(image, NOW, 880, 883)[200:500]) >= 1


@pytest.mark.parametrize("pairs", [[], [(0, 0)], [(0, 0)] * 31])
def test_a_period_without_payments_says_so(pairs: list[tuple[int, int]]) -> None:
    image = drawn(chart(*pairs))
    assert bars(image, NOW) == bars(image, BEFORE) == []
    assert darkest(image, 300, 760, 1000, 860) < 140


def test_long_labels_stay_inside() -> None:
    image = drawn(chart((1_00, 2_00), period="de 26 de outubro a 25 de novembro " * 3, amount="R$ 9.999.999.999,99"))
    assert darkest(image, SIZE - 20, 0, SIZE, SIZE) == 255


def contrast(one: lettering.Colour, other: lettering.Colour) -> float:
    """WCAG 2: the contrast of two colours."""

    def light(colour: lettering.Colour) -> float:
        parts = [part / 255 for part in colour]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_colours_are_told_apart_by_lightness() -> None:
    assert contrast(NOW, PAPER) >= 4.5
    assert contrast(BEFORE, PAPER) >= 3
    assert contrast(NOW, BEFORE) >= 2.5


def written(text: str) -> bytes:
    image = Image.new("RGB", (200, 120), PAPER)
    lettering.write(image, (40, 80), text, 60, (0, 0, 0))
    return image.tobytes()


@pytest.mark.parametrize("letter", "áàâãéêíóôõúüçÁÀÂÃÉÊÍÓÔÕÚÜÇ")
def test_accented_letters_have_their_accents(letter: str) -> None:
    plain = normalize("NFD", letter)[0]
    assert written(letter) != written(plain)
    assert lettering.width(letter, 60) == lettering.width(plain, 60)


def test_what_has_no_letter_is_left_out_instead_of_a_box() -> None:
    assert lettering.width("a💈王b", 30) == lettering.width("ab", 30)
    assert written("💈") == written("")
    assert written("–") == written("-")


# What a chart says

NOVEMBER = Stretch(date(2026, 11, 1), date(2026, 12, 1), "novembro")
OCTOBER = Stretch(date(2026, 10, 1), date(2026, 11, 1), "em outubro")
AFTER = date(2026, 12, 5)


def every_day(stretch: Stretch, cents: int) -> dict[date, int]:
    return {stretch.first + timedelta(days=day): cents for day in range(stretch.days)}


def test_a_month_has_a_bar_a_day_and_the_longer_month_its_last_one() -> None:
    told = describe(every_day(NOVEMBER, 10_00) | every_day(OCTOBER, 20_00), NOVEMBER, OCTOBER, today=AFTER)
    assert [bar.label for bar in told.bars] == [str(day) for day in range(1, 32)]
    assert told.bars[0] == Bar("1", 10_00, 20_00)
    assert told.bars[30] == Bar("31", 0, 20_00)
    assert (told.amount, told.previous_amount) == ("R$ 300,00", "R$ 620,00")
    assert (told.change, told.rises) == ("52% a menos", False)


def test_a_running_month_is_compared_with_the_same_point_of_the_month_before() -> None:
    paid = every_day(OCTOBER, 10_00) | {date(2026, 11, day): 12_00 for day in range(1, 22)}
    told = describe(paid, NOVEMBER, OCTOBER, today=date(2026, 11, 21))
    assert (told.amount, told.previous_amount) == ("R$ 252,00", "R$ 310,00")
    assert (told.change, told.rises) == ("20% a mais", True)
    assert told.notes[0] == "Até o mesmo ponto, em outubro: R$ 210,00"


def test_the_best_day_is_named() -> None:
    told = describe({date(2026, 11, 13): 300_00, date(2026, 11, 14): 100_00}, NOVEMBER, OCTOBER, today=AFTER)
    assert told.notes == ("Melhor dia: sexta, 13/11, com R$ 300,00",)
    assert describe({date(2026, 11, 13): 300_00}, NOVEMBER, OCTOBER, today=AFTER).notes == ()


def test_a_week_names_its_days() -> None:
    week = Stretch(date(2026, 11, 16), date(2026, 11, 23), "esta semana")
    last = Stretch(date(2026, 11, 9), date(2026, 11, 16), "semana passada")
    told = describe({}, week, last, today=AFTER)
    assert [bar.label for bar in told.bars] == ["seg 16", "ter 17", "qua 18", "qui 19", "sex 20", "sáb 21", "dom 22"]
    assert (told.change, told.notes) == ("", ())


def test_a_quarter_has_weeks_and_a_year_has_months() -> None:
    quarter = Stretch(date(2026, 7, 1), date(2026, 10, 1), "trimestre")
    before = Stretch(date(2026, 4, 1), date(2026, 7, 1), "trimestre anterior")
    weeks = describe(every_day(quarter, 1_00), quarter, before, today=AFTER)
    assert [bar.label for bar in weeks.bars[:3]] == ["1/7", "8/7", "15/7"]
    assert [bar.cents for bar in weeks.bars] == [7_00] * 13 + [1_00]
    assert weeks.notes == ("Melhor semana: de 01/07 a 07/07, com R$ 7,00",)
    year = Stretch(date(2026, 1, 1), date(2027, 1, 1), "2026")
    months = describe(every_day(year, 1_00), year, Stretch(date(2025, 1, 1), date(2026, 1, 1), "2025"), today=AFTER)
    assert [bar.label for bar in months.bars][:3] == ["jan", "fev", "mar"]
    assert [bar.cents for bar in months.bars][:3] == [31_00, 28_00, 31_00]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (0, 0, ""),
        (50, 0, ""),
        (0, 50, "100% a menos"),
        (50, 50, "igual"),
        (1001, 1000, "1% a mais"),
        (500, 50, "mais de 10 vezes"),
        (150, 100, "50% a mais"),
    ],
)
def test_how_much_it_changed(now: int, before: int, said: str) -> None:
    told = describe({NOVEMBER.first: now, OCTOBER.first: before}, NOVEMBER, OCTOBER, today=AFTER)
    assert told.change == said


@given(
    st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 10**6), max_size=60),
    st.dates(date(2025, 6, 1), date(2026, 6, 1)),
    st.integers(1, 300),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_no_centavo_is_lost_between_days_and_bars(paid: dict[date, int], first: date, days: int, today: date) -> None:
    period = Stretch(first, first + timedelta(days=days), "agora")
    previous = Stretch(first - timedelta(days=days), first, "antes")
    told = describe(paid, period, previous, today=today)
    assert sum(bar.cents for bar in told.bars) == sum(c for day, c in paid.items() if first <= day < period.end)
    assert sum(bar.previous_cents for bar in told.bars) == sum(
        cents for day, cents in paid.items() if previous.first <= day < first
    )
    assert 1 <= len(told.bars) <= 31
