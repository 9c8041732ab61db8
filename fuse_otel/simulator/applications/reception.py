"""The front door: a menu that sends the call on to other applications (Go To App)."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application
from fuse_otel.simulator.applications.claims import CLAIMS
from fuse_otel.simulator.applications.payment import PAYMENT
from fuse_otel.simulator.applications.pharmacy import PHARMACY
from fuse_otel.simulator.call_flow import CallFlow

_DOORS = {"1": PAYMENT, "2": CLAIMS, "3": PHARMACY}


def _flow(call: CallFlow) -> None:
    call.prompt("front_door", "Welcome to the Harbor Group.")
    for _ in range(2):
        door = call.ask_choice(
            "doors", "Billing, press 1. Claims, press 2. Pharmacy, press 3.", "112239"
        )
        if door in _DOORS:
            application = _DOORS[door]
            call.go_to_app(
                f"to_{door}", application.name, application.version, application.revision
            )
            application.flow(call)
    call.prompt("closed", "Sorry, we did not understand you. Goodbye.")
    call.exit_call()


RECEPTION = Application("Reception", "1.1", "63005", "8005550166", _flow, share=2)
