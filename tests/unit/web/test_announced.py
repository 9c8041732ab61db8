"""Which call a webhook speaks of, however its author wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.web.announced import session_id

ID = "300060;001;1529552581"
ENCODED = "300060%3B001%3B1529552581"
PARTS = "multipart/form-data; boundary=xyz"


def part(name):
    return (
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{ID}\r\n--xyz--\r\n'
    ).encode()


@pytest.mark.parametrize(
    "name", ["session.id", "session_id", "sessionid", "sessionId", "Session.ID"]
)
@pytest.mark.parametrize(
    "how",
    [
        lambda name: ({name: ID}, "", b""),
        lambda name: ({}, "application/x-www-form-urlencoded", f"a=b&{name}={ENCODED}".encode()),
        lambda name: ({}, "text/plain", f"{name}={ENCODED}".encode()),
        lambda name: ({}, "application/json", f'{{"{name}": "{ID}"}}'.encode()),
        lambda name: ({}, "", f' {{"n": 1, "{name}": " {ID} "}}\n'.encode()),
        lambda name: ({}, PARTS, part(name)),
    ],
    ids=["query", "form", "raw form", "json", "raw json", "multipart"],
)
def test_the_id_is_found(how, name):
    assert session_id(*how(name)) == ID


def test_a_nested_session_is_understood():
    assert session_id({}, "", f'{{"session": {{"id": "{ID}"}}}}'.encode()) == ID


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[1]", b'{"session_id": 7}', b'{"session_id": ""}', b"session_id=",
        b"session_id=" + b"x" * 257, b"session_id=a%0Ab", b"\xff\xfe\x00", b"&" * 5000,
        b"a=1&" * 5000, b'{"a": {"b": {"session_id": "x"}}}',
    ],
)  # fmt: skip
def test_what_is_no_id_names_no_call(body):
    assert session_id({}, "application/json", body) is None


def test_the_query_goes_before_the_body():
    assert session_id({"session_id": "a"}, "", b"session_id=b") == "a"


@given(st.text(), st.binary(max_size=200))
def test_nothing_that_is_sent_raises(content_type, body):
    for kind in (content_type, PARTS, f"multipart/form-data; boundary={content_type}"):
        found = session_id({}, kind, body)
        assert found is None or found.isprintable()
