"""PromQL over the metric families of the daemon, of the chosen daemons, accounts and lanes."""

from __future__ import annotations

from fuse_otel.instrumentation.metric_table import FAMILIES

_DAEMONS = 'job=~"$job",instance=~"$instance"'
_CHOSEN = ("account", "destination")
_LABELS = {family.name: family.labels for family in FAMILIES}
RATE = "$__rate_interval"


def of(family: str, where: str = "") -> str:
    """The series of the chosen daemons, and of the chosen accounts and destinations if the family
    has them. A loop has an account or a destination, so that the other label is empty.
    """
    labels = _LABELS.get(family.removesuffix("_bucket"), ())
    chosen = [label for label in _CHOSEN if label in labels]
    empty = "|" if len(chosen) == len(_CHOSEN) else ""
    selected = [f'{label}=~"{empty}${label}"' for label in chosen]
    return f"{family}{{{','.join(filter(None, [_DAEMONS, *selected, where]))}}}"


def least(family: str, by: str) -> str:
    return f"min by ({by}) ({of(family)})"


def most(family: str, by: str) -> str:
    return f"max by ({by}) ({of(family)})"


def rate(family: str, by: str, *, every: float = 1) -> str:
    """Events a second, or a minute with ``every=60``."""
    counted = f"sum by ({by}) (rate({of(family)}[{RATE}]))"
    return f"{every:g} * {counted}" if every != 1 else counted


def counted(family: str, by: str, window: str = RATE) -> str:
    return f"sum by ({by}) (increase({of(family)}[{window}]))"


def rare(family: str, by: str, window: str = RATE) -> str:
    """The increase, and the line ``none`` where there is no series and a daemon answers."""
    kind = by.rsplit(", ", maxsplit=1)[-1]
    none = f"0 * group ({of('fuse_otel_build_info')})"
    return f'{counted(family, by, window)} or on () label_replace({none}, "{kind}", "none", "", "")'


def quantile(q: float, family: str, by: str, window: str = RATE) -> str:
    function = "rate" if window == RATE else "increase"
    buckets = f"{function}({of(f'{family}_bucket')}[{window}])"
    return f"histogram_quantile({q}, sum by (le, {by}) ({buckets}))"
