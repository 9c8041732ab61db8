"""What every label value of the counters of lost data means."""

from __future__ import annotations

from collections.abc import Mapping

REDACTIONS: Mapping[str, str] = {
    "line": "a line that no rule knows, or that no module of its kind writes",
    "prompt": "the text of a prompt that is not the same for all callers",
    "author_text": "a line that the application's author wrote",
    "input": "what a caller keyed or said; how much it was stays",
    "error_text": "what an exception said after its name",
    "key": "a key of an entry's data that is not allowed",
    "value": "a value that is not of the shape that its key promises",
    "url": "credentials, query, fragment or words of the path of a URL",
    "email": "an e-mail address",
    "digits": "five digits set apart by anything, or four in a row; `standard`: seven, or five",
    "token": "a long word of digits and letters, such as a key",
    "name": "a name of thousands of characters",
    "phone": "`standard`: a telephone number",
    "card": "`standard`: a card number, known by its check digit",
    "ssn": "`standard`: a social security number",
    "iban": "`standard`: a bank account number, known by its check digits",
    "secret": "`standard`: a password, a bearer token, credentials of a URL",
    "drop": "a key that the operator's own rules drop; their patterns count under their own names",
}
TRUNCATIONS: Mapping[str, str] = {
    "body": "a log record's body longer than 32 KiB",
    "value": "an attribute's value longer than 2048 characters, or than `OTEL_…` says",
    "attributes": "more attributes than 128 of a span or 96 of a log record, or than `OTEL_…` says",
    "links": "more links than 128 of a span, or than `OTEL_SPAN_LINK_COUNT_LIMIT` says",
    "entries": "log records of a call larger than 2.5 MB: debug first, errors last",
    "executions": "spans of a call larger than 2.5 MB: the last first, those with errors last",
    "log": "a whole log too large to be read: the call is a root span alone",
}
