"""What `check --online` says about a back end that does not answer."""

from fuse_otel.assembly.preflight import check_online
from fuse_otel.config import load


def test_a_failure_names_the_address_without_its_credentials(tmp_path):
    environ = {
        "FUSE_OTEL_EMAIL": "ops@example.com",
        "FUSE_OTEL_DEVELOPER_KEY": "k",
        "FUSE_OTEL_API_URL": "http://127.0.0.1:1/api",
        "FUSE_OTEL_STATE_URL": f"sqlite:///{tmp_path}/state.db",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:geheim@127.0.0.1:1",
    }
    found = {what: sentence for what, _, sentence in check_online(load(environ=environ).settings)}
    assert found["destination default logs"].endswith("(http://********@127.0.0.1:1/v1/logs)")
    assert "geheim" not in str(found)
