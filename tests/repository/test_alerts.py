"""The rules of Prometheus fit the metrics, and each alert is tested and explained."""

import re
import shutil
import subprocess
from functools import cache

import pytest
import yaml
from support.pages.alert_rules import (
    ALERTS,
    FILES,
    FOLDER,
    RECORDED,
    TESTS,
    possible_labels,
    unknown,
    with_recorded,
)
from support.pages.grafana_dashboards import DASHBOARDS, variables
from support.pages.promql import metrics_of
from support.pages.repository import ROOT
from support.patience import PATIENCE

PAGE = ROOT / "docs" / "operations.md"
# Nothing else loses calls within a day: Plum keeps every log for five days.
PAGES = {"FuseOtelHeadroomVeryLow", "FuseOtelUnreadForDays"}
FAILURES = "account_application_module_server:fuse_http_failures:increase15m"
promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing"
)
amtool = pytest.mark.skipif(
    not shutil.which("amtool"), reason="amtool (Debian: prometheus-alertmanager) is missing"
)


def succeeds(*command, folder=FOLDER):
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def groups():
    """Each group of series with what it expects: (series, alert, does it fire)."""
    found = []
    for file in TESTS:
        for group in yaml.safe_load(file.read_text())["tests"]:
            series = " ".join(each["series"] for each in group["input_series"])
            found += [
                (series, test["alertname"], bool(test.get("exp_alerts")))
                for test in group["alert_rule_test"]
            ]
    return found


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_names_metrics_and_labels_that_exist(rule):
    assert not unknown(rule["expr"])
    assert metrics_of(rule["expr"])
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert used <= possible_labels(rule["expr"])


def test_a_recording_rule_names_metrics_and_labels_that_exist():
    for name, rule in RECORDED.items():
        assert not unknown(rule["expr"]), name
        assert re.fullmatch(r"[a-z_]+:fuse_[a-z_]+:[a-z0-9_]+|fuse_[a-z_]+:[a-z_]+:[a-z_]+", name)


def test_every_recorded_series_is_used():
    used = {name for rule in ALERTS for name in metrics_of(rule["expr"])}
    assert used >= RECORDED.keys()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "is silent"])
def test_an_alert_has_a_unit_test_with_its_own_series(rule, fires):
    tests = [
        series for series, name, firing in groups() if (name, firing) == (rule["alert"], fires)
    ]
    own = {name for each in with_recorded(rule["expr"]) for name in metrics_of(each)}
    assert any(metrics_of(series) & own for series in tests)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_only_what_loses_calls_within_a_day_is_a_page(rule):
    assert rule["labels"]["severity"] == ("page" if rule["alert"] in PAGES else "ticket")
    assert rule["labels"]["component"] == ("exporter" if "FuseOtel" in rule["alert"] else "calls")
    assert rule["annotations"].keys() == {
        "summary", "description", "runbook_url", "dashboard_url",
    }  # fmt: skip


def test_every_alert_has_its_section_in_the_runbook_in_the_same_order():
    text = PAGE.read_text().partition("## Alerts\n")[2].partition("\n## ")[0]
    sections = re.split(r"^#### (\w+)$", text, flags=re.MULTILINE)
    titles, bodies = sections[1::2], sections[2::2]
    assert titles == [rule["alert"] for rule in ALERTS]
    for body in bodies:
        points = re.findall(r"^- \*([\w ]+)\.\*", body, re.MULTILINE)
        assert points == ["Meaning", "Likely cause", "What to do"]


def test_the_alert_on_a_refused_key_says_what_the_runbook_says():
    (rule,) = (each for each in ALERTS if each["alert"] == "FuseOtelApiUnauthorized")
    plain = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", PAGE.read_text())
    section = plain.partition("#### FuseOtelApiUnauthorized\n")[2].partition("\n####")[0]
    advice = re.findall(r"(A key in the .+? restart\.)", " ".join(section.split()))
    assert advice == re.findall(r"(A key in the .+? restart\.)", rule["annotations"]["description"])
    assert len(advice) == 1
    # What systemd copied at the start stays as it is.
    unit = (ROOT / "deploy" / "systemd" / "fuse-otel.service").read_text()
    assert "# systemd copies the key at the start: restart after a rotation." in unit


def test_the_runbook_names_the_pages():
    (sentence,) = re.findall(r"Only (.+)\s(.+) are pages", PAGE.read_text())
    assert set(re.findall(r"Fuse\w+", str(sentence))) == PAGES


def test_the_documented_silence_covers_every_alert_that_remembers_an_account():
    (command,) = re.findall(r"^amtool silence add (.+)$", PAGE.read_text(), re.MULTILINE)
    (pattern,) = re.findall(r'alertname=~"([^"]+)"', command)
    days, hours = map(int, re.findall(r"--duration (\d+)d(\d+)h", command)[0])
    remembered = {
        rule["alert"]: max(map(int, re.findall(r"\[(\d+)d\]", rule["expr"])))
        for rule in ALERTS
        if "by (account) (last_over_time(" in rule["expr"]
    }
    assert remembered.keys() == set(pattern.split("|"))
    assert days * 24 + hours > 24 * max(remembered.values())


