"""How often the caller was asked, and how long the answer took."""

import pytest
from support.builders.call_values import START, made_of, make_entry


def prompt(at=START, number="1", module="menu", **data):
    return make_entry(
        "For sales press 1.", module, "m", "prompt", at, type="static", prompt_id=number, **data
    )


def answer(line="User input: 1 (dtmf)", at=START, module="menu"):
    return make_entry(line, module, "m", "event", at)


def input_attempts(*entries):
    attributes = made_of(*entries).spans[1].attributes
    return attributes.get("fuse.input.attempts"), attributes.get("fuse.input.wait")


@pytest.mark.parametrize(
    ("entries", "attempts", "wait"),
    [
        ([prompt(), answer(at=START + 4)], 1, 4),
        ([prompt(), answer()], 1, 0),
        # A question of two prompts: the wait begins with the last one.
        ([prompt(), prompt(START + 3, "2"), answer(at=START + 5)], 1, 2),
        ([prompt(), answer("No match: 9 (dtmf)", START + 2), prompt(START + 2),
          answer(at=START + 9)], 2, 7),
        ([prompt(), answer("No match", START + 2)], 1, 2),
        # Nobody answered.
        ([prompt(), answer("No input", START + 8)], 1, None),
        ([prompt(), answer("No input", START + 8), prompt(START + 8)], 2, None),
        ([prompt()], 1, None),
        # A private module logs no answers: the same prompt again is the same question again.
        ([prompt(), prompt(START + 8), prompt(START + 9, "2"), prompt(START + 20)], 3, None),
        # Nothing tells which prompt it was.
        ([prompt(number="a secret"), prompt(number="a secret")], 1, None),
        # Answers whose prompts were not logged.
        ([answer("No input"), answer()], 2, None),
        ([prompt(), answer("No match"), answer(at=START + 3)], 2, None),
        # A time that had to be guessed is no time to count from, or to.
        ([prompt(None), answer(at=START + 4)], 1, None),
        ([prompt(START + 9), answer(at=START + 4)], 1, None),
    ],
)  # fmt: skip
def test_a_question_is_counted_and_timed(entries, attempts, wait):
    assert input_attempts(*entries) == (attempts, wait)


def test_a_module_that_only_plays_prompts_has_no_attempts():
    assert input_attempts(prompt(module="prompt"), prompt(module="prompt")) == (None, None)


def test_an_unknown_module_counts_as_an_input_if_it_was_answered():
    assert input_attempts(prompt(module="survey"), answer(at=START + 1, module="survey")) == (1, 1)


def test_counted_attempts_replace_reported_ones():
    shown = make_entry("x", "menu", "m", "error", attempts=3)
    assert input_attempts(prompt(), answer("No match"), shown)[0] == 1
    assert input_attempts(make_entry("x", "record", "m", "error", attempts=3))[0] == 3
