"""Gzip members: deterministic, strict, bounded; with isal and without."""

import gzip
import importlib.util
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.core.batching import gzip_member as installed

pytest.importorskip("isal", reason="both codecs are compared")


def without_isal():
    """The module as it is where the extra is not installed."""
    spec = importlib.util.spec_from_file_location("gzip_member_without_isal", installed.__file__)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "isal", None)
        spec.loader.exec_module(module)
    return module


PLAIN = without_isal()
CODECS = pytest.mark.parametrize("codec", [installed, PLAIN], ids=["isal", "zlib"])


def test_isal_is_used_where_it_is_installed_and_zlib_elsewhere():
    assert installed._codec.__name__ == "isal.isal_zlib"
    assert PLAIN._codec is zlib


@CODECS
@given(data=st.binary(max_size=5000))
def test_what_goes_in_comes_out_with_either_codec(codec, data):
    member = codec.deflate(data)
    assert gzip.decompress(member) == data
    assert installed.inflate(member) == PLAIN.inflate(member) == data


@CODECS
def test_a_member_names_no_time_and_no_system(codec):
    member = codec.deflate(b"call")
    assert member[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
    assert member[9] == 0xFF
    assert codec.deflate(b"call") == member


@CODECS
def test_a_member_may_hold_just_the_limit(codec):
    member = codec.deflate(b"x" * 1000)
    assert codec.inflate(member, limit=1000) == b"x" * 1000
    with pytest.raises(ValueError, match="more than 999 bytes"):
        codec.inflate(member, limit=999)


@CODECS
def test_a_bomb_is_given_up_at_the_limit(codec):
    bomb = gzip.compress(bytes(20_000_000))
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        codec.inflate(bomb, limit=1000)


def damaged(member):
    return {
        "empty": b"",
        "no gzip": b"{}",
        "garbage": b"\x1f\x8b\x08\x00" + b"\xff" * 30,
        "cut in the header": member[:5],
        "cut in the data": member[:-10],
        "cut in the trailer": member[:-3],
        "wrong checksum": member[:-8] + bytes(4) + member[-4:],
        "something behind": member + b"x",
        "a second member": member + member,
    }


@CODECS
@pytest.mark.parametrize("kind", damaged(b""))
def test_anything_but_one_whole_member_is_refused(codec, kind):
    data = damaged(codec.deflate(b"the bytes of a call" * 20))[kind]
    with pytest.raises(ValueError, match="gzip member"):
        codec.inflate(data)
