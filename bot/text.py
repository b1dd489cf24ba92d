"""Text made comparable."""

import unicodedata


def plain(text: str) -> str:
    """Return `text` in lower case, without accents, with single spaces: "  Júlia  " becomes "julia"."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
