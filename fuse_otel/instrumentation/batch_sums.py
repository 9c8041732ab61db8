"""The metrics of the calls of one event, summed before they go into the registry."""

from __future__ import annotations

from fuse_otel.instrumentation.instruments import Instruments

Labels = tuple[str, ...]


class BatchSums:
    """Each series gets the trace id of its last call as an exemplar. ``begun`` holds the labels
    whose series have begun, over all events.
    """

    def __init__(self, instruments: Instruments, begun: set[tuple[str, Labels]]) -> None:
        self._instruments = instruments
        self._begun = begun
        self._counts: dict[tuple[str, Labels], float] = {}
        self._exemplars: dict[tuple[str, Labels], dict[str, str]] = {}
        self._exemplar: dict[str, str] | None = None

    def begin_call(self, trace_id: str) -> None:
        """What is added from now on belongs to that call, to none if it is empty."""
        self._exemplar = {"trace_id": trace_id} if trace_id else None

    def add(self, name: str, labels: Labels, count: float = 1) -> None:
        """A count of 0 makes a series that has no value yet begin."""
        series = (name, labels)
        self._counts[series] = self._counts.get(series, 0) + count
        if count and self._exemplar:
            self._exemplars[series] = self._exemplar

    def add_known(self, name: str, labels: Labels, *values: str) -> None:
        """All ``values`` of the last labels are known. All their series begin with the first one,
        because a query sees no increase in a series that begins with its first event.
        """
        if (name, labels) not in self._begun:
            self._begun.add((name, labels))
            self._instruments.begin(name, *labels)
        self.add(name, (*labels, *values))

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Observed at once: a histogram takes no sums."""
        self._instruments.histogram(name, *labels).observe(max(seconds, 0.0), self._exemplar)

    def write(self) -> None:
        for series, count in self._counts.items():
            name, labels = series
            self._instruments.counter(name, *labels).inc(count, self._exemplars.get(series))
