"""One person has one number: `phonenumbers` writes it in many ways, our own rules read it back."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat as Format

from fuse_otel.core.redaction.phone_number import digits_as_written, international_digits


@pytest.mark.parametrize(
    "written",
    [
        "2125550123",
        "12125550123",
        "+12125550123",
        "+1 (212) 555-0123",
        "(+1) 212.555.0123",
        "212/555-0123",
        "tel:+1-212-555-0123",
        "tel:2125550123;phone-context=+1",
        "TEL:+1-212-555-0123;ext=55",
        "001-212-555-0123",
        "011 1 212 555 0123",
        "+0012125550123",
        "212-555-0123 x55",
        "212-555-0123 ext. 55",
        "212-555-0123,,55",
        "2125550123#55",
        "2125550123;ext=55",
        "2125550123:5060",
        "sip:2125550123@10.0.0.1",
        "sips:+12125550123@10.0.0.1:5061;transport=tls",
        "sip:%2B12125550123@example.com",
        "sip:+12125550123;isub=7@example.com",
        "sip:2125550123:secret9@example.com",
        "sip:2125550123",
        '"Jo 2" <sip:+12125550123@10.0.0.1>;tag=99',
        "Jo <2125550123>",
        "jo2125550123@example.com",
        "\uff0b\uff11 \uff12\uff11\uff12 \uff15\uff15\uff15 \uff10\uff11\uff12\uff13",
        "\u0662\u0661\u0662 \u0665\u0665\u0665 \u0660\u0661\u0662\u0663",
    ],
)
def test_a_spelling_of_a_north_american_number(written):
    assert international_digits(written) == "12125550123"


@pytest.mark.parametrize(
    "written",
    ["+44 20 7946 0958", "+44 (0)20 7946 0958", "00442079460958", "011442079460958",
     "011 44 (0) 20 7946 0958", "sip:+442079460958@10.0.0.1", "+00442079460958"],
)  # fmt: skip
def test_a_spelling_of_a_number_of_another_country(written):
    assert international_digits(written) == "442079460958"


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+65 6123 4567", "6561234567"),  # ten digits, but with their country code
        ("0113496", "0113496"),
        ("020 7946 0958", "02079460958"),
        ("7042", "7042"),
        ("4155550100 ext", "14155550100"),
        ("212,555,0123", "12125550123"),
    ],
)
def test_what_is_no_prefix_stays(written, digits):
    assert international_digits(written) == digits


@pytest.mark.parametrize(
    "written",
    ["", "anonymous", "anonymous@10.0.0.1", "sip:anonymous@host5", "10.0.0.1", "sip:10.0.0.1:5060",
     "sip:pbx7.example.com", "+", "tel:", "<>"],
)  # fmt: skip
def test_a_host_or_a_word_is_no_number(written):
    assert international_digits(written) == ""
    assert digits_as_written(written) == ""


def spellings(number):
    """All that people and machines write for a number that they dial from North America."""
    code = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    yield code
    yield from (
        phonenumbers.format_number(number, each)
        for each in (Format.E164, Format.INTERNATIONAL, Format.RFC3966)
    )
    yield phonenumbers.format_out_of_country_calling_number(number, "US")
    if number.country_code == 1 and len(code) == len("+12125550123"):
        yield phonenumbers.format_number(number, Format.NATIONAL)
        yield phonenumbers.national_significant_number(number)
    yield f"sip:{code}@sip2.example.com:5060;user=phone"
    yield f"00{code[1:]}"
    yield f"{code} ext. 12"


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_spelling_of_a_number_of_any_country_has_the_same_digits(region):
    for kind in phonenumbers.PhoneNumberType.values():
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None and phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(number, Format.E164)
            if len(e164) > 8:
                assert {each: international_digits(each) for each in spellings(number)} == (
                    dict.fromkeys(spellings(number), e164[1:])
                )


@given(st.from_regex(r"[2-9][0-9]{9}", fullmatch=True))
def test_a_plain_north_american_number_has_the_digits_that_it_always_had(national):
    assert international_digits(national) == international_digits(f"1{national}") == f"1{national}"


@given(st.text())
def test_any_text_has_digits_or_none(text):
    assert international_digits(text).strip("0123456789") == ""
    assert digits_as_written(text).strip("0123456789") == ""
