import os

import pytest
from support.builders.loaded_settings import write_toml

from fuse_otel.config import load
from fuse_otel.config.otel_environment import LIMITS, OPTIONS, variables
from fuse_otel.core.model.limits import MODEL, Limits, Most
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import ConfigurationError

TRACES, LOGS = Signal.TRACES, Signal.LOGS
ACCOUNT = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}
FILE = '[[destinations]]\nname = "a"\n'


def loaded(config_file=None, **variables):
    environ = {f"OTEL_{name}": text for name, text in variables.items()}
    return load(environ={**ACCOUNT, **environ}, config_file=config_file)


def destination(**variables):
    (found,) = loaded(**variables).settings.destinations
    return found


def problems(**variables):
    with pytest.raises(ConfigurationError) as caught:
        loaded(**variables)
    return caught.value.problems


def test_by_default_otlp_goes_to_a_local_collector():
    found = destination()
    assert (found.name, found.type, found.signals) == ("default", "otlp", (TRACES, LOGS))
    assert found.urls == {
        TRACES: "http://localhost:4318/v1/traces", LOGS: "http://localhost:4318/v1/logs",
    }  # fmt: skip
    assert found.headers == {TRACES: {}, LOGS: {}}
    assert found.timeout == {TRACES: 10.0, LOGS: 10.0}
    assert found.compression == {TRACES: "gzip", LOGS: "gzip"}
    assert loaded().origins["destinations"] == "default"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://host/otlp", "https://host/otlp/v1/traces"),
        ("https://host/otlp/", "https://host/otlp/v1/traces"),
        ("https://host/otlp?key=1", "https://host/otlp/v1/traces?key=1"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("", "http://localhost:4318/v1/traces"),
    ],
)
def test_the_signals_path_is_appended_to_the_base(base, url):
    assert destination(EXPORTER_OTLP_ENDPOINT=base).urls[TRACES] == url


@pytest.mark.parametrize(
    ("own", "url"),
    [
        ("http://tempo:4318/v1/traces", "http://tempo:4318/v1/traces"),
        ("http://tempo:4318/", "http://tempo:4318/"),
        ("http://tempo:4318", "http://tempo:4318/"),
        ("http://tempo/a?b=c", "http://tempo/a?b=c"),
    ],
)
def test_the_endpoint_of_a_signal_is_used_unchanged(own, url):
    found = destination(EXPORTER_OTLP_ENDPOINT="http://c", EXPORTER_OTLP_TRACES_ENDPOINT=own)
    assert found.urls == {TRACES: url, LOGS: "http://c/v1/logs"}


def test_headers_are_percent_decoded_and_those_of_a_signal_replace_the_general_ones():
    found = destination(
        EXPORTER_OTLP_HEADERS="Authorization=Basic%20YTpi=, x-a = 1%2C2 ,",
        EXPORTER_OTLP_LOGS_HEADERS="X-Scope-OrgID=acme",
    )
    assert found.headers == {
        TRACES: {"Authorization": "Basic YTpi=", "x-a": "1,2"}, LOGS: {"X-Scope-OrgID": "acme"},
    }  # fmt: skip


def test_timeouts_are_in_milliseconds():
    found = destination(EXPORTER_OTLP_TIMEOUT="2500", EXPORTER_OTLP_LOGS_TIMEOUT="30000")
    assert found.timeout == {TRACES: 2.5, LOGS: 30.0}


def test_compression_can_be_none():
    found = destination(EXPORTER_OTLP_COMPRESSION="none", EXPORTER_OTLP_LOGS_COMPRESSION="GZIP")
    assert found.compression == {TRACES: "none", LOGS: "gzip"}


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"EXPORTER_OTLP_INSECURE": "yes"}, 'INSECURE: "yes" is not supported. Use true or false'),
        (
            {"EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"},
            'LOGS_PROTOCOL: "http/json" is not supported',
        ),
        ({"EXPORTER_OTLP_COMPRESSION": "zstd"}, 'COMPRESSION: "zstd" is not supported'),
        ({"EXPORTER_OTLP_TIMEOUT": "10s"}, 'TIMEOUT: "10s" is not a whole number'),
        (
            {"EXPORTER_OTLP_TIMEOUT": "0"},
            'TIMEOUT: "0" is out of range. Use 1 to 3600000 milliseconds',
        ),
        ({"EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "ENDPOINT: Not a URL"),
        ({"EXPORTER_OTLP_TRACES_ENDPOINT": "/v1/traces"}, "TRACES_ENDPOINT: Not a URL"),
        ({"EXPORTER_OTLP_HEADERS": "geheim"}, "HEADERS: Part 1 is not key=value"),
        ({"EXPORTER_OTLP_HEADERS": "a b=geheim"}, "HEADERS: Part 1 is not key=value"),
        ({"EXPORTER_OTLP_HEADERS": "a=%ff"}, "HEADERS: Part 1 is not percent-encoded UTF-8"),
        ({"EXPORTER_OTLP_HEADERS": "a=geheim%0a"}, "HEADERS: The value of header a must be"),
        ({"EXPORTER_OTLP_CERTIFICATE": "/nowhere/ca"}, "CERTIFICATE: Cannot read the file"),
        ({"TRACES_EXPORTER": "zipkin"}, 'OTEL_TRACES_EXPORTER: "zipkin" is not supported'),
    ],
)
def test_a_bad_variable_is_reported_once_by_its_name(variables, problem):
    (found,) = problems(**variables)
    assert problem in found
    assert found.startswith("OTEL_")
    assert "geheim" not in found


