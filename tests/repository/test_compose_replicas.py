"""The Compose files with several replicas: they share the database, and nothing else."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from support.pages.compose_file import FILE, FOLDER, mounted, read_model
from support.pages.dockerfile import image_environment
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block
from support.patience import PATIENCE
from support.peers.program_of import program

from fuse_otel import config

PAGE = "docs/compose.md"
MORE = FOLDER / "compose" / "postgresql.yaml"


@pytest.fixture(scope="module")
def model():
    return read_model(program("docker-compose"), FILE, MORE)


def url_of(model):
    return Path(model["secrets"]["database_url"]["file"]).read_text().strip()


def test_each_replica_has_a_port_of_this_machine_and_no_volume(model):
    daemon = model["services"]["fuse-otel"]
    (port,) = daemon["ports"]
    first, last = map(int, port["published"].split("-"))
    assert daemon["scale"] == last - first + 1 == 3
    assert (port["host_ip"], port["target"]) == ("127.0.0.1", 9464)
    assert "volumes" not in daemon
    assert f"ports {first} to {last}" in (ROOT / PAGE).read_text()


def test_the_replicas_reach_the_database_with_its_own_name_and_password(model):
    database = model["services"]["database"]
    url = urlsplit(url_of(model))
    stated = database["environment"]
    assert (url.username, url.password, url.path) == (
        stated["POSTGRES_USER"], stated["POSTGRES_PASSWORD"], f"/{stated['POSTGRES_DB']}",
    )  # fmt: skip
    assert url.hostname in model["services"].keys() & model["services"]["fuse-otel"]["depends_on"]
    assert "ports" not in database


def test_a_replica_reads_its_settings_without_a_warning(model, tmp_path):
    key, place = tmp_path / "key", tmp_path / "url"
    key.write_text("0123456789abcdef0123\n")
    place.write_text(url_of(model))
    found = image_environment() | model["services"]["fuse-otel"]["environment"]
    assert found["FUSE_OTEL_STATE_URL_FILE"] == "/run/secrets/database_url"
    assert {each["target"] for each in model["services"]["fuse-otel"]["secrets"]} == {
        "/run/secrets/database_url", found["FUSE_OTEL_DEVELOPER_KEY_FILE"],
    }  # fmt: skip
    # The simulator has no TLS, which has a warning of its own.
    found |= {
        "FUSE_OTEL_API_URL": "",
        "FUSE_OTEL_DEVELOPER_KEY_FILE": str(key),
        "FUSE_OTEL_STATE_URL_FILE": str(place),
    }
    loaded = config.load(environ=found)
    assert not loaded.warnings
    assert str(loaded.settings.state_url).startswith("postgresql://")


def test_prometheus_scrapes_every_replica_and_does_the_rest_as_before(model):
    ours = mounted(model["services"]["prometheus"], "/etc/prometheus/prometheus.yml")
    found, single = (
        yaml.safe_load(file.read_text()) for file in (ours, FOLDER / "compose" / "prometheus.yaml")
    )
    (job,), (before,) = found.pop("scrape_configs"), single.pop("scrape_configs")
    assert found == single
    (lookup,) = job["dns_sd_configs"]
    (port,) = model["services"]["fuse-otel"]["ports"]
    assert (lookup["names"], lookup["type"], lookup["port"]) == (["fuse-otel"], "A", port["target"])
    # Anything else would give the series other names.
    assert job["job_name"] == before["job_name"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing")
def test_prometheus_accepts_its_file(model):
    file = mounted(model["services"]["prometheus"], "/etc/prometheus/prometheus.yml")
    # The folder of the rules is that of the container.
    done = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", file],
        check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_of_the_page_names_both_files(tmp_path):
    desk = Desk(tmp_path, ("docker",))
    shutil.copytree(FOLDER, desk.repository / "deploy")
    done = desk.run(shell_block(PAGE, "postgresql.yaml"))
    assert done.returncode == 0, done.stderr
    ((folder, words),) = desk.noted("docker")
    named = re.findall(r"--file (\S+)", " ".join(words))
    assert [folder / name for name in named] == [
        desk.repository / path.relative_to(ROOT) for path in (FILE, MORE)
    ]
