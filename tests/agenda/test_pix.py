"""Pix: the code a bank takes, byte for byte, and the key that must not be anybody else's."""

import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agenda.documents import read_cnpj, read_cpf, write_cpf
from bot.agenda.pix import (
    ANY,
    Key,
    KeyKind,
    PixAmountInvalid,
    PixKeyAmbiguous,
    PixKeyInvalid,
    PixReferenceInvalid,
    br_code,
    checksum,
    read_key,
    reference_of,
)

KEY = Key(KeyKind.CPF, "97212482404")
# Published by others, made by none of our code.
PUBLISHED = (
    "00020126330014BR.GOV.BCB.PIX011197212482404520400005303986540530.005802BR5918Victor Julio Rocha6006RECIFE"
    "62110507VIPSURF630425A1"
)
# The example in the Central Bank's manual; it has the name of the scheme in small letters.
MANUAL = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal"
    "6008BRASILIA62070503***63041D3D"
)


def fields(code: str) -> dict[str, str]:
    """Take a code apart as a bank does: by its tags and lengths alone, to the last character."""
    found: dict[str, str] = {}
    while code:
        tag, length = code[:2], code[2:4]
        assert tag.isdigit()
        assert length.isdigit()
        assert tag not in found
        found[tag], code = code[4 : 4 + int(length)], code[4 + int(length) :]
        assert len(found[tag]) == int(length) > 0
    return found


