"""The Compose file: Docker Compose reads it, its services find each other, and the programs accept
their files.
"""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from support.pages.compose_file import (
    BACK_ENDS,
    FILE,
    FOLDER,
    ComposeFailed,
    model_of,
    mounted,
    read_model,
)
from support.pages.dockerfile import image_environment
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_blocks
from support.patience import PATIENCE
from support.peers.program_of import program
from support.peers.victorialogs import VictoriaLogs

from fuse_otel import config
from fuse_otel.simulator.simulated_api import BASE, DEVELOPER_KEY, EMAIL

PAGE = "docs/compose.md"
each_profile = pytest.mark.parametrize("profile", BACK_ENDS, ids=lambda name: name or "default")


@pytest.fixture(scope="module")
def compose():
    return program("docker-compose")


def succeeds(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def services(compose, profile):
    return model_of(compose, profile)["services"]


def settings(compose, profile):
    return image_environment() | services(compose, profile)["fuse-otel"]["environment"]


@each_profile
def test_docker_compose_reads_the_file_and_every_file_that_it_names(compose, profile):
    model = model_of(compose, profile)
    assert set(BACK_ENDS[profile]) <= model["services"].keys()
    named = [
        Path(each["source"])
        for service in model["services"].values()
        for each in service.get("volumes", ())
        if each["type"] == "bind"
    ]
    named += [Path(each["file"]) for each in model["secrets"].values()]
    assert len(named) > 8
    assert [path for path in named if not path.exists()] == []


def test_docker_compose_refuses_a_key_that_it_does_not_know(compose, tmp_path):
    wrong = tmp_path / "docker-compose.yaml"
    wrong.write_text(re.sub(r"^services:", "servces:", FILE.read_text(), flags=re.MULTILINE))
    with pytest.raises(ComposeFailed, match="servces"):
        read_model(compose, wrong)


def test_the_second_back_ends_start_only_when_they_are_wanted(compose):
    first, second = (services(compose, profile).keys() for profile in BACK_ENDS)
    assert second - first == {"jaeger", "victorialogs"}


@each_profile
def test_no_port_is_reachable_from_another_machine(compose, profile):
    ports = [port for each in services(compose, profile).values() for port in each.get("ports", ())]
    assert len(ports) >= 4
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


@each_profile
def test_the_daemon_reads_its_settings_without_a_warning(compose, profile, tmp_path):
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123\n")
    found = settings(compose, profile)
    assert found["FUSE_OTEL_DEVELOPER_KEY_FILE"] == "/run/secrets/developer_key"
    # The simulator has no TLS, which has a warning of its own.
    assert found["FUSE_OTEL_API_URL"].startswith("http://simulator:")
    found |= {"FUSE_OTEL_API_URL": "", "FUSE_OTEL_DEVELOPER_KEY_FILE": str(key)}
    loaded = config.load(environ=found)
    assert not loaded.warnings
    assert loaded.settings.state_url == "sqlite:////var/lib/fuse-otel/state.db"
    (volume,) = services(compose, profile)["fuse-otel"]["volumes"]
    assert volume["target"] == "/var/lib/fuse-otel"
    grace = services(compose, profile)["fuse-otel"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > loaded.settings.shutdown_grace


def test_the_daemon_reads_the_simulator_by_default(compose):
    found = settings(compose, "")
    secret = Path(model_of(compose, "")["secrets"]["developer_key"]["file"])
    simulator = services(compose, "")["simulator"]["command"]
    assert urlsplit(found["FUSE_OTEL_API_URL"]).path == BASE
    assert found["FUSE_OTEL_EMAIL"] == EMAIL
    assert secret.read_text().strip() == DEVELOPER_KEY
    assert simulator[:2] == ["simulate", "--listen"]
    port = urlsplit(found["FUSE_OTEL_API_URL"]).port
    assert simulator[2] == f"0.0.0.0:{port}"


def test_the_variables_of_the_page_choose_the_account(compose, tmp_path):
    desk = Desk(tmp_path, ("docker",))
    shutil.copytree(FOLDER, desk.repository / "deploy")
    (block,) = (each for each in shell_blocks(PAGE) if "secrets/" in each)
    done = desk.run(block, stdin="a-key-of-the-test\n")
    assert done.returncode == 0, done.stderr
    ((folder, words),) = desk.noted("docker")
    assert words == ["compose", "up", "--build", "--detach"]
    variables = dict(re.findall(r"(FUSE_OTEL_\w+)=(\S+)", block))
    model = read_model(compose, folder / FILE.name, **variables)
    key = Path(model["secrets"]["developer_key"]["file"])
    assert key.parent.stat().st_mode & 0o777 == 0o700
    # Another user reads it in the container.
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("a-key-of-the-test\n", 0o644)
    found = model["services"]["fuse-otel"]["environment"]
    assert found["FUSE_OTEL_EMAIL"] == variables["FUSE_OTEL_EMAIL"]
    assert found["FUSE_OTEL_API_URL"] == image_default("FUSE_OTEL_API_URL")


def image_default(name):
    page = (ROOT / "docs" / "configuration.md").read_text()
    return re.search(rf"^### `{name}`\n.*?^\| URL \| `(\S+)`", page, re.MULTILINE | re.DOTALL)[1]


def hosts_of(text):
    return {urlsplit(each).hostname for each in re.findall(r"http://[\w.:-]+", text)}


@each_profile
def test_calls_reach_the_back_ends_through_the_collector(compose, profile):
    found = services(compose, profile)
    file = mounted(found["collector"], "/etc/otelcol/config.yaml")
    collector = yaml.safe_load(file.read_text())
    endpoint = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    to = urlsplit(settings(compose, profile)["OTEL_EXPORTER_OTLP_ENDPOINT"])
    assert (to.hostname, endpoint.rpartition(":")[2]) == ("collector", str(to.port))
    assert hosts_of(file.read_text()) == set(BACK_ENDS[profile])
    # A queue would acknowledge what no back end has.
    assert {each["sending_queue"]["enabled"] for each in collector["exporters"].values()} == {False}
    assert collector["service"]["pipelines"].keys() == {"traces", "logs"}


@each_profile
def test_grafana_has_the_data_sources_of_the_back_ends_and_the_dashboards(compose, profile):
    grafana = services(compose, profile)["grafana"]
    file = mounted(grafana, "/etc/grafana/provisioning/datasources/fuse-otel.yaml")
    assert hosts_of(file.read_text()) == {"prometheus", *BACK_ENDS[profile]}
    provider = mounted(grafana, "/etc/grafana/provisioning/dashboards") / "fuse-otel.yaml"
    (loaded,) = yaml.safe_load(provider.read_text())["providers"]
    dashboards = mounted(grafana, loaded["options"]["path"])
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (dashboards / home.name).exists()
    uids = {each["uid"] for each in yaml.safe_load(file.read_text())["datasources"]}
    links = [settings(compose, profile)[f"FUSE_OTEL_{each}_URL"] for each in ("TRACE", "LOGS")]
    # Those into Grafana name a data source.
    linked = {uid for link in links for uid in re.findall(r"%22uid%22:%22([\w-]+)%22", link)}
    assert linked <= uids
    assert bool(linked) == ("tempo" in BACK_ENDS[profile])


@each_profile
def test_the_links_of_the_pages_lead_to_published_ports(compose, profile):
    published = {
        port["published"]
        for each in services(compose, profile).values()
        for port in each.get("ports", ())
    }
    page = (ROOT / PAGE).read_text()
    addresses = re.findall(r"http://127\.0\.0\.1:(\d+)", page)
    links = [settings(compose, profile)[f"FUSE_OTEL_{each}_URL"] for each in ("TRACE", "LOGS")]
    assert {str(urlsplit(link).port) for link in links} <= published
    if profile:
        assert published == set(addresses)


@each_profile
def test_the_collector_accepts_its_file(compose, profile):
    file = mounted(services(compose, profile)["collector"], "/etc/otelcol/config.yaml")
    succeeds(program("otelcol"), "validate", "--config", file)


def test_jaeger_accepts_its_file(compose):
    file = mounted(services(compose, "jaeger-victorialogs")["jaeger"], "/etc/jaeger.yaml")
    succeeds(program("jaeger"), "validate", "--config", file)


def test_victorialogs_starts_with_the_flags_of_the_file(compose, tmp_path):
    flags = services(compose, "jaeger-victorialogs")["victorialogs"]["command"]
    others = [each for each in flags if not each.startswith("-storageDataPath=")]

    class WithFlags(VictoriaLogs):
        def configure(self):
            return [*super().configure(), *others]

    with WithFlags(program("victorialogs"), tmp_path) as running:
        assert running.flags()["retentionPeriod"] == "7d"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing")
def test_prometheus_accepts_its_file_and_finds_the_others(compose, tmp_path):
    found = services(compose, "")
    file = mounted(found["prometheus"], "/etc/prometheus/prometheus.yml")
    rules = mounted(found["prometheus"], "/etc/prometheus/fuse-otel")
    here = tmp_path / "prometheus.yaml"
    here.write_text(file.read_text().replace("/etc/prometheus/fuse-otel", str(rules)))
    succeeds("promtool", "check", "config", here)
    scraping = yaml.safe_load(file.read_text())
    assert list(rules.parent.glob(f"prometheus/{Path(scraping['rule_files'][0]).name}"))
    (scraped,) = scraping["scrape_configs"][0]["static_configs"][0]["targets"]
    assert scraped == f"fuse-otel:{found['fuse-otel']['ports'][0]['target']}"
    (alertmanager,) = scraping["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert alertmanager == f"alertmanager:{found['alertmanager']['ports'][0]['target']}"
    assert "--enable-feature=exemplar-storage" in found["prometheus"]["command"]


def test_alertmanager_has_the_example_that_amtool_checks(compose):
    file = mounted(services(compose, "")["alertmanager"], "/etc/alertmanager/alertmanager.yml")
    assert file == ROOT / "deploy" / "prometheus" / "alertmanager.example.yaml"


def test_tempo_and_loki_listen_where_the_others_look(compose):
    """No program reads these files here."""
    found = services(compose, "")
    tempo = yaml.safe_load(mounted(found["tempo"], "/etc/tempo.yaml").read_text())
    loki = yaml.safe_load(mounted(found["loki"], "/etc/loki/loki.yaml").read_text())
    file = mounted(found["grafana"], "/etc/grafana/provisioning/datasources/fuse-otel.yaml")
    sources = {
        each["type"]: each["url"] for each in yaml.safe_load(file.read_text())["datasources"]
    }
    assert sources["tempo"] == f"http://tempo:{tempo['server']['http_listen_port']}"
    assert sources["loki"] == f"http://loki:{loki['server']['http_listen_port']}"
    collector = mounted(found["collector"], "/etc/otelcol/config.yaml").read_text()
    receiver = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert f"http://tempo:{receiver.rpartition(':')[2]}\n" in collector
    assert f"{sources['loki']}/otlp\n" in collector
    page = (ROOT / "docs" / "back-ends.md").read_text()
    slack = tempo["storage"]["trace"]["wal"]["ingestion_time_range_slack"]
    assert f"ingestion_time_range_slack: {slack}" in page
    assert settings(compose, "")["FUSE_OTEL_LOGS_FLAVOUR"] == "loki"


def test_the_page_names_every_file_and_no_other():
    table = (ROOT / PAGE).read_text().partition("## The files")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(compose/[\w.-]+)`", table))
    assert named == {f"compose/{path.name}" for path in (FOLDER / "compose").iterdir()}
