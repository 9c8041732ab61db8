import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.builders.call_values import (
    APPLICATION,
    END,
    EXIT,
    SAMPLES,
    SESSION,
    START,
    make_call,
    make_entry,
    make_log,
    sample_call,
)

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import MISSING_LOG, LogCompleteness, log_completeness
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.limits import MAX_CALL, Limits, Most
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import KeyRule, Mode, OwnRules, Redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.translation.attribute_limits import limited


def rendering(name, signal, profile=Profile.GENERIC):
    return Rendering(name, signal, profile, (Lane("here", signal),))


TRACES = rendering("t", Signal.TRACES)
TEMPO = rendering("tempo", Signal.TRACES, Profile.TEMPO)
LOGS = rendering("l", Signal.LOGS)
LOKI = rendering("loki", Signal.LOGS, Profile.LOKI)


def rendered(log, renderings=(TRACES, LOGS), call=None, sent=None, **options):
    call = call or make_call()
    renderer = Renderer(ModelOptions(**options), renderings)
    return renderer.render(call, log, log_completeness(call, log), sent)


def spans_of(data):
    (resource,) = ExportTraceServiceRequest.FromString(data).resource_spans
    return resource.scope_spans[0].spans


def records_of(data):
    return [
        record
        for resource in ExportLogsServiceRequest.FromString(data).resource_logs
        for record in resource.scope_logs[0].log_records
    ]


def attributes_of(thing):
    return {pair.key: pair.value for pair in thing.attributes}


def test_nothing_private_of_the_documented_sample_is_in_the_bytes():
    call, log = sample_call()
    out = rendered(log, call=call)
    everything = out.traces + out.logs + repr(out.summary).encode()
    for private in ("tests@plumgroup.com", "This is the subject", "This is the body", "2125551234"):
        assert private in (SAMPLES / "call-300060.json").read_text() + "2125551234"
        assert private.encode() not in everything
    assert b"Sending email" in out.logs


@pytest.mark.parametrize("mode", [Mode.STANDARD, Mode.OFF])
def test_the_pages_show_the_mode_that_is_set_and_nothing_else_changes(mode):
    call, log = sample_call()
    sent = Redaction(mode)
    wanted = [Rendering("t", Signal.TRACES, Profile.GENERIC, (), sent)]
    strict = rendered(log, wanted, call, redaction=sent)
    open_pages = rendered(log, wanted, call, redaction=sent, pages_redaction=mode)
    assert open_pages.traces == open_pages.parts["t"][0] != strict.traces
    assert b"This is the body" in open_pages.traces + open_pages.logs
    assert b"This is the body" not in strict.traces + strict.logs
    # Metrics count by the summary.
    assert open_pages.summary == strict.summary
    assert open_pages.tally == strict.tally


def test_a_second_renderer_makes_the_same_bytes():
    call, log = sample_call()
    assert rendered(log, call=call) == rendered(log, call=call)


def test_the_call_is_described_for_the_ledger():
    out = rendered(make_log(APPLICATION, EXIT))
    assert (out.session_id, out.start, out.end) == (SESSION, START, END)
    assert (out.details, out.entries) == (LogCompleteness.FULL, 2)
    assert out.trace_id == spans_of(out.traces)[0].trace_id.hex()


def test_each_rendering_has_its_part_and_says_how_many_are_in_it():
    out = rendered(make_log(APPLICATION, EXIT), (TRACES, TEMPO, LOGS, LOKI))
    assert out.parts["t"] == out.parts["tempo"] == (out.traces, 3)
    assert out.parts["l"] == (out.logs, 2)
    assert out.parts["loki"][1] == len(records_of(out.parts["loki"][0])) == 2
    assert b"service.instance.id" in out.parts["loki"][0]
    assert b"service.instance.id" not in out.logs


def test_a_rendering_with_nothing_to_send_is_absent():
    assert set(rendered(MISSING_LOG).parts) == {"t"}
    assert set(rendered(make_log(APPLICATION, EXIT), sent=2).parts) == set()


def test_the_ledger_never_forgets_entries_that_were_sent():
    assert rendered(MISSING_LOG, sent=7).entries == 7
    assert rendered(make_log(APPLICATION, EXIT), sent=1).entries == 2


TOO_MANY = 1400  # of entries of 2 KB


def crowd(count, **kinds):
    text = "word " * 400
    places = {place: name for name, where in kinds.items() for place in where}
    return make_log(
        *(
            make_entry(
                text if places.get(place) != "error" else "Request timed out",
                "prompt",
                f"p{place % 7}",
                places.get(place, "prompt"),
                type="static",
            )
            for place in range(count)
        )
    )


@pytest.mark.slow
def test_a_call_too_large_loses_debug_records_first():
    debug = make_entry("Sent", "email", "x", "debug")
    log = make_log(*[make_entry("word " * 400, log_class="prompt", type="static")] * 1000,
                   *[debug] * 3000)  # fmt: skip
    out = rendered(log)
    left = records_of(out.logs)
    assert len(out.logs) <= MAX_CALL
    assert len(left) == 1000
    assert {record.severity_text for record in left} == {"INFO"}
    root = attributes_of(spans_of(out.traces)[0])
    assert root["fuse.truncated"].bool_value
    assert root["fuse.dropped_entries"].int_value == 3000
    assert out.tally.truncations["entries"] == 3000


