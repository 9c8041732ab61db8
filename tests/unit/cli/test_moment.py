import pytest

from fuse_otel.cli.arguments import read_interval
from fuse_otel.core.timing.moment_text import read_moment

NOW = 1_763_467_200.0  # 2025-11-18T12:00:00Z
HOUR = 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2025-11-18T12:00:00Z", NOW),
        ("2025-11-18t11:59:59.5z", NOW - 0.5),
        ("2025-11-18T13:00:00+01:00", NOW),
        ("2025-11-18 12:00", NOW),
        ("2025-11-18T12:00", NOW),
        ("2025-11-18", NOW - 12 * HOUR),
        ("1763467200", NOW),
        ("1763467200.5", NOW + 0.5),
        ("36h", NOW - 36 * HOUR),
        ("5d", NOW - 120 * HOUR),
        ("90m", NOW - 90 * 60),
        ("1.5h", NOW - 90 * 60),
        (" now ", NOW),
    ],
)
def test_a_moment_is_read_as_people_write_it(text, seconds):
    assert read_moment(text, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-02-31", "2025-11-18T25:00", "18.11.2025", "5 d", "-1h", "20251118T12"],
)
def test_other_words_are_refused_with_examples(text):
    with pytest.raises(ValueError, match=r"is no time\. Write 2026-11-18T09:30Z"):
        read_moment(text, NOW)


def test_an_interval_is_whole_seconds_up_to_now():
    assert read_interval("5d", "now", NOW + 0.7) == (int(NOW) - 120 * HOUR, int(NOW))
    assert read_interval("2h", "1h", NOW) == (NOW - 2 * HOUR, NOW - HOUR)
    # The end of the day, a clock that is a little ahead, "five days ago" said a moment ago.
    assert read_interval("1h", "2025-11-19", NOW) == (NOW - HOUR, NOW)
    assert read_interval(str(NOW - 120 * HOUR - 5), "1h", NOW)[0] == NOW - 120 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("soon", "now", '--from: "soon" is no time'),
        ("1h", "later", '--to: "later" is no time'),
        ("6d", "now", "--from: 2025-11-12 12:00:00Z is more than 5 days ago"),
        ("20251118", "now", "--from: 1970-08-23 .* is more than 5 days ago"),
        ("2025-11-19", "2025-11-20", "--from: 2025-11-19 00:00:00Z is in the future"),
        ("1h", "2h", "--to: .* is not after --from"),
        ("1h", "1h", "--to: .* is not after --from"),
    ],
)
def test_an_interval_that_cannot_be_is_one_sentence_with_its_flag(start, end, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        read_interval(start, end, NOW)
    assert "\n" not in str(caught.value)
