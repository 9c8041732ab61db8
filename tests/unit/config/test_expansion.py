"""Variables in texts of the configuration file."""

import pytest
from support.builders.loaded_settings import ACCOUNT, write_toml

from fuse_otel.cli import main
from fuse_otel.config import load, namespace_of
from fuse_otel.config.file.contents import expand
from fuse_otel.errors import ConfigurationError

ENVIRON = {"NAME": "value", "EMPTY": "", "DOLLAR": "a$$b${NAME}", "A_1": "1"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("${NAME}", "value"),
        ("${env:NAME}", "value"),
        ("<${NAME}${A_1}>", "<value1>"),
        ("${EMPTY}", ""),
        ("${NAME:-other}", "value"),
        ("${env:NONE:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${NONE:-}", ""),
        ("${NONE:-a:-b}", "a:-b"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$$${NAME}", "$${NAME}"),
        ("$$${NAME}", "$value"),
        ("$NAME", "$NAME"),
        ("a$", "a$"),
        ("^[0-9]+$", "^[0-9]+$"),
        ("${DOLLAR}", "a$$b${NAME}"),
    ],
)
def test_texts_are_expanded_as_the_collector_does(text, result):
    content = {"a": text, "b": [{"c": [text, 1]}], "d": 5}
    found = expand(content, ENVIRON, "f.toml").content
    assert found == {"a": result, "b": [{"c": [result, 1]}], "d": 5}


def test_all_problems_name_the_key_and_the_variable_and_no_text():
    content = {
        "developer_key": "geheim${NONE}",
        "destinations": [{"headers": {"Authorization": "geheim${env:NOT}${geheim!}"}}],
        "email": "geheim${",
        "namespace": "${}",
        "environment": "${file:/geheim}${env:NAME-geheim}${${NAME}}",
    }
    with pytest.raises(ConfigurationError) as caught:
        expand(content, ENVIRON, "f.toml")
    wrong = "${…} does not name a variable. Write ${NAME}, or $$ for a dollar."
    assert caught.value.problems == (
        "f.toml: developer_key: The variable NONE is not set.",
        "f.toml: destinations[0].headers.Authorization: The variable NOT is not set.",
        f"f.toml: destinations[0].headers.Authorization: {wrong}",
        f"f.toml: email: {wrong}",
        f"f.toml: namespace: {wrong}",
        f"f.toml: environment: {wrong}",
    )


@pytest.fixture
def file(tmp_path):
    return write_toml(
        tmp_path,
        """
        email = "${USER_NAME}@example.com"
        developer_key = "${FUSE_KEY}"
        poll_interval = "${POLL:-1m}"
        namespace = "${NAMESPACE}"
        [[destinations]]
        name = "a"
        endpoint = "http://${HOST}:4318"
        headers = { Authorization = "Bearer ${TOKEN}", X = "${HOST}" }
        """,
    )


VARIABLES = {
    "USER_NAME": "ops", "FUSE_KEY": "geheim", "HOST": "127.0.0.1", "TOKEN": "geheim",
    "NAMESPACE": "acme",
}  # fmt: skip


def test_expanded_settings_are_read_like_others_and_their_origin_names_the_variables(file):
    loaded = load(environ=VARIABLES, config_file=file)
    (account,) = loaded.settings.accounts
    (destination,) = loaded.settings.destinations
    assert (account.email, account.developer_key.get_secret_value()) == (
        "ops@example.com",
        "geheim",
    )
    assert loaded.settings.poll_interval == 60
    assert {*destination.urls.values()} == {
        "http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/logs",
    }  # fmt: skip
    assert loaded.origins["poll_interval"] == f"{file} (${{POLL}})"
    assert loaded.origins["destinations"] == f"{file} (${{HOST}}, ${{TOKEN}})"
    assert namespace_of(environ=VARIABLES, config_file=file) == "acme"


def test_expanded_secrets_are_masked_where_settings_are_shown(file, monkeypatch, capsys):
    for name, text in VARIABLES.items():
        monkeypatch.setenv(name, text)
    for words in (["config"], ["config", "--json"], ["check"]):
        assert main([*words, "--config", file]) == 0
        shown = "".join(capsys.readouterr())
        assert "geheim" not in shown
        assert words == ["check"] or "${TOKEN}" in shown


def test_a_variable_that_is_not_set_ends_with_exit_code_78(file, monkeypatch, capsys):
    for name, text in VARIABLES.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("FUSE_KEY")
    assert main(["check", "--config", file]) == 78
    assert capsys.readouterr().err == (
        f"fuse-otel: {file}: developer_key: The variable FUSE_KEY is not set.\n"
    )


def test_a_namespace_with_a_variable_that_is_not_set_is_an_error(file):
    with pytest.raises(ConfigurationError, match="The variable NAMESPACE is not set"):
        namespace_of(environ=ACCOUNT, config_file=file)
