"""PromQL over the metric families of the calls."""

from __future__ import annotations

from dataclasses import dataclass

RANGE = "[$__range]"
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class CallQueries:
    """``of`` selects the calls of the variables. Grafana quotes the values of a variable
    for a regular expression only if several can be chosen, so a single one needs ``=``.
    """

    of: str

    def counted(self, family: str, window: str, *, by: str = "", where: str = "") -> str:
        """The increase over the time range, or for a graph the rate a minute."""
        chosen = ",".join(filter(None, [self.of, where]))
        summed = f"sum by ({by})" if by else "sum"
        if window == RATE:
            return f"60 * {summed} (rate({family}{{{chosen}}}{RATE}))"
        return f"{summed} (increase({family}{{{chosen}}}{window}))"

    def quantile(self, q: float, family: str, window: str, *, by: str = "") -> str:
        grouped = ", ".join(filter(None, ["le", by]))
        function = "rate" if window == RATE else "increase"
        buckets = f"sum by ({grouped}) ({function}({family}_bucket{{{self.of}}}{window}))"
        return f"histogram_quantile({q}, {buckets})"


def share(part: str, whole: str) -> str:
    """Between 0 and 1, and nothing where there is no whole."""
    return f"{part} / ({whole} > 0)"
