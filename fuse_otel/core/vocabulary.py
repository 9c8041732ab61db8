"""What every name of the data model means: the source of the page that documents it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fuse_otel.core import semconv


class Place(StrEnum):
    RESOURCE = "resource"
    CALL = "call"  # the root span
    EXECUTION = "execution"  # the span of a module's execution
    RECORD = "record"  # the log record of an entry


class Word(NamedTuple):
    """``type`` is OTLP's: ``string``, ``int`` or ``bool``."""

    places: tuple[Place, ...]
    type: str
    meaning: str
    example: str


_RESOURCE = (Place.RESOURCE,)
_CALL = (Place.CALL,)
_EXECUTION = (Place.EXECUTION,)
_ENTRY = (Place.EXECUTION, Place.RECORD)
_SPANS = (Place.CALL, Place.EXECUTION)
_ALL = (Place.CALL, Place.EXECUTION, Place.RECORD)

_OF_THE_RESOURCE = {
    semconv.SERVICE_NAME: Word(
        _RESOURCE, "string",
        "The application that the call began in, or what the configuration maps it or our number "
        "to; `plum-fuse` where nothing tells.",
        "Pay By Phone",
    ),
    semconv.SERVICE_NAMESPACE: Word(_RESOURCE, "string", "Always `plum-fuse`.", "plum-fuse"),
    semconv.SERVICE_VERSION: Word(
        _RESOURCE, "string", "The version of that application.", "3.2"
    ),
    semconv.SERVICE_INSTANCE_ID: Word(
        _RESOURCE, "string",
        "Only in logs of the flavour `loki`: the UTC hour of the records, so that Loki takes them "
        "in any order. The name is configurable.",
        "2026-11-18T23",
    ),
    semconv.DEPLOYMENT_ENVIRONMENT_NAME: Word(
        _RESOURCE, "string", "As configured.", "production"
    ),
}  # fmt: skip

_OF_CALLS = {
    semconv.SESSION_ID: Word(
        _ALL, "string", "Plum's id of the call.", "300060;001;1529552581"
    ),
    semconv.USER_HASH: Word(
        _CALL, "string",
        "Pseudonym of the caller, or of the called person if we called: the first 16 bytes of "
        "HMAC-SHA256 over the digits of the number (ten digits get a leading 1), in hex.",
        "1f2548ffbf959cadb4d186370ca4ff28",
    ),
    semconv.CALL_DIRECTION: Word(
        _CALL, "string", "`inbound`, `outbound` or `unknown`.", "inbound"
    ),
    semconv.CALL_TYPE: Word(_CALL, "string", "Plum's word for the kind of call.", "inbound"),
    semconv.CALL_OUTCOME: Word(
        _CALL, "string",
        "How the call ended: `completed` an exit module ran, `transferred` the last thing was a "
        "transfer that reached somebody, `hangup` neither, `unknown` nothing is known.",
        "completed",
    ),
    semconv.CALL_DESTINATION: Word(
        _CALL, "string", "Our own number that was called; never a customer's.", "8005550111"
    ),
    semconv.CALL_EXECUTIONS: Word(_CALL, "int", "Executions of modules.", "15"),
    semconv.CALL_PROMPTS: Word(_CALL, "int", "Prompts that were played.", "9"),
    semconv.CALL_INPUTS: Word(_CALL, "int", "Inputs that were understood.", "6"),
    semconv.CALL_ERRORS: Word(_CALL, "int", "Entries of class error.", "1"),
    semconv.DETAILS: Word(
        _CALL, "string",
        "How much of the log was known, unless all of it was: `open` it has no exit, `none` none "
        "was kept, `expired` the API has deleted it, `missing` the API did not give it.",
        "open",
    ),
    semconv.DROPPED_ENTRIES: Word(
        _CALL, "int", "How many log records did not fit the size limit of a call.", "3000"
    ),
    semconv.TRUNCATED: Word(
        _CALL, "bool", "Something of the call was left out because of its size.", "true"
    ),
}  # fmt: skip

_OF_MODULES = {
    semconv.MODULE_TYPE: Word(_ENTRY, "string", "The kind of module.", "menu"),
    semconv.MODULE_NAME: Word(
        _ENTRY, "string", "The name that the author gave the module.", "main_menu"
    ),
    semconv.MODULE_ORDINAL: Word(
        _EXECUTION, "int", "Which execution of the call this is, from 1.", "5"
    ),
    semconv.MODULE_VISIT: Word(
        _EXECUTION, "int", "Which execution of this module in the call, from 1.", "2"
    ),
    semconv.APPLICATION_NAME: Word(
        _EXECUTION, "string", "The application that the module ran in.", "Claims Line"
    ),
    semconv.APPLICATION_VERSION: Word(_EXECUTION, "string", "Its version.", "2.0.1"),
    semconv.APPLICATION_TARGET: Word(
        _ENTRY, "string", "The application that the call goes on in.", "Claims Line"
    ),
    semconv.LATE: Word(
        _EXECUTION, "bool", "It turned up after the call had been sent.", "true"
    ),
    semconv.TIME_INFERRED: Word(
        _ALL, "bool",
        "Its own time was missing, impossible or behind its predecessor's.",
        "true",
    ),
    semconv.LOG_CLASS: Word((Place.RECORD,), "string", "Plum's class of the entry.", "event"),
    semconv.LOG_RECORD_UID: Word(
        (Place.RECORD,), "string", "The trace id and the entry's place in the log, from 0.",
        "8a5b202fe11d5c39ac991eb6ddf02c95-3",
    ),
}  # fmt: skip

