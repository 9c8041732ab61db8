"""Long calls, 40 minutes to 3 hours: they are listed hours after they began."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_digits
from fuse_otel.simulator.call import CallEnded
from fuse_otel.simulator.call_flow import CallBoxes

SHORTEST, LONGEST = 2400.0, 10_800.0


def _flow(call: CallBoxes) -> None:
    call.prompt("welcome", "Welcome to the conference bridge.")
    call.ask_digits("room", "Enter the room number.", invent_digits(call.dice, 5))
    call.write("info", "Transferring", "transfer", "bridge", destination="8005550196")
    joined = call.now
    leaving = joined + call.dice.uniform(SHORTEST, LONGEST - 900)
    while call.now < leaving:
        call.wait(300, 800)
        call.call_log("still_here", "conference goes on")
    if call.chance(0.5):
        raise CallEnded
    talked = round(call.now - joined)
    call.write(
        "event", "Transfer result: far_end_disconnect", "transfer", "bridge", duration=talked
    )
    call.exit_call()


CONFERENCE = Application("Conference Bridge", "4.0", "40077", "8005550177", _flow, leaving=0.0)