def test_a_client_key_without_its_certificate_is_an_error(tmp_path):
    key = tmp_path / "key.pem"
    key.write_text("-")
    assert problems(EXPORTER_OTLP_CLIENT_KEY=str(key)) == (
        "OTEL_EXPORTER_OTLP_CLIENT_KEY: A client key needs its client certificate.",
    )


def test_a_client_key_with_its_certificate_is_used(tmp_path):
    certificate, key = tmp_path / "client.pem", tmp_path / "key.pem"
    certificate.touch()
    key.touch()
    found = destination(
        EXPORTER_OTLP_CLIENT_CERTIFICATE=str(certificate), EXPORTER_OTLP_CLIENT_KEY=str(key)
    )
    assert (found.client_certificate, found.client_key) == (str(certificate), str(key))


def test_an_empty_variable_counts_as_unset():
    empty = dict.fromkeys((f"EXPORTER_OTLP_{option}" for option in OPTIONS), "")
    assert (
        destination(**empty, TRACES_EXPORTER="", EXPORTER_OTLP_LOGS_ENDPOINT=" ") == destination()
    )


def test_a_signal_can_be_switched_off():
    found = destination(LOGS_EXPORTER="none", EXPORTER_OTLP_LOGS_PROTOCOL="no such")
    assert found.signals == (TRACES,)
    assert set(found.urls) == {TRACES}


def test_switching_off_both_signals_is_an_error():
    assert problems(TRACES_EXPORTER="none", LOGS_EXPORTER="none") == (
        (
            "OTEL_TRACES_EXPORTER and OTEL_LOGS_EXPORTER: Both are none, so nothing would be"
            " delivered. Set one to otlp."
        ),
    )


def test_signals_with_different_options_give_two_destinations_of_one_name():
    both = loaded(LOGS_EXPORTER="console").settings.destinations
    assert [(each.name, each.type, each.signals) for each in both] == [
        ("default", "otlp", (TRACES,)),
        ("default", "console", (LOGS,)),
    ]


def test_both_signals_on_the_console_are_one_destination():
    found = destination(LOGS_EXPORTER="console", TRACES_EXPORTER="console")
    assert (found.type, found.signals, found.urls) == ("console", (TRACES, LOGS), {})


def test_the_certificate_of_a_signal_does_not_apply_to_the_other(tmp_path):
    general, own = tmp_path / "ca.pem", tmp_path / "own.pem"
    general.touch()
    own.touch()
    both = loaded(
        EXPORTER_OTLP_CERTIFICATE=str(general), EXPORTER_OTLP_LOGS_CERTIFICATE=str(own)
    ).settings.destinations
    assert [(each.signals, each.certificate) for each in both] == [
        ((TRACES,), str(general)),
        ((LOGS,), str(own)),
    ]


def test_insecure_changes_nothing_over_http():
    found = destination(EXPORTER_OTLP_INSECURE="TRUE", EXPORTER_OTLP_ENDPOINT="https://host")
    assert found == destination(EXPORTER_OTLP_ENDPOINT="https://host")


def test_variables_for_metrics_are_ignored():
    assert destination(EXPORTER_OTLP_METRICS_PROTOCOL="grpc", METRICS_EXPORTER="?") == destination()


def test_the_origin_names_the_variables_that_are_set():
    origin = loaded(EXPORTER_OTLP_ENDPOINT="http://c", LOGS_EXPORTER="none").origins["destinations"]
    assert origin == "OTEL_LOGS_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT"


def test_destinations_of_the_file_replace_the_variables_with_a_warning(tmp_path):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(FILE)
    found = loaded(str(file), EXPORTER_OTLP_ENDPOINT="no address", TRACES_EXPORTER="none")
    assert [each.name for each in found.settings.destinations] == ["a"]
    assert found.warnings == (
        (
            "OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT: Ignored for calls, because the file"
            " lists [[destinations]]."
        ),
    )
    assert loaded(str(file)).warnings == ()


