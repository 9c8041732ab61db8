from functools import partial

import pytest
from pydantic_settings import PydanticBaseSettingsSource
from support.builders.loaded_settings import ACCOUNT, problems, settings, write_toml

from fuse_otel.config import load, namespace_of
from fuse_otel.config.inputs import Inputs
from fuse_otel.config.settings import Account, Settings
from fuse_otel.config.sources import sources
from fuse_otel.core.model.telemetry import Profile
from fuse_otel.errors import ConfigurationError


@pytest.fixture
def toml(tmp_path):
    return partial(write_toml, tmp_path)


def test_defaults():
    found = settings()
    assert found.api_url == "https://fuse.plumvoice.com/api"
    assert (found.poll_interval, found.settle, found.grow, found.since) == (30, 15, 120, 432000)
    assert (found.max_requests_per_second, found.max_concurrent_requests) == (5, 4)
    assert (found.state_url, found.max_disk) == ("sqlite:///fuse-otel.db", 2 << 30)
    assert found.listen == ("127.0.0.1", 9464)
    assert (found.redaction, found.pseudonym_key, found.error_policy) == ("strict", None, "any")
    assert (found.namespace, found.environment, found.resource_attributes) == ("", "", {})
    assert found.flavour is found.traces_flavour is found.logs_flavour is Profile.GENERIC
    assert (found.hook_token, found.shutdown_grace, found.self_traces) == (None, 10, False)
    assert (found.log_level, found.log_format) == ("info", "logfmt")
    assert found.loki_stream_attribute == "service.instance.id"
    assert (found.service_names, found.severities) == ({}, {})
    assert found.rescans == ((3600, 0), (21_600, 600), (86_400, 3600), (432_000, 86_400))


def test_one_account_is_called_default():
    (account,) = settings().accounts
    assert (account.name, account.email, account.numbers) == ("default", "ops@example.com", ())
    assert account.developer_key.get_secret_value() == "open-sesame"


def test_flags_outrank_the_environment_which_outranks_the_file(toml):
    file = toml('poll_interval = "1m"\nsettle = 20\ngrow = "3m"\n')
    loaded = load(
        environ={**ACCOUNT, "FUSE_OTEL_POLL_INTERVAL": "2m", "FUSE_OTEL_SETTLE": "25"},
        config_file=file,
        flags={"poll_interval": "4m"},
    )
    found = loaded.settings
    assert (found.poll_interval, found.settle, found.grow, found.since) == (240, 25, 180, 432000)
    names = ("poll_interval", "settle", "grow", "since", "accounts")
    assert [loaded.origins[name] for name in names] == [
        "--poll-interval", "FUSE_OTEL_SETTLE", file, "default", "FUSE_OTEL_EMAIL",
    ]  # fmt: skip


def test_the_sources_are_those_of_pydantic_settings_in_order_of_priority(toml):
    inputs = Inputs(ACCOUNT, {"settle": "1"}, "f.toml", {"settle": 2}, needs_account=True)
    classes = [type(each).__name__ for each in sources(Settings, inputs)]
    assert classes == [
        "FlagSource", "EnvironmentSource", "FileSource", "OpenTelemetrySource", "DefaultSource",
    ]  # fmt: skip
    assert all(isinstance(each, PydanticBaseSettingsSource) for each in sources(Settings, inputs))
    assert Settings.read(inputs).settle == 1
    assert (inputs.effective["settle"].name, inputs.effective["grow"].origin) == (
        "--settle",
        "default",
    )


def test_the_sources_of_pydantic_settings_itself_are_not_used(monkeypatch):
    """Its environment source would read ``ENVIRONMENT`` and stop at JSON that it cannot parse."""
    monkeypatch.setenv("ENVIRONMENT", "elsewhere")
    monkeypatch.setenv("ACCOUNTS", "no JSON")
    assert settings().environment == ""


def test_the_debug_log_of_pydantic_settings_contains_no_secret(monkeypatch, caplog, toml):
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    caplog.set_level("DEBUG")
    file = toml('[[destinations]]\nname = "a"\nheaders = { Authorization = "geheim" }\n')
    settings(config_file=file, flags={"hook_token": "geheim"})
    assert "pydantic_settings" in {record.name for record in caplog.records}
    for secret in ("geheim", "open-sesame", "ops@"):
        assert secret not in caplog.text


