"""How the daemon shows what it does: metrics, its log, its own traces. All of them subscribe to
events, and contain no decisions.

Import the subscribers from their own files: ``metrics`` needs prometheus_client and
``self_traces`` the OpenTelemetry SDK, which most commands must not load.
"""

from __future__ import annotations

from fuse_otel.core.model.lane import LoopName
from fuse_otel.events import Emit, Event, LoopFailed


def fan_out(*subscribers: Emit) -> Emit:
    """One ``emit`` that reaches every subscriber, in their order. Raises nothing.

    A subscriber that fails loses that event. The others get a ``LoopFailed`` of the loop
    ``instrumentation``, so that a metric counts it and the log names it.
    """

    def emit(event: Event) -> None:
        for place, subscriber in enumerate(subscribers):
            failure = _deliver(subscriber, event)
            if failure is not None:
                for other in subscribers[:place] + subscribers[place + 1 :]:
                    _deliver(other, failure)

    return emit


def _deliver(subscriber: Emit, event: Event) -> LoopFailed | None:
    try:
        subscriber(event)
    except Exception as error:  # noqa: BLE001 - a broken log must stop neither polling nor metrics
        return LoopFailed.of(LoopName("instrumentation"), error)
    return None


__all__ = ["fan_out"]
