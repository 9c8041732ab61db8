"""Insurance claims: a main menu that loops, a recorded statement, transfers to adjusters."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import Application, invent_address, invent_digits
from fuse_otel.simulator.call import Script
from fuse_otel.simulator.modules import (
    ask_choice,
    ask_digits,
    ask_number,
    compare,
    email,
    exit_call,
    prompt,
    read_back,
    record,
    rest,
    transfer,
)

_MAIN = "For a new claim, press 1. For an open claim, press 2. For opening hours, press 3."


def _flow(call: Script) -> None:
    prompt(call, "welcome", "Welcome to Beacon Mutual claims. This call may be recorded.")
    for _ in range(6):
        choice = ask_choice(call, "main_menu", _MAIN, "1223390")
        if choice == "1":
            _new_claim(call)
        elif choice == "2":
            _open_claim(call)
        elif choice == "3":
            prompt(call, "hours", "We are open from eight to eight, Monday to Saturday.")
        else:
            _adjuster(call)
    prompt(call, "too_long", "Please call again when you are ready. Goodbye.")
    exit_call(call)


def _new_claim(call: Script) -> None:
    policy = ask_digits(
        call, "policy", "Enter your eight digit policy number.", invent_digits(call.dice, 8)
    )
    ask_digits(call, "birth_date", "Enter your date of birth, eight digits.", "01311970")
    ask_number(call, "people", "How many people were involved?", call.dice.randrange(1, 5))
    record(call, "statement", "After the tone, tell us what happened. Press any key when done.", 90)
    status = rest(
        call,
        "create_claim",
        "POST",
        "https://claims.example.com/api/claims",
        headers={"Authorization": "Bearer not-a-real-token"},
        body=f'{{"policy": "{policy}"}}',
    )
    if status != HTTPStatus.OK:
        _adjuster(call)
    number = invent_digits(call.dice, 7)
    read_back(call, "claim_number", f"Your claim number is {number}.")
    email(
        call,
        "notify",
        invent_address(call.dice),
        f"Claim {number}",
        f"Policy {policy} has a claim.",
    )
    exit_call(call)


def _open_claim(call: Script) -> None:
    claim = ask_digits(
        call, "claim", "Enter your seven digit claim number.", invent_digits(call.dice, 7)
    )
    if claim is None:
        return
    status = rest(call, "find_claim", "GET", f"https://claims.example.com/api/claims/{claim}")
    compare(call, "found", str(status), "==", "200")
    if status == HTTPStatus.OK:
        read_back(call, "claim_state", f"Claim {claim} is in review.")


def _adjuster(call: Script) -> None:
    prompt(call, "to_adjuster", "We connect you with an adjuster.")
    for attempt in (1, 2, 3):
        result = transfer(call, f"adjuster_{attempt}", "8005550198", longest_talk=240)
        if result not in {"noanswer", "busy"}:
            break
        prompt(call, "adjuster_busy", "That line is busy, we try the next one.")
    exit_call(call)


CLAIMS = Application("Claims Line", "2.0.1", "58817", "8005550122", _flow, share=3, leaving=0.2)
