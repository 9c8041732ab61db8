from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuse_otel.core.model import ids
from fuse_otel.core.model.ids import (
    MAX_SESSION_ID,
    CallIds,
    digest,
    is_nameable,
    session_key,
    trace_id,
)

SESSION = "300060;001;1529552581"


@pytest.mark.parametrize("namespace", ["", "test"])
def test_ids_follow_the_published_formula(namespace):
    whole = sha256(f"fuse-otel/1\0{namespace}\0{SESSION}".encode()).digest()
    base = int.from_bytes(whole[16:24], "big")
    call = CallIds(namespace, SESSION)
    assert call.trace_id == trace_id(namespace, SESSION) == whole[:16]
    for number in (0, 1, 2, 1000):
        assert call.span_id(number) == (base + number * 0x9E3779B97F4A7C15) % 2**64
    assert call.log_record_uid(7) == f"{whole[:16].hex()}-7"


def test_a_known_session_has_the_known_ids():
    call = CallIds("", SESSION)
    assert call.trace_id.hex() == "8a5b202fe11d5c39ac991eb6ddf02c95"
    assert f"{call.span_id(0):016x}" == "a5e756db97d354de"
    assert f"{call.span_id(1):016x}" == "441ed095171dd0f3"


def test_an_id_of_zeros_becomes_one(monkeypatch):
    monkeypatch.setattr(ids, "digest", lambda *_: bytes(32))
    assert CallIds("", "x").trace_id == trace_id("", "x") == bytes(15) + b"\1"
    assert CallIds("", "x").span_id(0) == 1


texts = st.text(alphabet="a;1\0\ud800", max_size=6)


@given(texts, texts, texts, texts)
@example("a\0b", "c", "a", "b\0c")
@example("", "\0", "\0", "")
def test_two_calls_share_an_id_only_if_they_are_one(namespace, session, namespace2, session2):
    same = (namespace, session) == (namespace2, session2)
    assert (digest(namespace, session) == digest(namespace2, session2)) is same


@given(st.text())
def test_no_two_spans_of_a_call_share_an_id(session):
    call = CallIds("", session)
    assert len({call.span_id(number) for number in range(1000)}) == 1000


@pytest.mark.parametrize("length", [1, 22, MAX_SESSION_ID])
def test_a_session_id_of_usual_length_is_its_own_key(length):
    assert session_key("1" * length) == "1" * length
    assert is_nameable("1" * length)


def test_a_long_session_id_is_kept_as_the_hash_of_the_whole():
    long = "1" * 70_000
    key = session_key(long)
    assert not is_nameable(long)
    assert key == f"sha256:{sha256(long.encode()).hexdigest()}"
    assert session_key(long + "2") != key
    assert session_key(key) == key
    # The ids of the trace do not depend on what the store keeps.
    assert trace_id("", long) == sha256(f"fuse-otel/1\0\0{long}".encode()).digest()[:16]


def test_an_id_that_looks_like_the_key_of_another_call_has_a_key_of_its_own():
    key = session_key("1" * 70_000)
    imitation = str(key)
    assert session_key(imitation) == f"sha256:{sha256(imitation.encode()).hexdigest()}"
    assert session_key(session_key(imitation)) == session_key(imitation)
    assert not is_nameable(imitation)
    assert session_key(imitation[:-1]) == imitation[:-1]


@pytest.mark.parametrize("session", [".", "..", "a/b", "a\\b", "a\0", "a\r\n", "\x7f", "\ufffd"])
def test_what_a_url_cannot_carry_safely_is_not_nameable(session):
    assert not is_nameable(session)


@pytest.mark.parametrize("session", [SESSION, "...", ".a", "a b", "%2F", "?#&", "é", "🙂"])
def test_what_is_percent_encoded_is_nameable(session):
    assert is_nameable(session)
