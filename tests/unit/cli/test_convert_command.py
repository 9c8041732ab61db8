"""``fuse-otel convert``."""

import hashlib
import hmac
import io
import json
import sys

import pytest
from support.builders.saved_files import ENTRIES, SESSION, listed, run_command, save, trace_id

from fuse_otel.cli import main
from fuse_otel.cli.commands import convert
from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def spans(request):
    return request["resourceSpans"][0]["scopeSpans"][0]["spans"]


def records(request):
    return request["resourceLogs"][0]["scopeLogs"][0]["logRecords"]


def attributes(member):
    return {pair["key"]: pair["value"].get("stringValue") for pair in member["attributes"]}


def test_each_call_is_a_line_of_traces_and_a_line_of_logs(tmp_path, capsys):
    calls = {"calls": [listed("a;1"), listed("b;2")]}
    assert run_command(convert, save(tmp_path, "all_logs.json", calls)) == 0
    found = lines(capsys)
    assert [list(line) for line in found] == [["resourceSpans"], ["resourceLogs"]] * 2
    names = [span["name"] for span in spans(found[0])][1:]
    assert names == ["start start", "prompt var_0", "rest lookup", "exit hangup"]
    assert len(records(found[1])) == len(ENTRIES)
    assert [spans(line)[0]["traceId"] for line in found[::2]] == [trace_id("a;1"), trace_id("b;2")]


@pytest.mark.parametrize("name", [f"{SESSION}.json", SESSION.replace(";", "%3B") + ".json"])
def test_a_bare_list_of_entries_is_the_call_its_file_is_named_after(tmp_path, capsys, name):
    file = save(tmp_path, name, ENTRIES)
    assert run_command(convert, file) == 0
    printed = capsys.readouterr()
    assert spans(json.loads(printed.out.splitlines()[0]))[0]["traceId"] == trace_id(SESSION)
    assert printed.err == f"{file}: the session id is taken from the file name: {SESSION}.\n"


@pytest.mark.parametrize("name", ["call-300060.json", "300060.json", "a b;c.json", "log;.json"])
def test_a_file_name_that_is_no_session_id_names_no_call(tmp_path, capsys, name):
    file = save(tmp_path, name, ENTRIES)
    assert run_command(convert, file) == 1
    assert capsys.readouterr().err == (
        f"{file}: it is a bare list of entries, which does not say whose call it is. "
        "Name it with --session-id.\n"
    )


def test_a_bare_list_of_entries_takes_the_session_id_that_is_given(tmp_path, capsys):
    file = save(tmp_path, "saved.json", ENTRIES)
    assert run_command(convert, file, "--session-id", SESSION, "--namespace", "eu") == 0
    assert spans(lines(capsys)[0])[0]["traceId"] == trace_id(SESSION, "eu")


def test_a_call_named_by_its_file_lasts_from_its_first_entry_to_its_last(tmp_path, capsys):
    run_command(convert, save(tmp_path, f"{SESSION}.json", ENTRIES))
    root = spans(lines(capsys)[0])[0]
    assert int(root["startTimeUnixNano"]) // 10**9 == ENTRIES[0]["timestamp"]
    assert int(root["endTimeUnixNano"]) // 10**9 == ENTRIES[-1]["timestamp"]


def test_standard_input_is_read_for_a_dash(monkeypatch, capsys):
    data = io.BytesIO(json.dumps(listed()).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert run_command(convert, "-") == 0
    assert spans(lines(capsys)[0])[0]["traceId"] == trace_id(SESSION)


def test_standard_input_names_no_call(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(ENTRIES).encode())))
    assert run_command(convert, "-") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "-: it is a bare list of entries, which does not say whose call it is. "
        "Name it with --session-id.\n"
    )


def test_xml_is_converted_like_json(tmp_path, capsys):
    entries = "".join(
        f"<item><event><line>{e['event']['line']}</line><data>"
        + "".join(f"<{key}>{value}</{key}>" for key, value in e["event"]["data"].items())
        + f"</data></event><class>{e['class']}</class>"
        + f"<timestamp>{e['timestamp']}</timestamp></item>"
        for e in ENTRIES
    )
    file = save(tmp_path, f"{SESSION}.xml", f"<result>{entries}</result>")
    same = save(tmp_path, f"{SESSION}.json", ENTRIES)
    assert run_command(convert, file) == 0
    from_xml = lines(capsys)
    assert run_command(convert, same) == 0
    assert from_xml == lines(capsys)


def test_a_call_without_details_says_so(tmp_path, capsys):
    for kind, changes in [
        (
            "expired",
            {"detail": {"error": "There are no call log details available for this call."}},
        ),
        ("missing", {"detail": []}),
        ("none", {"detail": [], "log": False}),
        ("open", {"detail": ENTRIES[:-1]}),
    ]:
        assert run_command(convert, save(tmp_path, "call.json", listed(**changes))) == 0
        root = spans(lines(capsys)[0])[0]
        assert attributes(root)["fuse.details"] == kind


