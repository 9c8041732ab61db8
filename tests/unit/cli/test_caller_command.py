"""`fuse-otel caller`: the hash of a number, as the daemon makes it, and the queries."""

import io
import os
import sys

import pytest

from fuse_otel.cli import main
from fuse_otel.core.model.call import CallRecord
from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym, pseudonymise

NUMBER = "212-555-0123"
KEY = "a long random text of this test"
TWO_ACCOUNTS = """
[[accounts]]
name = "claims"
email = "a@example.com"
developer_key = "first"
[[accounts]]
name = "pharmacy"
email = "b@example.com"
developer_key = "second"
"""


@pytest.fixture
def caller(monkeypatch, tmp_path, capsys):
    """Runs the command with a text on standard input: (exit code, output, errors)."""
    for name in list(os.environ):
        if name.startswith("FUSE_OTEL_"):
            monkeypatch.delenv(name)

    def run(text, *words, toml=TWO_ACCOUNTS):
        file = tmp_path / "fuse-otel.toml"
        file.write_text(toml)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        code = main(["caller", "--config", str(file), *words])
        return code, *capsys.readouterr()

    return run


def hash_of(key):
    record = CallRecord("s", 1, 2, NUMBER, "8005550111", "inbound", logged=True)
    return pseudonymise(record, key).user_hash


def test_each_account_has_the_hash_of_its_own_key(caller):
    code, out, _ = caller(f"{NUMBER}\n")
    assert code == 0
    for name, key in (("claims", "first"), ("pharmacy", "second")):
        found = hash_of(developer_key_pseudonym(key))
        assert f"account    {name}\nkey        derived from the developer key\n" in out
        assert out.count(found) == 5


def test_with_a_pseudonym_key_all_accounts_have_one_hash(caller):
    _, out, _ = caller("tel:+1-212-555-0123;ext=5", toml=f'pseudonym_key = "{KEY}"\n{TWO_ACCOUNTS}')
    found = hash_of(KEY.encode())
    assert out.splitlines() == [
        "account    claims, pharmacy",
        "key        pseudonym_key",
        f"user.hash  {found}",
        f'TraceQL    {{ span.user.hash = "{found}" }}',
        f'LogsQL     user.hash:="{found}"',
        f'LogQL      {{service_namespace="plum-fuse"}} | user_hash="{found}"',
        f"Jaeger     user.hash={found}",
    ]


def test_the_query_has_the_configured_namespace(caller):
    toml = f'resource_attributes = "service.namespace=phones"\n{TWO_ACCOUNTS}'
    assert '{service_namespace="phones"}' in caller(NUMBER, toml=toml)[1]


@pytest.mark.parametrize("words", [["2125550123"], ["--number", "2125550123"], ["+1 2125550123"]])
def test_a_number_on_the_command_line_is_refused_and_not_repeated(caller, words):
    code, out, err = caller("", *words)
    assert (code, out) == (2, "")
    assert "2125550123" not in err


@pytest.mark.parametrize("text", ["", "\n", "nobody\n", "sip:anonymous@host5\n"])
def test_a_text_without_a_number_is_a_usage_error(caller, text):
    code, out, err = caller(text)
    assert (code, out, err) == (2, "", "fuse-otel caller: This text has no phone number.\n")


def test_without_standard_input_there_is_no_number(caller, monkeypatch, tmp_path):
    (tmp_path / "fuse-otel.toml").write_text(TWO_ACCOUNTS)
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["caller", "--config", str(tmp_path / "fuse-otel.toml")]) == 2


@pytest.mark.parametrize("encoding", [("utf-8", "strict"), ("utf-8", "surrogateescape")])
@pytest.mark.parametrize(
    "content", [b"212\xff5550123\n", b"2125550123\n\xff\n", b"\xff\xfe2\x001\x00"]
)
def test_what_is_no_text_is_refused_and_not_repeated(
    caller, monkeypatch, tmp_path, capsys, encoding, content
):
    (tmp_path / "fuse-otel.toml").write_text(TWO_ACCOUNTS)
    name, errors = encoding
    stdin = io.TextIOWrapper(io.BytesIO(content), encoding=name, errors=errors)
    monkeypatch.setattr(sys, "stdin", stdin)
    code = main(["caller", "--config", str(tmp_path / "fuse-otel.toml")])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err == (
        "fuse-otel caller: This is not a text in the encoding of the terminal, so the number cannot"
        " be read. Use UTF-8.\n"
    )


def test_a_second_number_is_refused_instead_of_ignored(caller):
    code, out, err = caller(f"{NUMBER}\n212-555-0124\n")
    assert (code, out) == (2, "")
    assert "one number at a time" in err
    assert "555" not in err
