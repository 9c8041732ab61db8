from functools import partial
from pathlib import Path

import pytest
from pydantic_settings import PydanticBaseSettingsSource
from support.rigs.loading import ACCOUNT, problems, settings, write_toml

from fuse_otel.config import load, namespace_of
from fuse_otel.config.settings import Account, Settings
from fuse_otel.config.sources import Inputs, sources
from fuse_otel.core.model.telemetry import Profile
from fuse_otel.errors import ConfigurationError


@pytest.fixture
def toml(tmp_path):
    return partial(write_toml, tmp_path)


def test_the_defaults_are_those_of_the_interface():
    found = settings()
    assert found.api_url == "https://fuse.plumvoice.com/api"
    assert (found.poll_interval, found.settle, found.grow, found.since) == (30, 15, 120, 3600)
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
    assert (found.poll_interval, found.settle, found.grow, found.since) == (240, 25, 180, 3600)
    names = ("poll_interval", "settle", "grow", "since", "accounts")
    assert [loaded.origins[name] for name in names] == [
        "--poll-interval", "FUSE_OTEL_SETTLE", file, "default", "FUSE_OTEL_EMAIL",
    ]  # fmt: skip


def test_sources_of_pydantic_settings_give_the_settings_in_the_order_of_their_priority(toml):
    inputs = Inputs(ACCOUNT, {"settle": "1"}, "f.toml", {"settle": 2}, needs_account=True)
    classes = [type(each).__name__ for each in sources(Settings, inputs)]
    assert classes == [
        "FlagSource", "EnvironmentSource", "FileSource", "OpenTelemetrySource", "DefaultSource",
    ]  # fmt: skip
    assert all(isinstance(each, PydanticBaseSettingsSource) for each in sources(Settings, inputs))
    assert Settings.read(inputs).settle == 1
    assert (inputs.won["settle"].where, inputs.won["grow"].origin) == ("--settle", "default")


def test_the_librarys_own_sources_are_not_asked(monkeypatch):
    """Its environment source would read ``ENVIRONMENT`` and stop at JSON that it cannot parse."""
    monkeypatch.setenv("ENVIRONMENT", "elsewhere")
    monkeypatch.setenv("ACCOUNTS", "no JSON")
    assert settings().environment == ""


def test_nothing_secret_gets_into_the_librarys_debug_log(monkeypatch, caplog, toml):
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


def test_what_is_empty_is_unset(toml):
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
def test_a_file_that_is_not_there_is_told_by_who_named_it(kwargs, where):
    environ = {"FUSE_OTEL_CONFIG": "/nowhere/a.toml"}
    assert problems(environ, **kwargs) == (
        f"{where}: The file /nowhere/a.toml cannot be read: No such file or directory.",
    )


@pytest.mark.parametrize("setting", ["developer_key", "pseudonym_key", "hook_token"])
@pytest.mark.parametrize("place", ["variable", "flag", "file"])
def test_a_secret_may_stand_in_a_file_of_its_own(setting, place, tmp_path, toml):
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


def test_a_secret_of_a_higher_place_keeps_a_lower_twin_from_being_read(toml):
    file = toml('hook_token_file = "/nowhere/token"')
    found = settings({"FUSE_OTEL_HOOK_TOKEN": "t"}, config_file=file)
    assert found.hook_token is not None


