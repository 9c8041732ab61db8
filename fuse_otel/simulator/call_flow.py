"""The boxes of the call-flow editor, as far as the applications use them.

``start``, ``prompt``, ``number``, ``email`` and ``exit`` write what the documentation's examples
show. What the others write is undocumented: their entries are invented in the same manner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Never

from fuse_otel.simulator.call import CallEnded, Script

_ATTEMPTS = 3
_NO_INPUT = 0.06
_NO_MATCH = 0.08
_SLOW = 10.0
_CALLER_HUNG_UP = "caller"
# How transfers end, in percent.
_RESULTS = {
    "noanswer": 10,
    "busy": 8,
    "maxtime_disconnect": 4,
    _CALLER_HUNG_UP: 38,
    "far_end_disconnect": 40,
}


class CallBoxes(Script):
    """A call that is going on; each public method runs one box, which has a ``name``."""

    # --- boxes that steer the call ---

    def start(self, application: str, version: str, revision: str) -> None:
        self.revision = revision
        self.write(
            "info", f'Executing application "{application}" version "{version}"', "start", "start"
        )

    def prompt(self, name: str, text: str) -> None:
        self.say(text, "prompt", name)

    def read_back(self, name: str, text: str) -> None:
        """A prompt made of variables: it reads out what the caller keyed, or what was looked up."""
        self.say(text, "prompt", name, static=False)

    def go_to_app(self, name: str, application: str, version: str, revision: str) -> None:
        """The call continues in another application, which writes its own start."""
        self.write("info", f"Going to application {application}", "go to app", name)
        self.start(application, version, revision)

    def compare(self, name: str, left: str, operator: str, right: str) -> None:
        outcome = "true" if (left == right) == (operator == "==") else "false"
        line = f"Comparing {left} {operator} {right}: {outcome}"
        self.write("debug", line, "compare variable", name)

    def call_log(self, name: str, text: str) -> None:
        """The author's own line: its text is free."""
        self.write("info", text, "call log", name)

    def transfer(self, name: str, number: str, *, longest_talk: float = 300) -> str:
        """Hand the caller over, and return the documented result.

        ``noanswer``, ``busy``, ``far_end_disconnect`` or ``maxtime_disconnect``; a caller who hangs
        up while ringing or talking ends the call before any result is written.
        """
        self.write("info", "Transferring", "transfer", name, destination=number)
        self.wait(3, 25)
        (result,) = self.dice.choices(list(_RESULTS), list(_RESULTS.values()))
        talked = 0.0
        if result == "maxtime_disconnect":
            talked = self.wait(longest_talk, longest_talk)
        elif result in {"far_end_disconnect", _CALLER_HUNG_UP}:
            talked = self.wait(20, longest_talk)
        if result == _CALLER_HUNG_UP:
            raise CallEnded
        self.write("event", f"Transfer result: {result}", "transfer", name, duration=round(talked))
        return result

    def fail(self, reason: str) -> Never:
        """The platform gives the call up: an error of no module, and no exit."""
        self.write_bare("error", reason)
        raise CallEnded

    def exit_call(self) -> Never:
        self.write("info", "Exiting application", "exit", "hangup")
        self.exited = True
        self.wait(0, 1.2)
        self.write("event", "Disconnecting call", "exit", "hangup")
        raise CallEnded

    # --- boxes that ask the caller. One who says nothing or keys nonsense gets the question again
    # within the same execution.

    def ask_digits(self, name: str, text: str, digits: str, *, private: bool = False) -> str | None:
        """``digits`` keyed by the caller, or ``None`` after three failures. A private input is not
        logged at all.
        """
        return self._ask("digits", name, text, lambda: digits, private=private)

    def ask_number(self, name: str, text: str, number: int) -> str | None:
        return self._ask("number", name, text, lambda: str(number))

    def ask_choice(self, name: str, text: str, choices: Sequence[str]) -> str | None:
        """A menu. ``choices`` are drawn from evenly: repeat one to make it likelier."""
        return self._ask("menu", name, text, lambda: self.dice.choice(choices))

    def ask_yes_no(self, name: str, text: str, *, yes: float = 0.85) -> bool | None:
        answer = self._ask("yes/no", name, text, lambda: "1" if self.chance(yes) else "2")
        return None if answer is None else answer == "1"

    def record(self, name: str, text: str, longest: float) -> None:
        """A recording of up to so many seconds."""
        self.say(text, "record", name)
        length = round(self.wait(4, longest))
        url = f"https://recordings.example.com/{self.dice.getrandbits(48):012x}.wav"
        line = f"Recorded {length} seconds"
        self.write("event", line, "record", name, duration=length, recording=url)

    def _ask(
        self, kind: str, name: str, text: str, answer: Callable[[], str], *, private: bool = False
    ) -> str | None:
        for _ in range(_ATTEMPTS):
            self.say(text, kind, name)
            drawn = self.dice.random()
            if drawn < _NO_INPUT:
                self.wait(5, 7)
                self.write("event", "No input", kind, name)
            elif drawn < _NO_INPUT + _NO_MATCH:
                self.wait(1, 5)
                line = "No match" if private else f"No match: {self.dice.randrange(10)} (dtmf)"
                self.write("event", line, kind, name)
            else:
                return self._hear(kind, name, answer(), private=private)
        line = "Maximum number of attempts reached"
        self.write("error", line, kind, name, attempts=_ATTEMPTS)
        return None

    def _hear(self, kind: str, name: str, answer: str, *, private: bool) -> str:
        self.wait(0.8, 1.5 + 0.5 * len(answer))
        if not private:
            mode = "speech" if kind in {"menu", "yes/no"} and self.chance(0.2) else "dtmf"
            self.write("event", f"User input: {answer} ({mode})", kind, name)
        return answer

    # --- boxes that reach out of the platform, and what feeds them ---

    def traceparent(self) -> str:
        """A W3C trace context as an author's JavaScript would make one."""
        trace_id = self.dice.getrandbits(128) | 1
        span_id = self.dice.getrandbits(64) | 1
        return f"00-{trace_id:032x}-{span_id:016x}-01"

    def rest(
        self,
        name: str,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        body: str = "",
        failing: float = 0.08,
    ) -> int | None:
        """Call a web service; returns its HTTP status, ``None`` if it timed out."""
        request = {"url": url, "method": method, "headers": headers or {}, "body": body}
        self.write("info", f"Sending {method} request", "rest", name)
        self.write("debug", f"Request: {method} {url}", "rest", name, **request)
        drawn = self.dice.random()
        if drawn < failing / 3:
            self.wait(_SLOW, _SLOW)
            self.write("error", "Request timed out after 10 seconds", "rest", name, url=url)
            return None
        self.wait(0.1, 2)
        if drawn >= failing:
            self.write("debug", "Response: HTTP 200", "rest", name, status_code=200)
            return 200
        status = self.dice.choice((500, 502, 503, 504, 429, 404))
        self.write("error", f"Request failed: HTTP {status}", "rest", name, status_code=status)
        return status

    def email(self, name: str, to: str, subject: str, body: str) -> None:
        self.write("info", "Sending", "email", name)
        self.wait(0.2, 1.5)
        self.write("debug", "Sent", "email", name, to=to, subject=subject, body=body)

    def sms(self, name: str, to: str, text: str) -> None:
        self.write("info", "Sending", "sms", name)
        self.wait(0.2, 2)
        if self.chance(0.04):
            self.write("error", f"Message to {to} was not accepted", "sms", name, to=to)
        else:
            self.write("debug", "Sent", "sms", name, to=to, message=text)

    def dynamodb(self, name: str, operation: str, table: str, key: str) -> bool:
        request = {"table": table, "operation": operation}
        self.write("info", f"{operation} {table}", "dynamodb", name, **request)
        self.wait(0.05, 0.6)
        if self.chance(0.03):
            error = "ProvisionedThroughputExceededException"
            self.write("error", error, "dynamodb", name, table=table, error=error)
            return False
        self.write("debug", "Item found", "dynamodb", name, key=key)
        return True

    def set_variable(self, name: str, value: str) -> None:
        self.write("debug", f"{name} = {value}", "set variable", name, value=value)

    def evaluate_js(self, name: str, result: str) -> None:
        if self.chance(0.02):
            self.write("error", "ReferenceError: response is not defined", "evaluate js", name)
        else:
            self.write("debug", f"Result: {result}", "evaluate js", name)
