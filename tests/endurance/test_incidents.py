"""The third incident of the page of operations, shortened: a REST module begins to fail."""

import shutil
from dataclasses import replace

import pytest
from support.incidents.incident import HOUR, INCIDENTS, MINUTE
from support.incidents.page import alerts_on_the_page

SINCE = 14 * HOUR + 5 * MINUTE


@pytest.mark.proof
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing")
def test_a_module_that_fails_is_named_and_nothing_else_fires(tmp_path):
    (incident,) = [each for each in INCIDENTS if each.service]
    assert incident.since == SINCE
    short = replace(
        incident, begin=SINCE - 10 * MINUTE, end=SINCE + 20 * MINUTE, moments=(), panels=()
    )
    fired, _ = short.run(tmp_path).shown()
    failing = [each for each in fired if each.alert == "FuseHttpModuleFailing"]
    # Reception sends some of its callers on to it.
    assert "Pay By Phone" in {each.labels["application"] for each in failing}
    assert {each.labels["module"] for each in failing} == {"charge"}
    assert {each.labels["server_address"] for each in failing} == {"gateway.example.com"}
    assert all(short.begin + each.first > SINCE for each in failing)
    assert {each.alert for each in fired} <= alerts_on_the_page(incident.key)
