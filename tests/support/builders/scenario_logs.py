"""Calls that the simulator does not make, as short as their point: the golden files' hand-written
part. Each is the JSON that the API would send, and is decoded as the API's answers are.
"""

import json
from collections.abc import Mapping
from functools import partial

import msgspec

from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.model.call import CallLog, ListedCall
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.timing.windows import HOUR
from support.builders.call_values import KEY, START, make_record

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def entry(log_class: str, line: str, module: str, name: str, at: object, **data: object) -> dict:
    """``at`` counts seconds from the call's start; what is no number stands for itself."""
    told = {**data, "module_type": module, "result_variable": name}
    timestamp = START + at if isinstance(at, int) and not isinstance(at, bool) else at
    return {"event": {"line": line, "data": told}, "class": log_class, "timestamp": timestamp}


info, event, debug, error = (
    partial(entry, log_class) for log_class in ("info", "event", "debug", "error")
)


def prompt(text: str, module: str, name: str, at: object, prompt_id: str = "600100") -> dict:
    return entry(
        "prompt", text, module, name, at, type="static", has_audio=False, revision_id="61231",
        prompt_id_type="module", prompt_id=prompt_id, language="en-US",
    )  # fmt: skip


def start(application: str, version: str, at: int = 0) -> dict:
    line = f'Executing application "{application}" version "{version}"'
    return info(line, "start", "start", at)


def leave(at: int) -> list[dict]:
    return [
        info("Exiting application", "exit", "hangup", at),
        event("Disconnecting call", "exit", "hangup", at),
    ]


def no_match(at: int, keyed: str = "9") -> dict:
    return event(f"No match: {keyed} (dtmf)", "menu", "main_menu", at)


MENU = partial(prompt, "For sales press 1, for support press 2.", "menu", "main_menu")
RECEPTION = start("Reception", "1.1")

