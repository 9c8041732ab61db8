"""The incidents on the page of operations name alerts and panels that exist."""

import re

import pytest
from support.incidents.incident import INCIDENTS
from support.incidents.page import PAGE, alerts_on_the_page, on_the_page
from support.pages.alert_rules import ALERTS
from support.pages.grafana_dashboards import DASHBOARDS, panels

SEVERITIES = {rule["alert"]: rule["labels"]["severity"] for rule in ALERTS}
TITLES = {board["title"]: uid for uid, board in DASHBOARDS.items()}
# Without them the incident would go unnoticed.
EXPECTED = {
    "plum-down": {"FuseOtelAccountDown", "FuseOtelPollStale"},
    "back-end-down": {"FuseOtelLaneDown"},
    "module-fails": {"FuseHttpModuleFailing", "FuseCallErrorRateHigh"},
}


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.key)
def test_a_table_has_the_alerts_that_matter_and_nobody_is_paged(incident):
    alerts = alerts_on_the_page(incident.key)
    assert alerts >= EXPECTED[incident.key]
    assert {SEVERITIES[alert] for alert in alerts} == {"ticket"}


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.key)
def test_a_table_has_the_panels_of_its_incident(incident):
    rows = re.findall(r"^\| \*([^:|]+): ([^*]+)\*", on_the_page(incident.key), re.MULTILINE)
    assert [(TITLES[board], panel) for board, panel in rows] == [
        (shown.board, shown.panel) for shown in incident.panels
    ]


def test_a_panel_in_the_text_exists():
    text = PAGE.read_text().partition("## Three incidents\n")[2].partition("\n## ")[0]
    named = re.findall(r"\*(" + "|".join(TITLES) + r"): ([^*]+)\*", text)
    assert len(named) > 15
    for board, panel in named:
        assert panel in {each["title"] for each in panels(TITLES[board])}
