"""What the API's documentation leaves open, each choice a switch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fuse_otel.simulator.switches import build, read_pairs

DAY = 86_400


class TimeField(StrEnum):
    START = "start"
    END = "end"


class Bounds(StrEnum):
    HALF_OPEN = "half_open"
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class ListOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


class MissingDetail(StrEnum):
    """How a bulk page shows a call that has no details."""

    ABSENT = "absent"
    NULL = "null"
    EMPTY = "empty"
    ERROR = "error"


class MissingLog(StrEnum):
    """What ``/call/{id}`` answers for a call that has no details."""

    NOT_FOUND = "not_found"
    NULL = "null"
    EMPTY = "empty"


class DateHeader(StrEnum):
    CLOCK = "clock"
    MISSING = "missing"
    NONSENSE = "nonsense"


class HookEncoding(StrEnum):
    FORM = "form"
    JSON = "json"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Quirks:
    """The defaults are what the documentation and its examples suggest. Durations in seconds."""

    # Which calls a window holds, and in which order they come.
    filter_by: TimeField = TimeField.START
    bounds: Bounds = Bounds.HALF_OPEN
    order: ListOrder = ListOrder.NEWEST
    order_by: TimeField = TimeField.START
    ignore_window: bool = False  # every window is answered with the last hour
    running_calls: bool = False  # a running call is listed, its end being now
    list_expired: bool = True  # calls older than the retention are still listed

    # Pages.
    default_limit: int = 1_000
    page_cap: int = 0  # a page never holds more, also with a higher limit; 0 for no cap
    total_off_by: int = 0  # added to total_calls
    total_drifts: bool = False  # total_calls is wrong, and different in each answer
    omit_total: bool = False  # lists name no total_calls
    all_logs_total: bool = False  # bulk pages carry total_calls too
    late_arrivals: int = (
        0  # so many of the newest calls are missing when a window is first requested
    )
    duplicate_every: int = 0  # every n-th call is listed twice
    split_every: int = 0  # every n-th call is listed as two records, its first half and its second

    # Shapes.
    string_numbers: bool = False  # ints as strings, booleans as "1" and ""
    empty_data_as_list: bool = False  # PHP writes an empty map as []
    missing_detail: MissingDetail = MissingDetail.EMPTY
    missing_log: MissingLog = MissingLog.NOT_FOUND
    expired_status: int = 200  # the HTTP status of the error object for an expired log
    compress: bool = False  # gzip for clients that accept it

    # When logs can be read.
    retention: float = 5 * DAY  # details are gone so long after the call's end
    log_delay: float = 0  # the whole log is missing until so long after the call's end
    entry_delay: float = 0  # an entry appears so long after its moment: logs grow after the end
    lost_logs: float = 0  # this part of the logged calls never shows its details
    clock_skew: float = 0  # added to the Date header
    date_header: DateHeader = DateHeader.CLOCK

    # A hostile or broken peer. ``…_every=n`` applies to one call in n.
    endless_lists: bool = False  # lists begin again, total_calls is always ahead
    odd_ids_every: int = 0  # session ids with quotes, slashes, blanks, line ends, …
    long_ids_every: int = 0  # session ids of 70,000 characters
    end_ahead_every: int = 0  # listed with an end a year after the true one
    nested_every: int = 0  # each entry has a value that is nested 3,000 deep
    long_names_every: int = 0  # names and module types of 100,000 characters
    shifted_entries_every: int = 0  # entries are stamped 5 hours too late

    # The post-call web service.
    hook_encoding: HookEncoding = HookEncoding.FORM

    @classmethod
    def parsed(cls, words: Iterable[str]) -> Quirks:
        """From ``name=value`` words. Raises ``ValueError`` with one sentence."""
        return build(cls, read_pairs(words, "a quirk is written name=value"), "quirk")