def test_every_setting_has_an_origin():
    loaded = load(environ=ACCOUNT)
    assert set(loaded.origins) == set(Settings.model_fields)


def test_an_empty_value_counts_as_unset(toml):
    file = toml('settle = ""\nnamespace = ""\n')
    environ = {"FUSE_OTEL_POLL_INTERVAL": "", "FUSE_OTEL_SETTLE": "  ", "FUSE_OTEL_XYZ": ""}
    found = settings(environ, config_file=file, flags={"poll_interval": " ", "grow": ""})
    assert (found.poll_interval, found.settle, found.grow) == (30, 15, 120)


def test_the_file_may_be_named_by_the_environment_and_a_flag_outranks_it(toml, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('environment = "other"')
    environ = {"FUSE_OTEL_CONFIG": toml('environment = "production"')}
    assert settings(environ).environment == "production"
    assert settings(environ, config_file=str(other)).environment == "other"
    assert settings({"FUSE_OTEL_CONFIG": " "}).environment == ""


@pytest.mark.parametrize(
    ("kwargs", "where"),
    [({"config_file": "/nowhere/a.toml"}, "--config"), ({}, "FUSE_OTEL_CONFIG")],
)
def test_the_message_about_a_missing_file_names_the_flag_or_variable(kwargs, where):
    environ = {"FUSE_OTEL_CONFIG": "/nowhere/a.toml"}
    assert problems(environ, **kwargs) == (
        f"{where}: Cannot read the file /nowhere/a.toml: No such file or directory.",
    )


@pytest.mark.parametrize("setting", ["developer_key", "pseudonym_key", "hook_token"])
@pytest.mark.parametrize("place", ["variable", "flag", "file"])
def test_a_secret_can_be_read_from_a_file(setting, place, tmp_path, toml):
    secret = tmp_path / "secret"
    secret.write_text("  from a file\n")
    environ = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}
    if setting == "developer_key":
        del environ["FUSE_OTEL_DEVELOPER_KEY"]
    kwargs = {}
    if place == "variable":
        environ[f"FUSE_OTEL_{setting.upper()}_FILE"] = str(secret)
    elif place == "flag":
        kwargs["flags"] = {f"{setting}_file": str(secret)}
    else:
        kwargs["config_file"] = toml(f'{setting}_file = "{secret}"')
    found = load(environ=environ, **kwargs).settings
    held = (
        found.accounts[0].developer_key if setting == "developer_key" else getattr(found, setting)
    )
    assert held.get_secret_value() == "from a file"


def test_a_secret_file_of_lower_priority_is_not_opened(toml):
    file = toml('hook_token_file = "/nowhere/token"')
    found = settings({"FUSE_OTEL_HOOK_TOKEN": "t"}, config_file=file)
    assert found.hook_token is not None


