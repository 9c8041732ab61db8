"""Short applications: the documentation's own example, an outbound survey with queued calls and
many who hang up, and the front door, whose menu sends the call on to other applications (Go To
App).
"""

from __future__ import annotations

from fuse_otel.simulator.applications.application import Application, invent_address, invent_phone
from fuse_otel.simulator.applications.claims import CLAIMS
from fuse_otel.simulator.applications.payment import PAYMENT
from fuse_otel.simulator.applications.pharmacy import PHARMACY
from fuse_otel.simulator.call_flow import CallBoxes


def _email_test(call: CallBoxes) -> None:
    call.prompt("var_0", "Sending email")
    call.email("var_1", invent_address(call.dice), "This is the subject", "This is the body.")
    call.prompt("var_2", "message sent! goodbye!")
    call.exit_call()


EMAIL_TEST = Application("email test", "0.2", "52691", "8005550144", _email_test, leaving=0.03)


def _survey(call: CallBoxes) -> None:
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
    "Customer Survey", "5", "49920", "8005550155", _survey, share=2, leaving=0.35, outbound=True
)


_DOORS = {"1": PAYMENT, "2": CLAIMS, "3": PHARMACY}


def _reception(call: CallBoxes) -> None:
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


RECEPTION = Application("Reception", "1.1", "63005", "8005550166", _reception, share=2)
