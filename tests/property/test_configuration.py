"""Whatever the file, the variables, the flags and the paths in them are: the configuration is
loaded, or there is a list of sentences. Nothing else is raised, and nothing hangs.
"""

from __future__ import annotations

import json
import os
import tomllib
from importlib import resources
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from support.scale import scaled

from fuse_otel import files
from fuse_otel.assembly.preflight import check_clients
from fuse_otel.cli.terminal.config import config_lines
from fuse_otel.config import load, namespace_of
from fuse_otel.config.catalogue import SETTINGS, TABLES
from fuse_otel.config.file.destinations import DestinationTable
from fuse_otel.config.file.redaction_rules import RedactionRuleTable
from fuse_otel.config.file.tables import Account, RescanTable
from fuse_otel.config.otel_environment import LIMITS, variables
from fuse_otel.errors import ConfigurationError

ANY = settings(
    max_examples=scaled(150),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SECRET = "hunter2-geheim"
PATHS = ["{0}/file", "{0}/pipe", "{0}", "{0}/none", "/dev/zero", "/dev/null", "{0}/loop", "a" * 300]
ODD = [
    "", " ", "\n", "\0", "\ud800", "\udcff", "\ufeff", "\x1b[2J", "ü", "٣", "'", '"', '"x"', "$",
    "$$", "${", "${}", "${HOME}", "${env:NONE}", "${NONE:-1}", "-1", "-1s", "0", "1e999", "1_000",
    "9" * 40, "9" * 5000, "1.5.5", "nan", "inf", "5d", "1000d", "0x10", "true", "on", "off", "none",
    "grpc", "http/protobuf", "http/json", "console", "file", "otlp", "loki", "1GiB", "99999999TiB",
    ":", ":99999", "[::1]:0", "[fe80::1%eth0]:1", "0.0.0.0:65536", "host:-1", "a=b,c=%ff",
    "a=b=c,,", "=", "a\r\nb: c", "http://", "https://h", "http://h:99999", "http://h:0",
    "http://h:port", "http://[::1", "http://[::g]", "http://[fe80::1%25eth0]:4318",
    "http://u:p@h/p?q#f", "http://bücher.example", "http://xn--a",
    "http://xn--zzzzzz.example", "http://a..b", "http://-", "http://h\x7f", "http://\uff11.0.0.1",
    "//h", "h:4317", "dns:///h:1", "dns://1.1.1.1:99999/h", "unix:/s", "unix://[x", "ipv6:[::1]:1",
    "ipv4:1", "socks5://h:1", "http://h:4318/v1/traces", "sqlite://", "sqlite:///",
    "sqlite:///a\0b", "sqlite:x", "postgresql://h", "sqlite:////dev/zero", "*",
    "10.0.0.0/8,[::1],::/0,10.0.0.0/99", "[", "(a+)+", "a|b", "(?P<", "\\", "a" * 100_000,
    "ops@example.com",
]  # fmt: skip
NAMES = [name for setting in SETTINGS for name in setting.names]
SECRETS = [
    "FUSE_OTEL_DEVELOPER_KEY", "FUSE_OTEL_HOOK_TOKEN", "FUSE_OTEL_PSEUDONYM_KEY",
    "FUSE_OTEL_API_URL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https_proxy",
]  # fmt: skip
SECRET_TEXTS = [
    SECRET, f"a={SECRET}", f"http://u:{SECRET}@h", f"https://{SECRET}@h:99999", f"https://h?{SECRET}",
    f'"{SECRET}"', f"{SECRET}\n{SECRET}", f"Authorization=Basic {SECRET},{SECRET}", f"{SECRET}\0",
]  # fmt: skip
OURS = [f"FUSE_OTEL_{name.upper()}" for name in NAMES]
PROXIES = ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]
NAMED = [*OURS, *variables(), *LIMITS, *PROXIES]
INSIDE = [
    *(set(Account.model_fields) | set(DestinationTable.model_fields)),
    *(set(RescanTable.model_fields) | set(RedactionRuleTable.model_fields)),
    "developer_key_file", "x", "", "a.b", "ü", "+1 (555) 010-0000",
]  # fmt: skip
LITERALS = [
    "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "1979-99-99", "-1", "1e999", "inf", "nan",
    "true", "0x" + "f" * 6000, "1" * 5000, "9" * 30, "[]", "{}", "[[]]", "[1, 'a']", "'''\n'''",
    '"\\u0000"', '"\\ud800"', "[" * 2000, "{a=" * 2000, "{ a.b.c = 1 }", '"${HOME}"', '"${NONE}"',
    "",
]  # fmt: skip

text = st.sampled_from(ODD) | st.sampled_from(PATHS) | st.text(max_size=20)
literal = st.sampled_from(LITERALS) | st.builds(json.dumps, text)
key = st.sampled_from(INSIDE).map(json.dumps)
pair = st.builds("{} = {}".format, key, literal)
inline = st.lists(pair, max_size=5).map(lambda pairs: f"{{ {', '.join(pairs)} }}")
scalar = st.builds("{} = {}".format, st.sampled_from([*NAMES, "x", "a.b", '""']), literal | inline)
head = st.sampled_from(TABLES).flatmap(lambda name: st.sampled_from([f"[[{name}]]", f"[{name}]"]))
line = scalar | pair | head | st.sampled_from(["\ufeff", "\r", "# \0", "a" + ".a" * 60 + " = 1"])
EXAMPLE = resources.files("fuse_otel.config").joinpath("example.toml").read_bytes()


