"""Pharmacy refill: prescriptions looked up in DynamoDB, ordered by REST, confirmed by SMS."""

from __future__ import annotations

from http import HTTPStatus

from fuse_otel.simulator.applications.application import Application, invent_digits, invent_phone
from fuse_otel.simulator.call import Script
from fuse_otel.simulator.modules import (
    ask_choice,
    ask_digits,
    ask_yes_no,
    dynamodb,
    evaluate_js,
    exit_call,
    fail,
    prompt,
    read_back,
    rest,
    sms,
    transfer,
)


def _flow(call: Script) -> None:
    prompt(call, "greeting", "Thank you for calling Corner Pharmacy.")
    ask_choice(call, "language", "For English, press 1. Para español, oprima 2.", "1112")
    patient = ask_digits(call, "phone", "Enter your phone number.", invent_phone(call.dice))
    if call.chance(0.02):
        fail(call, "Application error: the call was ended by the platform")
    while True:
        _refill(call, patient)
        if not ask_yes_no(call, "another", "Would you like to refill another one?", yes=0.35):
            prompt(call, "goodbye", "Thank you. Goodbye.")
            exit_call(call)


def _refill(call: Script, patient: str | None) -> None:
    number = ask_digits(
        call, "rx_number", "Enter your prescription number.", invent_digits(call.dice, 7)
    )
    if number is None or not dynamodb(call, "find_rx", "GetItem", "prescriptions", number):
        _pharmacist(call)
    evaluate_js(call, "is_refillable", "true")
    read_back(call, "rx_found", f"Prescription {number}, lisinopril, 10 milligrams.")
    if not ask_yes_no(call, "confirm_refill", "Shall we refill it?"):
        return
    status = rest(
        call,
        "order",
        "PUT",
        f"https://user:secret@orders.example.com/refills/{number}?patient={patient}",
        failing=0.1,
    )
    if status != HTTPStatus.OK:
        _pharmacist(call)
    sms(call, "ready", f"{patient}", f"Corner Pharmacy: prescription {number} is ready after 4 pm.")


def _pharmacist(call: Script) -> None:
    prompt(call, "to_pharmacist", "Please hold for the pharmacist.")
    transfer(call, "pharmacist", "8005550197", longest_talk=180)
    exit_call(call)


PHARMACY = Application("Pharmacy Refill", "1.8", "60442", "8005550133", _flow, share=4)
