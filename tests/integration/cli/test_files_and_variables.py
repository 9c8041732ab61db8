"""Files and variables that the configuration names, wrong in every way, before the real program."""

import pytest
from support.rigs.program import environment, fuse_otel

pytestmark = pytest.mark.slow

MISCONFIGURED = 78


@pytest.fixture
def env(tmp_path):
    return environment(
        FUSE_OTEL_EMAIL="ops@example.com",
        FUSE_OTEL_DEVELOPER_KEY="a-developer-key",
        FUSE_OTEL_STATE_URL=f"sqlite:///{tmp_path / 'state.db'}",
        FUSE_OTEL_LISTEN="127.0.0.1:0",
        OTEL_EXPORTER_OTLP_ENDPOINT="https://127.0.0.1:1",
    )


def wrong(*words, **env):
    """Standard error, as one sentence, of a command that ends with exit code 78. ``check`` warns of
    what is not an error before it.
    """
    done = fuse_otel(*words, env=env)
    assert done.returncode == MISCONFIGURED, done.stderr
    (line,) = (each for each in done.stderr.splitlines() if not each.startswith("warning: "))
    return line


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("command", ["run", "once", "check", "backfill"])
def test_authorities_that_cannot_be_used_are_named(env, command, protocol, tmp_path):
    words = [command, "--from", "1h"] if command == "backfill" else [command]
    missing = str(tmp_path / "none.pem")
    env |= {"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "SSL_CERT_FILE": missing}
    assert wrong(*words, **env) == (
        f"fuse-otel: SSL_CERT_FILE ({missing}): Cannot read the file: No such file or directory."
    )


def test_a_command_that_needs_no_authorities_does_not_read_them(env):
    assert fuse_otel("config", env={**env, "SSL_CERT_FILE": "/nowhere"}).returncode == 0


def test_a_proxy_that_cannot_be_used_is_named(env):
    line = wrong("check", **env, https_proxy="socks5://u:hunter2@127.0.0.1:1")
    assert "hunter2" not in line
