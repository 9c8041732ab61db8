import argparse
import json
import os
from importlib import resources
from types import ModuleType

import pytest

from fuse_otel.cli import main
from fuse_otel.cli.settings_flags import add_settings, load_settings
from fuse_otel.config import load
from fuse_otel.config.catalogue import SETTINGS


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_EMAIL", "ops@example.com")
    monkeypatch.setenv("FUSE_OTEL_DEVELOPER_KEY", "open-sesame")


@pytest.fixture
def online(monkeypatch):
    """Puts the answers of a test in the place of the real questions."""

    def put(*answers):
        module = ModuleType("fuse_otel.assembly.preflight")
        module.check_clients = lambda settings: None
        module.store_warnings = lambda settings: ()
        module.check_online = lambda settings: iter(answers)
        monkeypatch.setitem(__import__("sys").modules, "fuse_otel.assembly.preflight", module)

    return put


def parsed(*words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_settings(parser)
    add_settings(parser)  # a command may have done it before
    return parser.parse_args(words)


def test_every_setting_has_a_flag_and_secrets_only_one_for_their_file(account, tmp_path):
    secret, web = tmp_path / "secret", tmp_path / "web.yaml"
    secret.write_text("s")
    web.write_text("")
    for setting in SETTINGS:
        if setting.name != "developer_key":
            text = str(secret) if setting.secret else setting.example
            text = str(web) if setting.name == "web_config" else text
            loaded = load_settings(parsed(setting.flag, text))
            name = "accounts" if setting.name == "email" else setting.name
            assert loaded.origins[name] == setting.flag
    with pytest.raises(SystemExit):
        parsed("--developer-key", "k")


def test_a_setting_without_a_flag_comes_from_the_environment(account, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_GROW", "3m")
    assert load_settings(parsed("--settle", "1m")).settings.grow == 180


def test_check_prints_the_configuration_without_secrets(account, capsys, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:geheim@collector:4318")
    monkeypatch.setenv("FUSE_OTEL_PSEUDONYM_KEY", "a-long-random-text")
    assert main(["check"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "ok      settings",
        "account      default: o…@example.com, all its numbers",
        "destination  default, traces: https://********@collector:4318/v1/traces",
        "destination  default, logs: https://********@collector:4318/v1/logs",
        "store        sqlite:///fuse-otel.db",
        "pages        http://127.0.0.1:9464/",
    ]
    assert err == ""


def test_check_counts_numbers_and_names_files_and_consoles(tmp_path, capsys):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(
        'email = "o@example.com"\n'.replace("email", "environment")
        + '[[accounts]]\nemail = "o@example.com"\ndeveloper_key = "k"\nnumbers = ["15550100001"]\n'
        '[[destinations]]\nname = "f"\ntype = "file"\npath = "calls.jsonl"\nsignals = ["logs"]\n'
        '[[destinations]]\nname = "c"\ntype = "console"\nsignals = ["traces"]\n'
    )
    assert main(["check", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert "account      default: o…@example.com, 1 of its numbers\n" in out
    assert "destination  f, logs: calls.jsonl\n" in out
    assert "destination  c, traces: standard output\n" in out
    assert "15550100001" not in out


def test_check_recommends_a_pseudonym_key_that_does_not_change(account, capsys):
    assert main(["check"]) == 0
    advice = capsys.readouterr().err
    assert advice.startswith("warning: pseudonym_key: It is not set")
    assert advice.count("\n") == 1
    assert main(["config"]) == 0
    assert "pseudonym_key: It is not set" not in capsys.readouterr().err


def test_check_prints_warnings_on_stderr_and_exits_0(account, capsys):
    assert main(["check", "--state-url", "sqlite://"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("ok      settings\n")
    assert err.startswith("warning: state_url: ")


def test_check_of_a_bad_configuration_exits_78(capsys):
    assert main(["check", "--poll-interval", "never"]) == 78
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        "FUSE_OTEL_EMAIL, FUSE_OTEL_DEVELOPER_KEY",
        "--poll-interval",
    ]


def test_check_online_prints_a_line_for_each_question(account, online, capsys):
    online(("store", True, "It opens."), ("account default", True, "It answers."))
    assert main(["check", "--online"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "ok      store: It opens.",
        "ok      account default: It answers.",
    ]


def test_check_online_continues_after_a_failure_and_exits_1(account, online, capsys):
    online(("account default", False, "The key is wrong."), ("store", True, "It opens."))
    assert main(["check", "--online"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "FAILED  account default: The key is wrong.",
        "ok      store: It opens.",
    ]


def test_check_without_online_asks_no_server(account, online, capsys):
    online(("store", False, "Never asked."))
    assert main(["check"]) == 0
    assert "Never asked" not in capsys.readouterr().out


def rows(out):
    """What stands in each line, and what it says of where that was said."""
    return dict(
        map(str.strip, line.rsplit("  # ", 1)) for line in out.splitlines() if "  # " in line
    )


def test_config_shows_every_setting_with_its_origin_and_no_secret(account, monkeypatch, capsys):
    monkeypatch.setenv("FUSE_OTEL_HOOK_TOKEN", "geheim")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=geheim")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://u:geheim@tempo/?t=geheim")
    assert main(["config", "--poll-interval", "60", "--listen", "[::1]:0"]) == 0
    out = capsys.readouterr().out
    found = rows(out)
    assert found['poll_interval = "1m"'] == "--poll-interval"
    assert found['listen = "[::1]:0"'] == "--listen"
    assert found['# hook_token = "********"'] == "FUSE_OTEL_HOOK_TOKEN"
    assert found['# pseudonym_key = ""'] == "default"
    assert found["self_traces = false"] == "default"
    assert found["[[accounts]]"] == "FUSE_OTEL_EMAIL"
    assert found["# redaction_rules: none"] == "default"
    assert '# traces_endpoint = "http://********@tempo/?********"' in out
    assert '# headers.Authorization = "********"' in out
    for setting in SETTINGS:
        assert f"{setting.name} = " in out or f"[{setting.name}]" in out
    for secret in ("geheim", "open-sesame", "ops@"):
        assert secret not in out


def test_the_output_of_config_is_a_file_with_the_same_settings(tmp_path, capsys):
    """Once the secrets, which it does not tell, are put in again."""
    example = resources.files("fuse_otel.config").joinpath("example.toml").read_text()
    said = (
        'loki_stream_attribute = "off"\n'
        + example
        + """
[[destinations]]
name = "grpc"
protocol = "grpc"
endpoint = "tempo:4317"
traces_flavour = "jaeger"
[[destinations]]
name = "console"
type = "console"
redaction = "off"
"""
    )
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(said)
    assert main(["config", "--config", str(first)]) == 0
    printed = capsys.readouterr().out
    for hidden, secret in (
        ('# email = "s…@', 'email = "support@'),
        ('# email = "s…@', 'email = "sales@'),
        ('# developer_key = "********"', 'developer_key = "0123456789abcdef"'),
        ('# developer_key = "********"', 'developer_key = "fedcba9876543210"'),
        ('# headers.X-Scope-OrgID = "********"', 'headers.X-Scope-OrgID = "acme"'),
    ):
        printed = printed.replace(hidden, secret, 1)
    assert '********"' not in printed
    second.write_text(printed)
    assert load(config_file=str(second)).settings == load(config_file=str(first)).settings


def test_config_prints_two_tables_if_the_options_of_the_signals_differ(
    account, monkeypatch, capsys
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "2500")
    assert main(["config"]) == 0
    _, traces, logs = capsys.readouterr().out.split("[[destinations]]")
    for table, signal, timeout in ((traces, "traces", "10s"), (logs, "logs", "2.5s")):
        assert table.splitlines()[1:] == [
            'name = "default"',
            'type = "otlp"',
            f'signals = ["{signal}"]',
            'protocol = "grpc"',
            f'{signal}_endpoint = "http://collector:4317"',
            f'timeout = "{timeout}"',
            'compression = "gzip"',
            *([""] if signal == "traces" else []),
        ]


def test_config_as_json_is_one_object_of_values_and_origins(account, capsys):
    assert main(["config", "--json", "--max-disk", "1024MiB"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["max_disk"] == {"value": "1GiB", "origin": "--max-disk"}
    assert shown["accounts"]["value"][0]["developer_key"] == "**********"
    assert shown["rescans"]["value"][0] == "1h on every poll"
    assert {setting.name for setting in SETTINGS} <= {*shown, "email", "developer_key"}


def test_config_needs_no_account_and_prints_warnings_on_stderr(capsys):
    assert main(["config", "--state-url", "sqlite://"]) == 0
    out, err = capsys.readouterr()
    assert rows(out)["# accounts: none"] == "default"
    assert err.startswith("warning: ")


def test_trace_id_prints_the_id_of_each_call(capsys):
    assert main(["trace-id", "300060;001;1529552581", "other"]) == 0
    first, second = capsys.readouterr().out.split()
    assert len(first) == len(second) == 32
    assert first != second


def test_trace_id_follows_the_namespace_of_flag_environment_and_file(monkeypatch, tmp_path, capsys):
    def ids(*words):
        assert main(["trace-id", "a", *words]) == 0
        return capsys.readouterr().out

    plain = ids()
    by_flag = ids("--namespace", "acme")
    file = tmp_path / "fuse-otel.toml"
    file.write_text('namespace = "acme"')
    assert ids("--config", str(file)) == by_flag != plain
    monkeypatch.setenv("FUSE_OTEL_NAMESPACE", "acme")
    assert ids() == by_flag
    assert ids("--namespace", "") == plain