def test_without_a_key_there_is_no_pseudonym_and_never_a_number(tmp_path, capsys):
    run_command(convert, save(tmp_path, "call.json", listed()))
    out = capsys.readouterr().out
    assert "user.hash" not in out
    assert "2125551234" not in out


def test_with_a_key_the_pseudonym_is_the_daemons(tmp_path, capsys):
    key = save(tmp_path, "key", "the key\n")
    run_command(
        convert, save(tmp_path, "c.json", listed(type="inbound")), "--pseudonym-key-file", key
    )
    expected = hmac.new(b"the key", b"12125551234", hashlib.sha256).digest()[:16].hex()
    assert attributes(spans(lines(capsys)[0])[0])["user.hash"] == expected


def test_the_key_of_the_only_account_is_the_daemons_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_EMAIL", "owner@example.com")
    monkeypatch.setenv("FUSE_OTEL_DEVELOPER_KEY", "the developer key")
    run_command(convert, save(tmp_path, "c.json", listed(type="inbound")))
    key = developer_key_pseudonym("the developer key")
    expected = hmac.new(key, b"12125551234", hashlib.sha256).digest()[:16].hex()
    assert attributes(spans(lines(capsys)[0])[0])["user.hash"] == expected


def test_of_several_accounts_nobody_knows_whose_key_it_is(tmp_path, capsys):
    account = '[[accounts]]\nname = "{0}"\nemail = "{0}@example.com"\ndeveloper_key = "{0}"\n'
    file = save(tmp_path, "c.toml", account.format("a") + account.format("b"))
    run_command(convert, save(tmp_path, "c.json", listed(type="inbound")), "--config", file)
    assert "user.hash" not in attributes(spans(lines(capsys)[0])[0])


def test_what_the_daemon_is_configured_to_log_is_logged(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_NAMESPACE", "eu")
    monkeypatch.setenv("FUSE_OTEL_ENVIRONMENT", "production")
    monkeypatch.setenv("FUSE_OTEL_RESOURCE_ATTRIBUTES", "team=voice")
    monkeypatch.setenv("FUSE_OTEL_ERROR_POLICY", "last")
    config = save(tmp_path, "c.toml", '[service_names]\n"email test" = "mail"\n')
    call = save(tmp_path, "c.json", listed())
    assert run_command(convert, call, "--config", config, "--redaction", "standard") == 0
    request = lines(capsys)[0]
    root = spans(request)[0]
    assert root["traceId"] == trace_id(SESSION, "eu")
    # The error is not in the last execution.
    assert "status" not in root
    told = attributes(request["resourceSpans"][0]["resource"])
    assert told["service.name"] == "mail"
    assert told["deployment.environment.name"] == "production"
    assert told["team"] == "voice"


@pytest.mark.parametrize("content", [None, " \n"])
def test_a_key_file_without_a_key_is_one_sentence(tmp_path, capsys, content):
    key = save(tmp_path, "key", content) if content else str(tmp_path / "nowhere")
    assert main(["convert", "x.json", "--pseudonym-key-file", key]) == 78
    captured = capsys.readouterr()
    assert captured.err.startswith("fuse-otel: --pseudonym-key-file: ")
    assert captured.err.count("\n") == 1


def test_a_file_that_cannot_be_converted_does_not_stop_the_others(tmp_path, capsys):
    good = save(tmp_path, "good.json", listed())
    bad = [save(tmp_path, "bad.json", "{nothing"), str(tmp_path / "absent"), str(tmp_path)]
    assert run_command(convert, *bad, good) == 1
    captured = capsys.readouterr()
    complaints = captured.err.splitlines()
    assert [line.split(":")[0] for line in complaints] == bad
    assert complaints[1] == f"{bad[1]}: No such file or directory. {convert.WANTED}"
    assert len(captured.out.splitlines()) == 2


def test_one_session_id_cannot_name_two_files(tmp_path, capsys):
    assert run_command(convert, "a.json", "b.json", "--session-id", SESSION) == 2
    assert "one FILE" in capsys.readouterr().err


def test_the_lines_go_to_the_output_file(tmp_path, capsys):
    file, output = save(tmp_path, "call.json", listed()), tmp_path / "otlp.jsonl"
    assert run_command(convert, file, "--output", str(output)) == 0
    assert capsys.readouterr().out == ""
    written = output.read_text(encoding="utf-8")
    assert run_command(convert, file) == 0
    assert capsys.readouterr().out == written


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    file = save(tmp_path, "call.json", listed())
    assert run_command(convert, file, "--output", str(tmp_path)) == 1
    assert capsys.readouterr().err == f"{tmp_path}: Is a directory. Choose another --output.\n"