@st.composite
def contents(draw):
    """A file of odd lines, or the example with some bytes changed, or any bytes."""
    lines = draw(st.lists(line, max_size=12))
    written = "\n".join(lines).encode("utf-8", "surrogatepass")
    at = draw(st.integers(0, len(EXAMPLE)))
    changed = EXAMPLE[:at] + draw(st.binary(max_size=4)) + EXAMPLE[at + draw(st.integers(0, 4)) :]
    return draw(st.sampled_from([written, changed, draw(st.binary(max_size=60))]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("configuration")
    (made / "file").write_text("file-content")
    os.mkfifo(made / "pipe")
    (made / "loop").symlink_to(made / "loop")
    return made


def filled(text: str, folder: Path) -> str:
    return text.replace("{0}", str(folder))


def refused(attempt) -> bool:
    """Whether it raised what it may raise, with sentences for a terminal and without the secret."""
    try:
        attempt()
    except ConfigurationError as error:
        problems = error.problems
    else:
        return False
    assert problems
    for problem in problems:
        assert problem.isprintable(), repr(problem)
        assert len(problem) < 2000
        assert SECRET not in problem
    return True


@pytest.mark.slow
@ANY
@given(
    environ=st.dictionaries(st.sampled_from(NAMED), text, max_size=6),
    secrets=st.dictionaries(st.sampled_from(SECRETS), st.sampled_from(SECRET_TEXTS), max_size=3),
    flags=st.dictionaries(st.sampled_from(NAMES), text, max_size=3),
    content=contents() | st.none(),
    path=st.sampled_from(PATHS),
    account=st.booleans(),
)
def test_anything_is_loaded_or_refused(folder, environ, secrets, flags, content, path, account):
    if account:
        environ = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k", **environ}
    environ = {name: filled(value, folder) for name, value in {**environ, **secrets}.items()}
    config = folder / "fuse-otel.toml"
    if content is not None:
        config.write_bytes(content)
    load_and_show(environ, filled(path, folder) if content is None else str(config), flags, account)


@ANY
@given(name=st.sampled_from(NAMED), value=text)
def test_one_odd_variable_beside_a_good_account_is_loaded_or_refused(folder, name, value):
    environ = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}
    load_and_show({**environ, name: filled(value, folder)}, None, {}, account=True)


@ANY
@given(lines=st.lists(line, max_size=2))
def test_odd_lines_beside_good_ones_are_loaded_or_refused(folder, lines):
    config = folder / "fuse-otel.toml"
    content = "\n".join([*lines, EXAMPLE.decode()])
    config.write_bytes(content.encode("utf-8", "surrogatepass"))
    load_and_show({}, str(config), {}, account=False)


def load_and_show(environ, config_file, flags, account) -> None:
    loaded = []
    with patch.object(files, "_PIPE", 0.01):
        refused(lambda: namespace_of(environ=environ, config_file=config_file))
        refused(
            lambda: loaded.append(
                load(
                    environ=environ,
                    config_file=config_file,
                    flags=flags,
                    needs_account=account,
                )
            )
        )
        event(f"loaded {len(loaded)}")
        for each in loaded:
            shown = "\n".join([*config_lines(each), *each.warnings, *each.advice])
            assert SECRET not in shown
            shown.encode()
            tomllib.loads("\n".join(config_lines(each)))
            json.loads(json.dumps(each.shown(), ensure_ascii=False))
            with patch.dict(os.environ, {k: v for k, v in environ.items() if storable(v)}):
                refused(lambda each=each: check_clients(each.settings))


def storable(value: str) -> bool:
    """Whether a process can have such a variable."""
    try:
        return b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize(
    "content",
    [
        "a = 1\n" * 2_000_000,
        "".join(f"a{n} = 1\n" for n in range(70_000)),
        "".join(f"FUSE{n} = 1\n" for n in range(60_000)),
        "[[accounts]]\n" * 70_000,
        "[[accounts]]\nx = 1\n" * 50_000,
        "[[destinations]]\nname = 'a'\n" * 30_000,
        "a" + ".a" * 500_000 + " = 1",
        "[" + "a." * 500_000 + "a]",
        '"a" . ' * 150_000 + "a = 1",
        "a = " + "[" * 1_000_000,
        "a = " + "{a = " * 200_000,
        "namespace = '" + "${" * 500_000 + "'",
        "namespace = '" + "${X:-" * 200_000 + "'",
        "email = '" + "a@" * 500_000 + "'",
        "[resource_attributes]\n" + "".join(f"a{n} = '1'\n" for n in range(60_000)),
        "x" * 1_000_000,
        '"' * 1_000_000,
        "#" + "a.b-" * 250_000,
    ],
    ids=range(18),
)
def test_a_large_file_is_refused_or_loaded_in_little_memory(tmp_path, content):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(content)
    refused(lambda: load(environ={}, config_file=str(file)))


def test_many_unknown_variables_give_a_bounded_list_of_problems():
    environ = {f"FUSE_OTEL_X{n}": "1" for n in range(20_000)}
    environ |= {f"OTEL_EXPORTER_OTLP_X{n}": "1" for n in range(20_000)}
    with pytest.raises(ConfigurationError) as caught:
        load(environ=environ)
    assert len(caught.value.problems) == 100
