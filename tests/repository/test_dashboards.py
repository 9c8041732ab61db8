"""The dashboards are what their code makes, and follow the rules of a good dashboard."""

import re
from itertools import combinations

import pytest
from grafana_foundation_sdk.models import units
from support.pages.alert_rules import RECORDED, unknown
from support.pages.grafana_dashboards import (
    DASHBOARDS,
    QUERIES,
    charts,
    panels,
    variables,
    with_rows,
)
from support.pages.promql import existing_metrics, metrics_of

from deploy.grafana.__main__ import dashboards
from fuse_otel.instrumentation.metric_family import ACCOUNT
from fuse_otel.instrumentation.metric_table import BY_NAME, FAMILIES, LANE, LOOP

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN = {
    "fuse-calls": ("account", "application"),
    "fuse-call-flow": ("account", "application"),
    "fuse-otel": ("job", "instance", "account", "destination"),
}
COLUMNS = 24
UNITS = {value for value in vars(units).values() if isinstance(value, str)}
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
    numbers = [panel["id"] for panel in with_rows(board)]
    assert len(numbers) == len(set(numbers))


@boards
def test_no_panel_covers_another_one_or_leaves_the_grid(board):
    places = {each["id"]: each["gridPos"] for each in DASHBOARDS[board]["panels"]}
    for place in places.values():
        assert place["x"] + place["w"] <= COLUMNS
    for one, other in combinations(places.values(), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


@boards
def test_the_panels_of_a_line_fill_it_and_have_one_height(board):
    lines = {}
    for each in DASHBOARDS[board]["panels"]:
        place = each["gridPos"]
        lines.setdefault(place["y"], []).append((place["w"], place["h"]))
    for y, sizes in lines.items():
        assert sum(width for width, _ in sizes) == COLUMNS, y
        assert len({height for _, height in sizes}) == 1, y


@boards
def test_every_chart_has_a_unit_and_queries_with_different_letters(board):
    for panel in charts(board):
        settings = panel["fieldConfig"]
        overridden = [
            setting["value"]
            for override in settings["overrides"]
            for setting in override["properties"]
            if setting["id"] == "unit"
        ]
        assert {settings["defaults"]["unit"], *overridden} <= UNITS, panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert all(letters)
        assert len(letters) == len(set(letters)), panel["title"]


@boards
def test_the_reader_chooses_the_data_source(board):
    assert variables(board)["datasource"]["query"] == "prometheus"
    chosen = {
        f"${{{name}}}": variable["query"]
        for name, variable in variables(board).items()
        if variable["type"] == "datasource"
    }
    for panel in panels(board):
        for source in (panel["datasource"], *(each["datasource"] for each in panel["targets"])):
            assert source["type"] == chosen[source["uid"]], panel["title"]
    for variable in variables(board).values():
        if variable["type"] == "query":
            assert variable["datasource"] == SOURCE
            # When the time range changes, so do the values that there are.
            assert variable["refresh"] == 2


@boards
def test_a_dashboard_has_the_variables_that_its_queries_use(board):
    asked = {name for name, each in variables(board).items() if each["type"] == "query"}
    assert asked == set(CHOSEN[board])
    for name in asked:
        query = variables(board)[name]["query"]
        metric, label = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", query).groups()
        assert label == name
        assert label in existing_metrics()[metric]


@queries
def test_a_query_selects_by_every_variable_whose_label_the_metric_has(query):
    for metric, matchers in re.findall(r"\b([a-z]\w+)\{([^}]*)\}", query.expression):
        labels = existing_metrics().get(metric, {"job", "instance"})
        for name in labels & set(CHOSEN[query.board]):
            # Grafana quotes a value for a regular expression only where several can be chosen.
            compares = "=~" if variables(query.board)[name]["multi"] else "="
            # A loop has an account or a destination: the other label is empty.
            assert re.search(rf'\b{name}{compares}"\|?\${name}"', matchers), metric
            assert ("|$" in matchers) == (metric == "fuse_otel_loop_errors_total")


@queries
def test_a_legend_names_labels_of_its_query_and_is_short(query):
    named = re.findall(r"\{\{(\w+)\}\}", query.legend)
    for label in named:
        assert re.search(rf"by \([^)]*\b{label}\b", query.expression)
    words = re.sub(r"\{\{\w+\}\}", "", query.legend)
    assert len(words) <= 50
    assert len(named) <= 4


@queries
def test_no_query_returns_a_line_without_a_name(query):
    assert "vector(" not in query.expression


@queries
def test_a_query_names_metrics_and_labels_that_exist(query):
    drawn = query.panel == "Call flow"
    own = {"source", "target", "id", "secondarystat"} if drawn else set()
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


@queries
def test_a_gap_in_scraping_is_no_event(query):
    """A series that was absent before a gap looks like a new one, with all that it ever counted."""
    assert not re.search(r"\bunless\b.*\boffset\b", query.expression)


def test_rare_events_are_of_families_that_begin_at_0():
    rare = [each for each in QUERIES if '"none"' in each.expression]
    assert len(rare) > 5
    begun = {(), ACCOUNT, LANE, LOOP}
    for each in rare:
        (name,) = metrics_of(each.expression) - {"fuse_otel_build_info"}
        assert BY_NAME[name].open_labels in begun, each


def test_every_family_is_shown():
    shown = {name for query in QUERIES for name in metrics_of(query.expression)}
    missing = {f.name for f in FAMILIES if not {f.name, f"{f.name}_bucket"} & shown}
    assert missing == {
        "fuse_log_entries_total",
        # Alerts tell these, and other panels show what they do.
        "fuse_otel_config_last_reload_successful",
        "fuse_otel_last_successful_poll_timestamp_seconds",
        "fuse_otel_store_moved_aside_timestamp_seconds",
    }


def test_a_failed_request_of_a_module_is_one_for_the_alert_too():
    rule = RECORDED["account_application_module_server:fuse_http_failures:increase15m"]["expr"]
    (query,) = [
        each for each in QUERIES if (each.panel, each.ref) == ("REST and SOAP modules", "failed")
    ]
    failures = r'status_class=~"([^"]+)"'
    assert re.findall(failures, query.expression) == re.findall(failures, rule) != []


def test_a_lane_is_shown_for_each_daemon():
    lanes = [each for each in QUERIES if re.search(r"by \([^)]*\bsignal\b", each.expression)]
    assert len(lanes) > 10
    for each in lanes:
        assert "instance, destination, signal" in each.expression
        if each.legend:
            assert {"instance", "destination", "signal"} <= set(re.findall(r"\w+", each.legend))


def test_reading_is_shown_for_each_account():
    panels_of = {
        "Headroom",
        "Lag of reading",
        "API latency",
        "API responses",
        "API errors",
        "State of the accounts",
    }
    found = [each for each in QUERIES if each.board == "fuse-otel" and each.panel in panels_of]
    assert {each.panel for each in found} == panels_of
    for each in found:
        assert re.search(r"by \([^)]*\baccount\b", each.expression), each


@pytest.mark.parametrize("title", ["Headroom", "Least headroom", "State of the accounts"])
def test_the_headroom_has_the_thresholds_of_its_alerts(title):
    (panel,) = [each for each in charts("fuse-otel") if each["title"] == title]
    of_column = [
        setting["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == "headroom"
        for setting in override["properties"]
        if setting["id"] == "thresholds"
    ]
    limits = of_column[0] if of_column else panel["fieldConfig"]["defaults"]["thresholds"]
    assert [(each["color"], each["value"]) for each in limits["steps"]] == [
        ("red", None),
        ("yellow", 86_400),
        ("green", 3 * 86_400),
    ]
