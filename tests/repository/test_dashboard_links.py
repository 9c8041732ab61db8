"""From a point or a row of a dashboard to the trace, the log records and the call flow."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from support.pages.grafana_dashboards import (
    DASHBOARDS,
    FOLDER,
    panels,
    variables,
)
from support.pages.promql import existing_metrics

from fuse_otel.config.catalogue import SETTINGS

DATA_SOURCES = sorted((FOLDER / "provisioning" / "datasources").glob("*.yaml"))
boards = pytest.mark.parametrize("board", DASHBOARDS)
# What Grafana knows by itself.
GLOBAL = {"__from", "__to", "__url_time_range", "__rate_interval", "__range", "__all"}
MODULE_TABLES = [
    "Failing modules", "Duration of modules", "REST and SOAP modules", "Where callers leave",
]  # fmt: skip


def links(panel):
    """Of the names of modules."""
    return [
        link
        for override in panel["fieldConfig"]["overrides"]
        for setting in override["properties"]
        if setting["id"] == "links"
        for link in setting["value"]
    ]


def panel_of(board, title):
    (panel,) = [each for each in panels(board) if each["title"] == title]
    return panel


def queries_of(link):
    """The pane of Explore that a link opens, with its placeholders."""
    (panes,) = parse_qs(urlsplit(link["url"]).query)["panes"]
    (pane,) = json.loads(panes).values()
    return pane


@boards
def test_a_dashboard_links_to_the_others(board):
    (link,) = DASHBOARDS[board]["links"]
    assert link["tags"] == ["fuse-otel"]
    assert set(link["tags"]) <= set(DASHBOARDS[board]["tags"])
    assert link["keepTime"]
    assert link["includeVars"]


@boards
def test_a_placeholder_in_a_dashboard_is_a_variable_or_one_of_grafana(board):
    text = json.dumps(DASHBOARDS[board])
    used = set(re.findall(r"\$\{(\w+)[}:]", text)) | set(re.findall(r"\$([a-z_]\w*)", text))
    assert used - GLOBAL == set(variables(board))


@pytest.mark.parametrize("title", MODULE_TABLES)
def test_a_module_leads_to_its_call_flow_and_to_its_calls(title):
    first, *others = links(panel_of("fuse-calls", title))
    assert urlsplit(first["url"]).path.removeprefix("/d/") in DASHBOARDS
    for name in ("account", "application"):
        assert f"var-{name}=${{__data.fields.{name}:percentencode}}" in first["url"]
        assert name in variables("fuse-call-flow")
    kinds = set()
    for link in others:
        pane = queries_of(link)
        source = pane["datasource"].removeprefix("${").removesuffix("}")
        (query,) = pane["queries"]
        assert query["datasource"]["uid"] == pane["datasource"]
        assert query["datasource"]["type"] == variables("fuse-calls")[source]["query"]
        text = json.dumps(query)
        assert "${__data.fields.module:percentencode}" in text
        assert "${__data.fields.application:percentencode}" in text
        assert ("error" in text.lower()) == (title in {"Failing modules", "REST and SOAP modules"})
        assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
        kinds.add(query["datasource"]["type"])
    assert kinds == {"jaeger", "tempo", "loki", "victoriametrics-logs-datasource"}


def test_the_columns_that_links_need_are_labels():
    labels = existing_metrics()["fuse_module_executions_total"]
    assert {"account", "application", "module"} <= labels


def test_the_call_flow_leads_to_its_picture_in_the_pages():
    (link,) = panel_of("fuse-call-flow", "Call flow")["links"]
    address = link["url"].replace("${pages}", variables("fuse-call-flow")["pages"]["query"])
    parts = urlsplit(address)
    (port,) = {int(s.default.rpartition(":")[2]) for s in SETTINGS if s.name == "listen"}
    assert (parts.scheme, parts.hostname, parts.port) == ("http", "localhost", port)
    assert parts.path == "/flow/${application:percentencode}"
    assert set(parse_qs(parts.query)) == {"from", "to", "account"}


@pytest.mark.parametrize("name", ["Jaeger", "Tempo"])
def test_a_panel_shows_the_own_traces_of_the_daemon(name):
    panel = panel_of("fuse-otel", f"Own traces in {name}")
    assert panel["type"] == "table"
    assert "FUSE_OTEL_SELF_TRACES=on" in panel["description"]
    (query,) = panel["targets"]
    if name == "Jaeger":
        assert (query["queryType"], query["service"]) == ("search", "fuse-otel")
    else:
        assert query["queryType"] == "traceql"
        assert query["query"] == '{ resource.service.name = "fuse-otel" }'
    rows = [each for each in DASHBOARDS["fuse-otel"]["panels"] if panel in each.get("panels", [])]
    # A closed row asks nothing: a Grafana has one of the two.
    assert [row["collapsed"] for row in rows] == [True]


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


def test_the_links_have_the_kinds_of_data_sources_that_are_provisioned():
    kinds = {
        each["type"]
        for file in DATA_SOURCES
        for each in yaml.safe_load(file.read_text())["datasources"]
    }
    chosen = {each["query"] for each in variables("fuse-calls").values() if "query" in each}
    assert kinds <= chosen


def test_the_dashboards_are_provisioned_from_one_folder():
    (file,) = (FOLDER / "provisioning" / "dashboards").glob("*.yaml")
    (provider,) = yaml.safe_load(file.read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] in file.read_text().splitlines()[0]