def test_a_runbook_address_leads_to_the_section_of_its_alert():
    for rule in ALERTS:
        base, _, anchor = rule["annotations"]["runbook_url"].partition("docs/operations.md#")
        assert base == "https://example.com/fuse-otel/"
        assert anchor == rule["alert"].lower()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_a_dashboard_address_opens_what_the_alert_is_about(rule):
    base, _, query = rule["annotations"]["dashboard_url"].partition("?")
    board = "fuse-calls" if rule["labels"]["component"] == "calls" else "fuse-otel"
    assert base == f"https://example.com/grafana/d/{board}"
    assert board in DASHBOARDS
    chosen = re.findall(r"(?:^|&)var-(\w+)=\{\{ \$labels\.(\w+) \| urlquery \}\}", query)
    assert bool(chosen) == bool(query)
    for name, label in chosen:
        assert name == label
        assert name in variables(board)
        # A label that the alert may not have would choose nothing.
        assert f"$labels.{name}" in rule["annotations"]["summary"] or board == "fuse-calls"
    if board == "fuse-calls":
        assert [name for name, _ in chosen] == ["account", "application"]
        assert {"account", "application"} <= possible_labels(rule["expr"])


@promtool
def test_the_documented_command_changes_the_base_of_every_address(tmp_path):
    (command,) = re.findall(r"^sed -i .+$", PAGE.read_text(), re.MULTILINE)
    shutil.copytree(FOLDER, tmp_path / "deploy" / "prometheus")
    succeeds("sh", "-c", command, folder=tmp_path)
    for file in FILES:
        changed = (tmp_path / "deploy" / "prometheus" / file.name).read_text()
        urls = re.findall(r"runbook_url: (.+)", changed)
        assert all(url.startswith("https://wiki.example.org/runbooks/fuse-otel#") for url in urls)
        urls = re.findall(r"dashboard_url: '?(.+)", changed)
        assert all(url.startswith("https://grafana.example.org/d/fuse-") for url in urls)
    test = TESTS[-1].name
    succeeds("promtool", "test", "rules", test, folder=tmp_path / "deploy" / "prometheus")


@promtool
@pytest.mark.parametrize(("module", "fires"), [("authorize", True), ("lookup", False)])
def test_the_documented_expression_adds_4xx_for_one_module(tmp_path, module, fires):
    (expression,) = re.findall(r"```promql\n(sum by .+?)```", PAGE.read_text(), re.DOTALL)
    recorded = {"record": FAILURES, "expr": expression}
    group = {"name": "changed", "rules": [recorded]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    labels = f'module="{module}",server_address="pay.example.com",status_class="4xx"'
    asked = {"expr": f"{FAILURES} > 0", "eval_time": "20m"}
    sample = f'{FAILURES}{{module="{module}",server_address="pay.example.com"}}'
    expected = [{"labels": sample, "value": 15}] if fires else []
    group = {
        "interval": "1m",
        "input_series": [
            {"series": f"fuse_http_requests_total{{{labels}}}", "values": "0+1x30"},
        ],
        "promql_expr_test": [{**asked, "exp_samples": expected}],
    }
    test = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [group]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    succeeds("promtool", "test", "rules", "test.yaml", folder=tmp_path)


@promtool
@pytest.mark.parametrize(("at", "seen"), [("5m", 1), ("30m", 1), ("90m", 0)])
def test_the_documented_expression_sees_the_first_event_of_a_series(tmp_path, at, seen):
    page = (ROOT / "docs" / "telemetry.md").read_text()
    (expression,) = re.findall(r"```promql\n(.+)\n```", page)
    expected = {"labels": "{}", "value": seen}
    group = {
        "interval": "1m",
        "input_series": [{"series": "fuse_errors_total", "values": "_x4 1x100"}],
        "promql_expr_test": [
            {"expr": f"({expression}) + 0", "eval_time": at, "exp_samples": [expected]}
        ],
    }
    test = {"evaluation_interval": "1m", "tests": [group]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    succeeds("promtool", "test", "rules", "test.yaml", folder=tmp_path)


def test_no_file_of_rules_is_left_out():
    assert set(FILES) == set(FOLDER.glob("*.rules.yaml"))


@promtool
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_prometheus_accepts_the_rules(file):
    succeeds("promtool", "check", "rules", "--lint-fatal", file.name)


@pytest.mark.slow
@promtool
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_the_alerts_fire_and_stay_silent_as_expected(file):
    assert file.with_name(file.name.replace(".test", "")) in FILES
    succeeds("promtool", "test", "rules", file.name)


@promtool
def test_prometheus_accepts_the_example_and_finds_all_rules():
    told = succeeds("promtool", "check", "config", "prometheus.example.yaml")
    assert f"{len(FILES)} rule files found" in told


@amtool
def test_alertmanager_accepts_the_example():
    assert "inhibit rules" in succeeds("amtool", "check-config", "alertmanager.example.yaml")


def routes():
    """Labels of alerts → the receiver that they have to reach."""
    for rule in ALERTS:
        labels = tuple(f"{name}={value}" for name, value in rule["labels"].items())
        calls = rule["labels"]["component"] == "calls"
        others = "application-owners" if calls else "tickets"
        yield labels, "pager" if rule["alert"] in PAGES else others


@amtool
@pytest.mark.parametrize(("labels", "receiver"), sorted(set(routes())))
def test_the_example_sends_an_alert_to_those_who_can_act(labels, receiver):
    config = "--config.file=alertmanager.example.yaml"
    assert succeeds("amtool", "config", "routes", "test", config, *labels).strip() == receiver


def test_the_example_inhibits_alerts_that_exist():
    example = yaml.safe_load((FOLDER / "alertmanager.example.yaml").read_text())
    named = set(re.findall(r"Fuse\w+", str(example["inhibit_rules"])))
    assert named
    assert named <= {rule["alert"] for rule in ALERTS}
