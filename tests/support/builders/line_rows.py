"""A row for each shape of a line that the product knows: the line, what leaves of it (``None``: all
of it), the attributes it tells, and the kind of error.
"""

REDACTED = "[redacted]"
URL = "https://user:pw@api.example.com:8443/v2/claims/77?key=1"
SAFE = "https://api.example.com:8443/v2/*/*"
WHERE = {"url.full": SAFE, "server.address": "api.example.com"}

ROWS = [
    ('Executing application "A" version "1.0"', None, {}, None),
    ("Going to application Billing", None, {"fuse.application.target": "Billing"}, None),
    ("User input: 6 (dtmf)", "User input: [1 digit] (dtmf)",
     {"fuse.input.result": "match", "fuse.input.length": 1, "fuse.input.mode": "dtmf"}, None),
    ("User input: 4111111111111111", "User input: [16 digits]",
     {"fuse.input.result": "match", "fuse.input.length": 16}, None),
    ("User input: six (keypad)", "User input: [3 characters] (keypad)",
     {"fuse.input.result": "match", "fuse.input.length": 3, "fuse.input.mode": "keypad"}, None),
    ("No match: 9 (speech)", "No match: [1 digit] (speech)",
     {"fuse.input.result": "no_match", "fuse.input.length": 1, "fuse.input.mode": "speech"}, None),
    ("No match", None, {"fuse.input.result": "no_match"}, None),
    ("No input", None, {"fuse.input.result": "no_input"}, None),
    ("Maximum number of attempts reached", None, {}, "max_attempts"),
    ("Transfer result: busy", None, {"fuse.transfer.result": "busy"}, None),
    (f"Request: POST {URL}", f"Request: POST {SAFE}",
     {"http.request.method": "POST", **WHERE}, None),
    ("Request: GET ftp://x", f"Request: GET {REDACTED}", {"http.request.method": "GET"}, None),
    ("Sending PUT request", None, {"http.request.method": "PUT"}, None),
    ("Response: HTTP 200", None, {"http.response.status_code": 200}, None),
    ("Request failed: HTTP 503", None, {"http.response.status_code": 503}, "503"),
    ("Request timed out after 10 seconds", None, {}, "timeout"),
    ("Request timed out", None, {}, "timeout"),
    ("Recorded 12 seconds", None, {"fuse.duration": 12}, None),
    ("ReferenceError: x is 4111111111111111", f"ReferenceError: {REDACTED}", {}, "ReferenceError"),
    ("ThrottlingException", None, {}, "ThrottlingException"),
    ("Uncaught Error: no card 4111", f"Uncaught Error: {REDACTED}", {}, "Error"),
    ("Comparing 4111 == 200: false", "Comparing [number] == [number]: false",
     {"fuse.compare.operator": "==", "fuse.compare.result": False}, None),
    ("Comparing ada != grace hopper: true", "Comparing [text] != [text]: true",
     {"fuse.compare.operator": "!=", "fuse.compare.result": True}, None),
    *((line, None, {}, None) for line in (
        "Exiting application", "Disconnecting call", "Sending", "Sent", "Transferring",
        "Item found",
    )),
]  # fmt: skip
