"""The odd things an answer of the API may hold, as they are counted.

Counted is what was lost, guessed or repaired; another spelling of the same value (``"12"`` for
``12``, ``[]`` for ``{}``) is not odd here.
"""

from __future__ import annotations

from enum import StrEnum


class Anomaly(StrEnum):
    """Label values of a metric: few, fixed, and never made from data."""

    REPAIRED = "repaired"  # bad UTF-8, lone surrogates, NaN, bare control characters were replaced
    LIST_IS_OBJECT = "list_is_object"  # an array came as an object with numbers for names
    LIST_MISSING = "list_missing"  # `calls` was null, or absent beside `total_calls`
    TOTAL = "total"  # `total_calls` is there and no count
    RECORD = "record"  # an element of `calls` is no readable object: skipped
    RECORD_ID = "record_id"  # no usable session id: skipped
    RECORD_REPEATED = "record_repeated"  # shares its session id with another of the page: joined
    RECORD_TIME = "record_time"  # start or end missing or unreadable
    RECORD_LOG = "record_log"  # `log` missing or no yes or no: taken as yes
    DETAIL = "detail"  # neither an array, nor nothing, nor an error: taken as nothing
    DETAIL_ERROR = "detail_error"  # an error nobody knows where entries are due: taken as nothing
    ENTRY = "entry"  # an element of the log is no object: skipped
    ENTRY_EVENT = "entry_event"  # `event` missing or no object
    ENTRY_LINE = "entry_line"  # `line` missing or no text
    ENTRY_DATA = "entry_data"  # `data` missing or no object
    ENTRY_MODULE = "entry_module"  # no readable module_type or result_variable
    ENTRY_CLASS = "entry_class"  # `class` missing or no text
    ENTRY_TIME = "entry_time"  # `timestamp` missing or unreadable
