"""The pictures of call flows in the documentation: drawn of simulated applications by the code."""

import os
from contextlib import closing
from importlib.resources import files

import pytest
from support.builders.simulated_flows import simulated_store
from support.pages.repository import ROOT

from fuse_otel.views.flow import flow_report, read_flow_request
from fuse_otel.views.flow_picture import picture_of
from fuse_otel.web.flow_svg import flow_svg

PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def flows():
    with closing(simulated_store()) as store:
        yield store.flows


@pytest.mark.parametrize("application", ["Claims Line", "Pay By Phone"])
def test_a_picture_is_what_the_code_draws(flows, application):
    report = flow_report(flows, read_flow_request(application, {}, 0.0))
    style = files("fuse_otel.web").joinpath("flow.css").read_text(encoding="utf-8")
    made = flow_svg(picture_of(report), style=style) + "\n"
    page = PICTURES / f"flow-{application.lower().replace(' ', '-')}.svg"
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(made, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == made
