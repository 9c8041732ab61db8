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


def test_the_default_endpoint_is_a_local_collector():
    found = destination()
    assert found.protocol == "grpc"
    assert found.urls == dict.fromkeys(Signal, "http://localhost:4317")
    assert found.insecure is False


@pytest.mark.parametrize("word", ["grpc", "GRPC", " grpc "])
def test_case_and_spaces_of_the_protocol_do_not_matter(word):
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
def test_insecure_applies_only_to_endpoints_without_a_scheme(variables, insecure):
    assert destination(**variables).insecure is insecure


def test_insecure_can_be_set_for_one_signal():
    both = loaded(
        PROTOCOL="grpc", ENDPOINT="c:4317", INSECURE="true", LOGS_INSECURE="false"
    ).settings.destinations
    assert [(each.signals, each.insecure) for each in both] == [((TRACES,), True), ((LOGS,), False)]


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        (
            "http://collector:4317/v1/traces",
            "A gRPC endpoint has no path. Use one such as http://host:4317",
        ),
        ("http://collector:4317?key=geheim", "A gRPC endpoint has no path."),
        (
            "http://user:geheim@collector:4317",
            "The endpoint must not contain credentials. Over gRPC",
        ),
        ("http://:4317", "Not a URL."),
        ("collector:port", "Not an endpoint. Use one such as http://host:4317, https://host:4317"),
        ("user:geheim@collector:4317", "Not an endpoint."),
        ("collector:4317/v1/traces", "Not an endpoint."),
        ("grpc://collector:4317", "Not an endpoint."),
        ("two words", "Not an endpoint."),
    ],
)
def test_a_bad_endpoint_is_an_error_that_names_the_variable(endpoint, sentence):
    assert problem(ENDPOINT=endpoint).startswith(f"OTEL_EXPORTER_OTLP_ENDPOINT: {sentence}")


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ("trace-bin=geheim", "Header trace-bin would be binary"),
        ("Trace-BIN=geheim", "Header Trace-BIN would be binary"),
        ("grpc-timeout=geheim", "gRPC sets header grpc-timeout itself. Remove it."),
        ("Content-Type=geheim", "gRPC sets header Content-Type itself."),
        ("a*b=geheim", "A header name contains a character that gRPC does not allow."),
        ("a=geheim%0a", "The value of header a must be printable ASCII."),
    ],
)
def test_headers_that_grpc_cannot_send_are_errors(headers, sentence):
    assert problem(HEADERS=headers).startswith(f"OTEL_EXPORTER_OTLP_HEADERS: {sentence}")


def test_headers_and_timeouts_are_read_as_for_http():
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


def test_the_protocol_of_a_signal_outranks_the_general_one():
    assert destination(TRACES_PROTOCOL="http/protobuf", LOGS_PROTOCOL="http/protobuf").protocol == (
        "http/protobuf"
    )


def test_the_file_and_the_variables_can_define_the_same_destination(tmp_path):
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


def test_a_grpc_destination_of_the_file_has_the_default_endpoint(tmp_path):
    (found,) = by_file(tmp_path, '[[destinations]]\nname = "a"\nprotocol = "grpc"\n')
    assert found.urls == dict.fromkeys(Signal, "http://localhost:4317")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"PROTOCOL": "grpc", "ENDPOINT": "http://c:4318"},
            "destination default: It uses gRPC on port 4318, the usual port of OTLP over HTTP.",
        ),
        (
            {"ENDPOINT": "http://c:4317"},
            "destination default: It uses HTTP on port 4317, the usual port of OTLP over gRPC.",
        ),
    ],
)
def test_the_usual_port_of_the_other_protocol_gives_a_warning(variables, sentence):
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
def test_the_variables_set_the_protocol_of_the_daemons_own_traces(variables, protocol, origin):
    found = loaded(**variables)
    assert found.settings.self_traces_protocol == protocol
    assert found.origins["self_traces_protocol"] == origin


@pytest.mark.parametrize("endpoint", ["dns:///collector:4317", "10.0.0.7:4317", "collector"])
def test_a_grpc_name_is_shown_unchanged(endpoint):
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
def test_unused_certificates_give_a_warning(variables, warned, tmp_path):
    certificate = tmp_path / "ca.pem"
    certificate.touch()
    found = loaded(PROTOCOL="grpc", CERTIFICATE=str(certificate), **variables).warnings
    assert bool(found) is warned
    assert not warned or "Its certificates are not used" in found[0]
