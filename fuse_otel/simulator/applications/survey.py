"""An outbound survey: queued calls, few questions, many who hang up."""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_phone
from fuse_otel.simulator.call import Script
from fuse_otel.simulator.modules import (
    ask_choice,
    ask_number,
    ask_yes_no,
    exit_call,
    prompt,
    record,
    rest,
)


def _flow(call: Script) -> None:
    prompt(call, "intro", "Hello, this is Harbor Utilities with three short questions.")
    if not ask_yes_no(call, "consent", "Do you have a minute? Press 1 for yes.", yes=0.6):
        prompt(call, "sorry", "Sorry for the trouble. Goodbye.")
        exit_call(call)
    for question in ("service", "price", "again"):
        ask_number(
            call,
            f"rate_{question}",
            "From 1 to 5, how content are you?",
            call.dice.randrange(1, 6),
        )
    if (
        ask_choice(call, "comment_menu", "To leave a comment, press 1, else hang up.", "1222")
        == "1"
    ):
        record(call, "comment", "Please speak after the tone.", 40)
    rest(
        call,
        "store_answers",
        "POST",
        "https://survey.example.com/answers",
        body=f'{{"phone": "{invent_phone(call.dice)}"}}',
    )
    prompt(call, "thanks", "Thank you for your time.")
    exit_call(call)


SURVEY = Application(
    "Customer Survey", "5", "49920", "8005550155", _flow, share=2, leaving=0.35, outbound=True
)
