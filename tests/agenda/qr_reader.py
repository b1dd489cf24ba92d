"""Read a QR code from its picture by the standard (ISO/IEC 18004), without help from what drew it.

Enough for what Odys draws: level M, versions 1 to 11, upright and undamaged. The error correction is not used to
repair anything; it is checked to be right, so that a scratched or blurred picture can still be read by a phone.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image

Matrix = list[list[bool]]

# By version, at level M: correction codewords in a block, and the data codewords of each block.
BLOCKS = {
    1: (10, [16]),
    2: (16, [28]),
    3: (26, [44]),
    4: (18, [32] * 2),
    5: (24, [43] * 2),
    6: (16, [27] * 4),
    7: (18, [31] * 4),
    8: (22, [38] * 2 + [39] * 2),
    9: (22, [36] * 3 + [37] * 2),
    10: (26, [43] * 4 + [44]),
    11: (30, [50] + [51] * 4),
}
ALIGNMENT = {1: [], 2: [18], 3: [22], 4: [26], 5: [30], 6: [34]} | {
    7: [22, 38],
    8: [24, 42],
    9: [26, 46],
    10: [28, 50],
    11: [30, 54],
}
MASKS = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, _: y % 2 == 0,
    lambda _, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)
# The powers of 2 in GF(256).
POWERS = [1]
while len(POWERS) < 255:
    POWERS.append(POWERS[-1] << 1 ^ (0x11D if POWERS[-1] & 0x80 else 0))
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
QUIET = 4


def read(png: bytes) -> str:
    """Return the text of the code in a picture."""
    matrix = modules(png)
    version, rest = divmod(len(matrix) - 17, 4)
    assert rest == 0
    level, mask = _format(matrix)
    assert level == 0b00, "level M"
    bits = [matrix[y][x] ^ MASKS[mask](y, x) for y, x in _path(len(matrix), version)]
    codewords = [_number(bits[start : start + 8]) for start in range(0, len(bits) - 7, 8)]
    return _text(_data(codewords, version), version)


def modules(png: bytes) -> Matrix:
    """Return the dark modules of a picture, after a look at its quiet zone."""
    image = Image.open(BytesIO(png)).convert("L")
    wide, tall = image.size
    assert wide == tall
    pixels = image.tobytes()
    rows = [pixels[y * wide : (y + 1) * wide] for y in range(wide)]
    first = next(index for index, row in enumerate(rows) if 0 in row)
    scale = rows[first].index(255, first) // (QUIET + 7)  # up to the end of the first finder
    assert first == QUIET * scale
    assert wide % scale == 0
    grid = [[pixel == 0 for pixel in row[scale // 2 :: scale]] for row in rows[scale // 2 :: scale]]
    assert not any(any(row[:QUIET]) or any(row[-QUIET:]) for row in grid)
    return [row[QUIET:-QUIET] for row in grid[QUIET:-QUIET]]


def _format(matrix: Matrix) -> tuple[int, int]:
    """Return level and mask from the strip beside the upper left finder."""
    places = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    value = _number([matrix[y][x] for y, x in places]) ^ 0b101010000010010
    return value >> 13, value >> 10 & 0b111


def _path(side: int, version: int) -> Iterator[tuple[int, int]]:
    """Walk over the places of data: two columns at a time from the right, up and down in turn."""
    upwards = True
    for right in [*range(side - 1, 6, -2), 5, 3, 1]:
        for y in range(side - 1, -1, -1) if upwards else range(side):
            yield from ((y, x) for x in (right, right - 1) if not _fixed(y, x, side, version))
        upwards = not upwards


def _fixed(y: int, x: int, side: int, version: int) -> bool:
    """Say whether a place belongs to the code's own marks."""
    finders = (y < 9 and x < 9) or (y < 9 and x >= side - 8) or (y >= side - 8 and x < 9)
    versions = version >= 7 and ((y < 6 and x >= side - 11) or (x < 6 and y >= side - 11))
    centres = [6, *ALIGNMENT[version]]
    corners = {(6, 6), (6, centres[-1]), (centres[-1], 6)}
    alignment = version > 1 and any(
        abs(y - cy) <= 2 and abs(x - cx) <= 2 for cy in centres for cx in centres if (cy, cx) not in corners
    )
    return finders or versions or alignment or y == 6 or x == 6


def _data(codewords: Sequence[int], version: int) -> list[int]:
    """Put the interleaved codewords back into blocks, check each, and return the data in order."""
    correction, lengths = BLOCKS[version]
    stream = iter(codewords)
    blocks: list[list[int]] = [[] for _ in lengths]
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(stream))
    tails: list[list[int]] = [[] for _ in lengths]
    for _ in range(correction):
        for tail in tails:
            tail.append(next(stream))
    for block, tail in zip(blocks, tails, strict=True):
        assert not any(_at_power(block + tail, power) for power in range(correction))
    return [codeword for block in blocks for codeword in block]


def _at_power(codewords: Sequence[int], power: int) -> int:
    """Return the value of the block as a polynomial over GF(256) at a power of 2: zero when the block is whole."""
    value = 0
    for codeword in codewords:
        value = (POWERS[(POWERS.index(value) + power) % 255] if value else 0) ^ codeword
    return value


def _text(data: Sequence[int], version: int) -> str:
    bits = iter([bool(codeword >> shift & 1) for codeword in data for shift in range(7, -1, -1)])

    def take(count: int) -> int:
        return _number([next(bits) for _ in range(count)])

    mode = take(4)
    if mode == 0b0100:
        return bytes(take(8) for _ in range(take(8 if version < 10 else 16))).decode()
    assert mode == 0b0010, "bytes or alphanumeric"
    count, text = take(9 if version < 10 else 11), ""
    while len(text) < count - 1:
        pair = take(11)
        text += ALPHANUMERIC[pair // 45] + ALPHANUMERIC[pair % 45]
    return text + (ALPHANUMERIC[take(6)] if len(text) < count else "")


def _number(bits: Sequence[bool]) -> int:
    return int("".join("01"[bit] for bit in bits), 2)
