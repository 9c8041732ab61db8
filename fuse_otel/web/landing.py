"""The first page: what this is, whether it works, where everything else is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.ports import Status
from fuse_otel.web.html import Child, Html, tag
from fuse_otel.web.page import facts, page, problems, table

_LINKS = (
    ("status", "Status", "accounts, gaps, lanes, outbox"),
    ("calls/", "Calls", "the calls stored last, each as a waterfall"),
    ("metrics", "Metrics", "for Prometheus"),
    ("-/healthy", "Healthy", "whether the loops step"),
    ("-/ready", "Ready", "whether the store, an account and a lane work"),
)


def landing_page(
    version: str,
    status: Status,
    wrong: Sequence[str],
    config: Mapping[str, str] | None,
) -> Response:
    return page(
        "fuse-otel",
        tag("p", "Every call of a Plum Fuse phone application as one OpenTelemetry trace."),
        problems(wrong),
        facts([("Version", version), *_counts(status)]),
        tag("ul", (_link(*each) for each in _LINKS), class_="links"),
        None if config is None else _settings(config),
    )


def _counts(status: Status) -> list[tuple[str, Child]]:
    parked = sum(each.parked for each in status.lanes)
    return [
        ("Accounts", f"{len(status.accounts):,}"),
        ("Calls in the ledger", f"{sum(account.calls for account in status.accounts):,}"),
        ("Pending calls", f"{sum(account.waiting for account in status.accounts):,}"),
        # A call waits for each of its lanes, so that a sum would count it twice.
        ("Calls to deliver", f"{max((each.calls for each in status.lanes), default=0):,}"),
        ("Parked calls", tag("span", f"{parked:,}", class_="alarm" if parked else None)),
        ("Outbox", f"{humanize.size(status.used)} of {humanize.size(status.capacity)}"),
    ]


def _link(path: str, name: str, text: str) -> Html:
    return tag("li", tag("a", name, href=path), f": {text}")


def _settings(config: Mapping[str, str]) -> Html:
    return tag(
        "details",
        tag("summary", "Settings in effect"),
        table(("Setting", "Value"), config.items(), empty="All settings have their defaults."),
    )
