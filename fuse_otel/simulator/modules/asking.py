"""Modules that ask the caller: digits, number, menu, yes/no, record.

A caller who says nothing or keys nonsense gets the question again within the same execution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fuse_otel.simulator.call import Script

_ATTEMPTS = 3
_NO_INPUT = 0.06
_NO_MATCH = 0.08


def ask_digits(
    call: Script, name: str, text: str, digits: str, *, private: bool = False
) -> str | None:
    """``digits`` keyed by the caller, or ``None`` after three failures. A private input is not
    logged at all.
    """
    return _ask(call, "digits", name, text, lambda: digits, private=private)


def ask_number(call: Script, name: str, text: str, number: int) -> str | None:
    return _ask(call, "number", name, text, lambda: str(number))


def ask_choice(call: Script, name: str, text: str, choices: Sequence[str]) -> str | None:
    """A menu. ``choices`` are drawn from evenly: repeat one to make it likelier."""
    return _ask(call, "menu", name, text, lambda: call.dice.choice(choices))


def ask_yes_no(call: Script, name: str, text: str, *, yes: float = 0.85) -> bool | None:
    answer = _ask(call, "yes/no", name, text, lambda: "1" if call.chance(yes) else "2")
    return None if answer is None else answer == "1"


def record(call: Script, name: str, text: str, longest: float = 60) -> int:
    """A recording; returns its length in seconds."""
    call.say(text, "record", name)
    length = round(call.wait(4, longest))
    call.write(
        "event",
        f"Recorded {length} seconds",
        "record",
        name,
        duration=length,
        recording=f"https://recordings.example.com/{call.dice.getrandbits(48):012x}.wav",
    )
    return length


def _ask(
    call: Script,
    module_type: str,
    name: str,
    text: str,
    answer: Callable[[], str],
    *,
    private: bool = False,
) -> str | None:
    for _ in range(_ATTEMPTS):
        call.say(text, module_type, name)
        drawn = call.dice.random()
        if drawn < _NO_INPUT:
            call.wait(5, 7)
            call.write("event", "No input", module_type, name)
        elif drawn < _NO_INPUT + _NO_MATCH:
            call.wait(1, 5)
            line = "No match" if private else f"No match: {call.dice.randrange(10)} (dtmf)"
            call.write("event", line, module_type, name)
        else:
            return _heard(call, module_type, name, answer(), private=private)
    call.write("error", "Maximum number of attempts reached", module_type, name, attempts=_ATTEMPTS)
    return None


def _heard(call: Script, module_type: str, name: str, answer: str, *, private: bool) -> str:
    call.wait(0.8, 1.5 + 0.5 * len(answer))
    if not private:
        mode = "speech" if module_type in {"menu", "yes/no"} and call.chance(0.2) else "dtmf"
        call.write("event", f"User input: {answer} ({mode})", module_type, name)
    return answer
