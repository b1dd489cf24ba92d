"""CPF and CNPJ: the check digits that tell a real number from a slip of the finger."""

import re
from collections.abc import Sequence
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s.\-/]")
_CPF: Final = re.compile(r"\d{11}", re.ASCII)
# Letters are allowed in all but the check digits since July 2026.
_CNPJ: Final = re.compile(r"[0-9A-Z]{12}\d{2}", re.ASCII)
_CPF_WEIGHTS: Final = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS: Final = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def read_cpf(written: str) -> str | None:
    """Return the eleven digits of a CPF, however it was punctuated; None when it is none."""
    digits = _SEPARATORS.sub("", written)
    return digits if _CPF.fullmatch(digits) and _holds(digits, _CPF_WEIGHTS) else None


def read_cnpj(written: str) -> str | None:
    """Return the fourteen characters of a CNPJ, however it was punctuated; None when it is none."""
    characters = _SEPARATORS.sub("", written).upper()
    return characters if _CNPJ.fullmatch(characters) and _holds(characters, _CNPJ_WEIGHTS) else None


def write_cpf(digits: str) -> str:
    """Write eleven digits as "529.982.247-25"."""
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def _holds(value: str, weights: Sequence[int]) -> bool:
    """Say whether both check digits follow from what is before them; the weights are those of the second."""
    if len(set(value)) == 1:  # 111.111.111-11 adds up and belongs to nobody
        return False
    return value[-2:] == _check_digit(value[:-2], weights[1:]) + _check_digit(value[:-1], weights)


def _check_digit(value: str, weights: Sequence[int]) -> str:
    # A letter counts as its code minus that of "0", a digit as itself.
    total = sum((ord(each) - ord("0")) * weight for each, weight in zip(value, weights, strict=True))
    return str(total * 10 % 11 % 10)
