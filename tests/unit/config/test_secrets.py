"""Secrets as files and variables really hold them."""

import os

import pytest
from support.builders.loaded_settings import ACCOUNT, problems, write_toml

from fuse_otel import files
from fuse_otel.config import load
from fuse_otel.config.file.contents import read_secret

KEY = "FUSE_OTEL_DEVELOPER_KEY"
TOKEN_FILE = "FUSE_OTEL_HOOK_TOKEN_FILE"


def loaded(**environ):
    return load(environ={**ACCOUNT, **environ})


def secret_file(folder, content, mode=0o600):
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return str(file)


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfa-long-random-token", b"a-long-random-token\r\n", b" a-long-random-token \n\n"],
)
def test_a_byte_order_mark_and_white_space_are_no_part_of_a_secret(tmp_path, content):
    found = loaded(**{TOKEN_FILE: secret_file(tmp_path, content)})
    assert found.settings.hook_token.get_secret_value() == "a-long-random-token"
    assert (found.warnings, found.advice) == ((), ())


def test_a_byte_order_mark_is_no_part_of_a_variable():
    (account,) = loaded(**{KEY: "\ufeffopen-sesame\n"}).settings.accounts
    assert account.developer_key.get_secret_value() == "open-sesame"


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_around_a_value_give_a_warning_and_stay(tmp_path, quote):
    value = f"{quote}a-long-random-token{quote}"
    file = secret_file(tmp_path, value.encode())
    for variable, text in ((TOKEN_FILE, file), ("FUSE_OTEL_HOOK_TOKEN", value)):
        found = loaded(**{variable: text})
        assert found.settings.hook_token.get_secret_value() == value
        (warning,) = found.warnings
        assert warning.startswith(f"{variable}: The quotes around the value are part of it.")


def test_quotes_in_any_of_our_variables_and_in_secrets_of_the_file_give_a_warning(tmp_path):
    secret = secret_file(tmp_path, b'"k"')
    file = write_toml(
        tmp_path,
        f"""
        environment = '"quoted"'
        hook_token = '"a-long-random-token"'
        [[accounts]]
        name = "a"
        email = "a@example.com"
        developer_key = "'k'"
        [[accounts]]
        name = "b"
        email = "b@example.com"
        developer_key_file = "{secret}"
        """,
    )
    variables = {"FUSE_OTEL_NAMESPACE": "'acme'", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "'=b'"}
    found = load(environ=variables, config_file=file).warnings
    assert [warning.partition(": The quotes")[0] for warning in found] == [
        "FUSE_OTEL_NAMESPACE",
        f"{file}: hook_token",
        f"{file}: accounts[0].developer_key",
        f"{file}: accounts[1].developer_key_file",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    ]


@pytest.mark.parametrize(
    ("mode", "warned", "advised"),
    [(0o600, "", ""), (0o640, "", ""), (0o644, "", "read"), (0o602, "change", "")],
)
def test_a_secret_file_that_everybody_can_use_is_reported(tmp_path, mode, warned, advised):
    found = loaded(**{TOKEN_FILE: secret_file(tmp_path, b"a-long-random-token", mode)})
    for sentences, word in ((found.warnings, warned), (found.advice, advised)):
        sentence = f"{TOKEN_FILE}: Every user of the machine can {word} this file."
        assert [each.partition(" Remove")[0] for each in sentences] == [sentence] * bool(word)


def test_the_file_behind_a_symbolic_link_counts(tmp_path):
    secret_file(tmp_path, b"a-long-random-token", 0o640)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "secret")
    assert loaded(**{TOKEN_FILE: str(link)}).advice == ()


def test_a_pipe_is_read_to_its_end():
    reading, writing = os.pipe()
    os.write(writing, b"through-a-pipe\n")
    os.close(writing)
    assert read_secret(f"/dev/fd/{reading}").secret == "through-a-pipe"
    os.close(reading)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("{0}", "Cannot read the file: Is a directory."),
        ("{0}/pipe", "Cannot read the file: No process writes to the pipe."),
        ("/dev/zero", "Cannot read the file: It is a pipe or a device."),
        ("/dev/null", "The file must contain the secret and nothing else."),
        ("{0}/utf16", "The file is not UTF-8 text."),
        ("a\0b", "Must be UTF-8 text without zero bytes."),
        ("a\udcff", "Must be UTF-8 text without zero bytes."),
        ("a" * 5000, "Cannot read the file: File name too long."),
    ],
)
def test_a_path_that_leads_to_no_secret_is_one_sentence(tmp_path, monkeypatch, path, sentence):
    monkeypatch.setattr(files, "_WRITER", 0.1)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "utf16").write_bytes("a-secret".encode("utf-16"))
    assert problems({TOKEN_FILE: path.format(tmp_path)}) == (f"{TOKEN_FILE}: {sentence}",)
