import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scale import scaled

from fuse_otel.config.values import quantities
from fuse_otel.config.values.quantities import Listen
from fuse_otel.humanize import quoted


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30), ("5m", 300), ("1h", 3600), ("5d", 432_000), ("90", 90), ("1.5h", 5400),
        ("250ms", 0.25), (" 30 s ", 30), (30, 30), (0.5, 0.5), ("0", 0),
    ],
)  # fmt: skip
def test_durations_are_read_as_seconds(written, seconds):
    assert quantities.read_duration(written) == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [("2GiB", 2 << 30), ("512 MiB", 512 << 20), ("1KiB", 1024), ("7", 7), ("7B", 7), (7, 7)],
)
def test_sizes_are_read_as_bytes(written, size):
    assert quantities.read_size(written) == size


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (quantities.read_duration, each)
        for each in ("", "s", "1 30s", "1h30m", "-1s", "1e3", "٣s", "30S", True, None, [], "9" * 13)
    ]
    + [(quantities.read_size, each) for each in ("2G", "1.5GiB", "-1", "2gib", True, "9" * 16)]
    + [(quantities.read_number, each) for each in ("", "nan", "inf", "1e3", "1_0", "-1", True)]
    + [(quantities.read_count, each) for each in ("", "1.0", "²", "-1", "9" * 5000, False)]
    + [(quantities.read_switch, each) for each in ("", "perhaps", 2, None)]
    + [
        (quantities.read_listen, each)
        for each in ("", "9464", "host", "host:", "host:²", "host:65536", "::1:80", "[host]:80",
                     "a b:80", "http://host:80", "host:" + "9" * 5000, 9464)
    ],
)  # fmt: skip
def test_a_bad_value_gives_one_short_sentence(read, written):
    with pytest.raises(ValueError, match=r"^\S.*\.$") as caught:
        read(written)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("written", [True, "on", "ON", "true", "yes", "1", 1])
def test_switches_on(written):
    assert quantities.read_switch(written) is True


@pytest.mark.parametrize("written", [False, "off", "False", "no", "0", 0])
def test_switches_off(written):
    assert quantities.read_switch(written) is False


def test_a_quoted_value_is_short_and_on_one_line():
    assert quoted("a\nb") == '"a b"'
    assert quoted("x" * 100) == f'"{"x" * 64}…"'


@given(st.integers(0, 10**9))
def test_a_written_duration_reads_back(seconds):
    assert quantities.read_duration(quantities.write_duration(seconds)) == seconds


@given(st.integers(0, 10**14))
def test_a_written_size_reads_back(size):
    assert quantities.read_size(quantities.write_size(size)) == size


@given(st.sampled_from(["127.0.0.1", "::1", "fe80::1%eth0", "host.example"]), st.integers(0, 65535))
def test_a_written_address_reads_back(host, port):
    assert quantities.read_listen(str(Listen(host, port))) == (host, port)


@pytest.mark.parametrize(
    "read",
    [
        quantities.read_duration, quantities.read_size, quantities.read_number,
        quantities.read_count, quantities.read_switch, quantities.read_listen,
        quantities.read_pairs,
    ],
)  # fmt: skip
@settings(max_examples=scaled(100))
@given(text=st.text(max_size=40))
def test_any_text_is_read_or_gives_our_own_message(read, text):
    try:
        read(text)
    except ValueError as error:
        assert re.fullmatch(r'("|Part \d).*\.', str(error))  # noqa: PT017 - reading is as good
