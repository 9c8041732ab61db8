"""The documentation's own example: a prompt, an e-mail, a goodbye."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_address
from fuse_otel.simulator.call import Script
from fuse_otel.simulator.modules import email, exit_call, prompt


def _flow(call: Script) -> None:
    prompt(call, "var_0", "Sending email")
    email(call, "var_1", invent_address(call.dice), "This is the subject", "This is the body.")
    prompt(call, "var_2", "message sent! goodbye!")
    exit_call(call)


EMAIL_TEST = Application("email test", "0.2", "52691", "8005550144", _flow, leaving=0.03)
