"""Pharmacy refill: prescriptions looked up in DynamoDB, ordered by REST, confirmed by SMS."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import Application, invent_digits, invent_phone
from fuse_otel.simulator.call_flow import CallBoxes


def _flow(call: CallBoxes) -> None:
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


PHARMACY = Application("Pharmacy Refill", "1.8", "60442", "8005550133", _flow, share=4)
