"""An outbound survey: queued calls, few questions, many who hang up."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_phone
from fuse_otel.simulator.call_flow import CallFlow


def _flow(call: CallFlow) -> None:
    call.prompt("intro", "Hello, this is Harbor Utilities with three short questions.")
    if not call.ask_yes_no("consent", "Do you have a minute? Press 1 for yes.", yes=0.6):
        call.prompt("sorry", "Sorry for the trouble. Goodbye.")
        call.exit_call()
    for question in ("service", "price", "again"):
        call.ask_number(
            f"rate_{question}", "From 1 to 5, how content are you?", call.dice.randrange(1, 6)
        )
    if call.ask_choice("comment_menu", "To leave a comment, press 1, else hang up.", "1222") == "1":
        call.record("comment", "Please speak after the tone.", 40)
    call.rest(
        "store_answers",
        "POST",
        "https://survey.example.com/answers",
        body=f'{{"phone": "{invent_phone(call.dice)}"}}',
    )
    call.prompt("thanks", "Thank you for your time.")
    call.exit_call()


SURVEY = Application(
    "Customer Survey", "5", "49920", "8005550155", _flow, share=2, leaving=0.35, outbound=True
)
