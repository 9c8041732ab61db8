"""Pay by phone: account, card (private or, carelessly, not), gateway, confirmation."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import (
    Application,
    invent_card,
    invent_digits,
    invent_phone,
)
from fuse_otel.simulator.call import Script
from fuse_otel.simulator.modules import (
    ask_choice,
    ask_digits,
    ask_yes_no,
    call_log,
    exit_call,
    prompt,
    read_back,
    rest,
    set_variable,
    sms,
    traceparent,
    transfer,
)

_GATEWAY = "https://gateway.example.com/v2/charges"


def _flow(call: Script) -> None:
    prompt(call, "welcome", "Thank you for calling Harbor Utilities billing.")
    account = ask_digits(
        call,
        "account_number",
        "Please enter your ten digit account number.",
        invent_digits(call.dice, 10),
    )
    if account is None:
        _agent(call)
    cents = call.dice.randrange(1_000, 40_000)
    read_back(
        call, "balance", f"Account {account} owes {cents // 100} dollars and {cents % 100} cents."
    )
    if ask_choice(call, "pay_menu", "To pay now, press 1. For an agent, press 0.", "11110") != "1":
        _agent(call)
    for attempt in (1, 2):
        if _pay(call, f"{account}", cents, attempt):
            _thank(call)
        prompt(call, "declined", "We could not take your payment. Let us try once more.")
    _agent(call)


def _pay(call: Script, account: str, cents: int, attempt: int) -> bool:
    number = _card(call)
    confirmed = ask_yes_no(
        call, "confirm", "To confirm the payment, press 1. To cancel, press 2.", yes=0.9
    )
    if not confirmed:
        exit_call(call)
    context = traceparent(call)
    call_log(call, "log_attempt", f"payment attempt {attempt} traceparent={context}")
    status = rest(
        call,
        "charge",
        "POST",
        f"{_GATEWAY}?account={account}",
        headers={"Content-Type": "application/json", "traceparent": context},
        body=f'{{"pan": "{number}", "amount": {cents}}}',
        failing=0.2,
    )
    return status == HTTPStatus.OK


def _card(call: Script) -> str:
    private = call.chance(0.7)  # the other authors forgot to mark the module
    number = invent_card(call.dice)
    questions = (
        ("card_number", "Please enter your card number.", number),
        ("card_expiry", "Please enter the expiration date, two digits for the month.", "0429"),
        ("card_code", "Please enter the three digits on the back.", "123"),
    )
    for name, text, keyed in questions:
        if ask_digits(call, name, text, keyed, private=private) is None:
            _agent(call)
    return number


def _thank(call: Script) -> None:
    confirmation = invent_digits(call.dice, 6)
    set_variable(call, "confirmation_number", confirmation)
    read_back(call, "thanks", f"Thank you. Your confirmation number is {confirmation}.")
    sms(call, "receipt", invent_phone(call.dice), f"Harbor Utilities: paid, {confirmation}.")
    exit_call(call)


def _agent(call: Script) -> None:
    prompt(call, "to_agent", "Please hold for the next agent.")
    if transfer(call, "agent", "8005550199") in {"noanswer", "busy"}:
        prompt(call, "agents_busy", "All our agents are busy. Please call again later.")
    exit_call(call)


PAYMENT = Application("Pay By Phone", "3.2", "61231", "8005550111", _flow, share=4)
