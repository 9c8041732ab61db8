"""Links from a row of a table: to the call flow, and to the traces and log records of its calls.

Grafana puts the values of the row and of the variables in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable
from grafana_foundation_sdk.models.dashboard import VariableHide

from deploy.grafana.board import PAGES, data_source

Link = dict[str, object]
FLOW_UID = "fuse-call-flow"
TO_FLOW: Link = {
    "title": "Call flow of the application",
    "url": f"/d/{FLOW_UID}?${{datasource:queryparam}}&${{__url_time_range}}"
    "&var-account=${__data.fields.account:percentencode}"
    "&var-application=${__data.fields.application:percentencode}",
}
JAEGER, TEMPO = "jaeger_datasource", "tempo_datasource"
LOKI, VICTORIALOGS = "loki_datasource", "victorialogs_datasource"
_PLUGINS = {
    JAEGER: ("Jaeger", "jaeger"),
    TEMPO: ("Tempo", "tempo"),
    LOKI: ("Loki data source", "loki"),
    VICTORIALOGS: ("VictoriaLogs", "victoriametrics-logs-datasource"),
}
_NOW, _RANGE = {"queryType": "instant"}, {"queryType": "range"}
_PLACEHOLDER = re.compile(r"(\$\{[^}]*\})")
_APPLICATION = "${__data.fields.application:percentencode}"
_MODULE = "${__data.fields.module:percentencode}"


def chosen(name: str, *, hidden: bool = False) -> DatasourceVariable:
    """The variable of one of these data sources. ``hidden``: Grafana takes the first of its kind,
    because only links need it.
    """
    variable = data_source(name, *_PLUGINS[name])
    return variable.hide(VariableHide.HIDE_VARIABLE) if hidden else variable


def to_calls_of_module(*, failed: bool) -> list[Link]:
    """To the executions of a row's module. ``failed``: to those with an error alone."""
    error = " error=true" if failed else ""
    tags = f'fuse.module.result_variable="{_MODULE}"{error}'
    and_failed = " && status = error" if failed else ""
    of_module = f'span.fuse.module.result_variable = "{_MODULE}"{and_failed}'
    spans = f'{{ resource.service.name = "{_APPLICATION}" && {of_module} }}'
    only = " severity_text:=ERROR" if failed else ""
    words = f'service.name:="{_APPLICATION}" fuse.module.result_variable:="{_MODULE}"{only}'
    only = ' | severity_text="ERROR"' if failed else ""
    stream = f'{{service_name="{_APPLICATION}"}} | fuse_module_result_variable="{_MODULE}"{only}'
    search = {"queryType": "search", "service": _APPLICATION, "tags": tags, "limit": 20}
    return [
        _explore("Traces in Jaeger", JAEGER, search),
        _explore("Traces in Tempo", TEMPO, {"queryType": "traceql", "query": spans, "limit": 20}),
        _explore("Log records in VictoriaLogs", VICTORIALOGS, {"expr": words, **_NOW}),
        _explore("Log records in Loki", LOKI, {"expr": stream, **_RANGE}),
    ]


def to_page_of_flow() -> str:
    """The picture of the call flow in the daemon's own pages, of a dashboard's one application."""
    query = "from=${__from:date:seconds}&to=${__to:date:seconds}&account=${account:percentencode}"
    return f"${{{PAGES}}}/flow/${{application:percentencode}}?{query}"


def _explore(title: str, source: str, query: Mapping[str, object]) -> Link:
    uid = f"${{{source}}}"
    of = {"type": _PLUGINS[source][1], "uid": uid}
    pane = {
        "datasource": uid,
        "queries": [{"refId": "A", "datasource": of, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    panes = _encoded(json.dumps({"calls": pane}, separators=(",", ":")))
    return {"title": title, "url": f"/explore?schemaVersion=1&panes={panes}"}


def _encoded(text: str) -> str:
    """Percent-encoded, but for what Grafana replaces."""
    pieces = _PLACEHOLDER.split(text)
    return "".join(
        piece if _PLACEHOLDER.fullmatch(piece) else quote(piece, safe="") for piece in pieces
    )
