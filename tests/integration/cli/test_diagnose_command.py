"""``fuse-otel diagnose``: an archive that helps, and that names nobody."""

import io
import json
import os
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.store_values import LOKI, NOW
from support.builders.web_files import access, hash_of, tls, write_web_file
from support.fakes.tls_files import make_certificate
from support.growth import growth
from support.rigs.web_site import filled_store, recent_call, served, site

from fuse_otel.cli import main
from fuse_otel.cli.diagnosis import WHAT, _secrets_of_url
from fuse_otel.cli.report_mask import Mask
from fuse_otel.events import LoginRefused
from fuse_otel.jobs.job import Erase, encode_request
from fuse_otel.ports import ReportedState
from fuse_otel.store import open_store
from fuse_otel.web.access import CurrentAccess

SECRETS = ("planted-key-1", "planted-pseudonym-2", "planted-token-3", "planted-header-4")
NUMBERS = ("8005550100", "2125551234", "(212) 555-9876", "300060;001;1529552581")
PEOPLE = ("jane.doe", "ops.person", "/people/jane")
HOMES, HOMES_OF_MACOS = (f"/{name}" for name in ("home", "Users"))
USERS = {"ops": hash_of("right")}
SETTINGS = """
state_url = "sqlite:///{folder}/state.db"
listen = "127.0.0.1:{port}"
pseudonym_key_file = "{folder}/pseudonym"
hook_token_file = "{folder}/token"
trace_url = "http://jaeger/trace/{{trace_id}}?who=jane.doe@example.com"

[[accounts]]
name = "main"
email = "ops.person@example.com"
developer_key_file = "{folder}/key"
numbers = ["8005550100"]

[[destinations]]
name = "loki"
endpoint = "https://user:planted-key-1@loki:3100/otlp"
signals = ["logs"]
[destinations.headers]
Authorization = "Bearer planted-header-4"

[[destinations]]
name = "file"
type = "file"
path = "/people/jane/calls.jsonl"
"""
LOG = """\
time=2026-11-26T18:05:20.123Z level=info msg="poll done" account=main listed=5
time=2026-11-26T18:05:21.000Z level=warn msg="lane down" reason="no user jane.doe@example.com, \
call 2125551234, (212) 555-9876, planted-header-4"
panic: planted-token-3 in /people/jane/x
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/people/jane")
    for name, text in zip(("key", "pseudonym", "token"), SECRETS, strict=False):
        (tmp_path / name).write_text(f"{text}\n")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "daemon.log").write_text(LOG)
    return tmp_path


def configured(folder, port=1):
    file = folder / "fuse-otel.toml"
    file.write_text(SETTINGS.format(folder=folder, port=port))
    return ["--config", str(file)]


def diagnosed(capsys, *words):
    """The files of the archive, by name."""
    assert main(["diagnose", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    path = Path(out.split(" contains:")[0])
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), mode="r:gz") as archive:
        members = archive.getmembers()
        assert [each.mode for each in members] == [0o600] * len(members)
        return {each.name: archive.extractfile(each).read().decode() for each in members}


def file_of(files, name):
    return files[f"fuse-otel-diagnosis/{name}"]


def fill(folder):
    url = f"sqlite:///{folder}/state.db"
    with closing(open_store(url, capacity=10**6, clock=lambda: NOW)) as store:
        store.control.report_states(
            {"main": ReportedState("down", "No such account: ops.person@example.com")},
            {LOKI: ReportedState("held", "401 for 2125551234, planted-header-4")},
        )
        store.control.add_job(encode_request(Erase("300060;001;1529552581")), NOW)


def test_nothing_secret_and_nothing_personal_is_in_the_archive(folder, capsys):
    fill(folder)
    with served(site(filled_store(recent_call("a")))) as url:
        words = configured(folder, url.rpartition(":")[2])
        files = diagnosed(capsys, *words, "--log", "daemon.log")
    everything = "\n".join(files.values())
    for planted in (*SECRETS, *NUMBERS, *PEOPLE):
        assert planted not in everything, planted
    assert "5551234" not in everything
    # The place of a masked login; the host behind it helps.
    assert "://********@loki:3100/" in file_of(files, "configuration.json")
    assert "@" not in everything.replace("://********@", "")


def test_the_login_of_a_database_is_not_in_the_archive(folder, capsys):
    words = configured(folder)
    url = "postgresql://ops.person:planted%2Fdb-5@127.0.0.1:1/calls?password=planted-db-6"
    file = folder / "fuse-otel.toml"
    file.write_text(file.read_text().replace(f"sqlite:///{folder}/state.db", url))
    (folder / "daemon.log").write_text("planted%2Fdb-5 planted/db-5 planted-db-6\n")
    everything = "\n".join(diagnosed(capsys, *words, "--log", "daemon.log").values())
    assert "planted" not in everything
    assert "ops.person" not in everything
    assert "127.0.0.1:1/calls" in everything


def test_the_schema_of_a_database_is_not_that_of_a_file(folder, capsys, postgres):
    words = configured(folder)
    file = folder / "fuse-otel.toml"
    with postgres.store() as url:
        file.write_text(file.read_text().replace(f"sqlite:///{folder}/state.db", url))
        open_store(url, capacity=10**6, clock=lambda: NOW).close()
        status = json.loads(file_of(diagnosed(capsys, *words), "status.json"))
    assert status["store"]["size_bytes"] > 0
    assert "schema" not in status["store"]


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("postgresql://me:planted?db-7@db", "planted?db-7"),
        ("postgresql://me:planted/db-7@db", "planted/db-7"),
        ("postgresql://me:planted@db-7@db", "planted@db-7"),
        ("postgresql://db/calls?password=planted@db-7", "planted@db-7"),
        ("postgres://db/calls?password=planted%40db-7", "planted@db-7"),
        ("postgres://db/calls?password=planted+db-7", "planted+db-7"),
        ("https://me:planted@db-7@host/path?a=b", "planted@db-7"),
    ],
)
def test_the_whole_password_of_a_url_is_a_secret(url, secret):
    assert secret in set(_secrets_of_url(url))


def test_what_helps_is_in_the_archive(folder, capsys):
    fill(folder)
    with served(site(filled_store(recent_call("a")))) as url:
        words = configured(folder, url.rpartition(":")[2])
        files = diagnosed(capsys, *words, "--log", "daemon.log")
    assert "fuse_otel_build_info" in file_of(files, "metrics.txt")
    assert file_of(files, "ready.txt") == "Ready.\n"
    log = file_of(files, "log.txt").splitlines()
    assert len(log) == len(LOG.splitlines())
    assert 'time=2026-11-26T18:05:20.123Z level=info msg="poll done" account=main' in log[0]
    status = json.loads(file_of(files, "status.json"))
    assert {each["destination"]: each["state"] for each in status["lanes"]} == {"loki": "held"}
    assert status["orders"] == ["erase"]
    assert status["store"]["size_bytes"] > 0
    assert status["store"]["schema"] > 0
    settings = json.loads(file_of(files, "configuration.json"))
    assert settings["redaction"] == {"value": "strict", "origin": "default"}
    assert [each["name"] for each in settings["destinations"]["value"]] == ["loki", "file"]
    versions = json.loads(file_of(files, "versions.json"))
    assert {"fuse-otel", "python", "system"} <= versions.keys()
    assert "httpx" in versions["packages"]


def test_the_files_come_in_one_order_and_are_all_described(folder, capsys):
    files = diagnosed(capsys, *configured(folder))
    names = [name.removeprefix("fuse-otel-diagnosis/") for name in files]
    assert names == sorted(names) == list(WHAT)
    readme = file_of(files, "README.txt")
    assert all(f"{name}: {what}" in readme for name, what in WHAT.items())
    assert "attach it to a problem report" in readme


def test_the_archive_is_its_owners_alone_and_replaces_nothing(folder, capsys):
    words = [*configured(folder), "--output", "made.tar.gz"]
    diagnosed(capsys, *words)
    made = folder / "made.tar.gz"
    assert made.stat().st_mode & 0o777 == 0o600
    before = made.read_bytes()
    assert main(["diagnose", *words]) == 1
    assert capsys.readouterr().err == (
        "fuse-otel: made.tar.gz exists: name another file by --output.\n"
    )
    assert made.read_bytes() == before


def test_an_archive_that_cannot_be_written_is_a_sentence(folder, capsys):
    assert main(["diagnose", *configured(folder), "--output", "no/such/folder.tar.gz"]) == 1
    assert capsys.readouterr().err.endswith("cannot be written: No such file or directory.\n")


def test_what_cannot_be_had_is_a_sentence_in_its_place(folder, capsys):
    files = diagnosed(capsys, *configured(folder), "--log", "nowhere.log")
    for name in ("log.txt", "metrics.txt", "ready.txt", "status.json"):
        assert file_of(files, name).startswith("Not available: "), name
    assert "No answer from 127.0.0.1:1" in file_of(files, "metrics.txt")


def test_a_wrong_configuration_is_in_the_archive_too(folder, capsys):
    words = configured(folder)
    (folder / "fuse-otel.toml").write_text('setle = "1s"\n')
    files = diagnosed(capsys, *words, "--log", "daemon.log")
    assert "setle" in file_of(files, "check.txt")
    assert "settle" in file_of(files, "check.txt")
    assert file_of(files, "status.json") == "Not available: the configuration is not valid.\n"
    assert "packages" in file_of(files, "versions.json")
    assert "2125551234" not in file_of(files, "log.txt")


def test_only_the_end_of_a_long_log_is_kept(folder, capsys):
    (folder / "daemon.log").write_text("older\n" * 3000 + "newer\n" * 2000)
    files = diagnosed(capsys, *configured(folder), "--log", "daemon.log")
    lines = file_of(files, "log.txt").splitlines()
    assert lines == ["newer"] * 2000


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("since 2026-09-21 14:12:20Z, 07:08:09", "since 2026-09-21 14:12:20Z, 07:08:09"),
        ("call +1 (212) 555-9876 now", "call [digits] now"),
        ("to jane.doe@example.com.", "to [email]"),
        ("file /people/jane/x.toml", "file ~/x.toml"),
        ("file /people/janet/x.toml", "file /people/janet/x.toml"),
        (
            f"file:{HOMES}/jane.doe/x.toml, {HOMES_OF_MACOS}/jd",
            f"file:{HOMES}/[user]/x.toml, {HOMES_OF_MACOS}/[user]",
        ),
        (f"sqlite:///{HOMES}/jane/x.db", f"sqlite:///{HOMES}/[user]/x.db"),
        ("locked on Web-7.corp.example and web-7", "locked on [host] and [host]"),
        ("https://********@otlp.example.com/x?y", "https://********@otlp.example.com/x?y"),
        ("https://jane:pw@otlp.example.com/x", "https://otlp.example.com/x"),
        ("http://otlp/v1/k3yabc123xyz/traces", "http://otlp/v1/[token]/traces"),
        ("api_token=abc, Bearer abcdef", "api_token=[secret], Bearer [secret]"),
        ("build a1B2c3D4e5F6a1B2c3D4", "build [token]"),
        ("port 9464, 128 attributes", "port 9464, 128 attributes"),
        ("a s3cret-word here", "a [secret] here"),
    ],
)
def test_a_text_is_masked(text, masked, monkeypatch):
    monkeypatch.setenv("HOME", "/people/jane")
    monkeypatch.setattr("platform.node", lambda: "web-7.corp.example")
    assert Mask(["s3cret-word"]).text(text) == masked


@pytest.mark.parametrize("secret", ["1", "2125", "12125551", "5551 234", "2125551234"])
def test_a_secret_that_is_a_part_of_a_number_leaves_no_digit_of_it(secret):
    for mask in (Mask([secret]).text, Mask([secret]).line):
        masked = mask("2026-11-26T18:05:20.123Z from +12125551 234 ended")
        assert masked.startswith("2026-11-26T18:05:20.123Z from ")
        assert masked.endswith("] ended")
        assert not any(char.isdigit() for char in masked.partition(" from ")[2])


def test_secrets_beside_and_over_each_other_are_replaced_once():
    text = "a planted-1 b planted-12 c planted-1planted-1 d 5551234567 e"
    expected = "a [secret] b [secret] c [secret][secret] d [digits] e"
    assert Mask(["planted-1", "planted-12"]).text(text) == expected


def test_a_value_is_masked_by_its_name():
    value = {"api_token": "abc", "hook_token": "**********", "team": ["claims"], "tokens": ["ab"]}
    masked = {**value, "api_token": "[secret]", "tokens": ["[secret]"]}
    assert Mask().data(value) == masked


def test_a_short_header_value_changes_no_other_text(folder, capsys):
    words = configured(folder)
    file = folder / "fuse-otel.toml"
    file.write_text(file.read_text().replace('"Bearer planted-header-4"', '"1"'))
    (folder / "daemon.log").write_text("2026-11-26T18:05:20.123Z call +12125551234\n")
    files = diagnosed(capsys, *words, "--log", "daemon.log")
    assert file_of(files, "log.txt") == "2026-11-26T18:05:20.123Z call +[digits]\n"


def test_a_user_without_a_home_folder_gets_a_report(folder, capsys, monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    diagnosed(capsys, *configured(folder))
    assert Mask().text("a ~ b ~/c") == "a ~ b ~/c"


@pytest.mark.parametrize("unit", ["a", "a1", "a+", "/home", "1 x", "http://a/"])
def test_a_long_line_is_masked_in_time_that_grows_with_its_length(unit):
    """An expression that tries every beginning again takes the square of it."""
    mask = Mask(["planted-key"])
    assert growth(mask.text, unit) < 6
    text = unit * ((64 << 10) // len(unit))
    assert mask.text(f"{text} planted-key").endswith(" [secret]")


@pytest.mark.parametrize(
    ("keys", "answered"),
    [
        ({"bearer_token_file": "login"}, True),
        ({"bearer_token_file": "login", "basic_auth_users": USERS}, True),
        ({"basic_auth_users": USERS, "open_paths": ["/metrics"]}, True),
        ({"basic_auth_users": USERS}, False),
    ],
)
@pytest.mark.parametrize("encrypted", [False, True])
def test_the_metrics_of_a_port_with_logins(folder, capsys, keys, answered, encrypted):
    (folder / "login").write_text("let-me-in-please\n")
    if encrypted:
        keys = {**keys, "tls_server_config": tls(make_certificate(folder, "server"))}
    events = []
    given = site(
        filled_store(recent_call("a")),
        access=CurrentAccess(access(folder, **keys)),
        emit=events.append,
    )
    with served(given) as url:
        words = configured(folder, url.rpartition(":")[2])
        files = diagnosed(capsys, *words, "--web-config", str(folder / "web.yaml"))
    metrics = file_of(files, "metrics.txt")
    if answered:
        assert "fuse_otel_build_info" in metrics
    else:
        assert metrics == "Not available: the metrics need a login.\n"
    assert file_of(files, "ready.txt") == "Ready.\n"
    assert [each for each in events if isinstance(each, LoginRefused)] == []


def test_the_token_goes_to_no_server_with_another_certificate(folder, capsys):
    (folder / "login").write_text("let-me-in-please\n")
    for name in ("own", "other"):
        (folder / name).mkdir()
    own, other = (make_certificate(folder / name, "server") for name in ("own", "other"))
    keys = {"bearer_token_file": "login"}
    served_access = access(folder, **keys, tls_server_config=tls(other))
    given = site(filled_store(recent_call("a")), access=CurrentAccess(served_access))
    write_web_file(folder, **keys, tls_server_config=tls(own))
    with served(given) as url:
        words = configured(folder, url.rpartition(":")[2])
        files = diagnosed(capsys, *words, "--web-config", str(folder / "web.yaml"))
    assert file_of(files, "metrics.txt").startswith("Not available: No answer from ")
