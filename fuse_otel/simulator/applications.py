"""The applications of the simulated account, each a small state machine.

Pay by phone: account, card (private or, carelessly, not), gateway, confirmation. Insurance claims:
a main menu that loops, a recorded statement, transfers to adjusters. Pharmacy refill: prescriptions
looked up in DynamoDB, ordered by REST, confirmed by SMS. The documentation's own example. An
outbound survey with queued calls and many who hang up. The front door, whose menu sends the call on
to other applications (Go To App). Long calls, 40 minutes to 3 hours: they are listed hours after
they began.
"""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.application import (
    Application,
    invent_address,
    invent_card,
    invent_digits,
    invent_phone,
)
from fuse_otel.simulator.call import CallEnded
from fuse_otel.simulator.call_flow import CallBoxes

_GATEWAY = "https://gateway.example.com/v2/charges"
_CLAIMS_MENU = "For a new claim, press 1. For an open claim, press 2. For opening hours, press 3."
LONGEST_CONFERENCE = 10_800.0  # seconds


def _payment(call: CallBoxes) -> None:
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


PAYMENT = Application("Pay By Phone", "3.2", "61231", "8005550111", _payment, share=4)


def _claims(call: CallBoxes) -> None:
    call.prompt("welcome", "Welcome to Beacon Mutual claims. This call may be recorded.")
    for _ in range(6):
        choice = call.ask_choice("main_menu", _CLAIMS_MENU, "1223390")
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


CLAIMS = Application("Claims Line", "2.0.1", "58817", "8005550122", _claims, share=3, leaving=0.2)


def _pharmacy(call: CallBoxes) -> None:
    call.prompt("greeting", "Thank you for calling Corner Pharmacy.")
    call.ask_choice("language", "For English, press 1. Para español, oprima 2.", "1112")
    patient = call.ask_digits("phone", "Enter your phone number.", invent_phone(call.dice))
    if call.chance(0.02):
        call.fail("Application error: the call was ended by the platform")
    while True:
        _refill(call, patient)
        if not call.ask_yes_no("another", "Would you like to refill another one?", yes=0.35):
            call.prompt("goodbye", "Thank you. Goodbye.")
            call.exit_call()


def _refill(call: CallBoxes, patient: str | None) -> None:
    number = call.ask_digits(
        "rx_number", "Enter your prescription number.", invent_digits(call.dice, 7)
    )
    if number is None or not call.dynamodb("find_rx", "GetItem", "prescriptions", number):
        _pharmacist(call)
    call.evaluate_js("is_refillable", "true")
    call.read_back("rx_found", f"Prescription {number}, lisinopril, 10 milligrams.")
    if not call.ask_yes_no("confirm_refill", "Shall we refill it?"):
        return
    status = call.rest(
        "order",
        "PUT",
        f"https://user:secret@orders.example.com/refills/{number}?patient={patient}",
        failing=0.1,
    )
    if status != HTTPStatus.OK:
        _pharmacist(call)
    call.sms("ready", f"{patient}", f"Corner Pharmacy: prescription {number} is ready after 4 pm.")


def _pharmacist(call: CallBoxes) -> None:
    call.prompt("to_pharmacist", "Please hold for the pharmacist.")
    call.transfer("pharmacist", "8005550197", longest_talk=180)
    call.exit_call()


PHARMACY = Application("Pharmacy Refill", "1.8", "60442", "8005550133", _pharmacy, share=4)


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


def _conference(call: CallBoxes) -> None:
    call.prompt("welcome", "Welcome to the conference bridge.")
    call.ask_digits("room", "Enter the room number.", invent_digits(call.dice, 5))
    call.write("info", "Transferring", "transfer", "bridge", destination="8005550196")
    joined = call.now
    leaving = joined + call.dice.uniform(2400, LONGEST_CONFERENCE - 900)
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


CONFERENCE = Application(
    "Conference Bridge", "4.0", "40077", "8005550177", _conference, leaving=0.0
)

EVERYDAY = (PAYMENT, CLAIMS, PHARMACY, EMAIL_TEST, SURVEY, RECEPTION)
LONG = (CONFERENCE,)
