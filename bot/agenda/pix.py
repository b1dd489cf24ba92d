"""Pix "copia e cola": the static BR Code, a line of text that every Brazilian bank turns into a payment.

The code is a list of fields, each a two-digit tag, a two-digit length and a value, all ASCII, closed by a checksum.
Money that goes to a wrong key is gone, so a key that could mean two things is refused instead of guessed.
"""

import binascii
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from .. import phrases
from ..errors import Invalid
from .documents import read_cnpj, read_cpf, write_cpf

# The standard asks for a city, and banks show what the registry of keys says instead; Odys knows none.
CITY: Final = "SAO PAULO"
# Asked for as well: stands in for a name without a single letter that the code can carry.
NOBODY: Final = "RECEBEDOR"
# The reference of a code that belongs to no payment in particular.
ANY: Final = "***"

NAME_LIMIT, CITY_LIMIT, REFERENCE_LENGTH, EMAIL_LIMIT = 25, 15, 25, 77
# Thirteen characters, the point among them: "9999999999.99".
AMOUNT_LIMIT: Final = 999_999_999_999

_EMAIL: Final = re.compile(r"[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)
_RANDOM: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
# The 67 area codes there are, and the ninth digit: only mobile numbers are keys.
_MOBILE: Final = re.compile(r"([14689][1-9]|2[12478]|3[1-578]|5[1345]|7[134579])9\d{8}", re.ASCII)
_REFERENCE: Final = re.compile(r"[A-Za-z0-9]{1,25}", re.ASCII)
_CPF_SHAPE: Final = re.compile(r"\d{3}\.\d{3}|-\d\d$", re.ASCII)
_PHONE_SHAPE: Final = re.compile(r"[()]|\d-\d{4}|\d\d ", re.ASCII)
_UNFIT: Final = re.compile(r"[^A-Za-z0-9 .&'-]+", re.ASCII)
_BASE36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class PixKeyInvalid(Invalid):
    code = "pix_key_invalid"
    sentence = (
        "Essa chave Pix não parece certa. Ela pode ser CPF, CNPJ, e-mail, celular com DDD ou chave aleatória: "
        "confira e mande de novo."
    )


class PixKeyAmbiguous(Invalid):
    """Eleven digits that are a CPF and a mobile number at once, without punctuation to tell which."""

    code = "pix_key_ambiguous"
    sentence = (
        "Essa chave Pix pode ser um CPF ou um celular. Mande o CPF com pontos (000.000.000-00) "
        "ou o celular com +55 na frente."
    )


class PixAmountInvalid(Invalid):
    code = "pix_amount_invalid"
    sentence = "Não dá para cobrar {amount} por Pix."


class PixReferenceInvalid(Invalid):
    code = "pix_reference_invalid"
    sentence = "O identificador do Pix tem de 1 a 25 letras e números, sem espaços nem acentos."


class KeyKind(StrEnum):
    CPF = "cpf"
    CNPJ = "cnpj"
    EMAIL = "email"
    PHONE = "phone"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Key:
    """A Pix key as the registry of keys has it."""

    kind: KeyKind
    value: str

    @property
    def written(self) -> str:
        """The key in the form to keep and to show: it always reads back as the same key."""
        return write_cpf(self.value) if self.kind is KeyKind.CPF else self.value


def read_key(written: str) -> Key:
    """Read a key as people type it, or refuse what is none and what could be two."""
    text = written.strip()
    lower = text.lower()
    if "@" in text:
        if len(text) <= EMAIL_LIMIT and _EMAIL.fullmatch(lower):
            return Key(KeyKind.EMAIL, lower)
    elif _RANDOM.fullmatch(lower):
        return Key(KeyKind.RANDOM, lower)
    elif cnpj := read_cnpj(text):
        return Key(KeyKind.CNPJ, cnpj)
    else:
        return _person(text)
    raise PixKeyInvalid


def _person(text: str) -> Key:
    """Read a CPF or a mobile number; where the digits fit both, the punctuation decides."""
    cpf, phone = read_cpf(text), _mobile(text)
    if cpf and phone:
        as_cpf, as_phone = bool(_CPF_SHAPE.search(text)), bool(_PHONE_SHAPE.search(text))
        if as_cpf == as_phone:
            raise PixKeyAmbiguous
        cpf, phone = (cpf, None) if as_cpf else (None, phone)
    if cpf:
        return Key(KeyKind.CPF, cpf)
    if phone:
        return Key(KeyKind.PHONE, phone)
    raise PixKeyInvalid


def _mobile(text: str) -> str | None:
    digits = re.sub(r"[\s().\-]", "", text)
    national = digits.removeprefix("+55") if digits.startswith("+") else digits
    if len(national) == 13:
        national = national.removeprefix("55")
    return f"+55{national}" if _MOBILE.fullmatch(national) else None


def br_code(key: Key, *, name: str, city: str = CITY, amount_cents: int | None = None, reference: str = ANY) -> str:
    """Return the code that pays `key`: the amount in centavos, or left to the payer when it is None."""
    if reference != ANY and not _REFERENCE.fullmatch(reference):
        raise PixReferenceInvalid
    code = "".join(
        (
            _field("00", "01"),
            _field("26", _field("00", "BR.GOV.BCB.PIX") + _field("01", key.value)),
            _field("52", "0000"),  # no category of merchant
            _field("53", "986"),  # reais
            "" if amount_cents is None else _field("54", _amount(amount_cents)),
            _field("58", "BR"),
            _field("59", _fit(name, NAME_LIMIT) or NOBODY),
            _field("60", _fit(city, CITY_LIMIT) or CITY),
            _field("62", _field("05", reference)),
            "6304",  # the checksum counts its own tag and length
        )
    )
    return f"{code}{checksum(code.encode('ascii')):04X}"


def reference_of(appointment_id: UUID) -> str:
    """Return the reference that a bank statement shows for an appointment: its id in base 36, 25 characters."""
    number, digits = appointment_id.int, ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits.rjust(REFERENCE_LENGTH, "0")


def checksum(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE of `data`."""
    return binascii.crc_hqx(data, 0xFFFF)


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def _amount(cents: int) -> str:
    if not 0 < cents <= AMOUNT_LIMIT:
        raise PixAmountInvalid(amount=phrases.money(cents))
    return f"{cents // 100}.{cents % 100:02d}"


def _fit(text: str, limit: int) -> str:
    """Return `text` in the letters that every bank reads, without accents, and cut to size."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(_UNFIT.sub(" ", letters).split())[:limit].rstrip()
