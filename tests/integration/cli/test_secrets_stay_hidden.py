"""What secret files contain stands in nothing that the program prints, logs, counts or shows, also
when it cannot be used: keys, tokens, certificates, headers, passwords of the pages, files of calls.
"""

import os
from base64 import b64encode

import pytest
from support import http_client
from support.builders.recent_world import recent_world
from support.builders.web_files import hash_of
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.tls_files import make_certificate
from support.rigs.program import environment, running

from fuse_otel.cli import main
from fuse_otel.simulator.simulated_api import SimulatedApi

pytestmark = pytest.mark.slow

COMMANDS = (
    ("check",), ("check", "--online"), ("config",), ("status",), ("status", "--json"),
    ("parked", "list"), ("erase", "1;2;3"),
)  # fmt: skip
# A daemon that has just begun may not be ready, and holds no call.
SHOWN = {"/-/ready": {200, 503}, "/calls/none": {404}}
SECRET_FILES = ("bearer", "hook", "pseudonym", "developer")
_SHORTEST = 12  # characters of a line of a key: a shorter one may stand in any text


@pytest.fixture
def api():
    with SimulatedApi(recent_world(seed=5, rate=0.02, past=600)) as api:
        yield api


@pytest.fixture
def receiver():
    with OtlpReceiver() as receiver:
        yield receiver


class Secrets:
    """A configuration, and the words in its files that nobody may see."""

    def __init__(self, folder, api, receiver):
        self._folder = folder
        self.words = []
        made = make_certificate(folder, "client")
        self.words += [line for line in made.key.read_text().splitlines() if "-----" not in line]
        self.key, self.token = self.word("pseudonym"), self.word("bearer")
        self.archive = self.file("archive.jsonl", f'{{"unfinished": "{self.word("archive")}')
        self.words.append(hash_of(self.word("password")))
        self.web = self.file(
            "web.yml",
            f"basic_auth_users: {{ops: {self.words[-1]}}}\n"
            f"bearer_token_file: {self.file('bearer', self.token)}\n",
        )
        self.config = self.file(
            "fuse-otel.toml",
            f"""
            api_url = "{api.url}"
            state_url = "sqlite:///{folder / "state.db"}"
            listen = "127.0.0.1:0"
            since = "5m"
            settle = "1s"
            grow = "0"
            web_config = "{self.web}"
            pseudonym_key_file = "{self.file("pseudonym", self.key)}"
            hook_token_file = "{self.file("hook", self.word("hook"))}"
            email = "{api.email}"
            developer_key_file = "{self.file("developer", api.developer_key)}"
            [[destinations]]
            name = "far"
            endpoint = "{receiver.url}"
            headers = {{ Authorization = "Bearer {self.word("header")}" }}
            certificate = "{made.certificate}"
            client_certificate = "{made.certificate}"
            client_key = "{made.key}"
            [[destinations]]
            name = "archive"
            type = "file"
            path = "{self.archive}"
            """,
        )
        self.files = {
            "certificate": made.certificate, "key": made.key, "web": self.web,
            "config": self.config, **{name: folder / name for name in SECRET_FILES},
        }  # fmt: skip

    def word(self, name):
        self.words.append(f"planted-{name}-qxzvkwj")
        return self.words[-1]

    def file(self, name, content):
        path = self._folder / name
        path.write_text(content)
        path.chmod(0o600)
        return path

    def found(self, text):
        words = [word for word in self.words if len(word) >= _SHORTEST]
        forms = [*words, *(b64encode(word.encode()).decode() for word in words)]
        return [form for form in forms if form in text]


@pytest.fixture
def secrets(tmp_path, api, receiver):
    return Secrets(tmp_path, api, receiver)


@pytest.fixture
def printed(secrets, capsys, monkeypatch):
    """Runs a command with the configuration: its exit code, and all that it prints."""
    for variable in set(os.environ) - set(environment()):
        monkeypatch.delenv(variable)

    def run(*words):
        code = main([*words, "--config", str(secrets.config)])
        return code, "".join(capsys.readouterr())

    return run


def test_no_side_of_a_daemon_shows_what_secret_files_contain(secrets, printed, tmp_path):
    assert secrets.found(secrets.token)
    login = {"Authorization": f"Bearer {secrets.token}"}
    words = ("--config", str(secrets.config), "--log-level", "debug")
    with running(*words, env=environment(), folder=tmp_path) as daemon:
        url = daemon.url
        for path in ("/", "/metrics", "/status", "/-/ready", "/-/healthy", "/calls/none"):
            answer = http_client.get(f"{url}{path}", headers=login)
            assert answer.status_code in SHOWN.get(path, {200}), path
            assert not secrets.found(answer.text), path
            assert not secrets.found(http_client.get(f"{url}{path}").text), path
        for command in COMMANDS:
            code, text = printed(*command)
            assert text, command
            assert code in (0, 1), command
            assert not secrets.found(text), command
        assert daemon.end() == 0
        assert not secrets.found(daemon.log)


@pytest.mark.parametrize("content", ["text", "lines", "binary"])
@pytest.mark.parametrize("name", ["certificate", "key", "web", "config", *SECRET_FILES])
def test_no_complaint_about_a_file_that_cannot_be_used_quotes_it(secrets, printed, name, content):
    word = secrets.word("damaged").encode()
    damaged = {
        "text": b'"' + word + b": [" + word,
        "lines": b"-----BEGIN PRIVATE KEY-----\n" + word + b"\n" + word + b" = " + word,
        "binary": b"\xff\xfe\x00" + word,
    }
    secrets.files[name].write_bytes(damaged[content])
    results = [printed(command) for command in ("check", "config")]
    assert not secrets.found("".join(text for _, text in results))
    if name in {"certificate", "key", "web", "config"}:
        assert 78 in {code for code, _ in results}