def crc_bit_by_bit(data: bytes) -> int:
    """CRC-16/CCITT-FALSE by its definition: polynomial 1021, all ones to start with, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_a_published_code_comes_out_byte_for_byte() -> None:
    code = br_code(KEY, name="Victor Julio Rocha", city="RECIFE", amount_cents=30_00, reference="VIPSURF")
    assert code == PUBLISHED


def test_the_example_of_the_manual_differs_in_the_name_of_the_scheme_alone() -> None:
    key = read_key("123e4567-e12b-12d1-a456-426655440000")
    code = br_code(key, name="Fulano de Tal", city="BRASILIA")
    assert code[:-4] == MANUAL[:-4].replace("br.gov.bcb.pix", "BR.GOV.BCB.PIX")
    assert f"{checksum(MANUAL[:-4].encode()):04X}" == "1D3D"


def test_the_checksum_has_the_published_check_value() -> None:
    assert checksum(b"123456789") == 0x29B1
    assert checksum(b"") == 0xFFFF


@given(
    name=st.text(max_size=60)
    | st.sampled_from(["Júlia Conceição d'Ávila", "💈 Barbearia do Zé 💈", "\n\t", "İpek ß Æ"]),
    city=st.text(max_size=30),
    cents=st.integers(1, 99_999_99) | st.none(),
    reference=st.text(string.ascii_letters + string.digits, min_size=1, max_size=25) | st.just(ANY),
)
def test_any_name_amount_and_reference_make_a_code_that_reads_back(
    name: str, city: str, cents: int | None, reference: str
) -> None:
    code = br_code(KEY, name=name, city=city, amount_cents=cents, reference=reference)
    assert code.isascii()
    assert code.isprintable()
    assert len(code) <= 512
    found = fields(code)
    assert list(found) == sorted(found)
    assert fields(found["26"]) == {"00": "BR.GOV.BCB.PIX", "01": KEY.value}
    assert (found["00"], found["52"], found["53"], found["58"]) == ("01", "0000", "986", "BR")
    assert found.get("54") == (None if cents is None else f"{cents / 100:.2f}")
    assert fields(found["62"]) == {"05": reference}
    assert 1 <= len(found["59"]) <= 25
    assert found["59"] == found["59"].strip()
    assert 1 <= len(found["60"]) <= 15
    assert found["60"] == found["60"].strip()
    assert found["63"] == f"{crc_bit_by_bit(code[:-4].encode()):04X}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Júlia Conceição", "Julia Conceicao"),
        ("Dra. Ana & Zé", "Dra. Ana & Ze"),
        ("💈 Barbearia  do Zé 💈", "Barbearia do Ze"),
        ("Maria Aparecida dos Santos Silva", "Maria Aparecida dos Santo"),
        ("Maria Aparecida da Costa Alves", "Maria Aparecida da Costa"),
        ("🙂", "RECEBEDOR"),
        ("王伟", "RECEBEDOR"),
    ],
)
def test_names_lose_what_banks_cannot_read(name: str, shown: str) -> None:
    assert fields(br_code(KEY, name=name))["59"] == shown


def test_the_city_has_a_stand_in() -> None:
    assert fields(br_code(KEY, name="Ana"))["60"] == "SAO PAULO"
    assert fields(br_code(KEY, name="Ana", city="São José dos Campos"))["60"] == "Sao Jose dos Ca"


@pytest.mark.parametrize(("cents", "written"), [(1, "0.01"), (100, "1.00"), (5_05, "5.05"), (99_999_99, "99999.99")])
def test_amounts(cents: int, written: str) -> None:
    assert fields(br_code(KEY, name="Ana", amount_cents=cents))["54"] == written


@pytest.mark.parametrize("cents", [0, -1, 10**12])
def test_an_amount_that_cannot_be_paid_is_refused(cents: int) -> None:
    with pytest.raises(PixAmountInvalid) as caught:
        br_code(KEY, name="Ana", amount_cents=cents)
    assert caught.value.message.startswith("Não dá para cobrar ")


@pytest.mark.parametrize("reference", ["", "a b", "ação", "x" * 26, "**", "12-3", "١٢"])
def test_a_reference_that_banks_refuse_is_refused_first(reference: str) -> None:
    with pytest.raises(PixReferenceInvalid):
        br_code(KEY, name="Ana", reference=reference)


@given(st.uuids())
def test_every_appointment_has_a_reference_of_its_own(appointment_id: UUID) -> None:
    reference = reference_of(appointment_id)
    assert len(reference) == 25
    assert UUID(int=int(reference, 36)) == appointment_id
    assert fields(fields(br_code(KEY, name="Ana", reference=reference))["62"])["05"] == reference


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("529.982.247-25", "cpf", "52998224725"),
        (" 52998224725 ", "cpf", "52998224725"),
        ("529982247-25", "cpf", "52998224725"),
        ("11.222.333/0001-81", "cnpj", "11222333000181"),
        ("11222333000181", "cnpj", "11222333000181"),
        ("12.abc.345/01de-35", "cnpj", "12ABC34501DE35"),
        ("Rafael@Exemplo.com.br", "email", "rafael@exemplo.com.br"),
        ("a" * 65 + "@exemplo.com", "email", "a" * 65 + "@exemplo.com"),
        ("+5511977776666", "phone", "+5511977776666"),
        ("+55 (11) 97777-6666", "phone", "+5511977776666"),
        ("55 11 97777-6666", "phone", "+5511977776666"),
        ("(11) 97777-6666", "phone", "+5511977776666"),
        ("11 977776666", "phone", "+5511977776666"),
        ("11977776666", "phone", "+5511977776666"),
        ("123E4567-E12B-12D1-A456-426655440000", "random", "123e4567-e12b-12d1-a456-426655440000"),
    ],
)
def test_keys_as_people_type_them(written: str, kind: str, value: str) -> None:
    assert read_key(written) == Key(KeyKind(kind), value)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "Rafael",
        "529.982.247-26",  # one digit off
        "111.111.111-11",
        "11.222.333/0001-82",
        "00000000000000",
        "rafael@",
        "@exemplo.com",
        "rafael@exemplo",
        "rafael @exemplo.com",
        "júlia@exemplo.com",
        "a" * 66 + "@exemplo.com",
        "+1 212 555 0100",
        "+351912345678",
        "(11) 3777-6666",  # a landline is no key
        "1137776666",
        "(20) 97777-6666",  # no such area
        "123e4567e12b12d1a456426655440000",
        "123e4567-e12b-12d1-a456-42665544000g",
        "١٢٣٤٥٦٧٨٩٠١",
    ],
)
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(PixKeyInvalid) as caught:
        read_key(written)
    assert caught.value.code == "pix_key_invalid"
    # A key may be a CPF: it is not repeated where sentences are logged and shown.
    assert not written.strip() or written not in caught.value.message


def test_digits_that_are_a_cpf_and_a_mobile_number_need_their_punctuation() -> None:
    digits = "11977770088"
    assert read_cpf(digits)
    with pytest.raises(PixKeyAmbiguous):
        read_key(digits)
    assert read_key("119.777.700-88").kind is KeyKind.CPF
    assert read_key("(11) 97777-0088").kind is KeyKind.PHONE
    assert read_key("11 97777-0088").kind is KeyKind.PHONE
    assert read_key("+5511977770088").kind is KeyKind.PHONE
    assert read_key("5511977770088").kind is KeyKind.PHONE


KEYS = [
    Key(KeyKind.CPF, "11977770088"),
    Key(KeyKind.CNPJ, "12ABC34501DE35"),
    Key(KeyKind.EMAIL, "rafael+pix@exemplo.com.br"),
    Key(KeyKind.PHONE, "+5511977770088"),
    Key(KeyKind.RANDOM, "71d3f5a0-6a4e-4f0c-9e57-2b1c8f3a9d10"),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kind)
def test_a_key_that_was_kept_reads_back_as_itself(key: Key) -> None:
    assert read_key(key.written) == key
    assert fields(fields(br_code(key, name="Ana"))["26"])["01"] == key.value


@given(st.integers(0, 10**9 - 1))
def test_one_wrong_digit_never_passes_for_a_cpf(number: int) -> None:
    base = f"{number:09}"
    right = [found for check in range(100) if (found := read_cpf(f"{base}{check:02}"))]
    assert len(right) == (0 if len(set(base)) == 1 else 1)
    for cpf in right:
        assert read_cpf(write_cpf(cpf)) == cpf
        wrong = str((int(cpf[3]) + 1) % 10)
        assert read_cpf(cpf[:3] + wrong + cpf[4:]) is None


def test_a_cnpj_has_letters_since_2026() -> None:
    assert read_cnpj("12.ABC.345/01DE-35") == "12ABC34501DE35"
    assert read_cnpj("12.ABC.345/01DE-36") is None
    assert read_cnpj("12.ABC.345/01DE-3A") is None
