"""The file of OTLP/JSON lines where the disk or the folder does not play along."""

import errno
import json
import os
import stat

import pytest
from support.builders.ship_values import encoded

from fuse_otel.core.batching.export_result import Accepted, Retry, Suspended
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.json_lines import ConsoleDestination, FileDestination

DATA = deflate(encoded(Signal.TRACES, "a"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "calls.jsonl"


def send(path):
    return FileDestination(path).send(Signal.TRACES, DATA, 2)


def lines(path):
    return path.read_bytes().splitlines()


def test_only_the_owner_may_read_the_file(path):
    assert send(path) == Accepted("written")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_rotated_away_is_made_anew(path):
    send(path)
    path.rename(path.with_suffix(".1"))
    assert send(path) == Accepted("written")
    assert len(lines(path)) == 1


def test_a_line_that_a_crash_cut_short_spoils_no_other(path):
    send(path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    send(path)
    first, cut, last = lines(path)
    assert json.loads(first) == json.loads(last)
    assert cut == whole[:40]


def test_a_full_disk_is_retried_and_leaves_no_half_line(path, monkeypatch):
    send(path)
    before = path.read_bytes()
    write = os.write

    def fills_up(descriptor, data):
        if len(data) <= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:20])

    monkeypatch.setattr(os, "write", fills_up)
    outcome = send(path)
    monkeypatch.undo()

    assert outcome == Retry("ENOSPC", "the file cannot be written: No space left on device")
    assert path.read_bytes() == before
    assert send(path) == Accepted("written")
    assert len(lines(path)) == 2


def test_what_was_not_brought_to_the_disk_is_not_accepted(path, monkeypatch):
    def fails(descriptor):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    assert isinstance(send(path), Retry)
    assert path.read_bytes() == b""


def test_a_missing_folder_is_for_the_operator(tmp_path):
    outcome = send(tmp_path / "none" / "calls.jsonl")
    assert outcome == Suspended("ENOENT", "the file cannot be written: No such file or directory")


def test_a_folder_in_the_place_of_the_file_is_for_the_operator(tmp_path):
    assert isinstance(send(tmp_path), Suspended)


def test_a_terminal_that_is_gone_is_tried_again():
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    outcome = ConsoleDestination(stream).send(Signal.TRACES, DATA, 2)
    assert outcome == Retry("stream", "the stream cannot be written: Broken pipe")
    with pytest.raises(BrokenPipeError):
        stream.close()
