"""What kind of module an execution is of. The set is open and its spelling not promised."""

from __future__ import annotations

from functools import lru_cache

# What leaves the platform: the span is the client side of it.
LEAVING = frozenset(
    {"rest", "soap", "email", "sms", "transfer", "dynamodb", "s3", "aws s3", "dialogflow"}
)
AUTHORS_TEXT = frozenset({"call log"})  # their lines are whatever the author wrote
# They say which application runs; `unknown` where an entry does not tell its module.
ANNOUNCING = frozenset({"start", "go to app", "go to page", "subdialog", "exit", "unknown"})
SETTING = frozenset({"set variable"})  # what their entries hold is called as the variable is
GOING_ON = frozenset({"go to app", "subdialog"})
ASKING = frozenset(
    {
        *("address", "custom field", "date/time", "digits", "dynamic menu", "language", "menu"),
        *("name", "number", "yes/no"),
    }
)


@lru_cache(maxsize=1024)
def module_kind(module_type: str) -> str:
    """``AWS_S3``, ``aws-s3`` and ``aws s3`` are one kind."""
    return " ".join(module_type.replace("_", " ").replace("-", " ").lower().split())
