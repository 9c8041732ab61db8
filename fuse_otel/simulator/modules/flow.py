"""Modules that steer the call: start, prompt, transfer, go to app, compare, call log, exit."""

from __future__ import annotations

from typing import Never

from fuse_otel.simulator.call import CallEnded, Script

_CALLER_HUNG_UP = "caller"
# How transfers end, in percent.
_RESULTS = {
    "noanswer": 10,
    "busy": 8,
    "maxtime_disconnect": 4,
    _CALLER_HUNG_UP: 38,
    "far_end_disconnect": 40,
}


def start(call: Script, application: str, version: str, revision: str) -> None:
    call.revision = revision
    call.write(
        "info", f'Executing application "{application}" version "{version}"', "start", "start"
    )


def prompt(call: Script, name: str, text: str) -> None:
    call.say(text, "prompt", name)


def read_back(call: Script, name: str, text: str) -> None:
    """A prompt made of variables: it reads out what the caller keyed, or what was looked up."""
    call.say(text, "prompt", name, static=False)


def go_to_app(call: Script, name: str, application: str, version: str, revision: str) -> None:
    """The call continues in another application, which writes its own start."""
    call.write("info", f"Going to application {application}", "go to app", name)
    start(call, application, version, revision)


def compare(call: Script, name: str, left: str, operator: str, right: str) -> None:
    outcome = "true" if (left == right) == (operator == "==") else "false"
    call.write("debug", f"Comparing {left} {operator} {right}: {outcome}", "compare variable", name)


def call_log(call: Script, name: str, text: str) -> None:
    """The author's own line: its text is free."""
    call.write("info", text, "call log", name)


def transfer(call: Script, name: str, number: str, *, longest_talk: float = 300) -> str:
    """Hand the caller over, and return the documented result.

    ``noanswer``, ``busy``, ``far_end_disconnect`` or ``maxtime_disconnect``; a caller who hangs
    up while ringing or talking ends the call before any result is written.
    """
    call.write("info", "Transferring", "transfer", name, destination=number)
    call.wait(3, 25)
    (result,) = call.dice.choices(list(_RESULTS), list(_RESULTS.values()))
    talked = 0.0
    if result == "maxtime_disconnect":
        talked = call.wait(longest_talk, longest_talk)
    elif result in {"far_end_disconnect", _CALLER_HUNG_UP}:
        talked = call.wait(20, longest_talk)
    if result == _CALLER_HUNG_UP:
        raise CallEnded
    call.write("event", f"Transfer result: {result}", "transfer", name, duration=round(talked))
    return result


def fail(call: Script, reason: str) -> Never:
    """The platform gives the call up: an error of no module, and no exit."""
    call.write_bare("error", reason)
    raise CallEnded


def exit_call(call: Script) -> Never:
    call.write("info", "Exiting application", "exit", "hangup")
    call.exited = True
    call.wait(0, 1.2)
    call.write("event", "Disconnecting call", "exit", "hangup")
    raise CallEnded
