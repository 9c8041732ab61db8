"""No expression of the redaction takes more than linear time, however bad the text is."""

import importlib
import pkgutil
import re

import pytest
from support.growth import growth

from fuse_otel.core import redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.lines import facts_of
from fuse_otel.core.redaction.masks import mask_personal
from fuse_otel.core.redaction.phone_number import international_digits
from fuse_otel.core.redaction.scrub import scrub

# What the beginning of an expression matches, again and again, and never its end.
UNITS = (
    "a", "a.", "1 ", "a1", "1a ", "@", ". ", "://", "://a.", "GB82", "AA11 ", "eyJ", "-", "+(", "(",
    "%4", "%40", "\\n", "\\u00a0", "&lt;", "&amp", "<a ", "<a:", "Basic ", "bearer ", "cookie:",
    "password", "password=", "pin=", 'password="', 'password=\\"', "password=[", "<password a",
    "&lt;password&gt;", " --password", "x-token-", "?key=", '"password" , "value', "1    ",
    "-----BEGIN PRIVATE KEY-----", "123456 ", "\u0661\u00b2", "Comparing a == ", "12:30 ", "19",
    "User input: (dtmf", "TypeError", "<1", "+1;", "sip:1@", "'pin','", "pin is ", "pin 1 ", "1x",
    "1111x", "%77", "\\u0077", "&#119;", "&amp;", "%22", "&quot;", "\\u003cpin", "sk_live_",
    "\u200b", "password is 1&", "password=,", "pin=&amp;", "pin=''x", "pwd is ,1",
)  # fmt: skip
# Only its beginning is tried: `.match`.
AT_THE_BEGINNING = {"_UP_TO_A_SPACE", "_HOST"}


def expressions():
    """Every expression at the top of a module of the redaction, also those in a tuple."""
    for module in pkgutil.iter_modules(redaction.__path__):
        found = vars(importlib.import_module(f"{redaction.__name__}.{module.name}"))
        for name, value in found.items():
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, re.Pattern) and name not in AT_THE_BEGINNING:
                    yield pytest.param(each, id=f"{module.name}.{name}")


@pytest.mark.slow
@pytest.mark.parametrize("expression", list(expressions()))
def test_an_expression_takes_linear_time(expression):
    for unit in UNITS:
        assert growth(lambda text: expression.sub("", text), unit, 16 << 10) < 6, unit


OPERATIONS = {
    "strict, which includes standard": lambda text: scrub(text, Tally()),
    "diagnostics": mask_personal,
    "lines": lambda text: facts_of(text, Tally()),
    "numbers": international_digits,
}
WORST = (
    "a@ ",
    "1 ",
    "\\u00a0",
    'password="',
    "&lt;password ",
    " --password",
    "AA11 ",
    "://a.",
    "'pin','",
    "pin is ",
    "\\u0077",
    "%22pin",
    "1x",
    "1111x",
    "1234 1234-12345XXXXXXXXXX",
    "1234 1234-12345XXXXXXXXXX ",
)


@pytest.mark.parametrize("unit", WORST)
def test_the_redaction_of_16_kib_takes_linear_time(unit):
    for operation in OPERATIONS.values():
        assert growth(operation, unit, 16 << 10) < 6


@pytest.mark.slow
@pytest.mark.parametrize("unit", WORST)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_redaction_of_64_kib_takes_linear_time(operation, unit):
    assert growth(OPERATIONS[operation], unit) < 6
