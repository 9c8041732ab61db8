"""A call's logs for another back-end profile, from their bytes alone: parked calls were written for
the profile that their destination had then, and are replayed for the one it has now.

The bytes are those of ``encode_logs``: both serialise fields in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from fuse_otel.core.encoding.otlp_json import parse
from fuse_otel.core.encoding.renderer import STREAM_OFF, hour_name
from fuse_otel.core.model.telemetry import Profile

_HOUR = 3600 * 10**9


def relabel_logs(data: bytes, profile: Profile, stream_attribute: str) -> bytes:
    """``data`` is what ``encode_logs`` makes of a call, for any profile; the result is what it
    makes of the call for ``profile``. Raises ``ValueError`` for other bytes.
    """
    groups: list[ResourceLogs] = []
    for group in _groups(data):
        _remove_hour(group)
        if groups and _resource(groups[-1]) == _resource(group):
            _scope(groups[-1]).log_records.extend(_scope(group).log_records)
        else:
            groups.append(group)
    if profile is Profile.LOKI and stream_attribute not in {"", STREAM_OFF}:
        groups = [hour for group in groups for hour in _by_hour(group, stream_attribute)]
    return _serialised(groups)


def _groups(data: bytes) -> Sequence[ResourceLogs]:
    """Each with one scope, as the writer makes them: what is not written back to the same bytes
    is not the writer's.
    """
    request = parse(ExportLogsServiceRequest(), data)
    request.DiscardUnknownFields()
    groups = request.resource_logs
    if any(len(group.scope_logs) != 1 for group in groups) or _serialised(groups) != data:
        raise ValueError("not the logs of a call")
    return groups


def _serialised(groups: Sequence[ResourceLogs]) -> bytes:
    return ExportLogsServiceRequest(resource_logs=groups).SerializeToString(deterministic=True)


def _resource(group: ResourceLogs) -> bytes:
    return group.resource.SerializeToString(deterministic=True)


def _scope(group: ResourceLogs) -> ScopeLogs:
    return group.scope_logs[0]


def _remove_hour(group: ResourceLogs) -> None:
    """The attribute may have had another name then. Its value identifies it: the records' hour."""
    records, attributes = _scope(group).log_records, group.resource.attributes
    hour = hour_name(records[0].time_unix_nano // _HOUR) if records else ""
    for place in reversed(range(len(attributes))):
        if hour and attributes[place].value.string_value == hour:
            del attributes[place]


def _by_hour(group: ResourceLogs, stream_attribute: str) -> Iterator[ResourceLogs]:
    hours: dict[int, list[LogRecord]] = {}
    for record in _scope(group).log_records:
        hours.setdefault(record.time_unix_nano // _HOUR, []).append(record)
    del _scope(group).log_records[:]
    for hour, records in hours.items():
        made = ResourceLogs()
        made.CopyFrom(group)
        _set(made, stream_attribute, hour_name(hour))
        _scope(made).log_records.extend(records)
        yield made


def _set(group: ResourceLogs, key: str, value: str) -> None:
    """In the place of the user's attribute of that name, if there is one, as the writer does."""
    attributes = group.resource.attributes
    pair = next((each for each in attributes if each.key == key), None) or attributes.add(key=key)
    pair.value.string_value = value
