"""The documentation's own example: a prompt, an e-mail, a goodbye."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_address
from fuse_otel.simulator.call_flow import CallFlow


def _flow(call: CallFlow) -> None:
    call.prompt("var_0", "Sending email")
    call.email("var_1", invent_address(call.dice), "This is the subject", "This is the body.")
    call.prompt("var_2", "message sent! goodbye!")
    call.exit_call()


EMAIL_TEST = Application("email test", "0.2", "52691", "8005550144", _flow, leaving=0.03)
