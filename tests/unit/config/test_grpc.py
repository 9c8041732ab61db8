"""The standard's variables where OTLP goes over gRPC.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import pytest

from fuse_otel.config import load
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import ConfigurationError

TRACES, LOGS = Signal.TRACES, Signal.LOGS
ACCOUNT = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}


def loaded(config_file=None, **variables):
    environ = {f"OTEL_EXPORTER_OTLP_{name}": text for name, text in variables.items()}
    return load(environ={**ACCOUNT, **environ}, config_file=config_file)


def destination(**variables):
    (found,) = loaded(**{"PROTOCOL": "grpc", **variables}).settings.destinations
    return found


def problem(**variables):
    with pytest.raises(ConfigurationError) as caught:
        loaded(**{"PROTOCOL": "grpc", **variables})
    (found,) = caught.value.problems
    assert "geheim" not in found
    return found


def by_file(tmp_path, text):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(text)
    return loaded(str(file)).settings.destinations


def test_without_an_endpoint_it_goes_to_the_collector_beside_us():
    found = destination()
    assert found.protocol == "grpc"
    assert found.urls == dict.fromkeys(Signal, "http://localhost:4317")
    assert found.insecure is False


@pytest.mark.parametrize("word", ["grpc", "GRPC", " grpc "])
def test_the_protocol_is_read_as_people_write_it(word):
    assert destination(PROTOCOL=word).protocol == "grpc"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://collector:4317", "http://collector:4317"),
        ("HTTP://collector:4317/", "http://collector:4317"),
        ("https://otlp.example.com", "https://otlp.example.com"),
        ("http://[::1]:4317", "http://[::1]:4317"),
        ("collector:4317", "collector:4317"),
        ("collector", "collector"),
        ("10.0.0.7:4317", "10.0.0.7:4317"),
        ("[::1]:4317", "[::1]:4317"),
        ("dns:///collector:4317", "dns:///collector:4317"),
        ("ipv4:10.0.0.7:4317,10.0.0.8:4317", "ipv4:10.0.0.7:4317,10.0.0.8:4317"),
        ("unix:/run/otel.sock", "unix:/run/otel.sock"),
        ("unix:///run/otel.sock", "unix:///run/otel.sock"),
        ("", "http://localhost:4317"),
    ],
)
def test_an_endpoint_is_used_for_both_signals_and_gets_no_path(endpoint, url):
    assert destination(ENDPOINT=endpoint).urls == {TRACES: url, LOGS: url}


def test_a_signals_own_endpoint_outranks_the_general_one():
    found = destination(ENDPOINT="http://a:4317", LOGS_ENDPOINT="http://b:4317")
    assert found.urls == {TRACES: "http://a:4317", LOGS: "http://b:4317"}


@pytest.mark.parametrize(
    ("variables", "insecure"),
    [
        ({"ENDPOINT": "collector:4317"}, False),
        ({"ENDPOINT": "collector:4317", "INSECURE": "false"}, False),
        ({"ENDPOINT": "collector:4317", "INSECURE": "True"}, True),
        ({"ENDPOINT": "unix:/run/otel.sock", "INSECURE": "true"}, True),
        # A scheme takes precedence, either way.
        ({"ENDPOINT": "https://collector:4317", "INSECURE": "true"}, False),
        ({"ENDPOINT": "http://collector:4317", "INSECURE": "false"}, False),
        ({"INSECURE": "true"}, False),
    ],
)
def test_insecure_counts_where_the_endpoint_has_no_scheme(variables, insecure):
    assert destination(**variables).insecure is insecure


def test_insecure_can_be_said_for_one_signal():
    both = loaded(
        PROTOCOL="grpc", ENDPOINT="c:4317", INSECURE="true", LOGS_INSECURE="false"
    ).settings.destinations
    assert [(each.signals, each.insecure) for each in both] == [((TRACES,), True), ((LOGS,), False)]


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ("http://collector:4317/v1/traces", "gRPC knows no paths: write it like http://host:4317"),
        ("http://collector:4317?key=geheim", "gRPC knows no paths"),
        ("http://user:geheim@collector:4317", "Take the credentials out of the address: over gRPC"),
        ("http://:4317", "It is no address"),
        ("collector:port", "It is no address: write it like http://host:4317, https://host:4317"),
        ("user:geheim@collector:4317", "It is no address"),
        ("collector:4317/v1/traces", "It is no address"),
        ("grpc://collector:4317", "It is no address"),
        ("two words", "It is no address"),
    ],
)
def test_what_is_no_endpoint_is_refused_by_its_name(endpoint, sentence):
    assert problem(ENDPOINT=endpoint).startswith(f"OTEL_EXPORTER_OTLP_ENDPOINT: {sentence}")


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ("trace-bin=geheim", "The header trace-bin would be binary"),
        ("Trace-BIN=geheim", "The header Trace-BIN would be binary"),
        ("grpc-timeout=geheim", "The header grpc-timeout is written by gRPC itself: take it away."),
        ("Content-Type=geheim", "The header Content-Type is written by gRPC itself"),
        ("a*b=geheim", "The name of a header holds what gRPC cannot send"),
        ("a=geheim%0a", "The value of the header a holds more than printable ASCII"),
    ],
)
def test_headers_that_grpc_cannot_send_are_refused(headers, sentence):
    assert problem(HEADERS=headers).startswith(f"OTEL_EXPORTER_OTLP_HEADERS: {sentence}")


def test_headers_and_time_outs_mean_what_they_mean_over_http():
    found = destination(
        HEADERS="X-Scope-OrgID=acme", LOGS_HEADERS="Authorization=Basic%20YTpi=", TIMEOUT="2500"
    )
    assert found.headers == {
        TRACES: {"X-Scope-OrgID": "acme"}, LOGS: {"Authorization": "Basic YTpi="},
    }  # fmt: skip
    assert found.timeout == {TRACES: 2.5, LOGS: 2.5}
    assert found.compression == {TRACES: "gzip", LOGS: "gzip"}


def test_each_signal_may_have_its_own_protocol():
    both = loaded(
        ENDPOINT="http://collector:4318",
        TRACES_PROTOCOL="grpc",
        TRACES_ENDPOINT="http://tempo:4317",
        HEADERS="a*b=1",
        TRACES_HEADERS="x-scope-orgid=acme",
    ).settings.destinations
    assert [(each.name, each.protocol, dict(each.urls)) for each in both] == [
        ("default", "grpc", {TRACES: "http://tempo:4317"}),
        ("default", "http/protobuf", {LOGS: "http://collector:4318/v1/logs"}),
    ]


def test_the_signals_word_outranks_the_general_protocol():
    assert destination(TRACES_PROTOCOL="http/protobuf", LOGS_PROTOCOL="http/protobuf").protocol == (
        "http/protobuf"
    )


def test_destinations_of_the_file_mean_the_same_as_the_variables(tmp_path):
    text = """
        [[destinations]]
        name = "default"
        protocol = "gRPC"
        endpoint = "https://otlp.example.com/"
        logs_endpoint = "loki:4317"
        headers = { "X-Scope-OrgID" = "acme" }
        """
    by_variables = loaded(
        PROTOCOL="grpc",
        ENDPOINT="https://otlp.example.com",
        LOGS_ENDPOINT="loki:4317",
        HEADERS="X-Scope-OrgID=acme",
    )
    assert by_file(tmp_path, text) == by_variables.settings.destinations


def test_a_destination_of_the_file_has_grpcs_default_endpoint_too(tmp_path):
    (found,) = by_file(tmp_path, '[[destinations]]\nname = "a"\nprotocol = "grpc"\n')
    assert found.urls == dict.fromkeys(Signal, "http://localhost:4317")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"PROTOCOL": "grpc", "ENDPOINT": "http://c:4318"},
            "destination default: It speaks gRPC to port 4318, where OTLP over HTTP is usual.",
        ),
        (
            {"ENDPOINT": "http://c:4317"},
            "destination default: It speaks HTTP to port 4317, where OTLP over gRPC is usual.",
        ),
    ],
)
def test_the_usual_port_of_the_other_protocol_is_warned_of(variables, sentence):
    assert loaded(**variables).warnings == (sentence,)


@pytest.mark.parametrize(
    ("variables", "protocol", "origin"),
    [
        ({}, "http/protobuf", "default"),
        ({"PROTOCOL": "grpc"}, "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({"TRACES_PROTOCOL": "GRPC"}, "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
        (
            {"PROTOCOL": "grpc", "TRACES_PROTOCOL": "http/protobuf"},
            "http/protobuf",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        ),
        ({"LOGS_PROTOCOL": "grpc"}, "http/protobuf", "default"),
    ],
)
def test_the_daemons_own_traces_speak_what_the_variables_say(variables, protocol, origin):
    found = loaded(**variables)
    assert found.settings.self_traces_protocol == protocol
    assert found.origins["self_traces_protocol"] == origin


@pytest.mark.parametrize("endpoint", ["dns:///collector:4317", "10.0.0.7:4317", "collector"])
def test_a_name_of_grpc_is_shown_as_it_is(endpoint):
    shown = destination(ENDPOINT=endpoint, HEADERS="k=geheim").model_dump(mode="json")
    assert shown["urls"] == {"traces": endpoint, "logs": endpoint}
    assert "geheim" not in str(shown)


@pytest.mark.parametrize(
    ("variables", "warned"),
    [
        ({"ENDPOINT": "http://c:4317"}, True),
        ({"ENDPOINT": "c:4317", "INSECURE": "true"}, True),
        ({"ENDPOINT": "http://c:4317", "LOGS_ENDPOINT": "https://c:4317"}, False),
        ({"ENDPOINT": "https://c:4317"}, False),
        ({"ENDPOINT": "c:4317"}, False),
    ],
)
def test_certificates_that_nobody_is_shown_are_warned_of(variables, warned, tmp_path):
    certificate = tmp_path / "ca.pem"
    certificate.touch()
    found = loaded(PROTOCOL="grpc", CERTIFICATE=str(certificate), **variables).warnings
    assert bool(found) is warned
    assert not warned or "Its certificates are not used" in found[0]
