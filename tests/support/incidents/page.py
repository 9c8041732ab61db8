"""The tables of the incidents on the page of operations, between comments that name them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from support.incidents.incident import HOUR, MINUTE, Firing, Incident, Recorded, Shown
from support.pages.grafana_dashboards import DASHBOARDS
from support.pages.repository import ROOT

PAGE = ROOT / "docs" / "operations.md"
_DAY = 24 * HOUR
# Labels that say the same in every row.
_PLAIN = {"__name__", "alertname", "alertstate", "severity", "component", "job", "instance", "burn"}
_TITLES = {board: made["title"] for board, made in DASHBOARDS.items()}


def tables(recorded: Recorded) -> str:
    firings, panels = recorded.shown()
    return f"{_alerts(recorded.incident, firings)}\n\n{_panels(recorded.incident, panels)}"


def on_the_page(key: str) -> str:
    begin, end = _marks(key)
    found = re.search(f"{re.escape(begin)}(.*?){re.escape(end)}", PAGE.read_text(), re.DOTALL)
    assert found, f"{begin} is missing on {PAGE.name}"
    return found[1].strip()


def write(key: str, text: str) -> None:
    begin, end = _marks(key)
    before, _, rest = PAGE.read_text().partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def alerts_on_the_page(key: str) -> set[str]:
    return set(re.findall(r"^\| \[`(\w+)`\]", on_the_page(key), re.MULTILINE))


def clock(seconds: float) -> str:
    """Of the first day, or of the next one."""
    day, rest = divmod(seconds, _DAY)
    text = f"{int(rest // HOUR)}:{int(rest % HOUR // MINUTE):02}"
    return f"{text} (next day)" if day else text


def _marks(key: str) -> tuple[str, str]:
    return f"<!-- {key}: measured by `make incidents` -->", f"<!-- end of {key} -->"


def _alerts(incident: Incident, firings: Sequence[Firing]) -> str:
    rows = ["| alert | fires from | until | for |", "|---|---|---|---|"]
    for each in firings:
        first, last = (clock(incident.begin + at) for at in (each.first, each.last))
        over = each.last + incident.scrape < incident.end - incident.begin
        link = f"[`{each.alert}`](#{each.alert.lower()})"
        rows.append(f"| {link} | {first} | {last if over else 'the end'} | {_named(each.labels)} |")
    return "\n".join(rows)


def _named(labels: Mapping[str, str]) -> str:
    return ", ".join(f"`{value}`" for name, value in labels.items() if name not in _PLAIN)


def _panels(incident: Incident, panels: Sequence[Sequence[float | None]]) -> str:
    times = " | ".join(clock(moment) for moment in incident.moments)
    rows = [f"| panel | {times} |", "|---|" + "---|" * len(incident.moments)]
    for shown, values in zip(incident.panels, panels, strict=True):
        cells = " | ".join(_written(shown, value) for value in values)
        rows.append(f"| {_title(shown)} | {cells} |")
    return "\n".join(rows)


def _title(shown: Shown) -> str:
    column = "" if shown.ref == "A" else f" ({shown.ref})"
    chosen = "".join(f", `{value}`" for value in shown.of.values())
    return f"*{_TITLES[shown.board]}: {shown.panel}*{column}{chosen}"


def _written(shown: Shown, value: float | None) -> str:
    if value is None:
        return "none"
    match shown.unit:
        case "share":
            text = f"{100 * value:.0f} %"
        case "s":
            text = _duration(value)
        case "cpm":
            text = f"{value:.1f}/min"
        case "reqps":
            text = f"{60 * value:.1f}/min"
        case "bytes":
            text = f"{value / 1e6:.2f} MB"
        case _:
            text = f"{value:.0f}"
    return text


def _duration(seconds: float) -> str:
    for size, unit in ((_DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
