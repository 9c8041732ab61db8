"""PromQL over the metric families of the daemon."""

from __future__ import annotations

OF = 'job=~"$job",instance=~"$instance"'


def of(family: str, where: str = "") -> str:
    return f"{family}{{{','.join(filter(None, [OF, where]))}}}"


def least(family: str, by: str) -> str:
    return f"min by ({by}) ({of(family)})"


def most(family: str, by: str = "") -> str:
    return f"max by ({by}) ({of(family)})" if by else f"max ({of(family)})"


def rate(family: str, by: str, *, every: float = 1) -> str:
    """Events a second, or a minute with ``every=60``."""
    counted = f"sum by ({by}) (rate({of(family)}[$__rate_interval]))"
    return f"{every:g} * {counted}" if every != 1 else counted


def rare(family: str, by: str) -> str:
    """Events of a kind that has no series before its first one."""
    return f"sum by ({by}) (increase({of(family)}[$__rate_interval])) or vector(0)"


def quantile(q: float, family: str, by: str) -> str:
    buckets = of(f"{family}_bucket")
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({buckets}[$__rate_interval])))"
