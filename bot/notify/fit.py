"""Make any value fit to be shown: one line, nothing invisible, no formatting of its own, within a length.

Names, services and addresses are typed by people and land between our own words, in bold, and in Meta's
template parameters, which refuse newlines, tabs, runs of spaces and emptiness.
"""

import re

# Control characters, lone surrogates, direction overrides and blanks that only look empty. The joiner and the
# variation selector stay: emoji are made of them. What counts as whitespace is not here; it becomes one space.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u115f\u1160\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u2069\u2800\u3164\ufeff\uffa0\ud800-\udfff]"
)
# Marks that WhatsApp reads as formatting; an underscore inside a word is only an underscore.
_MARKS = re.compile(r"[*~`]+|(?<!\w)_+|_+(?!\w)")
# Two braces in a row are a variable to Meta.
_BRACES = re.compile(r"([{}])[{}]+")
_EMOJI_PARTS = "\u200d\ufe0f "


def one_line(value: str) -> str:
    """Return `value` on one line with single spaces; empty when nothing of it can be seen."""
    line = " ".join(_BRACES.sub(r"\1", _UNSEEN.sub("", value)).split())
    return line if line.strip(_EMOJI_PARTS) else ""


def unformatted(value: str) -> str:
    """Return `value` on one line without marks that would change how the text around it looks."""
    return one_line(_MARKS.sub("", one_line(value)))


def length(text: str) -> int:
    """Count UTF-16 units, the stricter of the two ways in which Meta may count an emoji."""
    return len(text) + sum(character > "\uffff" for character in text)


def clip(value: str, limit: int) -> str:
    """Return at most `limit` units of `value`, an ellipsis in place of what was left out."""
    if length(value) <= limit:
        return value
    room = limit - 1
    for index, character in enumerate(value):
        room -= length(character)
        if room < 0:
            return value[:index].rstrip(_EMOJI_PARTS) + "…"
    raise AssertionError("a value longer than its limit has a character that does not fit")
