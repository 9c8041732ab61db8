"""The metrics of the calls of one event, summed before they go into the registry."""

from __future__ import annotations

from collections.abc import Sequence

from fuse_otel.instrumentation.instruments import Instruments

Labels = tuple[str, ...]


class BatchSums:
    """``exemplar`` is the trace id of the present call: each series gets that of its last call.
    ``begun`` holds the labels whose series have begun, over all events.
    """

    def __init__(self, instruments: Instruments, begun: set[tuple[str, Labels]]) -> None:
        self._instruments = instruments
        self._begun = begun
        self._counts: dict[tuple[str, Labels], float] = {}
        self._exemplars: dict[tuple[str, Labels], str] = {}
        self.exemplar = ""

    def add(self, name: str, labels: Labels, count: float = 1) -> None:
        """A count of 0 makes a series that has no value yet begin."""
        series = (name, labels)
        self._counts[series] = self._counts.get(series, 0) + count
        if count and self.exemplar:
            self._exemplars[series] = self.exemplar

    def add_of(self, name: str, labels: Labels, value: Labels, every: Sequence[Labels]) -> None:
        """``every`` value of the last labels is known. All their series begin with the first one,
        because a query sees no increase in a series that begins with its first event.
        """
        if (name, labels) not in self._begun:
            self._begun.add((name, labels))
            for each in every:
                self.add(name, (*labels, *each), 0)
        self.add(name, (*labels, *value))

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Observed at once: a histogram takes no sums."""
        exemplar = {"trace_id": self.exemplar}
        self._instruments.histogram(name, *labels).observe(max(seconds, 0.0), exemplar)

    def write(self) -> None:
        for series, count in self._counts.items():
            name, labels = series
            trace_id = self._exemplars.get(series)
            exemplar = {"trace_id": trace_id} if trace_id else None
            self._instruments.counter(name, *labels).inc(count, exemplar)
