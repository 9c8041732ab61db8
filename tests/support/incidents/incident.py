"""The incidents of the page of operations: a day at Plum, the back end and a web service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.incidents.recording import Recording, Value
from support.pages.grafana_dashboards import QUERIES
from support.rigs.long_run import FaultInterval, LongRun

MINUTE, HOUR = 60.0, 3600.0
MIDNIGHT = 1_791_763_200.0  # Monday, 2026-10-12, UTC
BEGIN = 13 * HOUR  # the clock of all incidents


@dataclass(frozen=True)
class Shown:
    """A query of a panel. ``of`` are the labels of the series that is shown."""

    board: str
    panel: str
    unit: str
    ref: str = "A"
    of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Firing:
    """When an alert fired for the first and the last time, in seconds since the run's start."""

    alert: str
    labels: Mapping[str, str]
    first: float
    last: float


@dataclass(frozen=True)
class Incident:
    """Times in seconds of its first day. ``moments``: when somebody looks at the panels. ``rate``
    in calls a second; ``scrape``: seconds between two scrapes.
    """

    key: str
    since: float
    until: float
    end: float
    moments: Sequence[float]
    panels: Sequence[Shown]
    places: Sequence[str] = ()
    service: bool = False
    rate: float = 0.1
    scrape: float = MINUTE
    poll: str = "30s"
    begin: float = BEGIN

    def run(self, folder: Path) -> Recorded:
        faults = [
            FaultInterval(place, "503", MIDNIGHT + self.since, MIDNIGHT + self.until)
            for place in self.places
        ]
        if "api" in self.places:
            faults = [FaultInterval("api", "down", MIDNIGHT + self.since, MIDNIGHT + self.until)]
        failing = {"since": MIDNIGHT + self.since, "until": MIDNIGHT + self.until}
        start = MIDNIGHT + self.begin
        with LongRun(
            folder,
            rate=self.rate,
            past=HOUR,
            faults=faults,
            start=start,
            scrape=self.scrape,
            services=failing if self.service else {"since": 0.0},
            FUSE_OTEL_SINCE="10m",
            FUSE_OTEL_POLL_INTERVAL=self.poll,
        ) as run:
            run.run(MIDNIGHT + self.end)
            return Recorded(self, Recording(run.scrapes(), start, self.scrape), folder)


@dataclass(frozen=True)
class Recorded:
    incident: Incident
    recording: Recording
    folder: Path

    def shown(self) -> tuple[list[Firing], list[list[float | None]]]:
        """Every alert that fired, by its first time; and of each panel the value at each moment,
        the largest one if it has several series. One run of promtool answers all.
        """
        incident = self.incident
        end = incident.end - incident.begin
        times = f'timestamp(ALERTS{{alertstate="firing"}})[{end:.0f}s:{incident.scrape:.0f}s]'
        asked = [(end, f"{each}_over_time({times})") for each in ("min", "max")]
        asked += [
            (moment - incident.begin, _filled(shown))
            for shown in incident.panels
            for moment in incident.moments
        ]
        first, last, *values = self.recording.evaluate(asked, self.folder)
        answers = iter(values)
        panels = [
            [_value(shown, next(answers)) for _ in incident.moments] for shown in incident.panels
        ]
        return _firings(first, last), panels


def _firings(first: Sequence[Value], last: Sequence[Value]) -> list[Firing]:
    ends = {tuple(sorted(each.labels.items())): each.value for each in last}
    found = [
        Firing(
            each.labels["alertname"],
            each.labels,
            each.value,
            ends[tuple(sorted(each.labels.items()))],
        )
        for each in first
    ]
    return sorted(found, key=lambda firing: (firing.first, firing.alert))


def _filled(shown: Shown) -> str:
    (query,) = [
        each
        for each in QUERIES
        if (each.board, each.panel, each.ref) == (shown.board, shown.panel, shown.ref)
    ]
    return query.filled("5m", **EVERYTHING)


def _value(shown: Shown, values: Sequence[Value]) -> float | None:
    chosen = [each.value for each in values if shown.of.items() <= each.labels.items()]
    return max(chosen, default=None)


CHARGE = {"module": "charge"}
LANE = {"destination": "default", "signal": "traces"}
EVERYTHING = dict.fromkeys(("account", "application", "destination", "job", "instance"), ".+")
INCIDENTS = (
    Incident(
        "plum-down",
        since=14 * HOUR,
        until=16 * HOUR,
        end=17.5 * HOUR,
        rate=0.05,
        places=("api",),
        moments=(13.9 * HOUR, 14.75 * HOUR, 15.95 * HOUR, 16.1 * HOUR, 17.25 * HOUR),
        panels=(
            Shown("fuse-calls", "Calls by application", "cpm"),
            Shown("fuse-otel", "API errors", "errors"),
            Shown("fuse-otel", "Lag of reading", "s"),
            Shown("fuse-otel", "Headroom", "s"),
            Shown("fuse-otel", "Still to read", "s"),
        ),
    ),
    Incident(
        "back-end-down",
        since=14 * HOUR,
        until=38 * HOUR,
        end=42 * HOUR,
        rate=0.02,
        scrape=2 * MINUTE,
        poll="2m",
        places=("traces", "logs"),
        moments=(13.9 * HOUR, 14.5 * HOUR, 37.9 * HOUR, 38.2 * HOUR, 41.9 * HOUR),
        panels=(
            Shown("fuse-calls", "Calls by application", "cpm"),
            Shown("fuse-otel", "Waiting calls by lane", "calls", of=LANE),
            Shown("fuse-otel", "Age of the oldest waiting call", "s", of=LANE),
            Shown("fuse-otel", "Outbox and its cap", "bytes"),
            Shown("fuse-otel", "Headroom", "s"),
            Shown("fuse-otel", "Items that were not accepted", "items", of=LANE),
            Shown("fuse-otel", "Responses of destinations", "reqps", of=LANE | {"code": "503"}),
        ),
    ),
    Incident(
        "module-fails",
        since=14 * HOUR + 5 * MINUTE,
        until=15 * HOUR + 5 * MINUTE,
        end=17 * HOUR,
        rate=0.15,
        service=True,
        moments=(14 * HOUR, 14.25 * HOUR, 14.5 * HOUR, 15 * HOUR, 16 * HOUR),
        panels=(
            Shown(
                "fuse-calls",
                "Share of calls with an error",
                "share",
                of={"application": "Pay By Phone"},
            ),
            Shown("fuse-calls", "Errors by module", "cpm", of=CHARGE),
            Shown("fuse-calls", "REST and SOAP modules", "share", "failed", of=CHARGE),
            Shown("fuse-calls", "REST and SOAP modules", "requests", "requests", of=CHARGE),
            Shown("fuse-calls", "Transfers by result", "cpm", of={"result": "far_end_disconnect"}),
        ),
    ),
)
