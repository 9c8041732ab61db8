"""A call's logs written anew for another flavour, from their bytes alone: what is parked was
rendered as its destination was configured then, and is sent as it is configured now.

Protobuf's bytes field by field, without a copy and without knowing the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fuse_otel.core.encoding.protobuf import AttributeWriter, message
from fuse_otel.core.encoding.writer import STREAM_OFF, hour_name
from fuse_otel.core.model.telemetry import Profile

VARINT, EIGHT_BYTES, CHUNK, FOUR_BYTES = 0, 1, 2, 5

_SIZES = {EIGHT_BYTES: 8, FOUR_BYTES: 4}
_MAX_VARINT = 10
_MAX_UINT64 = (1 << 64) - 1


def raw_fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Field number, wire type and what was written, in the order of the bytes.

    Raises ``ValueError`` where the data stops being protobuf.
    """
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire_type = tag & 7
        if wire_type == VARINT:
            number, position = _varint(data, position)
            yield tag >> 3, wire_type, number
        else:
            chunk, position = _chunk(data, position, wire_type)
            yield tag >> 3, wire_type, chunk


def _chunk(data: memoryview, position: int, wire_type: int) -> tuple[memoryview, int]:
    if wire_type == CHUNK:
        size, position = _varint(data, position)
    elif wire_type in _SIZES:
        size = _SIZES[wire_type]
    else:
        raise ValueError(f"no protobuf message: wire type {wire_type}")
    end = position + size
    if end > len(data):
        raise ValueError("the protobuf message is cut off")
    return data[position:end], end


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number and the position behind it."""
    number = 0
    for place, byte in enumerate(data[position : position + _MAX_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte <= 0x7F:  # noqa: PLR2004 - the highest bit says that more bytes follow
            return number & _MAX_UINT64, position + place + 1
    raise ValueError("no protobuf message: a number in it is cut off or too long")


_HOUR = 3600 * 10**9
# Numbers of fields: of a resource, a `ScopeLogs`, a `LogRecord`, a `ResourceLogs`.
_ATTRIBUTE, _RECORD, _TIME = 1, 2, 1
_RESOURCE, _SCOPE_LOGS = 1, 2
_write = AttributeWriter(b"\n")


@dataclass(frozen=True, slots=True)
class _Group:
    """A ``ResourceLogs`` taken apart. ``attributes`` are the resource's by their key; what is kept
    as it stood is kept with its tag. ``records`` are (UNIX nanoseconds, field).
    """

    attributes: dict[str, bytes]
    scope: bytes
    scope_schema: bytes
    schema: bytes
    records: list[tuple[int, bytes]] = field(compare=False)


def flavoured_logs(data: bytes, flavour: Profile, stream_attribute: str) -> bytes:
    """``data`` is what ``encode_logs`` makes of a call, for whatever flavour; so is the result,
    for ``flavour``. Raises ``ValueError`` for other bytes.
    """
    groups: list[_Group] = []
    for number, chunk in _messages(data):
        if number != 1:
            raise ValueError("not the logs of a call")
        group = _without_hour(_taken_apart(chunk))
        if groups and groups[-1] == group:
            groups[-1].records.extend(group.records)
        else:
            groups.append(group)
    if flavour is Profile.LOKI and stream_attribute not in {"", STREAM_OFF}:
        groups = [hour for group in groups for hour in _by_hour(group, stream_attribute)]
    return b"".join(map(_written, groups))


def _taken_apart(data: bytes) -> _Group:
    group = _Group({}, b"", b"", b"", [])
    for number, chunk in _messages(data):
        if number == _RESOURCE:
            group.attributes.update(_attributes(chunk))
        elif number == _SCOPE_LOGS and not group.records:
            group = _with_records(group, chunk)
        else:
            group = replace(group, schema=group.schema + _tagged(number, chunk))
    return group


def _attributes(resource: bytes) -> Iterator[tuple[str, bytes]]:
    for number, pair in _messages(resource):
        if number != _ATTRIBUTE:
            raise ValueError("not a resource of ours")
        key = next((raw for inner, raw in _messages(pair) if inner == 1), b"")
        yield key.decode(), _tagged(number, pair)


def _with_records(group: _Group, scope_logs: bytes) -> _Group:
    scope = schema = b""
    for number, chunk in _messages(scope_logs):
        if number == _RECORD:
            group.records.append((_time(chunk), _tagged(number, chunk)))
        elif number == 1:
            scope = _tagged(number, chunk)
        else:
            schema += _tagged(number, chunk)
    return replace(group, scope=scope, scope_schema=schema)


def _without_hour(group: _Group) -> _Group:
    """The attribute may have had another name then: it is the one that tells the records' hour."""
    if not group.records:
        return group
    hour = hour_name(group.records[0][0] // _HOUR)
    kept = {key: pair for key, pair in group.attributes.items() if pair != _write({key: hour})}
    return replace(group, attributes=kept)


def _by_hour(group: _Group, stream_attribute: str) -> Iterator[_Group]:
    hours: dict[int, list[tuple[int, bytes]]] = {}
    for time, record in group.records:
        hours.setdefault(time // _HOUR, []).append((time, record))
    for hour, records in hours.items():
        told = _write({stream_attribute: hour_name(hour)})
        attributes = group.attributes | {stream_attribute: told}
        yield replace(group, attributes=attributes, records=records)


def _written(group: _Group) -> bytes:
    resource = message(b"\n", b"".join(group.attributes.values()))
    records = b"".join(record for _, record in group.records)
    scope_logs = message(b"\x12", group.scope + records + group.scope_schema)
    return message(b"\n", resource + scope_logs + group.schema)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, wire_type, chunk in raw_fields(memoryview(data)):
        if wire_type != CHUNK or isinstance(chunk, int):
            raise ValueError("not the logs of a call")
        yield number, bytes(chunk)


def _time(record: bytes) -> int:
    for number, wire_type, chunk in raw_fields(memoryview(record)):
        if number == _TIME and wire_type == EIGHT_BYTES and not isinstance(chunk, int):
            return int.from_bytes(chunk, "little")
    return 0


def _tagged(number: int, chunk: bytes) -> bytes:
    return message(bytes((number << 3 | CHUNK,)), chunk)