def test_a_secret_and_its_file_cannot_both_be_set():
    assert problems({"FUSE_OTEL_DEVELOPER_KEY_FILE": "/run/secrets/key"}) == (
        "FUSE_OTEL_DEVELOPER_KEY and FUSE_OTEL_DEVELOPER_KEY_FILE: Set only one of them.",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file must contain the secret and nothing else."),
        (b" \n", "The file must contain the secret and nothing else."),
        (b"x" * 70_000, "The file must contain the secret and nothing else."),
        (b"caf\xe9", "The file is not UTF-8 text."),
    ],
)
def test_the_message_about_a_bad_secret_file_leaves_out_its_content(content, sentence, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    assert problems({"FUSE_OTEL_HOOK_TOKEN_FILE": str(secret)}) == (
        f"FUSE_OTEL_HOOK_TOKEN_FILE: {sentence}",
    )


def test_all_problems_are_reported_at_once_under_the_names_that_were_used():
    found = problems(
        {"FUSE_OTEL_EMAIL": "", "FUSE_OTEL_SETTLE": "soon", "FUSE_OTEL_LOG_LEVL": "info"},
        flags={"poll_interval": "often"},
    )
    assert found == (
        "Unknown setting `FUSE_OTEL_LOG_LEVL`. Did you mean `FUSE_OTEL_LOG_LEVEL`?",
        "FUSE_OTEL_EMAIL: This setting is required.",
        '--poll-interval: "often" is not a duration. Use 30s, 5m, 1h, 5d or a number of seconds.',
        'FUSE_OTEL_SETTLE: "soon" is not a duration. Use 30s, 5m, 1h, 5d or a number of seconds.',
    )


def test_an_unknown_name_that_resembles_no_known_one_gets_no_suggestion():
    assert problems({"FUSE_OTEL_QQQQ": "1"}) == ("Unknown setting `FUSE_OTEL_QQQQ`. Remove it.",)


def test_a_wrong_flavour_is_reported_once_for_both_signals():
    (problem,) = problems({"FUSE_OTEL_FLAVOUR": "zipkin"})
    assert problem.startswith("FUSE_OTEL_FLAVOUR: ")


def test_variables_of_a_kubernetes_service_are_ignored():
    injected = {
        "FUSE_OTEL_SERVICE_HOST": "10.0.0.1",
        "FUSE_OTEL_SERVICE_PORT": "9464",
        "FUSE_OTEL_SERVICE_PORT_METRICS": "9464",
        "FUSE_OTEL_PORT": "tcp://10.0.0.1:9464",
        "FUSE_OTEL_PORT_9464_TCP": "tcp://10.0.0.1:9464",
        "FUSE_OTEL_PORT_9464_TCP_PROTO": "tcp",
        "FUSE_OTEL_PORT_9464_TCP_PORT": "9464",
        "FUSE_OTEL_PORT_9464_TCP_ADDR": "10.0.0.1",
        "FUSE_OTEL_HEADLESS_SERVICE_HOST": "10.0.0.2",
        "FUSE_OTEL_HEADLESS_PORT": "udp://10.0.0.2:1",
    }
    assert settings(injected) == settings()


@pytest.mark.parametrize("name", ["FUSE_OTEL_PORT", "FUSE_OTEL_LISTEN_PORT"])
def test_a_port_variable_that_kubernetes_did_not_set_is_an_error(name):
    (problem,) = problems({name: "9464"})
    assert problem.startswith(f"Unknown setting `{name}`.")


def test_a_missing_account_is_an_error_that_names_the_settings():
    with pytest.raises(ConfigurationError) as caught:
        load(environ={})
    assert caught.value.problems == (
        (
            "FUSE_OTEL_EMAIL, FUSE_OTEL_DEVELOPER_KEY: Both are required. Are they exported in"
            " this shell? (Several accounts: [[accounts]] in the file of --config.)"
        ),
    )


def test_commands_that_only_read_the_store_need_no_account():
    assert load(environ={}, needs_account=False).settings.accounts == ()


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://fuse.example.com/api", True),
        ("http://10.0.0.1/api", True),
        ("https://fuse.example.com/api/", False),
        ("http://localhost:8765/api", False),
        ("http://127.0.0.1:8765/api", False),
        ("http://[::1]:8765/api", False),
    ],
)
def test_plain_http_to_another_host_gives_a_warning(url, warned):
    loaded = load(environ={**ACCOUNT, "FUSE_OTEL_API_URL": url})
    assert loaded.settings.api_url == url.rstrip("/")
    assert any("Plain http" in warning for warning in loaded.warnings) is warned


def test_a_store_in_memory_gives_a_warning():
    (warning,) = load(environ={**ACCOUNT, "FUSE_OTEL_STATE_URL": "sqlite://"}).warnings
    assert warning.startswith("state_url: ")


def test_the_namespace_is_read_even_if_other_settings_are_wrong(toml):
    file = toml('namespace = "acme"\npol_interval = 1')
    assert namespace_of(environ={"FUSE_OTEL_CONFIG": file}) == "acme"
    assert namespace_of(environ={"FUSE_OTEL_NAMESPACE": "eu"}, config_file=file) == "eu"
    assert namespace_of(environ={}) == ""


def test_a_namespace_that_is_not_text_is_an_error(toml):
    file = toml("namespace = 5")
    with pytest.raises(ConfigurationError, match="namespace: Must be text in quotes"):
        namespace_of(environ={}, config_file=file)


def test_an_account_hides_its_email_in_its_repr():
    account = Account.model_validate({"email": "a@example.com", "developer_key": "k"})
    assert account.name == "default"
    assert "a@example.com" not in repr(account)
