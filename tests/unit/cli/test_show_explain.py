"""Which rule made, changed or dropped what: ``show --explain``, and other redactions."""

import json
import time

import pytest
from support.builders.saved_files import SESSION, save
from support.builders.store_values import recent, step

from fuse_otel.cli import main
from fuse_otel.cli.saved_calls import render_saved
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.store import open_store

SECRETS = ("2125550123", "jo@example.com", "hunter2", "Hello Jo", "4111")
ENTRIES = [
    {
        "event": {
            "line": line,
            "data": {"module_type": module, "result_variable": "x", **data},
        },
        "class": log_class,
        "timestamp": 1575898405,
    }
    for line, module, log_class, data in (
        ('Executing application "Pay" version "1"', "start", "info", {}),
        ("Hello Jo", "prompt", "prompt", {"type": "dynamic", "prompt_id": 7}),
        ("User input: 4111 (dtmf)", "menu", "event", {"to": "jo@example.com"}),
        ("Request: GET https://u:hunter2@a.com/x", "rest", "info", {"status": 503, "a": 1}),
        ("nobody knows", "menu", "debug", {"2125550123": 1, "status": "x"}),
        ("Exiting application", "exit", "info", {}),
    )
]


@pytest.fixture
def saved(tmp_path):
    return save(tmp_path, "saved.json", ENTRIES)


def shown(capsys, *words, code=0):
    assert main(["show", *words, "--session-id", SESSION]) == code
    out, complaints = capsys.readouterr()
    return (out, complaints) if code else out


def test_every_attribute_says_what_made_it(saved, capsys):
    out = shown(capsys, saved, "--explain")
    told = [line for line in out.splitlines() if line.startswith("    ")]
    assert any(line.split()[0] == "fuse.call.direction" for line in told)
    for name, source in (
        ("session.id", "the data model"),
        ("service.name", "the data model"),
        ("fuse.prompt.id", "data 'prompt_id' of entry 1"),
        ("fuse.input.length", "the line of entry 2"),
        ("http.response.status_code", "data 'status' of entry 3"),
        ("url.full", "the line of entry 3"),
    ):
        lines = [line for line in told if line.split()[0] == name]
        assert lines
        assert all(line.endswith(f"< {source}") for line in lines), name


def test_what_was_taken_says_by_which_rule_and_is_not_repeated(saved, capsys):
    out = shown(capsys, saved, "--explain")
    for line in (
        "    the line: changed by prompt, the text of a prompt that is not the same for",
        "    the line: changed by input, what a caller keyed or spoke; its length stays",
        "    data 'to' of entry 2: dropped by key, a key of an entry's data that is not allowed",
        "    data 'a' of entry 3: dropped by key, a key of an entry's data that is not allowed",
        "    data '[digits]' of entry 4: dropped by key,",
    ):
        assert line in out
    assert not [secret for secret in SECRETS if secret in out]


def test_explaining_changes_nothing_of_what_is_drawn(saved, capsys):
    plain = shown(capsys, saved, "--records")
    assert shown(capsys, saved, "--records", "--explain").startswith(plain)
    assert shown(capsys, saved, "--otlp", "--explain") == shown(capsys, saved, "--otlp")


def test_a_saved_answer_is_read_under_any_redaction(saved, capsys):
    standard = shown(capsys, saved, "--records", "--redaction", "standard")
    assert "Hello Jo" in standard
    assert "4111" not in standard
    assert "User input: 4111 (dtmf)" in shown(capsys, saved, "--records", "--redaction", "off")
    assert "changed by secret" in shown(capsys, saved, "--explain", "--redaction", "standard")


