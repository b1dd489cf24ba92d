"""People's addresses: phone numbers as keys, for the Brazilian ninth digit makes two spellings of one person.

WhatsApp registers many Brazilian mobiles without the ninth digit that people dial. Both addresses reach the
phone, and webhooks carry the registered one. So people are *matched* by a key without the digit, and *sent to*
by the digits that came in.
"""

import re

_BRAZIL_13 = re.compile(r"55([1-9][1-9])9([6-9]\d{7})", re.ASCII)
_BRAZIL_12 = re.compile(r"55([1-9][1-9])([6-9]\d{7})", re.ASCII)
_E164 = re.compile(r"[1-9]\d{2,14}", re.ASCII)  # test numbers are short, no number has more than 15 digits
_BSUID = re.compile(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}", re.ASCII)


def phone_key(digits: str) -> str:
    """Return the canonical key of a number given as international digits.

    Only eight-digit parts that begin with 6 to 9 lose the ninth digit: 2 to 5 are landlines, and stripping
    a newer mobile such as 11 9 4xxx-xxxx would make it somebody's landline.
    """
    match = _BRAZIL_13.fullmatch(digits)
    return f"55{match[1]}{match[2]}" if match else digits


def forms(digits: str) -> tuple[str, ...]:
    """Return every spelling of the same number, the given one first."""
    if match := _BRAZIL_13.fullmatch(digits):
        return digits, f"55{match[1]}{match[2]}"
    if match := _BRAZIL_12.fullmatch(digits):
        return digits, f"55{match[1]}9{match[2]}"
    return (digits,)


def international(written: str) -> str | None:
    """Return the digits of a number as a person writes it, Brazilian unless it says otherwise; None if it is none."""
    digits = re.sub(r"[^0-9]", "", written)
    if written.strip().startswith("+"):
        return digits if len(digits) >= 8 and _E164.fullmatch(digits) else None
    digits = digits.lstrip("0")
    if len(digits) in {10, 11}:  # area code and number
        return f"55{digits}"
    # Without its area code a number could be anybody's.
    return digits if len(digits) in {12, 13} and digits.startswith("55") else None


def delivered(value: object) -> str | None:
    """Return the digits of a number as a provider delivers it, or None when it is not one."""
    text = str(value).removeprefix("+") if isinstance(value, str | int) else ""
    return text if _E164.fullmatch(text) else None


def bsuid_of(value: object) -> str | None:
    """Return a business-scoped user id as a provider delivers it, or None when it is not one."""
    return value if isinstance(value, str) and _BSUID.fullmatch(value) else None
