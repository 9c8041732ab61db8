"""Hypothesis: things that belong to somebody, as people write them, and places to put them."""

import re

from hypothesis import strategies as st

OUR_NUMBER = "8005550111"
"""The number that is called in these tests: it is nobody's secret."""


def _not_by_chance(text):
    """A printed float may hold a run of one digit: 1.2799999999999998 seconds of processor time."""
    number = "".join(filter(str.isdecimal, text))
    return number != OUR_NUMBER and not re.search(r"(\d)\1{5}", number)


digits = st.text("0123456789", min_size=10, max_size=16).filter(_not_by_chance)
_SEPARATORS = ("", " ", "-", ".", ", ", "/", "\u00a0")


@st.composite
def separated(draw):
    """A number as people write it."""
    number, separator = draw(digits), draw(st.sampled_from(_SEPARATORS))
    size = draw(st.integers(1, 4))
    return separator.join(number[at : at + size] for at in range(0, len(number), size))


names = st.text("qxzvkwj", min_size=8, max_size=12)
"""Words have no shape that gives them away: they may stand only where nothing is told."""
secrets = st.one_of(
    separated(),
    st.builds("{}.{}@{}.example".format, names, names, names),
    st.builds("sk_live_{}{}".format, digits, names),
)

AROUND = (
    "{}", "User input: {} (dtmf)", "No match: {}", "Sending {}", "Request: GET https://a.com/{}",
    "Request: POST https://{}@a.com/api?x={}", "Request: GET https://a.com/api;{}#{}",
    "Comparing {} == 1: true", "TypeError: {}", "Message to {} was not accepted",
    "Transfer result: {}", "result = {}", "Recorded {} seconds", "Request failed: {}",
    "Going to application {}", "Response: HTTP {}", "Exiting application {}",
)  # fmt: skip
KEYS = (
    "to", "subject", "body", "url", "endpoint", "method", "status", "status_code", "result",
    "duration", "attempts", "table", "operation", "error", "language", "prompt_id", "revision_id",
    "prompt_id_type", "has_audio", "type", "headers", "value", "message", "destination",
)  # fmt: skip


def lines_with(secret):
    return st.sampled_from(AROUND).map(lambda shape: shape.replace("{}", secret))


def data_with(secret):
    """JSON that holds it as a value, deep inside, in a URL, as a key."""
    values = [secret, [secret], {"x": secret}, f"https://a.com/{secret}", {secret: 1}]
    if secret.isdecimal():
        values += [int(secret), {"a": [{"b": float(int(secret))}]}]
    return st.dictionaries(st.sampled_from((*KEYS, secret)), st.sampled_from(values), max_size=4)


# --- what has a shape of its own -----------------------------------------------------------------

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _luhn_digit(body):
    total = sum(
        sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit)
        for place, digit in enumerate(reversed(body))
    )
    return str(-total % 10)


@st.composite
def cards(draw):
    rest = st.text("0123456789", min_size=12, max_size=17).filter(_not_by_chance)
    body = draw(st.sampled_from("3456")) + draw(rest)
    number = body + _luhn_digit(body)
    separator = draw(st.sampled_from(("", " ", "-", "\u00a0")))
    return separator.join(number[at : at + 4] for at in range(0, len(number), 4))


@st.composite
def ibans(draw):
    country = draw(st.text(_LETTERS, min_size=2, max_size=2))
    account = draw(st.text("0123456789" + _LETTERS, min_size=11, max_size=30))
    moved = "".join(str(int(char, 36)) for char in account + country) + "00"
    number = f"{country}{98 - int(moved) % 97:02}{account}"
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return draw(st.sampled_from((number, grouped, number.lower())))


_area = st.text("23456789", min_size=3, max_size=3)
_rest = st.text("0123456789", min_size=4, max_size=4)
phones = st.builds(
    lambda form, a, b, c: form.format(a=a, b=b, c=c),
    st.sampled_from(
        ("{a}{b}{c}", "1{a}{b}{c}", "+1{a}{b}{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}",
         "+1 {a} {b} {c}", "+44 {a} {b} {c}", "{b}-{c}", "sip:+1{a}{b}{c}@10.0.0.1")
    ),
    _area, _area, _rest,
).filter(_not_by_chance)  # fmt: skip
social_security_numbers = st.builds(
    lambda form, a, b, c: form.format(a=a, b=b, c=c),
    st.sampled_from(("{a}-{b}-{c}", "{a} {b} {c}", "{a}{b}{c}")),
    _area, st.text("0123456789", min_size=2, max_size=2), _rest,
)  # fmt: skip
_credential = st.text("abcdefXYZ0123456789", min_size=12, max_size=40)
bearers = st.one_of(
    st.builds("Bearer {}".format, _credential),
    st.builds("eyJ{}.eyJ{}.{}".format, _credential, _credential, _credential),
    st.builds("https://user:{}@a.com/".format, _credential),
)
shaped = st.one_of(
    st.emails().filter(lambda email: len(email) < 100),
    cards(), ibans(), phones, social_security_numbers, bearers,
).filter(_not_by_chance)  # fmt: skip