def test_own_rules_are_tried_on_a_saved_answer(saved, tmp_path, capsys):
    config = tmp_path / "fuse-otel.toml"
    config.write_text(
        "[[redaction_rules]]\nallow = 'a'\n[[redaction_rules]]\ndrop = 'status'\n"
        "[[redaction_rules]]\npattern = 'Pay'\nname = 'shop'\n"
        "[[redaction_rules]]\nallow_text = 'url_path'\nmodules = ['soap', 'rest']\n"
        "module_names = ['x']\n"
    )
    out = shown(capsys, saved, "--explain", "--config", str(config))
    value = "fuse.data.a                          1"
    assert f"{value}  < data 'a' of entry 3, by your rule `allow a`" in out
    assert "data 'status' of entry 3: dropped by drop, your rule `drop status`" in out
    assert "the line: allowed by your rule `allow_text url_path of rest, soap named x`" in out
    assert "the line: changed by shop, a pattern of your own rules" in out


@pytest.mark.parametrize("redaction", ["strict", "standard", "off"])
def test_a_rule_is_named_only_for_what_would_not_leave_without_it(tmp_path, capsys, redaction):
    entries = [
        {
            "event": {"line": line, "data": {"module_type": kind, "result_variable": "x", **data}},
            "class": "info",
            "timestamp": 1575898405,
        }
        for line, kind, data in (
            ("Comparing gold == gold: true", "compare variable", {}),
            ("User input: 2 (dtmf)", "menu", {}),
            ("Request: GET https://a.com/x", "rest", {"status": 503, "a": 1}),
        )
    ]
    config = tmp_path / "fuse-otel.toml"
    rules = [f"allow_text = '{each}'" for each in ("operands", "input", "url_path")]
    rules += ["allow = 'status'", "allow = 'a'"]
    config.write_text("".join(f"[[redaction_rules]]\n{rule}\n" for rule in rules))
    saved = save(tmp_path, "saved.json", entries)
    words = ("--explain", "--redaction", redaction)
    without = shown(capsys, saved, *words)
    out = shown(capsys, saved, *words, "--config", str(config))
    made, before = (
        {tuple(line.partition("  < ")[0].split()) for line in text.splitlines() if "  < " in line}
        for text in (out, without)
    )
    credited = {
        tuple(line.partition("  < ")[0].split())
        for line in out.splitlines()
        if ", by your rule" in line
    }
    assert credited == made - before
    assert ("fuse.input.value", "2") in credited
    assert ("fuse.compare.result", "True") not in credited
    changed = "Comparing gold == gold: true" not in without
    assert ("the line: allowed by your rule `allow_text operands`" in out) == changed


def test_a_redaction_that_is_none_is_reported_in_a_sentence(saved, capsys):
    assert main(["show", saved, "--redaction", "loose"]) == 78
    assert '"loose" is not supported. Use strict, standard or off.' in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--explain",), ("--redaction", "off")])
def test_what_is_redacted_already_is_drawn_and_the_rest_is_reported(
    saved, words, tmp_path, capsys, monkeypatch
):
    lines = tmp_path / "otlp.jsonl"
    assert main(["convert", saved, "--session-id", SESSION, "--output", str(lines)]) == 0
    url = f"sqlite:///{tmp_path / 'state.db'}"
    monkeypatch.setenv("FUSE_OTEL_STATE_URL", url)
    store = open_store(url, capacity=1 << 20, clock=time.time)
    (call,) = render_saved(json.dumps(ENTRIES).encode(), SESSION, ModelOptions())
    held = recent(SESSION, trace_id=call.trace_id, traces=call.traces, logs=call.logs)
    store.ledger.lease("default").commit(step(recent=[held]))
    store.close()
    for name in (str(lines), SESSION):
        out, complaint = shown(capsys, name, *words, code=1)
        assert "It is already redacted" in complaint
        assert out


def test_convert_writes_under_any_redaction(saved, capsys):
    def attributes(*words):
        assert main(["convert", saved, "--session-id", SESSION, *words]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return json.dumps(lines)

    assert "fuse.data" not in attributes()
    assert '"fuse.data.a"' in attributes("--redaction", "standard")
    assert '"fuse.pii.input"' in attributes("--redaction", "off")