@pytest.mark.slow
def test_of_the_others_the_last_go_and_errors_stay():
    out = rendered(crowd(TOO_MANY, error=[TOO_MANY - 1]))
    left = records_of(out.logs)
    assert MAX_CALL * 0.8 < len(out.logs) <= MAX_CALL
    assert left[-1].severity_text == "ERROR"
    times = [record.time_unix_nano for record in left]
    assert times == sorted(times)
    assert out.parts["l"][1] == len(left)


@pytest.mark.slow
def test_lokis_larger_rendering_fits_too():
    hours = [make_entry("Sent", at=START + 3600 * hour, name=f"x{hour}") for hour in range(24)]
    log = make_log(*hours, *crowd(TOO_MANY).entries)
    out = rendered(log, (LOKI,), resource_attributes={"wide": "x" * 2000})
    assert len(out.parts["loki"][0]) <= MAX_CALL


@pytest.mark.slow
def test_a_call_of_too_many_executions_keeps_its_root_and_its_errors():
    names = [make_entry("Sent", "menu", f"m{place}") for place in range(12_000)]
    failed = make_entry("Request timed out", "rest", "r", "error")
    out = rendered(make_log(*names, failed))
    left = spans_of(out.traces)
    assert len(out.traces) <= MAX_CALL
    assert (left[0].name, left[-1].name) == ("call plum-fuse", "rest r")
    assert attributes_of(left[0])["fuse.truncated"].bool_value
    assert out.tally.truncations["executions"] == 12_002 - len(left)
    assert out.parts["t"][1] == len(left)


@pytest.mark.slow
def test_growth_too_large_marks_no_root_it_does_not_send():
    out = rendered(crowd(TOO_MANY), sent=1)
    assert len(out.logs) <= MAX_CALL
    assert all("fuse.truncated" not in attributes_of(span) for span in spans_of(out.traces))


@pytest.mark.parametrize(("size", "cut"), [(2048, 0), (2049, 1)])
def test_long_values_are_cut_and_counted(size, cut):
    tally = Tally()
    assert limited({"a": "x" * size, "b": 1}, Most(10, 2048), tally) == {
        "a": "x" * 2048,
        "b": 1,
    }
    assert tally.truncations["value"] == cut


def test_the_first_attributes_stay_and_the_cut_is_counted():
    tally = Tally()
    many = {str(number): number for number in range(10)}
    assert list(limited(many, Most(3, 2048), tally)) == ["0", "1", "2"]
    assert tally.truncations == {"attributes": 1}


def test_a_call_is_written_for_each_redaction_and_the_pages_stay_strict():
    rules = OwnRules(allow=(KeyRule("queue"),))
    strict, standard = (Redaction(mode, rules) for mode in (Mode.STRICT, Mode.STANDARD))
    renderings = [
        Rendering(redaction.id, Signal.LOGS, Profile.GENERIC, (), redaction)
        for redaction in (strict, standard)
    ]
    log = make_log(APPLICATION, make_entry("Hello Jo", "evaluate js", queue="gold"), EXIT)
    out = rendered(log, renderings, redaction=strict)
    assert b"Hello Jo" in out.parts[standard.id][0]
    assert b"Hello Jo" not in out.parts[strict.id][0]
    assert b"fuse.data.queue" in out.parts[strict.id][0]
    assert b"fuse.data.queue" not in out.logs


def test_what_is_taken_is_counted_for_what_is_sent():
    log = make_log(make_entry("Hello Jo", "evaluate js", x="jo@example.com"))
    off, standard = (
        Rendering(mode, Signal.LOGS, Profile.GENERIC, (), Redaction(mode))
        for mode in (Mode.OFF, Mode.STANDARD)
    )
    assert rendered(log, (off,)).tally.redactions == {}
    assert rendered(log, (off, standard)).tally.redactions == {"email": 1}
    assert rendered(log, ()).tally.redactions == {"key": 1, "line": 1}


def test_the_limits_of_the_standard_hold_for_every_span_and_record():
    limits = Limits(span=Most(7, 20), record=Most(6, 9), links=1)
    links = [f"00-{n:032x}-{n:016x}-01" for n in (1, 2, 3)]
    entries = [make_entry("x", "rest", "r" * 30, headers=link) for link in links]
    out = rendered(make_log(APPLICATION, *entries, EXIT), limits=limits)
    for span in spans_of(out.traces):
        assert len(span.attributes) <= 7
        assert len(span.links) <= 1
        assert all(len(value.string_value) <= 20 for value in attributes_of(span).values())
    assert max(len(span.links) for span in spans_of(out.traces)) == 1
    for record in records_of(out.logs):
        assert len(record.attributes) <= 6
        assert all(len(value.string_value) <= 9 for value in attributes_of(record).values())
    assert out.tally.truncations["links"] == 1
    assert out.tally.truncations["attributes"] > 0


def test_every_text_of_a_list_is_cut():
    tally = Tally()
    cut = limited({"a": ("xxxx", "y"), "b": ("z",)}, Most(9, 2), tally)
    assert cut == {"a": ("xx", "y"), "b": ("z",)}
    assert tally.truncations == {"value": 1}