_OF_ASKING = {
    semconv.PROMPT_TYPE: Word(
        _ENTRY, "string",
        "`static` is the same for every caller: only its text leaves. Else `dynamic`, `variable`, "
        "`tts` or `audio`.",
        "static",
    ),
    semconv.PROMPT_ID: Word(_ENTRY, "string", "Plum's id of the prompt.", "845617"),
    semconv.PROMPT_ID_TYPE: Word(_ENTRY, "string", "What the id is of.", "module"),
    semconv.PROMPT_REVISION: Word(
        _ENTRY, "string", "Plum's id of the application's revision.", "52691"
    ),
    semconv.PROMPT_LANGUAGE: Word(_ENTRY, "string", "The prompt's language.", "en-US"),
    semconv.PROMPT_HAS_AUDIO: Word(
        _ENTRY, "bool", "Whether a recording is played, not synthetic speech.", "false"
    ),
    semconv.INPUT_RESULT: Word(
        _ENTRY, "string", "`match`, `no_match` or `no_input`; of several the last.", "match"
    ),
    semconv.INPUT_LENGTH: Word(
        _ENTRY, "int", "How many characters were keyed or heard, never which.", "16"
    ),
    semconv.INPUT_MODE: Word(
        _ENTRY, "string", "`dtmf`, `speech`, `voice` or `keypad`.", "dtmf"
    ),
    semconv.INPUT_ATTEMPTS: Word(
        _ENTRY, "int", "How many answers the question had, or was allowed.", "3"
    ),
}  # fmt: skip

_OF_REACHING_OUT = {
    semconv.SERVICE_PEER_NAME: Word(
        _EXECUTION, "string",
        "What the module reached out to: the host, else the kind of module.",
        "gateway.example.com",
    ),
    semconv.PEER_SERVICE: Word(
        _EXECUTION, "string", "The same, under its older name.", "gateway.example.com"
    ),
    semconv.HTTP_METHOD: Word(_ENTRY, "string", "Of a REST or SOAP request.", "POST"),
    semconv.HTTP_STATUS: Word(_ENTRY, "int", "Of its answer.", "503"),
    semconv.SERVER_ADDRESS: Word(_ENTRY, "string", "The host.", "gateway.example.com"),
    semconv.URL_FULL: Word(
        _ENTRY, "string",
        "The URL without credentials, query and fragment; words of the path that may name "
        "somebody are `*`.",
        "https://gateway.example.com/v2/*",
    ),
    semconv.DB_COLLECTION: Word(_ENTRY, "string", "DynamoDB's table.", "prescriptions"),
    semconv.DB_OPERATION: Word(_ENTRY, "string", "What was done with it.", "GetItem"),
    semconv.TRANSFER_RESULT: Word(
        _ENTRY, "string",
        "`noanswer`, `busy`, `far_end_disconnect` or `maxtime_disconnect`.",
        "busy",
    ),
    semconv.DURATION: Word(_ENTRY, "int", "Seconds of talk or of a recording.", "26"),
    semconv.ERROR_TYPE: Word(
        _ALL, "string",
        "The kind of the first error: an HTTP status, an exception's name, `timeout`, "
        "`max_attempts`, or `_OTHER`.",
        "503",
    ),
}  # fmt: skip

VOCABULARY: Mapping[str, Word] = {
    **_OF_THE_RESOURCE, **_OF_CALLS, **_OF_MODULES, **_OF_ASKING, **_OF_REACHING_OUT,
}  # fmt: skip

REDACTIONS: Mapping[str, str] = {
    "line": "a line that no rule knows",
    "prompt": "the text of a prompt that is not the same for all callers",
    "author_text": "a line that the application's author wrote",
    "input": "what a caller keyed or said; how much it was stays",
    "error_text": "what an exception said after its name",
    "key": "a key of an entry's data that is not allowed",
    "value": "a value that is not of the shape that its key promises",
    "url": "credentials, query, fragment or words of the path of a URL",
    "email": "an e-mail address",
    "digits": "five digits however they are set apart, or four in a row",
    "token": "a long word of digits and letters, such as a key",
    "name": "a name of thousands of characters",
}
TRUNCATIONS: Mapping[str, str] = {
    "body": "a log record's body longer than 32 KiB",
    "value": "an attribute's value longer than 2048 characters",
    "attributes": "more attributes than 128 of a span or 96 of a log record",
    "entries": "log records of a call larger than 2.5 MB: debug first, errors last",
    "executions": "spans of a call larger than 2.5 MB: the last first, those with errors last",
    "log": "a whole log too large to be read: the call is a root span alone",
}
