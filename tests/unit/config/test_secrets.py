"""Secrets as files and variables really hold them."""

import json
import os
from pathlib import Path

import pytest
from support.builders.loaded_settings import ACCOUNT, problems, write_toml

from fuse_otel import files
from fuse_otel.config import load
from fuse_otel.config.file.contents import read_secret
from fuse_otel.config.inputs import odd_characters

KEY = "FUSE_OTEL_DEVELOPER_KEY"
TOKEN_FILE = "FUSE_OTEL_HOOK_TOKEN_FILE"


# Without one, `check` recommends it.
PSEUDONYM_KEY = {"FUSE_OTEL_PSEUDONYM_KEY": "a-long-random-text"}


def loaded(**environ):
    return load(environ={**ACCOUNT, **PSEUDONYM_KEY, **environ})


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


CHANGE = "Every user of the machine can change this file."
READ = "Every user of the machine can read this file."
REPLACE = "Every user of the machine can replace this file."


@pytest.mark.parametrize(
    ("mode", "content", "warned", "advised"),
    [
        (0o600, 'developer_key = "k"', None, None),
        (0o644, 'developer_key = "k"', None, READ),
        (0o644, 'developer_key = "${FUSE_OTEL_DEVELOPER_KEY}"', None, None),
        (0o644, 'namespace = "a"', None, None),
        (0o646, 'developer_key = "k"', CHANGE, None),
        (0o646, 'namespace = "a"', CHANGE, None),
        (0o644, '[[accounts]]\nname = "a"\nemail = "a@b.c"\ndeveloper_key = "k"', None, READ),
    ],
)
def test_a_configuration_file_that_everybody_can_use_is_reported(
    tmp_path, mode, content, warned, advised
):
    file = write_toml(tmp_path, content)
    Path(file).chmod(mode)
    environ = {} if "accounts" in content else ACCOUNT
    found = load(environ={**environ, **PSEUDONYM_KEY}, config_file=file)
    for sentences, expected in ((found.warnings, warned), (found.advice, advised)):
        wanted = [] if expected is None else [f"{file}: {expected}"]
        assert [each.partition(" Remove")[0] for each in sentences] == wanted


def test_a_file_in_a_folder_that_everybody_can_write_is_reported(tmp_path):
    secret = secret_file(tmp_path, b"a-long-random-token")
    file = write_toml(tmp_path, f'hook_token_file = "{secret}"')
    names = [file, f"{file}: hook_token_file"]
    for mode, expected in ((0o755, []), (0o1777, []), (0o777, names)):
        tmp_path.chmod(mode)
        found = load(environ=ACCOUNT, config_file=file).warnings
        assert [each.partition(" Remove")[0] for each in found] == [
            f"{name}: {REPLACE}" for name in expected
        ]


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\n", "a line break (U+000A)"),
        ("\u00a0", "a no-break space (U+00A0)"),
        ("\u200b", "a zero width space (U+200B)"),
        ("\u2019", "a right single quotation mark (U+2019)"),
        ("\u201c", "a left double quotation mark (U+201C)"),
        ("\u2013", "an en dash (U+2013)"),
        ("\x1b", "a control character (U+001B)"),
    ],
)
def test_an_odd_character_in_a_secret_is_named_and_the_secret_is_not(tmp_path, character, name):
    value = f"geheim{character}token-1234"
    secret = secret_file(tmp_path, f"{value}\n".encode())
    file = write_toml(tmp_path, f"hook_token = {json.dumps(value)}")
    for variables, path, where in (
        ({"FUSE_OTEL_HOOK_TOKEN": value}, None, "FUSE_OTEL_HOOK_TOKEN"),
        ({TOKEN_FILE: secret}, None, TOKEN_FILE),
        ({}, file, f"{file}: hook_token"),
    ):
        (warning,) = load(environ={**ACCOUNT, **variables}, config_file=path).warnings
        assert warning.startswith(f"{where}: The value contains {name}, as copied text often does.")
        assert "geheim" not in warning


def test_an_odd_character_in_an_email_of_the_file_is_named(tmp_path):
    odd = "ops\u200b@example.com"
    one = f'email = "{odd}"\ndeveloper_key = "k"\n'
    for text, where in ((one, "email"), (f'[[accounts]]\nname = "a"\n{one}', "accounts[0].email")):
        file = write_toml(tmp_path, text)
        (warning,) = load(environ={}, config_file=file).warnings
        assert warning.startswith(f"{file}: {where}: The value contains a zero width space (U+")


def test_usual_characters_of_other_languages_give_no_warning():
    assert odd_characters("Schlüssel ключ 鍵 -_~!?") == []


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
        ("{0}", "Cannot read the file {0}: Is a directory."),
        ("{0}/pipe", "Cannot read the file {0}/pipe: No process writes to the pipe."),
        ("/dev/zero", "Cannot read the file /dev/zero: It is a pipe or a device."),
        ("/dev/null", "The file must contain the secret and nothing else."),
        ("{0}/utf16", "The file is not UTF-8 text."),
        ("a\0b", "Must be UTF-8 text without zero bytes."),
        ("a\udcff", "Must be UTF-8 text without zero bytes."),
        ("{0}/missing", "Cannot read the file {0}/missing: No such file or directory."),
        # A secret in the place of its path is in no message.
        ("s3cret", "Cannot read the file: No such file or directory."),
        ("/s3cret", "Cannot read the file: No such file or directory."),
        ("./s3cret", "Cannot read the file: No such file or directory."),
        ("s3c/ret+key==", "Cannot read the file: No such file or directory."),
        ("a" * 5000, "Cannot read the file: File name too long."),
    ],
)
def test_a_path_that_leads_to_no_secret_is_one_sentence(tmp_path, monkeypatch, path, sentence):
    monkeypatch.setattr(files, "_WRITER", 0.1)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "utf16").write_bytes("a-secret".encode("utf-16"))
    expected = f"{TOKEN_FILE}: {sentence.format(tmp_path)}"
    assert problems({TOKEN_FILE: path.format(tmp_path)}) == (expected,)
