"""Entries that are kept give the bytes, the counts and the facts that each gives alone."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.builders.call_strategies import any_details, entries, listed_calls
from support.builders.call_values import make_call, make_entry
from support.oracle.renderer import OracleRenderer
from support.scale import scaled

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import CallLog, Entry, LogCompleteness, LogState
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.limits import Limits, Most
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
    TextPart,
    TextRule,
)
from fuse_otel.core.model.telemetry import Profile, Signal

RULES = OwnRules(
    allow=(KeyRule("to"), KeyRule("headers", frozenset({"rest"}))),
    drop=(KeyRule("body"),),
    patterns=(PatternRule(r"[qx]{2,}", "own"),),
    texts=tuple(map(TextRule, TextPart)),
)
_LIMITS = (Limits(), Limits(Most(128, 20), Most(6, 300), 1), Limits(Most(4, 2048), Most(96, 9), 0))
_FACTS = ("1234567890123", "order 300060;001;1529552581", "token=300060;001;1529552581", 1, True)
_lines = st.sampled_from(
    ("Sending", "User input: 1 (dtmf)", "User input: 123", "User input: 456", "No input",
     "No match: some words (speech)", "No match: more words (speech)",
     "User input: 00-397febcfe393a21165cd78119200344b-bb6947cede4fed1d-01", "HTTPError: gone",
     "Welcome", "Request failed: HTTP 503", "Welcome 300060;001;1529552581",
     'Executing application "A" version "1"')
)  # fmt: skip
_keys = st.sampled_from(("type", "prompt_id", "status", "error", "url", "to", "body", "attempts"))
_values = st.sampled_from((*_FACTS, "static", "dynamic", "HTTPError", "https://a.com/api/x?y=1"))
_usual = st.builds(
    Entry,
    index=st.just(0),
    log_class=st.sampled_from(("info", "prompt", "prompt", "error", "event", "audit")),
    line=_lines,
    timestamp=st.sampled_from((1_700_000_000, 1_700_000_007, None)),
    module_type=st.sampled_from(("menu", "rest", "transfer", "prompt", "start", "call log")),
    result_variable=st.sampled_from(("a", "b")),
    data=st.dictionaries(_keys, _values, max_size=2),
)
options = st.builds(
    ModelOptions,
    error_policy=st.sampled_from(("any", "last")),
    pseudonym_key=st.sampled_from((None, b"key")),
    severities=st.sampled_from(({}, {"audit": (13, "WARN"), "event": (10, "INFO2")})),
    url_templates=st.sampled_from(((), ("/api/{thing}",))),
    redaction=st.builds(Redaction, st.sampled_from(Mode), st.sampled_from((OwnRules(), RULES))),
    pages_redaction=st.sampled_from(Mode),
    limits=st.sampled_from(_LIMITS),
)
session_ids = st.sampled_from(("300060;001;1529552581", "1234567890123", "x"))
sent = st.one_of(st.none(), st.integers(0, 12))


@st.composite
def calls(draw):
    """Calls that have many entries in common, and entries that differ in one part."""
    known = draw(st.lists(_usual, min_size=1, max_size=3))
    known += [replace(each, data={**each.data, draw(_keys): draw(_values)}) for each in known]
    known += [replace(each, line=draw(_lines)) for each in known[:1]]
    known += draw(st.lists(entries(), max_size=1))
    return [
        (
            replace(draw(listed_calls), session_id=draw(session_ids)),
            _log(draw(st.lists(st.sampled_from(known), min_size=3, max_size=12))),
            draw(any_details),
            draw(sent),
        )
        for _ in range(draw(st.integers(2, 4)))
    ]


def _log(chosen):
    numbered = (
        Entry(at, e.log_class, e.line, e.timestamp, e.module_type, e.result_variable, e.data)
        for at, e in enumerate(chosen)
    )
    return CallLog(LogState.PRESENT, tuple(numbered), len(chosen))


def renderings(redaction):
    return [
        Rendering(f"{signal}-{profile}", signal, profile, (Lane("here", signal),), redaction)
        for signal in Signal
        for profile in (Profile.GENERIC, Profile.LOKI)
    ]


@settings(max_examples=scaled(60))
@given(calls(), options)
def test_a_call_is_rendered_as_it_is_without_a_table(made, chosen):
    wanted = renderings(chosen.redaction)
    renderer, oracle = Renderer(chosen, wanted), OracleRenderer(chosen, wanted)
    for _ in range(2):
        for call in made:
            assert renderer.render(*call) == oracle.render(*call)


def test_an_entry_with_the_id_of_a_call_is_redacted_anew_in_that_call():
    chosen = ModelOptions(redaction=Redaction(Mode.STANDARD))
    wanted = renderings(chosen.redaction)
    renderer, oracle = Renderer(chosen, wanted), OracleRenderer(chosen, wanted)
    log = _log([make_entry("token=300060;001;1529552581", "rest", "r")] * 4)
    for session_id in ("other;001;1529552581", "300060;001;1529552581"):
        call = make_call(session_id=session_id), log, LogCompleteness.OPEN
        assert renderer.render(*call) == oracle.render(*call)
