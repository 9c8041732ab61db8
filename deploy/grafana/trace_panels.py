"""The daemon's own traces, as a list of the newest ones, from Jaeger or Tempo."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard, table, tempo
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.tempo import SearchTableType

from deploy.grafana.links import JAEGER, TEMPO
from deploy.grafana.panels import WHOLE

_SERVICE = "fuse-otel"
_NEWEST = 50
_HOW = (
    "The newest polls and exports of the daemon. It sends them with FUSE_OTEL_SELF_TRACES=on, to"
    " where the OTEL_EXPORTER_OTLP_ variables say. The id of a trace opens it."
)


class _JaegerQuery(Dataquery):
    """A search of Grafana's data source for Jaeger. The SDK has no class for it."""

    def to_json(self) -> dict[str, object]:
        source = DataSourceRef(type_val="jaeger", uid=f"${{{JAEGER}}}")
        return {
            "refId": "A",
            "datasource": source,
            "queryType": "search",
            "service": _SERVICE,
            "limit": _NEWEST,
        }


class _JaegerSearch(Builder[Dataquery]):
    def build(self) -> Dataquery:
        return _JaegerQuery()


def jaeger_row() -> dashboard.Row:
    return _row("Jaeger", "jaeger", JAEGER, _JaegerSearch())


def tempo_row() -> dashboard.Row:
    search = (
        tempo.TempoQuery()
        .ref_id("A")
        .datasource(DataSourceRef(type_val="tempo", uid=f"${{{TEMPO}}}"))
        .query_type("traceql")
        .query(f'{{ resource.service.name = "{_SERVICE}" }}')
        .table_type(SearchTableType.TRACES)
        .limit(_NEWEST)
    )
    return _row("Tempo", "tempo", TEMPO, search)


def _row(name: str, plugin: str, variable: str, search: Builder[Dataquery]) -> dashboard.Row:
    """A closed row asks nothing, so the one without a data source shows no error."""
    panel = (
        table.Panel()
        .title(f"Own traces in {name}")
        .description(_HOW)
        .datasource(DataSourceRef(type_val=plugin, uid=f"${{{variable}}}"))
        .unit("short")
        .span(WHOLE)
        .height(10)
        .with_target(search)
    )
    return dashboard.Row(f"Traces of the daemon itself, in {name}").with_panel(panel)
