"""The dashboards are what their code makes, and follow the rules of a good dashboard."""

import re

import pytest
import yaml
from support.pages.alert_rules import unknown
from support.pages.grafana_dashboards import (
    DASHBOARDS,
    FOLDER,
    QUERIES,
    charts,
    panels,
    variables,
)
from support.pages.promql import existing_metrics, metrics_of

from deploy.grafana.__main__ import dashboards
from fuse_otel.instrumentation.metric_table import FAMILIES

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN = {
    "fuse-calls": ("account", "application"),
    "fuse-call-flow": ("account", "application"),
    "fuse-otel": ("job", "instance"),
}
DATA_SOURCES = sorted((FOLDER / "provisioning" / "datasources").glob("*.yaml"))
boards = pytest.mark.parametrize("board", DASHBOARDS)
queries = pytest.mark.parametrize("query", QUERIES, ids=str)


def test_the_files_are_what_the_code_makes():
    made = dashboards()
    assert {path.stem for path in made} == DASHBOARDS.keys()
    for path, content in made.items():
        assert path.read_text() == content, "run: make dashboards"


@boards
def test_a_dashboard_can_be_provisioned(board):
    made = DASHBOARDS[board]
    assert made["uid"] == board
    assert made["editable"] is False
    assert made["title"]
    assert made["description"]
    assert "fuse-otel" in made["tags"]


@boards
def test_every_panel_has_a_title_a_description_and_a_number(board):
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
    titles = [panel["title"] for panel in panels(board)]
    assert len(titles) == len(set(titles))
    numbers = [panel["id"] for panel in DASHBOARDS[board]["panels"]]
    assert len(numbers) == len(set(numbers))


@boards
def test_every_chart_has_a_unit_and_queries_with_different_letters(board):
    for panel in charts(board):
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert all(letters)
        assert len(letters) == len(set(letters)), panel["title"]


@boards
def test_the_reader_chooses_the_data_source(board):
    assert variables(board)["datasource"]["type"] == "datasource"
    assert variables(board)["datasource"]["query"] == "prometheus"
    for panel in charts(board):
        assert panel["datasource"] == SOURCE
        assert all(target["datasource"] == SOURCE for target in panel["targets"])
    for variable in variables(board).values():
        if variable["type"] == "query":
            assert variable["datasource"] == SOURCE
            # When the time range changes, so do the values that there are.
            assert variable["refresh"] == 2


@boards
def test_a_dashboard_has_the_variables_that_its_queries_use(board):
    assert set(variables(board)) == {"datasource", *CHOSEN[board]}
    labels = {each: variables(board)[each] for each in CHOSEN[board]}
    for name, variable in labels.items():
        metric, label = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", variable["query"]).groups()
        assert label == name
        assert label in existing_metrics()[metric]
        # Grafana quotes a value for a regular expression only where several can be chosen.
        compares = "=~" if variable["multi"] else "="
        for query in QUERIES:
            if query.board == board:
                assert f'{name}{compares}"${name}"' in query.expression


@queries
def test_a_query_names_metrics_and_labels_that_exist(query):
    own = {"source", "target", "id", "title"} if query.board == "fuse-call-flow" else set()
    processes = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
    if not any(name in query.expression for name in processes):
        assert metrics_of(query.expression)
        assert unknown(query.expression) <= own


@queries
def test_a_counter_is_shown_as_a_rate_or_an_increase_over_a_window_of_grafana(query):
    windows = dict(re.findall(r"(rate|increase) ?\([^\[]+\[(\$?\w+)\]", query.expression))
    assert windows.get("rate", "$__rate_interval") == "$__rate_interval"
    assert windows.get("increase", "$__range") in {"$__range", "$__rate_interval"}
    for name in re.findall(r"\bfuse_\w+_(?:total|bucket)\b", query.expression):
        assert re.search(rf"(rate|increase)\({name}\{{[^}}]*\}}\[", query.expression)


def test_every_family_of_the_calls_is_shown():
    shown = " ".join(query.expression for query in QUERIES if query.board != "fuse-otel")
    families = {f.name for f in FAMILIES if not f.name.startswith("fuse_otel")}
    missing = {name for name in families if name not in shown}
    assert missing == {"fuse_log_entries_total"}


@pytest.mark.parametrize("file", DATA_SOURCES, ids=lambda file: file.stem)
def test_the_data_sources_lead_from_a_metric_to_a_trace_to_its_logs(file):
    sources = {each["uid"]: each for each in yaml.safe_load(file.read_text())["datasources"]}
    metrics, traces, logs = (
        sources[f"fuse-{kind}"]["jsonData"] for kind in ("metrics", "traces", "logs")
    )
    (exemplar,) = metrics["exemplarTraceIdDestinations"]
    assert (exemplar["name"], exemplar["datasourceUid"]) == ("trace_id", "fuse-traces")
    assert traces["tracesToLogsV2"]["datasourceUid"] == "fuse-logs"
    assert "$${__span.traceId}" in traces["tracesToLogsV2"]["query"]
    (field,) = logs["derivedFields"]
    assert (field["matcherRegex"], field["datasourceUid"]) == ("trace_id", "fuse-traces")


def test_the_dashboards_are_provisioned_from_one_folder():
    (file,) = (FOLDER / "provisioning" / "dashboards").glob("*.yaml")
    (provider,) = yaml.safe_load(file.read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] in file.read_text().splitlines()[0]
