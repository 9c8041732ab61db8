"""Writes the log records of a call: the fixed bytes of an entry, joined with its times and ids."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from fuse_otel.core.encoding.protobuf import (
    AttributeWriter,
    length,
    message,
    number_field,
    string,
    utf8,
)
from fuse_otel.core.model import semconv
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Anomaly
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.compiled_entries import RedactedEntry
from fuse_otel.core.translation.attribute_limits import fits, limited
from fuse_otel.core.translation.module_span import error_type
from fuse_otel.core.translation.translate import EVENTS, INFO, TranslatedCall, severity_of

_TIME = Struct("<BQ")  # a tag and nanoseconds
_NO_TIMES = (b"", b"")
_RECORD = b"\x12"
# Field 8, fixed32: sampled.
_FLAGS = b"\x45" + Struct("<I").pack(1)
_OWN = 8  # attributes of a record that the entry's line and data do not make


WrittenRecord = tuple[int, int, bytes]
"""UNIX nanoseconds, severity number, and the bytes of a repeated field 2 of a ``ScopeLogs``."""


class RecordTemplate(NamedTuple):
    """The bytes of a record that are the same for all calls, in their order. Between ``head`` and
    ``names`` the session id is written, between ``names`` and ``rest`` the record's own id, and
    before ``error`` the caller's pseudonym. ``head`` is severity and body, ``tail`` the event's
    name. ``size`` is that of all of them.

    ``fits``: no limit of attributes can cut a record of it. ``known``: its class has a severity.
    """

    severity_number: int
    known: bool
    fits: bool
    head: bytes
    names: bytes
    rest: bytes
    error: bytes
    tail: bytes
    size: int


def write_records(call: TranslatedCall, options: ModelOptions) -> list[WrittenRecord]:
    """In the order of the entries. Counts what limits cut, and classes without a severity."""
    if not call.timeline.entries:
        return []
    return _RecordWriter(call, options).records()


class _RecordWriter:
    def __init__(self, call: TranslatedCall, options: ModelOptions) -> None:
        self._call = call
        self._options = options
        self._attributes = write = AttributeWriter(b"\x32", unique=semconv.LOG_RECORD_UID)
        self._session = write({semconv.SESSION_ID: call.timeline.session_id})
        self._trace = _FLAGS + message(b"\x4a", call.ids.trace_id) + b"\x52\x08"
        self._inferred = write({semconv.TIME_INFERRED: True})
        caller = call.timeline.call.user_hash
        self._caller = write({semconv.USER_HASH: caller}) if caller else b""
        self._before: dict[int, bytes] = {}
        self._size = len(self._session) + len(self._trace) + 8  # and the id of the span

    def records(self) -> list[WrittenRecord]:
        call = self._call
        timeline = call.timeline
        entries, redacted, first = timeline.entries, timeline.redacted, call.first
        span_id, moments, joined = call.ids.span_id, timeline.moments, self._joined
        found: list[WrittenRecord] = []
        for number, run in enumerate(timeline.executions):
            reference = self._trace + span_id(run.ordinal).to_bytes(8, "big")
            for place in run.places:
                index = entries[place].index
                if index < first:
                    continue
                template = redacted[place].template or self._template_of(redacted[place], number)
                if template is None or not template.fits:
                    found.append(self._alone(place, number, reference))
                else:
                    caller = b"" if place else self._caller
                    found.append(joined(template, *moments[place], index, caller, reference))
        return found

    def _template_of(self, redacted: RedactedEntry, number: int) -> RecordTemplate | None:
        """``None`` for an entry that is not kept."""
        if not redacted.serial:
            return None
        redacted.template = template = self._template(redacted, number)
        return template

    def _joined(
        self,
        template: RecordTemplate,
        time: int,
        inferred: bool,
        index: int,
        caller: bytes,
        reference: bytes,
    ) -> WrittenRecord:
        if not template.known:
            self._call.tally.anomalies[Anomaly.CLASS] += 1
        number = b"%d" % index
        before = self._before.get(len(number)) or self._before_number(len(number))
        mark = self._inferred if inferred else b""
        # Observed when it happened: the time of reading would make each export differ.
        stamp, observed = (_TIME.pack(0x09, time), _TIME.pack(0x59, time)) if time else _NO_TIMES
        size = template.size + self._size + len(before) + len(number)
        size += len(stamp) + len(caller) + len(mark) + len(observed)
        return (
            time,
            template.severity_number,
            b"".join(
                (
                    _RECORD,
                    length(size),
                    stamp,
                    template.head,
                    self._session,
                    template.names,
                    before,
                    number,
                    template.rest,
                    caller,
                    template.error,
                    mark,
                    reference,
                    observed,
                    template.tail,
                )
            ),
        )

    def _before_number(self, digits: int) -> bytes:
        """The bytes of the record's own id before an index of so many digits."""
        uid = f"{self._call.ids.log_record_uid(0)[:-1]}{'0' * digits}"
        self._before[digits] = found = self._attributes({semconv.LOG_RECORD_UID: uid})[:-digits]
        return found

    def _alone(self, place: int, number: int, reference: bytes) -> WrittenRecord:
        timeline = self._call.timeline
        redacted = timeline.redacted[place]
        severity = severity_of(redacted.log_class, self._options)
        if severity is None:
            self._call.tally.anomalies[Anomaly.CLASS] += 1
            severity = INFO
        time = timeline.moments[place].nanoseconds
        payload = b"".join(
            (
                _TIME.pack(0x09, time) if time else b"",
                _head(severity, redacted.body),
                self._limited(place, number),
                reference,
                _TIME.pack(0x59, time) if time else b"",
                _tail(redacted.log_class),
            )
        )
        return time, severity[0], message(_RECORD, payload)

    def _template(self, redacted: RedactedEntry, number: int) -> RecordTemplate:
        log_class = redacted.log_class
        severity = severity_of(log_class, self._options)
        rest, error = redacted.attributes, {}
        if log_class == "error":
            error = {semconv.ERROR_TYPE: error_type(redacted)}
            if semconv.ERROR_TYPE in rest:
                rest, error = {**rest, **error}, {}
        module_type, name = self._call.timeline.names[number]
        names = {
            semconv.MODULE_TYPE: module_type,
            semconv.MODULE_NAME: name,
            semconv.LOG_CLASS: log_class,
        }
        fixed = (
            _head(severity or INFO, redacted.body),
            self._attributes(names),
            self._attributes(rest),
            self._attributes(error),
            _tail(log_class),
        )
        return RecordTemplate(
            (severity or INFO)[0],
            severity is not None,
            fits(rest, self._options.limits.record, _OWN),
            *fixed,
            sum(map(len, fixed)),
        )

    def _limited(self, place: int, number: int) -> bytes:
        """The attributes of a record of its own, within the limits."""
        timeline = self._call.timeline
        redacted = timeline.redacted[place]
        attributes: dict[str, Value] = {
            semconv.SESSION_ID: timeline.session_id,
            semconv.MODULE_TYPE: timeline.names[number][0],
            semconv.MODULE_NAME: timeline.names[number][1],
            semconv.LOG_CLASS: redacted.log_class,
            semconv.LOG_RECORD_UID: self._call.ids.log_record_uid(timeline.entries[place].index),
            **redacted.attributes,
        }
        if place == 0 and timeline.call.user_hash:
            # One record is enough to find the call in a store of logs.
            attributes[semconv.USER_HASH] = timeline.call.user_hash
        if redacted.log_class == "error":
            attributes[semconv.ERROR_TYPE] = error_type(redacted)
        if timeline.moments[place].inferred:
            attributes[semconv.TIME_INFERRED] = True
        return self._attributes(limited(attributes, self._options.limits.record, self._call.tally))


def _head(severity: tuple[int, str], body: str) -> bytes:
    return _severity(*severity) + message(b"\x2a", message(b"\n", utf8(body)))


def _tail(log_class: str) -> bytes:
    return string(b"\x62", EVENTS.get(log_class, ""))


@lru_cache(maxsize=256)
def _severity(number: int, text: str) -> bytes:
    """``severity_number`` and ``severity_text``: a handful of pairs in all."""
    return number_field(b"\x10", number) + string(b"\x1a", text)