def test_every_option_has_a_general_variable_and_one_for_each_signal():
    assert len(list(variables())) == 2 + 3 * len(OPTIONS)


def test_the_file_and_the_variables_can_define_the_same_destination(tmp_path):
    certificate = tmp_path / "ca.pem"
    certificate.touch()
    file = tmp_path / "fuse-otel.toml"
    file.write_text(
        f"""
        [[destinations]]
        name = "default"
        protocol = "HTTP/protobuf"
        endpoint = "http://c/base"
        logs_endpoint = "http://loki/otlp"
        headers = {{ "X-Scope-OrgID" = "acme" }}
        timeout = "2s"
        compression = "none"
        certificate = "{certificate}"
        """
    )
    by_variables = loaded(
        EXPORTER_OTLP_ENDPOINT="http://c/base",
        EXPORTER_OTLP_LOGS_ENDPOINT="http://loki/otlp",
        EXPORTER_OTLP_HEADERS="X-Scope-OrgID=acme",
        EXPORTER_OTLP_TIMEOUT="2000",
        EXPORTER_OTLP_COMPRESSION="none",
        EXPORTER_OTLP_CERTIFICATE=str(certificate),
    )
    assert loaded(str(file)).settings.destinations == by_variables.settings.destinations


def test_files_and_consoles_of_the_file(tmp_path):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(
        '[[destinations]]\nname = "f"\ntype = "file"\npath = "calls.jsonl"\nsignals = ["logs"]\n'
        '[[destinations]]\nname = "c"\ntype = "console"\n'
    )
    archive, terminal = loaded(str(file)).settings.destinations
    assert (archive.type, archive.path, archive.signals) == ("file", "calls.jsonl", (LOGS,))
    assert (terminal.type, terminal.path, terminal.signals) == ("console", None, (TRACES, LOGS))


def test_by_default_the_limits_are_those_of_the_data_model():
    assert loaded().settings.limits == MODEL
    assert loaded().origins["limits"] == "default"


def test_the_limit_of_a_signal_outranks_the_general_one_and_cannot_loosen_the_model():
    found = loaded(
        ATTRIBUTE_VALUE_LENGTH_LIMIT="100",
        ATTRIBUTE_COUNT_LIMIT="1000",
        SPAN_ATTRIBUTE_COUNT_LIMIT="64",
        LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT="200",
        SPAN_LINK_COUNT_LIMIT="0",
    )
    assert found.settings.limits == Limits(Most(64, 100), Most(96, 200), 0)
    assert "OTEL_SPAN_LINK_COUNT_LIMIT" in found.origins["limits"]


@pytest.mark.parametrize("variable", LIMITS)
@pytest.mark.parametrize("value", ["-1", "many", "1e3", "9" * 30])
def test_a_limit_that_is_not_a_number_is_an_error(variable, value):
    (problem,) = problems(**{variable.removeprefix("OTEL_"): value})
    assert problem.startswith(f"{variable}: ")
    assert problem.endswith(" is not a number. Use 0 or more.")


@pytest.mark.parametrize(
    ("flavours", "warned"),
    [
        ({}, True),
        ({"FUSE_OTEL_LOGS_FLAVOUR": "loki"}, False),
        ({"FUSE_OTEL_FLAVOUR": "loki"}, False),
        ({"FUSE_OTEL_TRACES_FLAVOUR": "loki"}, True),
    ],
)
def test_a_loki_endpoint_without_the_flavour_loki_gives_a_warning(flavours, warned):
    own = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://loki:3100/otlp/v1/logs"}
    found = load(environ={**ACCOUNT, **own, **flavours}).warnings
    assert bool(found) is warned
    assert not warned or "Set the flavour loki for logs" in found[0]


@pytest.mark.parametrize("name", ["CERTIFICATE", "TRACES_CLIENT_KEY"])
@pytest.mark.parametrize("switch", ["on", "off"])
def test_files_for_the_daemons_own_traces_are_checked_beside_destinations_of_the_file(
    tmp_path, name, switch
):
    os.mkfifo(tmp_path / "pipe")
    file = write_toml(tmp_path, '[[destinations]]\nname = "a"\ntype = "console"\n')
    variable = f"OTEL_EXPORTER_OTLP_{name}"
    environ = {
        **ACCOUNT, variable: str(tmp_path / "pipe"), "FUSE_OTEL_SELF_TRACES": switch
    }  # fmt: skip
    if switch == "off":
        load(environ=environ, config_file=file)
        return
    with pytest.raises(ConfigurationError) as caught:
        load(environ=environ, config_file=file)
    assert caught.value.problems == (
        f"{variable}: Cannot read the file: It is a pipe or a device.",
    )
