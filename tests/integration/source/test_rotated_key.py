"""A key that is rotated in its file while the daemon runs, over real sockets and real files."""

import base64
from functools import partial

import pytest
from support.fakes.raw_http import RawServer, answer
from support.rigs.source_rig import CALLS, NOW

from fuse_otel.assembly import parts
from fuse_otel.config import load
from fuse_otel.errors import Unauthorized
from fuse_otel.events import ApiAnswered

pytestmark = pytest.mark.usefixtures("no_proxy")
EMAIL, OLD, NEW = "ops@example.com", "old-developer-key", "new-developer-key"


class Api(RawServer):
    """Accepts one key."""

    def __init__(self, key):
        super().__init__(self._respond)
        self.key = key

    def _respond(self, peer, head):
        login = base64.b64encode(f"{EMAIL}:{self.key}".encode()).decode()
        known = f"Basic {login}" in head
        peer.send(answer(CALLS) if known else answer(b"", "401 Unauthorized"))


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(OLD)
    return file


def by_variable(url, key_file, _folder):
    environ = {
        "FUSE_OTEL_API_URL": url,
        "FUSE_OTEL_EMAIL": EMAIL,
        "FUSE_OTEL_DEVELOPER_KEY_FILE": str(key_file),
    }
    return load(environ=environ)


def by_file(url, key_file, folder):
    file = folder / "fuse-otel.toml"
    file.write_text(
        f'api_url = "{url}"\n[[accounts]]\nemail = "{EMAIL}"\ndeveloper_key_file = "{key_file}"\n'
    )
    return load(environ={}, config_file=str(file))


@pytest.mark.parametrize("configured", [by_variable, by_file])
def test_a_rotated_key_is_used_without_a_reload(tmp_path, key_file, configured):
    events = []
    with Api(OLD) as api:
        settings = configured(f"{api.url}/api", key_file, tmp_path).settings
        source = parts.source(settings.accounts[0], settings, events.append, lambda: NOW)
        calls = partial(source.list_calls, 10, 20, number="", offset=0, limit=None)
        assert calls().total == 9
        api.key = NEW
        with pytest.raises(Unauthorized):
            calls()  # the file does not have the new key yet
        source._exchange.credentials._read_at -= 60
        key_file.write_text(f"{NEW}\n")
        assert calls().total == 9
        assert calls().total == 9
        source.close()
    codes = [event.code for event in events if isinstance(event, ApiAnswered)]
    assert codes == [200, 401, 401, 200, 200]
    assert not [each for each in events if NEW in repr(each) or OLD in repr(each)]


def test_a_login_in_quotes_is_refused_with_a_hint(key_file, tmp_path):
    key_file.write_text(f'"{OLD}"')
    with Api(OLD) as api:
        settings = by_variable(f"{api.url}/api", key_file, tmp_path).settings
        source = parts.source(settings.accounts[0], settings, lambda _: None, lambda: NOW)
        with pytest.raises(Unauthorized, match="; remove the quotes around them") as caught:
            source.list_calls(10, 20, number="", offset=0, limit=None)
        source.close()
    assert OLD not in str(caught.value)