LOGS: Mapping[str, list[object]] = {
    "reprompts": [
        RECEPTION,
        MENU(1),
        no_match(8),
        prompt("Sorry, I did not get that.", "menu", "main_menu", 8, "600101"),
        MENU(10),
        event("No input", "menu", "main_menu", 21),
        MENU(21),
        event("User input: 2 (dtmf)", "menu", "main_menu", 27),
        *leave(28),
    ],
    "private-input": [
        RECEPTION,
        prompt("Enter your PIN.", "digits", "pin", 1, "600110"),
        prompt("Enter your PIN.", "digits", "pin", 12, "600110"),
        *leave(20),
    ],
    "hangup-while-asked": [RECEPTION, MENU(1), no_match(8), MENU(8)],
    "voicemail": [
        start("Voicemail", "4"),
        prompt("Leave a message after the tone.", "record", "message", 1, "600120"),
        event(
            "Recorded 26 seconds", "record", "message", 31, duration=26,
            recording="https://recordings.example.com/5f1c.wav",
        ),
        info("Sending", "email", "notify", 31),
        debug("Sent", "email", "notify", 32, to="jo@example.com", subject="New message", body="…"),
        *leave(33),
    ],
    "soap-fault": [
        start("Balance", "2.4"),
        info("Sending POST request", "soap", "get_balance", 1),
        debug(
            "Request: POST https://soap.example.com:8443/services/v2/Balance?account=4711", "soap",
            "get_balance", 1, headers={"SOAPAction": "getBalance"}, body="<account>4711</account>",
        ),
        error("Request failed: HTTP 500", "soap", "get_balance", 3, status_code="500"),
        prompt("Your balance is not to be had now.", "prompt", "sorry", 3, "600130"),
        *leave(6),
    ],
    "traceparent": [
        start("Orders", "7"),
        debug(
            "Request: GET https://orders.example.com/api/orders/77", "rest", "find_order", 1,
            headers={"traceparent": TRACEPARENT, "Authorization": "Bearer not-a-real-token"},
        ),
        debug("Response: HTTP 200", "rest", "find_order", 2, status_code=200),
        info(f"order looked up, traceparent={TRACEPARENT}", "call log", "note", 2),
        *leave(3),
    ],
    "go-to-app-twice": [
        RECEPTION,
        info("Going to application Claims Line", "go to app", "to_claims", 2),
        start("Claims Line", "2.0.1", 2),
        prompt("Welcome to Beacon Mutual claims.", "prompt", "welcome", 2, "600140"),
        info("Going to application Reception", "go to app", "back", 5),
        start("Reception", "1.1", 5),
        MENU(5),
        *leave(9),
    ],
    "subdialog": [
        RECEPTION,
        info("Going to application Verify Caller", "subdialog", "verify", 1),
        prompt("Say your name.", "name", "caller_name", 2, "600150"),
        event("User input: Jo Example (speech)", "name", "caller_name", 6),
        event("User input: 2 (dtmf)", "language", "language", 8),
        *leave(9),
    ],
    "dialogflow": [
        start("Assistant", "0.9"),
        info("Sending", "dialogflow", "intent", 1),
        error("GoogleAPICallError: 4111111111111111 is no intent", "dialogflow", "intent", 4),
        *leave(5),
    ],
    "dynamodb-throttled": [
        start("Refill", "1.8"),
        info("GetItem prescriptions", "dynamodb", "find_rx", 1, table="prescriptions",
             operation="GetItem"),
        error("ProvisionedThroughputExceededException", "dynamodb", "find_rx", 2,
              table="prescriptions", error="ProvisionedThroughputExceededException"),
        *leave(3),
    ],
    "clock-steps": [
        RECEPTION,
        MENU(5),
        no_match(3),  # behind its predecessor
        MENU("soon"),  # no time
        event("User input: 1 (dtmf)", "menu", "main_menu", 400 * 86_400),  # of another year
        prompt("Thank you.", "prompt", "thanks", None, "600170"),
        *leave(20),
    ],
    "unknown-words": [
        RECEPTION,
        entry("audit", "Consent 2125550123 given", "consent recorder", "consent", 1, legal=True),
        entry("PROMPT!", "Hello Jo", "prompt", "hello", 2, type="static"),
        {"event": {"line": "Entry of no module", "data": []}, "class": "info",
         "timestamp": START + 3},
        *leave(4),
    ],
    "odd-elements": [
        {"event": {"line": "The platform is busy", "data": {}}, "class": "info",
         "timestamp": START},
        None,
        start("Reception", "1.1", 1),
        "a string",
        ["a", "list"],
        {"event": "gone", "class": None, "timestamp": str(START + 2)},
        *leave(3),
    ],
    "transfer-busy": [
        start("Customer Survey", "5"),
        info("Transferring", "transfer", "agent", 1, destination="8005550199"),
        event("Transfer result: busy", "transfer", "agent", 14, duration=0),
    ],
    "transfer-maxtime": [
        start("Conference Bridge", "2"),
        info("Transferring", "transfer", "bridge", 1, destination="8005550199"),
        event("Done", "transfer", "bridge", 58, result="maxtime_disconnect", duration="42"),
        *leave(59),
    ],
    # More than the wire takes of one call: the debug records go.
    "runaway-loop": [
        RECEPTION,
        info("Looking for the queue", "evaluate js", "queue", 1),
        *[debug("Not there yet", "evaluate js", "queue", 1)] * 10_000,
        error("TimeoutError: no queue", "evaluate js", "queue", 2),
        *leave(3),
    ],
    "comparison": [
        RECEPTION,
        debug("Comparing 4711 == 4712: false", "compare variable", "is_member", 1),
        debug("Comparing ada lovelace != : true", "compare variable", "is_named", 1),
        *leave(2),
    ],
    "private-by-default": [
        start("Pay By Phone", "3.2"),
        entry("prompt", "Card 4111 1111 1111 1111, Jo Example.", "prompt", "read_back", 1,
              type="variable", prompt_id="600160"),
        debug("pin = 4711", "set variable", "pin", 2, value="4711"),
        debug("language = es", "set variable", "language", 2, value="es"),
        debug("Request: POST https://user:secret@pay.example.com/cards/4111111111111111?cvv=123",
              "rest", "pay", 2, body='{"pan": "4111111111111111"}'),
        event("User input: 4111111111111111 (dtmf)", "digits", "card", 2),
        error("TypeError: jo@example.com is not a function", "evaluate js", "js", 3),
        *leave(4),
    ],
}  # fmt: skip


def scenario(name: str, start: int = START, **record: object) -> tuple[ListedCall, CallLog]:
    """The call by its name, at ``start``; ``record`` are fields of its list record."""
    log, _ = decode_call(json.dumps(LOGS[name]).encode())
    moved = tuple(
        each if each.timestamp is None
        else msgspec.structs.replace(each, timestamp=each.timestamp + start - START)
        for each in log.entries
    )  # fmt: skip
    times = (each.timestamp for each in moved if each.timestamp is not None)
    end = max(time for time in times if time < start + HOUR) + 2
    listed = make_record(session_id=f"golden;{name};1", start=start, end=end, **record)
    return pseudonymise(listed, KEY), CallLog(log.state, moved, log.count)