def test_a_secret_and_its_twin_together_are_refused():
    assert problems({"FUSE_OTEL_DEVELOPER_KEY_FILE": "/run/secrets/key"}) == (
        "FUSE_OTEL_DEVELOPER_KEY and FUSE_OTEL_DEVELOPER_KEY_FILE: Give one of them, not both.",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file it names has to hold the secret alone."),
        (b" \n", "The file it names has to hold the secret alone."),
        (b"x" * 70_000, "The file it names has to hold the secret alone."),
        (b"caf\xe9", "The file it names holds no UTF-8 text."),
    ],
)
def test_a_file_without_a_secret_is_told_without_its_content(content, sentence, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    assert problems({"FUSE_OTEL_HOOK_TOKEN_FILE": str(secret)}) == (
        f"FUSE_OTEL_HOOK_TOKEN_FILE: {sentence}",
    )


def test_all_problems_are_told_at_once_by_the_names_they_were_said_under():
    found = problems(
        {"FUSE_OTEL_EMAIL": "", "FUSE_OTEL_SETTLE": "soon", "FUSE_OTEL_LOG_LEVL": "info"},
        flags={"poll_interval": "often"},
    )
    assert found == (
        "FUSE_OTEL_LOG_LEVL: There is no such setting. Did you mean FUSE_OTEL_LOG_LEVEL?",
        "FUSE_OTEL_EMAIL: It is missing: give it.",
        '--poll-interval: "often" is no duration: write it like 30s, 5m, 1h or 5d, or in seconds.',
        'FUSE_OTEL_SETTLE: "soon" is no duration: write it like 30s, 5m, 1h or 5d, or in seconds.',
    )


def test_a_name_like_nothing_known_is_refused_without_a_suggestion():
    assert problems({"FUSE_OTEL_QQQQ": "1"}) == (
        "FUSE_OTEL_QQQQ: There is no such setting. Take it away.",
    )


def test_a_wrong_flavour_is_one_problem_although_it_counts_for_both_signals():
    (problem,) = problems({"FUSE_OTEL_FLAVOUR": "zipkin"})
    assert problem.startswith("FUSE_OTEL_FLAVOUR: ")


def test_what_kubernetes_sets_for_a_service_of_our_name_is_left_alone():
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
def test_a_port_that_is_no_link_of_kubernetes_is_a_mistyped_setting(name):
    (problem,) = problems({name: "9464"})
    assert problem.startswith(f"{name}: There is no such setting.")


def test_without_an_account_the_sentence_says_what_to_give():
    with pytest.raises(ConfigurationError) as caught:
        load(environ={})
    assert caught.value.problems == (
        (
            "FUSE_OTEL_EMAIL, FUSE_OTEL_DEVELOPER_KEY: They are missing: give them, or list"
            " [[accounts]] in the file."
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
def test_plain_http_to_elsewhere_is_warned_of(url, warned):
    loaded = load(environ={**ACCOUNT, "FUSE_OTEL_API_URL": url})
    assert loaded.settings.api_url == url.rstrip("/")
    assert any("plain http" in warning for warning in loaded.warnings) is warned


def test_a_store_in_memory_is_warned_of():
    (warning,) = load(environ={**ACCOUNT, "FUSE_OTEL_STATE_URL": "sqlite://"}).warnings
    assert warning.startswith("state_url: ")


def test_the_namespace_alone_is_read_whatever_else_is_wrong(toml):
    file = toml('namespace = "acme"\npol_interval = 1')
    assert namespace_of(environ={"FUSE_OTEL_CONFIG": file}) == "acme"
    assert namespace_of(environ={"FUSE_OTEL_NAMESPACE": "eu"}, config_file=file) == "eu"
    assert namespace_of(environ={}) == ""


def test_a_namespace_that_is_no_text_is_refused(toml):
    file = toml("namespace = 5")
    with pytest.raises(ConfigurationError, match="namespace: It has to be text in quotes"):
        namespace_of(environ={}, config_file=file)


def test_an_account_made_by_hand_passes_the_same_checks():
    account = Account.model_validate({"email": "a@example.com", "developer_key": "k"})
    assert account.name == "default"
    assert "a@example.com" not in repr(account)


def test_the_documented_example_loads():
    file = Path(__file__).parents[3] / "fuse_otel" / "config" / "example.toml"
    loaded = load(environ={}, config_file=str(file))
    assert [account.name for account in loaded.settings.accounts] == ["support", "sales"]
    assert [each.name for each in loaded.settings.destinations] == ["tempo", "loki", "archive"]
    assert loaded.warnings == ()
