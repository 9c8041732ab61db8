"""What libraries say comes out in our form, and quotes nothing private."""

import io
import logging
import warnings

import pytest

from fuse_otel.instrumentation.log import LibraryLog, Log, route_libraries


@pytest.fixture
def stream():
    written = io.StringIO()
    undo = route_libraries(Log(written, clock=lambda: 0.0))
    yield written
    undo()


def test_warnings_of_a_library_are_lines_of_ours(stream):
    logging.getLogger("httpx").warning("%s is slow", "the host")
    assert stream.getvalue() == (
        'ts=1970-01-01T00:00:00.000Z level=warn msg="the host is slow" logger=httpx\n'
    )


def test_what_a_library_says_below_a_warning_is_dropped(stream):
    logging.getLogger("httpx").info("GET https://fuse.example/api/calls/1/2")
    logging.getLogger("uvicorn.error").debug("x")
    assert stream.getvalue() == ""


def test_of_an_exception_its_class_and_place_are_reported_and_not_its_text(stream):
    def fail():
        raise ValueError("the caller keyed 1234")

    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("request failed")
    line = stream.getvalue()
    assert "level=error" in line
    assert "error=ValueError where=instrumentation/test_log_libraries.py:" in line
    assert "1234" not in line
    assert line.count("\n") == 1


def test_an_exception_that_was_never_raised_has_no_place(stream):
    error = ValueError("1234")
    logging.getLogger("x").error("bad", exc_info=(ValueError, error, None))
    assert stream.getvalue().endswith("msg=bad logger=x error=ValueError\n")


def test_numbers_in_a_librarys_message_are_masked(stream):
    logging.getLogger("x").warning("for 4155550100")
    assert 'msg="for [digits]"' in stream.getvalue()


def test_pythons_warnings_are_lines_too(stream):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert "logger=py.warnings" in stream.getvalue()


def test_arguments_that_do_not_fit_are_left_out(capsys):
    written = io.StringIO()
    # Not through the root logger: pytest listens there, and does mind.
    handler = LibraryLog(Log(written))
    handler.handle(
        logging.makeLogRecord(
            {"msg": "%d calls", "args": ("no number",), "levelno": logging.WARNING}
        )
    )
    assert 'msg="%d calls"' in written.getvalue()
    assert capsys.readouterr().err == ""


def test_with_the_stream_gone_the_library_goes_on(stream, capsys):
    stream.close()
    logging.getLogger("x").warning("for 4155550100")
    assert capsys.readouterr().err == ""


def test_it_can_be_undone():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    route_libraries(Log(io.StringIO()))()
    assert (root.handlers, root.level) == before


def test_the_same_record_is_written_once_a_minute():
    written, now = io.StringIO(), [0.0]
    undo = route_libraries(Log(written, clock=lambda: now[0]))
    for number in range(1000):
        logging.getLogger("uvicorn.error").warning("Invalid request %d", number)
    now[0] = 60.0
    logging.getLogger("uvicorn.error").warning("another text")
    undo()
    lines = written.getvalue().splitlines()
    assert [line.partition("msg=")[2] for line in lines] == [
        '"Invalid request 0" logger=uvicorn.error',
        '"Invalid request 999" logger=uvicorn.error more=999',
        '"another text" logger=uvicorn.error',
    ]
