"""What kind of module an execution is of. The set is open, and the spelling may vary."""

from __future__ import annotations

from functools import lru_cache

# What leaves the platform: the span is the client side of it.
LEAVING = frozenset(
    {"rest", "soap", "email", "sms", "transfer", "dynamodb", "s3", "aws s3", "dialogflow"}
)
WEB = frozenset({"rest", "soap"})
AUTHORS_TEXT = frozenset({"call log"})  # their lines are the author's text
# Their lines name the application that runs; `unknown` where an entry names no module.
ANNOUNCING = frozenset({"start", "go to app", "go to page", "subdialog", "exit", "unknown"})
SETTING = frozenset({"set variable"})  # their entries hold the value of the named variable
_LONGEST = 128
GOING_ON = frozenset({"go to app", "subdialog"})
ASKING = frozenset(
    {
        *("address", "custom field", "date/time", "digits", "dynamic menu", "language", "menu"),
        *("name", "number", "yes/no"),
    }
)
INPUT = ASKING | {"dialogflow"}  # their lines quote what a caller keyed or said
TRANSFER = "transfer"
OPTIONS = frozenset({"dynamic menu", "language", "menu", "yes/no"})  # a key is an option
COMPARING = frozenset({"compare variable"})


def module_kind(module_type: str) -> str:
    """``AWS_S3``, ``aws-s3`` and ``aws s3`` are one kind; empty for a type longer than any kind."""
    return _kind(module_type) if len(module_type) <= _LONGEST else ""


@lru_cache(maxsize=1024)
def _kind(module_type: str) -> str:
    return " ".join(module_type.replace("_", " ").replace("-", " ").lower().split())
