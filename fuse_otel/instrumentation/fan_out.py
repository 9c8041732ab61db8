"""One ``emit`` for many subscribers."""

from __future__ import annotations

from fuse_otel.events import Emit, Event, LoopFailed


def fan_out(*subscribers: Emit) -> Emit:
    """What is emitted reaches every subscriber, in their order. Raises nothing.

    A subscriber that fails loses that event and no other; the rest is told by a ``LoopFailed`` of
    the loop ``instrumentation``, so that a metric counts it and the log names it.
    """

    def emit(event: Event) -> None:
        for place, subscriber in enumerate(subscribers):
            failure = _tell(subscriber, event)
            if failure is not None:
                for other in subscribers[:place] + subscribers[place + 1 :]:
                    _tell(other, failure)

    return emit


def _tell(subscriber: Emit, event: Event) -> LoopFailed | None:
    try:
        subscriber(event)
    except Exception as error:  # noqa: BLE001 - a broken log must stop neither polling nor metrics
        return LoopFailed.of("instrumentation", error)
    return None
