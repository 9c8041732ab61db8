"""Insurance claims: a main menu that loops, a recorded statement, transfers to adjusters."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import Application, invent_address, invent_digits
from fuse_otel.simulator.call_flow import CallBoxes

_MAIN = "For a new claim, press 1. For an open claim, press 2. For opening hours, press 3."


def _flow(call: CallBoxes) -> None:
    call.prompt("welcome", "Welcome to Beacon Mutual claims. This call may be recorded.")
    for _ in range(6):
        choice = call.ask_choice("main_menu", _MAIN, "1223390")
        if choice == "1":
            _new_claim(call)
        elif choice == "2":
            _open_claim(call)
        elif choice == "3":
            call.prompt("hours", "We are open from eight to eight, Monday to Saturday.")
        else:
            _adjuster(call)
    call.prompt("too_long", "Please call again when you are ready. Goodbye.")
    call.exit_call()


def _new_claim(call: CallBoxes) -> None:
    policy = call.ask_digits(
        "policy", "Enter your eight digit policy number.", invent_digits(call.dice, 8)
    )
    call.ask_digits("birth_date", "Enter your date of birth, eight digits.", "01311970")
    call.ask_number("people", "How many people were involved?", call.dice.randrange(1, 5))
    call.record("statement", "After the tone, tell us what happened. Press any key when done.", 90)
    status = call.rest(
        "create_claim",
        "POST",
        "https://claims.example.com/api/claims",
        headers={"Authorization": "Bearer not-a-real-token"},
        body=f'{{"policy": "{policy}"}}',
    )
    if status != HTTPStatus.OK:
        _adjuster(call)
    number = invent_digits(call.dice, 7)
    call.read_back("claim_number", f"Your claim number is {number}.")
    call.email(
        "notify", invent_address(call.dice), f"Claim {number}", f"Policy {policy} has a claim."
    )
    call.exit_call()


def _open_claim(call: CallBoxes) -> None:
    claim = call.ask_digits(
        "claim", "Enter your seven digit claim number.", invent_digits(call.dice, 7)
    )
    if claim is None:
        return
    status = call.rest("find_claim", "GET", f"https://claims.example.com/api/claims/{claim}")
    call.compare("found", str(status), "==", "200")
    if status == HTTPStatus.OK:
        call.read_back("claim_state", f"Claim {claim} is in review.")


def _adjuster(call: CallBoxes) -> None:
    call.prompt("to_adjuster", "We connect you with an adjuster.")
    for attempt in (1, 2, 3):
        result = call.transfer(f"adjuster_{attempt}", "8005550198", longest_talk=240)
        if result not in {"noanswer", "busy"}:
            break
        call.prompt("adjuster_busy", "That line is busy, we try the next one.")
    call.exit_call()


CLAIMS = Application("Claims Line", "2.0.1", "58817", "8005550122", _flow, share=3, leaving=0.2)
