"""Settings that are accepted, but probably not meant."""

import opentelemetry.sdk.environment_variables as standard
import pytest
from support.builders.loaded_settings import ACCOUNT, problems, write_toml

from fuse_otel.config import load
from fuse_otel.config.otel_environment import LIMITS, variables

OTLP = "OTEL_EXPORTER_OTLP_"


def warnings(config_file=None, **environ):
    return load(environ={**ACCOUNT, **environ}, config_file=config_file).warnings


@pytest.mark.parametrize(
    ("name", "near"),
    [
        (f"{OTLP}ENDPONT", f"{OTLP}ENDPOINT"),
        (f"{OTLP}HEADER", f"{OTLP}HEADERS"),
        (f"{OTLP}TRACE_ENDPOINT", f"{OTLP}TRACES_ENDPOINT"),
        (f"{OTLP}LOGS_ENDPOINTS", f"{OTLP}LOGS_ENDPOINT"),
        ("OTEL_EXPORTER_OLTP_ENDPOINT", f"{OTLP}ENDPOINT"),
        ("otel_exporter_otlp_endpoint", f"{OTLP}ENDPOINT"),
        ("OTEL_TRACE_EXPORTER", "OTEL_TRACES_EXPORTER"),
        ("OTEL_LOG_EXPORTER", "OTEL_LOGS_EXPORTER"),
        ("OTEL_ATTRIBUTE_COUNT_LIMITS", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
        ("OTEL_SERVICENAME", "OTEL_SERVICE_NAME"),
        ("OTEL_EXPORTER_ENDPOINT", f"{OTLP}ENDPOINT"),
    ],
)
def test_an_unknown_variable_near_a_known_one_gives_a_warning(name, near):
    assert warnings(**{name: "http://c"}) == (
        f"{name}: Unknown variable, ignored. Did you mean `{near}`?",
    )


def test_other_variables_of_the_standard_and_names_that_are_not_near_give_no_warning():
    read = {*variables(), *LIMITS}
    others = {
        *(name for name in dir(standard) if name.startswith("OTEL_") and name not in read),
        f"{OTLP}METRICS_ENDPONT", f"{OTLP}PROFILES_ENDPOINT", f"{OTLP}X", "OTEL_EXPORTER_OTHER",
        "OTEL_EXPORTER_JAEGER_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_PYTHON_LOG_LEVEL",
        "OTEL_METRIC_EXPORTER", "OTEL_TRACES_EXPORTER" + "R" * 100,
    }  # fmt: skip
    assert warnings(**dict.fromkeys(others, "1")) == ()


@pytest.mark.parametrize("name", ["trace_url", "logs_url"])
def test_a_link_without_an_id_leads_every_call_to_one_page(name):
    variable = f"FUSE_OTEL_{name.upper()}"
    sentence = f"{name}: It has no {{trace_id}} or {{session_id}}. All calls link to one page."
    assert warnings(**{variable: "http://jaeger/trace/"}) == (sentence,)
    assert warnings(**{variable: "http://jaeger/trace/{trace_id}"}) == ()


@pytest.mark.parametrize("base", ["http://127.0.0.1:4318/v1/traces", "http://h/otlp/v1/logs/"])
def test_a_base_url_that_ends_with_the_path_of_a_signal_is_an_error(base, tmp_path):
    end = "/v1/traces" if "traces" in base else "/v1/logs"
    sentence = (
        f"The URL must not end with {end}, because the path of each signal is appended to it."
        " Remove that part, or set the endpoint of the signal instead."
    )
    assert problems({f"{OTLP}ENDPOINT": base}) == (f"{OTLP}ENDPOINT: {sentence}",)
    file = write_toml(tmp_path, f'[[destinations]]\nname = "a"\nendpoint = "{base}"\n')
    assert problems({}, config_file=file) == (f"{file}: destinations[0].endpoint: {sentence}",)


ODD_PATH = "destination default: The endpoint of its {} {}"
OF_ANOTHER = "ends with /v1/{}, the path of another signal."


@pytest.mark.parametrize(
    ("signal", "url", "sentence"),
    [
        ("traces", "http://127.0.0.1:4318/v1/traces", ""),
        ("traces", "http://127.0.0.1:4318/v1/logs", OF_ANOTHER.format("logs")),
        ("logs", "https://h/otlp/v1/traces/", OF_ANOTHER.format("traces")),
        ("logs", "https://h/v1/metrics", OF_ANOTHER.format("metrics")),
        ("logs", "https://h/insert/v1/my-logs", ""),
        ("traces", "https://h", "has no path. Most back ends expect /v1/traces."),
        ("logs", "https://h/", "has no path. Most back ends expect /v1/logs."),
    ],
)
def test_an_endpoint_of_a_signal_with_an_odd_path_gives_a_warning(signal, url, sentence):
    found = warnings(**{f"{OTLP}{signal.upper()}_ENDPOINT": url})
    assert found == ((ODD_PATH.format(signal, sentence),) if sentence else ())


def test_an_endpoint_of_grpc_needs_no_path():
    own = {f"{OTLP}TRACES_ENDPOINT": "https://h:4317", f"{OTLP}TRACES_PROTOCOL": "grpc"}
    assert warnings(**own) == ()


EXPOSED = "destination default: Plain http exposes its credentials on the network to {}. Use https."


@pytest.mark.parametrize(
    ("endpoint", "headers", "host"),
    [
        ("http://back-end.example:4318", "Authorization=Bearer%20geheim", "back-end.example"),
        ("http://10.0.0.1:4318", "X-Api-Key=geheim", "10.0.0.1"),
        ("http://us:geheim@back-end.example", "", "back-end.example"),
        ("http://back-end.example:4318", "X-Scope-OrgID=acme", None),
        ("https://back-end.example:4318", "Authorization=geheim", None),
        ("http://localhost:4318", "Authorization=geheim", None),
        ("http://127.1.2.3:4318", "Authorization=geheim", None),
        ("http://[::1]:4318", "Authorization=geheim", None),
    ],
)
def test_credentials_over_plain_http_give_a_warning(endpoint, headers, host):
    found = warnings(**{f"{OTLP}ENDPOINT": endpoint, f"{OTLP}HEADERS": headers})
    assert found == ((EXPOSED.format(host),) if host else ())


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://back-end.example:4317", "back-end.example"),
        ("back-end.example:4317", "back-end.example"),
        ("dns:///back-end.example:4317", "back-end.example"),
        ("ipv4:10.0.0.1:4317", "10.0.0.1"),
        ("[fd00::1]:4317", "fd00::1"),
        ("https://back-end.example:4317", None),
        ("localhost:4317", None),
        ("ipv6:[::1]:4317", None),
        ("unix:/run/collector.sock", None),
    ],
)
def test_credentials_over_grpc_in_plain_text_give_a_warning(endpoint, host):
    environ = {"ENDPOINT": endpoint, "PROTOCOL": "grpc", "HEADERS": "token=g", "INSECURE": "true"}
    found = warnings(**{OTLP + name: text for name, text in environ.items()})
    assert found == ((EXPOSED.format(host),) if host else ())


@pytest.mark.parametrize(
    ("setting", "text", "warned"),
    [
        ("hook_token", "t", True),
        ("hook_token", "t" * 15, True),
        ("hook_token", "t" * 16, False),
        ("pseudonym_key", "ü" * 7, True),
        ("pseudonym_key", "ü" * 8, False),
    ],
)
def test_a_short_secret_gives_a_warning_that_leaves_it_out(setting, text, warned):
    found = warnings(**{f"FUSE_OTEL_{setting.upper()}": text})
    assert [warning.partition(":")[0] for warning in found] == [setting] * warned


def test_a_log_of_tls_keys_gives_a_warning():
    (warning,) = warnings(SSLKEYLOGFILE="/var/keys")
    assert warning.startswith("SSLKEYLOGFILE: Whoever reads its file can decrypt")
