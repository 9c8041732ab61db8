"""Whatever `standard` removes, `strict` removes too; both remove what other libraries know.

`phonenumbers` and `python-stdnum` are the oracles: they say which numbers are somebody's.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.iso7064 import mod_97_10
from support.builders.call_values import make_call, make_entry, make_log
from support.builders.secrets import lines_with, names, shaped
from support.oracle.translate import transform
from support.scale import scaled

from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode, Redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.personal_data import KnownNumbers, without_personal
from fuse_otel.core.redaction.scrub import clean_name, scrub

CALL = make_call()
KNOWN = KnownNumbers(CALL)


def standard(text):
    return without_personal(text, KNOWN, Tally())


pieces = st.sampled_from([
    "password", "token", "Bearer ", "Authorization", "Basic ", "cookie", "sig", "pin", "api_key",
    "eyJhbGci.eyJz.c2", "=", ": ", '"', "'", "\\", "<", ">", "/", "?", "&", "@", "%40", "\uff20",
    "%", "-", "+", ".", " ", "\n", "jo", "example.com", "https://", "a.com", "two words", "GB82",
    "WEST", "1234", "4111", "555", "1", "\u0661", "\u2460", "sk_live_9aZ8bY7cX6dW5eV4", "[secret]",
    "[digits]", "[token]", "[", "]", "{", "}", ",", ";", "12/25/2026", "550e8400-e29b-41d4-a716-",
])  # fmt: skip
texts = st.lists(st.one_of(pieces, st.text(max_size=3)), max_size=14).map("".join)


@settings(max_examples=scaled(60))
@given(st.one_of(texts, shaped, lines_with("password=x y"), st.text()))
def test_standard_changes_nothing_that_strict_lets_leave(text):
    clean = scrub(text, Tally())
    assert standard(clean) == clean
    name = clean_name(text, Tally())
    assert without_personal(name, KNOWN, Tally(), is_name=True) == name
    assert clean_name(name, Tally()) == name


@settings(max_examples=scaled(40))
@given(st.one_of(texts, shaped).flatmap(lines_with), texts, texts, st.booleans())
def test_standard_changes_no_line_that_strict_has_made(line, name, application, static):
    log = make_log(
        make_entry(f'Executing application "{application}" version "{name}"', "start", name),
        make_entry(line, "prompt", name, "prompt", type="static" if static else "dynamic"),
        make_entry(f"Going to application {application}", "go to app", name),
        make_entry(f"Request: GET https://{name}/{application}", "rest", name),
        make_entry(line, "rest", name, "error"),
    )
    options = ModelOptions(redaction=Redaction(Mode.STRICT))
    telemetry = transform(CALL, log, log_completeness(CALL, log), options)
    for record in telemetry.records:
        assert standard(record.body) == record.body
    for span in telemetry.spans:
        assert without_personal(span.name, KNOWN, Tally(), is_name=True) == span.name


SCRIPTS = ["0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
           "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"]  # fmt: skip
between = st.sampled_from(
    [
        "",
        " ",
        "-",
        ".",
        "    ",
        "\u2013",
        " \u2014 ",
        "\u00a0",
        "\n\n\n\n",
        "/",
        " - - - ",
        "&nbsp;",
        "\\n",
    ]
)


@st.composite
def grouped(draw, digits):
    """(the digits, the same in groups of any size, with anything between them, in any script)."""
    number = draw(digits)
    written = number.translate(
        dict(zip(map(ord, SCRIPTS[0]), draw(st.sampled_from(SCRIPTS)), strict=True))
    )
    parts, at = [], 0
    while at < len(number):
        size = draw(st.integers(1, 5))
        parts += [written[at : at + size], draw(between)]
        at += size
    return number, "".join(parts[:-1])


cards = st.text("0123456789", min_size=12, max_size=18).map(
    lambda text: text + luhn.calc_check_digit(text)
)
americans = st.from_regex(r"[2-9][0-8][0-9][2-9][0-9]{6}", fullmatch=True)
around = st.text("abc XYZ.,!?\u00e9", max_size=12).map("{} ".format)
# Letters beside a number make a part of it, or all of it, a token.
letters = st.text("abcXYZ", min_size=8, max_size=24)


def digits_in(text):
    return [char for char in text if char.isdigit()]


@settings(max_examples=scaled(40))
@given(grouped(st.one_of(cards, americans)), around | letters, around | letters)
def test_no_number_leaves_in_any_grouping(number, before, after):
    digits, written = number
    for clean in (standard(before + written + after), scrub(before + written + after, Tally())):
        assert digits_in(clean) == []
        assert not PhoneNumberMatcher(clean, "US", leniency=Leniency.POSSIBLE).has_next()
    if len(digits) > len("2125550123"):
        assert standard(before + written + after).count("[card]") == 1


CARD_SIZES = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4), 19: (4, 4, 4, 4, 3)}


@st.composite
def lettered(draw):
    """A card or an American number with single letters between its groups, beside other numbers:
    how many digits the others have, and all of it.
    """
    number = draw(cards.filter(lambda text: len(text) in CARD_SIZES) | americans)
    gap = draw(st.sampled_from(["x", " x ", "-X-", ".e", "\u0445", "o "]))
    groups, at = [], 0
    for size in CARD_SIZES.get(len(number), (3, 3, 4)):
        groups.append(number[at : at + size])
        at += size
    others = st.sampled_from(["", "2", "12", "1920x1080", "4111"])
    before, after = draw(others.map("{} x ".format)), draw(others.map(" e {}".format))
    return len(digits_in(before + after)), before + gap.join(groups) + after


@settings(max_examples=scaled(60))
@given(lettered(), around, around)
def test_no_number_leaves_with_letters_between_its_groups(number, before, after):
    others, written = number
    for clean in (standard(before + written + after), scrub(before + written + after, Tally())):
        assert len(digits_in(clean)) <= others


@st.composite
def accounts(draw):
    country, rest = draw(st.sampled_from([("DE", 18), ("FR", 23), ("BE", 12)]))
    account = draw(st.text("0123456789", min_size=rest, max_size=rest))
    number = country + iban.calc_check_digits(f"{country}00{account}") + account
    gap = draw(st.sampled_from(["", " ", "-", "\u00a0"]))
    return gap.join(number[at : at + 4] for at in range(0, len(number), 4))


ATS = [
    "@",
    "\uff20",
    "%40",
    "%2540",
    "\\u0040",
    "\\x40",
    "&commat;",
    "&#64;",
    "&#0064;",
    "&#x0040;",
]


@settings(max_examples=scaled(40))
@given(names, names, st.sampled_from(ATS), st.one_of(around, lines_with("{}")))
def test_no_address_leaves_however_its_at_is_written(local, host, at, place):
    text = place.replace("{}", f"{local}{at}{host}.example")
    for clean in (scrub(text, Tally()), clean_name(text, Tally()), standard(text)):
        assert local not in clean
        assert host not in clean


@settings(max_examples=scaled(40))
@given(accounts(), around, around)
def test_a_bank_account_leaves_in_no_mode_but_off(number, before, after):
    assert iban.is_valid(number, check_country=False)
    clean = standard(f"{before}{number} {after}")
    # By chance, one in 97, the account and the words behind it are a longer account, too.
    assert clean.startswith(f"{before}[iban]")
    rest = clean.removeprefix(f"{before}[iban]")
    assert f" {after}".endswith(rest)
    taken = f" {after}".removesuffix(rest)
    longer = iban.compact(number + taken)
    assert mod_97_10.is_valid(longer[4:] + longer[:4])
    assert set(digits_in(clean)) == set()
    assert set(digits_in(scrub(f"{before}{number} {after}", Tally()))) <= set(number[2:4])
