"""From a listed call and its log to the OTLP bytes of every rendering: object by object, without
any table.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from fuse_otel.core.encoding.renderer import RenderedCall, distinct
from fuse_otel.core.model.call import CallLog, ListedCall, LogCompleteness
from fuse_otel.core.model.ids import session_key
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Profile, Signal
from support.oracle.size_limit import fit_records, fit_spans
from support.oracle.telemetry import Telemetry
from support.oracle.translate import transform
from support.oracle.writer import encode_logs, encode_traces


class OracleRenderer:
    """Built once from the options; ``render`` is pure. A call is translated once for each
    redaction: those of the renderings, that of the pages and that of the metrics.
    """

    def __init__(
        self,
        options: ModelOptions,
        renderings: Sequence[Rendering],
    ) -> None:
        self.renderings = tuple(renderings)
        sent = list(dict.fromkeys(rendering.redaction for rendering in renderings))
        pages = options.redaction.of_the_pages(options.pages_redaction)
        metrics = options.redaction.of_the_metrics
        every = list(dict.fromkeys((*sent, pages, metrics)))
        self._variants = tuple(
            (
                replace(options, redaction=each),
                _profiles(renderings, each),
            )
            for each in every
        )
        self._pages, self._metrics = every.index(pages), every.index(metrics)
        self._sent = len(sent) or 1  # so many of the variants are sent, the first ones
        self._parts = tuple((each, every.index(each.redaction)) for each in renderings)

    def render(
        self,
        call: ListedCall,
        log: CallLog,
        details: LogCompleteness,
        sent_entries: int | None = None,
    ) -> RenderedCall:
        """Raises nothing, for any call. With ``sent_entries`` the call was exported before with so
        many entries: only new entries and executions are encoded, the executions marked late.
        """
        encoders = [
            _Encoder(
                transform(call, log, details, options, sent_entries),
                options.loki_stream_attribute,
                profiles,
            )
            for options, profiles in self._variants
        ]
        pages = encoders[self._pages]
        return RenderedCall(
            session_id=session_key(call.session_id),
            trace_id=pages.telemetry.trace_id.hex(),
            start=pages.telemetry.summary.start,
            end=pages.telemetry.summary.end,
            details=details,
            entries=max(log.count, sent_entries or 0),
            parts={
                rendering.id: part
                for rendering, variant in self._parts
                if (part := encoders[variant].part(rendering))[0]
            },
            traces=pages.traces,
            logs=pages.logs(Profile.GENERIC),
            summary=encoders[self._metrics].telemetry.summary,
            tally=_tally([encoder.telemetry for encoder in encoders[: self._sent]]),
        )


def _profiles(renderings: Sequence[Rendering], redaction: Redaction) -> AbstractSet[Profile]:
    """Those for which logs with this redaction are written."""
    return {
        each.profile
        for each in renderings
        if each.signal is Signal.LOGS and each.redaction == redaction
    }


def _tally(sent: Sequence[Telemetry]) -> Tally:
    """Redactions and truncations of all that is sent. Anomalies of a call count once."""
    tally = sent[0].tally
    for other in sent[1:]:
        tally.redactions.update(other.tally.redactions)
        tally.truncations.update(other.tally.truncations)
    return tally


class _Encoder:
    """Encodes a call once for each profile with bytes of its own."""

    def __init__(
        self, telemetry: Telemetry, stream_attribute: str, profiles: AbstractSet[Profile]
    ) -> None:
        self.traces = b""
        # The size limit is measured on the largest. Loki's has a resource for each hour.
        self._largest = Profile.LOKI if Profile.LOKI in profiles else Profile.GENERIC
        self.telemetry = telemetry
        self._stream_attribute = stream_attribute
        self._logs: dict[Profile, bytes] = {}
        fit_records(telemetry, self._logs_size)
        fit_spans(telemetry, self._traces_size)

    def part(self, rendering: Rendering) -> tuple[bytes, int]:
        if rendering.signal is Signal.TRACES:
            return self.traces, len(self.telemetry.spans)
        return self.logs(rendering.profile), len(self.telemetry.records)

    def logs(self, profile: Profile) -> bytes:
        profile = distinct(Signal.LOGS, profile)
        if profile not in self._logs:
            self._logs[profile] = encode_logs(self.telemetry, profile, self._stream_attribute)
        return self._logs[profile]

    def _logs_size(self, _: Telemetry) -> int:
        self._logs.clear()
        return len(self.logs(self._largest))

    def _traces_size(self, telemetry: Telemetry) -> int:
        self.traces = encode_traces(telemetry)
        return len(self.traces)
