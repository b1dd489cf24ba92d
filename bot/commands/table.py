"""Plain tables for the terminal: columns lined up, long last columns folded, each line flushed as it is known."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence

# Narrower than this nothing lines up any more.
NARROWEST = 60


def show(rows: Iterable[Sequence[str]], header: Sequence[str] = ()) -> None:
    """Print rows of cells in columns as wide as their widest cell; the last one is folded to the terminal."""
    cells = [tuple(header), *rows] if header else list(rows)
    if not cells:
        return
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]) - 1)]
    for row in cells:
        line = "".join(f"{cell:<{width}}  " for cell, width in zip(row[:-1], widths, strict=True))
        folded(line, row[-1])


def folded(start: str, text: str, *, begun: bool = False) -> None:
    """Print `text` after `start`, folded under itself; `begun` tells that `start` is on the screen already."""
    width = max(shutil.get_terminal_size((100, 24)).columns, NARROWEST)
    lines = textwrap.wrap(text, max(20, width - len(start)), break_long_words=False, break_on_hyphens=False) or [""]
    print((("" if begun else start) + lines[0]).rstrip(), flush=True)
    for line in lines[1:]:
        print(" " * len(start) + line, flush=True)
