"""Pay by phone: account, card (private or, carelessly, not), gateway, confirmation."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import (
    Application,
    invent_card,
    invent_digits,
    invent_phone,
)
from fuse_otel.simulator.call_flow import CallBoxes

_GATEWAY = "https://gateway.example.com/v2/charges"


def _flow(call: CallBoxes) -> None:
    call.prompt("welcome", "Thank you for calling Harbor Utilities billing.")
    account = call.ask_digits(
        "account_number",
        "Please enter your ten digit account number.",
        invent_digits(call.dice, 10),
    )
    if account is None:
        _agent(call)
    cents = call.dice.randrange(1_000, 40_000)
    call.read_back(
        "balance", f"Account {account} owes {cents // 100} dollars and {cents % 100} cents."
    )
    if call.ask_choice("pay_menu", "To pay now, press 1. For an agent, press 0.", "11110") != "1":
        _agent(call)
    for attempt in (1, 2):
        if _pay(call, f"{account}", cents, attempt):
            _thank(call)
        call.prompt("declined", "We could not take your payment. Let us try once more.")
    _agent(call)


def _pay(call: CallBoxes, account: str, cents: int, attempt: int) -> bool:
    number = _card(call)
    confirmed = call.ask_yes_no(
        "confirm", "To confirm the payment, press 1. To cancel, press 2.", yes=0.9
    )
    if not confirmed:
        call.exit_call()
    context = call.traceparent()
    call.call_log("log_attempt", f"payment attempt {attempt} traceparent={context}")
    status = call.rest(
        "charge",
        "POST",
        f"{_GATEWAY}?account={account}",
        headers={"Content-Type": "application/json", "traceparent": context},
        body=f'{{"pan": "{number}", "amount": {cents}}}',
        failing=0.2,
    )
    return status == HTTPStatus.OK


def _card(call: CallBoxes) -> str:
    private = call.chance(0.7)  # the other authors forgot to mark the module
    number = invent_card(call.dice)
    questions = (
        ("card_number", "Please enter your card number.", number),
        ("card_expiry", "Please enter the expiration date, two digits for the month.", "0429"),
        ("card_code", "Please enter the three digits on the back.", "123"),
    )
    for name, text, keyed in questions:
        if call.ask_digits(name, text, keyed, private=private) is None:
            _agent(call)
    return number


def _thank(call: CallBoxes) -> None:
    confirmation = invent_digits(call.dice, 6)
    call.set_variable("confirmation_number", confirmation)
    call.read_back("thanks", f"Thank you. Your confirmation number is {confirmation}.")
    call.sms("receipt", invent_phone(call.dice), f"Harbor Utilities: paid, {confirmation}.")
    call.exit_call()


def _agent(call: CallBoxes) -> None:
    call.prompt("to_agent", "Please hold for the next agent.")
    if call.transfer("agent", "8005550199") in {"noanswer", "busy"}:
        call.prompt("agents_busy", "All our agents are busy. Please call again later.")
    call.exit_call()


PAYMENT = Application("Pay By Phone", "3.2", "61231", "8005550111", _flow, share=4)
