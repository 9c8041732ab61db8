"""Opening and reading what a path leads to always ends."""

import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from threading import Thread

import pytest

from fuse_otel import files
from fuse_otel.files import (
    NamedFile,
    UnreadableFile,
    check_regular,
    is_replaceable,
    open_to_append,
    open_to_write,
    read_bounded,
    read_end,
)


@pytest.fixture
def pipe(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_WRITER", 0.1)
    os.mkfifo(tmp_path / "pipe")
    return str(tmp_path / "pipe")


def reason_of(attempt, path):
    with pytest.raises(UnreadableFile) as caught:
        attempt(path)
    return caught.value.reason


def test_a_pipe_that_no_process_writes_to_is_an_error(pipe):
    assert reason_of(lambda path: read_bounded(path, 10), pipe) == "No process writes to the pipe"
    with NamedFile(pipe) as file, pytest.raises(OSError, match="No process writes"):
        BufferedReader(file).readline()


def test_a_writer_that_does_not_finish_is_an_error(pipe, monkeypatch):
    monkeypatch.setattr(files, "_PIPE", 0.1)
    both = os.open(pipe, os.O_RDWR)
    os.write(both, b"half")
    try:
        assert reason_of(lambda path: read_bounded(path, 10), pipe).startswith("The writer of the")
    finally:
        os.close(both)


def test_a_pipe_is_read_to_its_end_also_if_its_writer_comes_later(pipe, monkeypatch):
    monkeypatch.setattr(files, "_WRITER", 600.0)
    data = bytes(range(256)) * 2000  # more than a pipe holds
    writer = Thread(target=Path(pipe).write_bytes, args=(data,))
    with NamedFile(pipe) as file:
        writer.start()
        assert BufferedReader(file).read() == data
    writer.join()


def test_a_pipe_whose_writer_wrote_nothing_is_empty():
    reading, writing = os.pipe()
    os.close(writing)
    assert read_bounded(f"/dev/fd/{reading}", 10).data == b""
    os.close(reading)


def test_of_a_longer_file_a_byte_more_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_bounded(str(tmp_path / "file"), 3).data == b"0123"
    assert read_bounded(str(tmp_path / "file"), 10).data == b"0123456789"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("{0}", "Is a directory"),
        ("{0}/none", "No such file or directory"),
        ("/dev/zero", "It is a pipe or a device"),
        ("a\0b", "It is not a path"),
    ],
)
def test_what_is_no_file_is_an_error(tmp_path, path, reason):
    for attempt in (check_regular, lambda name: read_bounded(name, 10)):
        assert reason_of(attempt, path.format(tmp_path)) == reason


@pytest.mark.parametrize(
    ("most", "expected"),
    [(100, b"one\ntwo\nthree\n"), (14, b"one\ntwo\nthree\n"), (13, b"two\nthree\n"), (5, b"")],
)
@pytest.mark.parametrize("chunk", [1, 4, 64])
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_of_a_longer_file_the_last_lines_are_read(
    pipe, tmp_path, monkeypatch, most, expected, chunk, kind
):
    monkeypatch.setattr(files, "_CHUNK", chunk)
    content = b"one\ntwo\nthree\n"
    if kind == "file":
        (tmp_path / "file").write_bytes(content)
        assert read_end(str(tmp_path / "file"), most) == expected
        return
    monkeypatch.setattr(files, "_WRITER", 60.0)
    writer = Thread(target=lambda: Path(pipe).write_bytes(content))
    writer.start()
    assert read_end(pipe, most) == expected
    writer.join()


def test_a_writer_that_never_pauses_is_an_error(pipe, monkeypatch):
    monkeypatch.setattr(files, "_WRITER", 60.0)
    monkeypatch.setattr(files, "_PIPE", 0.2)

    def write_for_ever():
        with suppress(BrokenPipeError), Path(pipe).open("wb", buffering=0) as file:
            while True:
                file.write(b"line\n" * 1000)

    writer = Thread(target=write_for_ever)
    writer.start()
    assert "did not finish" in reason_of(lambda path: read_end(path, 100), pipe)
    writer.join()


def test_a_library_gets_no_pipe_and_no_device(pipe):
    assert reason_of(check_regular, pipe) == "It is a pipe or a device"
    assert reason_of(check_regular, os.devnull) == "It is a pipe or a device"


def test_the_null_device_is_an_empty_file():
    assert read_bounded(os.devnull, 10).data == b""


def test_a_pipe_without_a_reader_is_not_written_to(pipe):
    with pytest.raises(OSError, match="No process reads from the pipe"):
        open_to_write(pipe)
    with pytest.raises(OSError, match="It is a pipe or a device"):
        open_to_append(pipe)


def test_a_slow_reader_of_a_pipe_gets_everything(pipe, monkeypatch):
    monkeypatch.setattr(files, "_WRITER", 600.0)
    data = bytes(range(256)) * 2000
    found = []
    with NamedFile(pipe) as file:
        reader = Thread(target=lambda: found.append(file.readall()))
        reader.start()
        with open_to_write(pipe) as written:
            written.write(data)
        reader.join()
    assert found == [data]


def test_a_file_to_write_is_emptied_and_one_to_append_keeps_its_content(tmp_path):
    path = tmp_path / "file"
    os.close(open_to_append(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"old")
    os.close(open_to_append(path))
    assert path.read_bytes() == b"old"
    open_to_write(str(path)).close()
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("mode", "replaceable"), [(0o755, False), (0o775, False), (0o777, True), (0o1777, False)]
)
def test_a_folder_that_everybody_may_write_makes_its_files_replaceable(tmp_path, mode, replaceable):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "secret").write_text("s")
    (tmp_path / "link").symlink_to(folder / "secret")
    folder.chmod(mode)
    assert is_replaceable(str(folder / "secret")) is replaceable
    assert is_replaceable(str(tmp_path / "link")) is replaceable
    assert is_replaceable(str(tmp_path / "none" / "file")) is False
