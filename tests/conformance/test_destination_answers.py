"""What a back end may answer over HTTP, and what it is taken for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.builders.ship_values import encoded
from support.fakes.otlp_answer import (
    ACCEPTED,
    EMPTY_PARTIAL_SUCCESS,
    HANG_UP,
    HTML,
    NO_CONTENT,
    PROTOBUF,
    Answer,
    records_rejected,
    spans_rejected,
    status,
    text,
)
from support.fakes.otlp_receiver import OtlpReceiver

from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_http import OtlpHttp

JSON = "application/json"
TOO_LONG = "check the endpoint: the answer is larger than the limit of 4 MiB"
EARLY = "the back end closed the connection before its answer was whole"
NOT_FOUND = (
    "404 Not Found; check the path of the endpoint, and whether the back end takes this signal"
    " (Jaeger takes no logs: set OTEL_LOGS_EXPORTER=none)"
)
NO_HTTP = (
    "what answers speaks no HTTP; check the port: TLS needs https://, gRPC (often 4317) is"
    " another protocol"
)
FAR_BEHIND = "entry too far behind, entry timestamp is: 2026-11-18T23:00:00Z"
TOO_OLD = "entry for stream '{service_name=\"claims\"}' has timestamp too old: 2026-11-01"
GO_TLS = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
GRPC_PREFACE = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"

TABLE: dict[str, tuple[Answer, ExportResult]] = {
    # taken
    "an export response": (ACCEPTED, Accepted("200")),
    "an empty partial success": (EMPTY_PARTIAL_SUCCESS, Accepted("200")),
    "no content": (NO_CONTENT, Accepted("204")),
    "another success without a body": (text(202, ""), Accepted("202")),
    "a warning": (spans_rejected(0, "slow down"), Accepted("200")),
    "a nonsensical count": (spans_rejected(-3, "?"), Accepted("200")),
    "JSON": (text(200, "{}", JSON), Accepted("200")),
    "JSON with a partial success": (text(200, '{"partialSuccess":{}}', JSON), Accepted("200")),
    "an answer of almost 4 MiB": (text(200, "{" + " " * 4_194_000 + "}", JSON), Accepted("200")),
    "a long warning": (spans_rejected(0, "slow " * 200_000), Accepted("200")),
    "a wait that no calendar has": (
        text(200, Retry_After="Mon, 01 Jan 9999999999 00:00:00 GMT"),
        Accepted("200"),
    ),
    "JSON with null": (text(200, '{"partialSuccess":null}', JSON), Accepted("200")),
    "protobuf without its name": (
        EMPTY_PARTIAL_SUCCESS.but(headers={}),
        Accepted("200"),
    ),
    "a field of a newer OTLP": (ACCEPTED.but(body=b"\x10\x07"), Accepted("200")),
    # taken in part
    "spans rejected": (spans_rejected(1, "too old"), PartialSuccess("200", 1, "too old")),
    "log records rejected": (records_rejected(1, "too old"), PartialSuccess("200", 1, "too old")),
    "JSON with a count": (
        text(200, '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}', JSON),
        PartialSuccess("200", 1, "no"),
    ),
    "JSON with a count as a number": (
        text(200, '{"partial_success":{"rejected_log_records":1}}', JSON),
        PartialSuccess("200", 1, ""),
    ),
    # refused
    "all spans rejected": (spans_rejected(2, "no"), PermanentFailure("200", "no")),
    "more than all": (spans_rejected(9, "no"), PermanentFailure("200", "no")),
    "400 with a status": (
        status(400, "bad span"),
        PermanentFailure("400", "400 Bad Request: bad span"),
    ),
    "400 without a word": (text(400), PermanentFailure("400", "400 Bad Request")),
    "400 in JSON": (
        text(400, '{"code":3,"message":"bad span"}', JSON),
        PermanentFailure("400", "400 Bad Request: bad span"),
    ),
    "400 in nested JSON": (
        text(400, '{"error":{"message":"bad span"}}', JSON),
        PermanentFailure("400", "400 Bad Request: bad span"),
    ),
    "400 in plain words": (
        text(400, "bad span\n"),
        PermanentFailure("400", "400 Bad Request: bad span"),
    ),
    "another 4xx": (text(422, "no"), PermanentFailure("422", "422 Unprocessable Entity: no")),
    "an unknown 4xx": (text(499, "no"), PermanentFailure("499", "499: no")),
    "a record that came late": (
        status(400, FAR_BEHIND),
        PermanentFailure("400", f"400 Bad Request: {FAR_BEHIND}", one_record=True),
    ),
    "a record that is old": (
        text(400, TOO_OLD),
        PermanentFailure("400", f"400 Bad Request: {TOO_OLD}", one_record=True),
    ),
    # too large
    "400, too large": (
        text(400, "http: request body too large"),
        RequestTooLarge("400", "400 Bad Request: http: request body too large"),
    ),
    "413": (
        text(413, "limit 4 MB"),
        RequestTooLarge("413", "413 Request Entity Too Large: limit 4 MB"),
    ),
    # later
    "408": (text(408), Retry("408", "408 Request Timeout")),
    "429": (text(429, "slow down"), Retry("429", "429 Too Many Requests: slow down")),
    "429 with a time that no calendar has": (
        text(429, "slow", Retry_After="Mon, 01 Jan 9999999999 00:00:00 GMT"),
        Retry("429", "429 Too Many Requests; its Retry-After cannot be read: slow"),
    ),
    "429 with a time": (
        text(429, Retry_After="17"),
        Retry("429", "429 Too Many Requests", 17.0),
    ),
    "500": (status(500, "oops"), Retry("500", "500 Internal Server Error: oops")),
    "502 with a page": (
        HTML.but(status=502),
        Retry("502", "502 Bad Gateway: a web page “Sign in”"),
    ),
    "503 with a time": (
        status(503, "starting", Retry_After="2"),
        Retry("503", "503 Service Unavailable: starting", 2.0),
    ),
    "507": (text(507), Retry("507", "507 Insufficient Storage")),
    "no answer": (HANG_UP, Retry("network", EARLY)),
    "a success that is cut": (
        spans_rejected(1, "too old").but(cut=3, keep=False),
        Retry("network", EARLY),
    ),
    "no HTTP": (
        Answer(raw=b"220 smtp.example ESMTP\r\n\r\n", keep=False),
        Suspended("protocol", NO_HTTP),
    ),
    # for the operator
    "401": (
        text(401, '{"error":"no token"}', JSON),
        Suspended("401", "401 Unauthorized; check the credentials in the headers: no token"),
    ),
    "403": (
        text(403),
        Suspended(
            "403", "403 Forbidden; check the credentials in the headers and what they may do"
        ),
    ),
    "404": (text(404), Suspended("404", NOT_FOUND)),
    "400, a wrong path of VictoriaLogs": (
        text(400, 'unsupported path requested: "/v1/logs"\n'),
        Suspended(
            "400",
            "400 Bad Request; check the path of the endpoint: unsupported path requested:"
            ' "/v1/logs"',
        ),
    ),
    "400, a wrong tenant of VictoriaLogs": (
        text(400, 'cannot parse common params from request: cannot parse "acme" as uint32\n'),
        Suspended(
            "400",
            "400 Bad Request; check the headers: cannot parse common params from request: cannot"
            ' parse "acme" as uint32',
        ),
    ),
    "405": (
        text(405),
        Suspended("405", "405 Method Not Allowed; check the endpoint: it takes no export requests"),
    ),
    "407": (
        text(407),
        Suspended("407", "407 Proxy Authentication Required; check the credentials of the proxy"),
    ),
    "415": (
        text(415),
        Suspended(
            "415", "415 Unsupported Media Type; check the endpoint: it takes no OTLP protobuf"
        ),
    ),
    "a redirect": (
        text(302, "", Location="https://login.example/sign-in?token=abc"),
        Suspended("302", "302: redirected to https://login.example; check the endpoint"),
    ),
    "a redirect to nowhere": (
        text(307, "", Location="http://["),
        Suspended("307", "307: redirected; check the endpoint"),
    ),
    "a page as a success": (
        HTML,
        Suspended(
            "200",
            "200 OK; check the endpoint: this is no answer of OTLP: a web page “Sign in”",
        ),
    ),
    "words as a success": (
        text(200, "ok"),
        Suspended("200", "200 OK; check the endpoint: this is no answer of OTLP: ok"),
    ),
    "a page that says it is protobuf": (
        HTML.but(headers={"Content-Type": PROTOBUF}),
        Suspended(
            "200",
            "200 OK; check the endpoint: this is no answer of OTLP: a web page “Sign in”",
        ),
    ),
    "another JSON": (
        text(200, '{"status":"ok"}', JSON),
        Suspended("200", '200 OK; check the endpoint: this is no answer of OTLP: {"status":"ok"}'),
    ),
    "JSON of another shape": (
        text(200, '{"partialSuccess":[1]}', JSON),
        Suspended(
            "200",
            '200 OK; check the endpoint: this is no answer of OTLP: {"partialSuccess":[1]}',
        ),
    ),
    "JSON without an end": (
        text(200, '{"partial', JSON),
        Suspended("200", '200 OK; check the endpoint: this is no answer of OTLP: {"partial'),
    ),
    "protobuf of another shape": (
        ACCEPTED.but(body=b"\x08\x01"),
        Suspended("200", "200 OK; check the endpoint: this is no answer of OTLP"),
    ),
    "a success far too long": (
        text(200, "{" + " " * 4_194_304 + "}", JSON),
        Suspended("200", f"200 OK; {TOO_LONG}"),
    ),
    "a success in damaged gzip": (
        text(200, "no gzip", PROTOBUF, Content_Encoding="gzip"),
        Suspended("200", "200 OK; check the endpoint: this is no answer of OTLP"),
    ),
    "a switch to another protocol": (
        Answer(raw=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", keep=False),
        Retry("network", EARLY),
    ),
    "plain HTTP to a TLS port": (
        Answer(raw=GO_TLS, keep=False),
        Suspended("400", "plain HTTP was spoken to a TLS port; write https://"),
    ),
    "plain HTTP to a TLS port that sends an alert": (
        Answer(raw=TLS_ALERT, keep=False),
        Suspended("protocol", NO_HTTP),
    ),
    "HTTP to a gRPC port": (
        Answer(raw=GRPC_PREFACE, keep=False),
        Suspended("protocol", NO_HTTP),
    ),
    # the status of an error says enough
    "an error that is cut": (
        text(404, "no such").but(cut=3),
        Suspended("404", NOT_FOUND),
    ),
    "an error far too long": (
        text(400, "x" * 70_000),
        PermanentFailure("400", "400 Bad Request"),
    ),
    "an error with a page without a title": (
        text(400, "<p>no", "text/html"),
        PermanentFailure("400", "400 Bad Request: a web page"),
    ),
    "an error in deep JSON": (
        text(400, "[" * 60_000, JSON),
        PermanentFailure("400", ("400 Bad Request: " + "[" * 300)[:299] + "…"),
    ),
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as running:
        yield running


@pytest.mark.parametrize(("answer", "outcome"), TABLE.values(), ids=TABLE.keys())
def test_an_answer_is_taken_for_what_it_is(receiver, answer, outcome):
    destination = OtlpHttp(OtlpOptions("main", {Signal.TRACES: f"{receiver.url}/v1/traces"}))
    receiver.then(answer)
    data = deflate(encoded(Signal.TRACES, "a", items=2))
    assert destination.send(Signal.TRACES, data, 2) == outcome
    destination.close()
