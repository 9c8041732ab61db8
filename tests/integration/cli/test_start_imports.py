"""What a start imports before the first request to the API: the rest can wait."""

import re
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.rigs.program import environment

import fuse_otel

ROOT = Path(fuse_otel.__file__).parents[1]
_IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +([\w.]+)$", re.MULTILINE)
_NEEDED = {
    "pydantic", "pydantic_core", "pydantic_settings", "annotated_types", "typing_inspection",
    "typing_extensions", "dotenv", "httpx", "httpcore", "h11", "anyio", "idna", "certifi",
    "uvicorn", "click", "starlette", "prometheus_client", "msgspec", "isal", "opentelemetry",
    "fuse_otel", "re2", "_re2", "google_re2", "sniffio", "exceptiongroup",
}  # fmt: skip
# The command line of httpx imports them if a tool has installed them; the daemon has no use for it.
_OF_HTTPX = {"rich", "pygments", "markdown_it", "mdurl"}
_OF_PYTHON = {"sitecustomize", "usercustomize"}  # Debian's has one
_OUR_DATACLASSES = 25


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """The modules that a daemon has imported when it connects to its API for the first time."""
    folder = tmp_path_factory.mktemp("start")
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as api, log.open("w") as errors:
        api.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{api.getsockname()[1]}"
        settings = {
            "FUSE_OTEL_API_URL": url,
            "FUSE_OTEL_EMAIL": "ops@example.com",
            "FUSE_OTEL_DEVELOPER_KEY": "a-key",
            "FUSE_OTEL_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "FUSE_OTEL_LISTEN": "127.0.0.1:0",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        }
        with subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "fuse_otel", "run"],
            # Without coverage, which every Python that the tests start would import.
            env={
                name: value
                for name, value in environment(**settings).items()
                if not name.startswith("COVERAGE_")
            },
            stderr=errors,
        ) as daemon:
            try:
                api.accept()[0].close()
            finally:
                daemon.send_signal(signal.SIGKILL)
    found = set(_IMPORTED.findall(log.read_text()))
    # The report names those too that libraries try to import and do without.
    return {name for name in found if find_spec(name.partition(".")[0]) is not None}


def test_the_daemon_itself_is_among_them(imported):
    assert {"fuse_otel.poller.poller", "fuse_otel.store.sqlite.store", "httpx"} <= imported


def test_no_other_package_is_imported_before_the_first_poll(imported):
    packages = {name.partition(".")[0] for name in imported}
    others = packages - sys.stdlib_module_names - _NEEDED - _OF_HTTPX - _OF_PYTHON
    assert {each for each in others if not each.startswith("_")} == set()


def test_of_opentelemetry_only_the_names_of_attributes_are(imported):
    found = {name for name in imported if name.startswith("opentelemetry.")}
    assert {name for name in found if not name.startswith("opentelemetry.semconv")} == set()


def test_of_our_own_no_module_is_that_only_some_daemons_need(imported):
    """Protobuf's readers, other destinations and stores, the simulator, what commands print."""
    unneeded = (
        "fuse_otel.core.encoding.relabel", "fuse_otel.core.encoding.otlp_json",
        "fuse_otel.destinations.otlp_protobuf", "fuse_otel.destinations.otlp_grpc",
        "fuse_otel.destinations.json_lines", "fuse_otel.store.postgres", "fuse_otel.simulator",
        "fuse_otel.instrumentation.self_traces", "fuse_otel.cli.terminal",
    )  # fmt: skip
    assert {name for name in imported if name.startswith(unneeded)} == set()


def test_few_of_our_classes_are_dataclasses(imported):
    """Each costs as much as 30 of msgspec's Structs: Python compiles its methods at every start."""
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in imported if "fuse_otel" in name]
    texts = [file.read_text() for file in files if file.exists()]
    assert len(texts) > 150
    assert sum(text.count("\n@dataclass") for text in texts) <= _OUR_DATACLASSES
