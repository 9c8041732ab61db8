"""``make demo BACK_ENDS=1`` delivers to Jaeger and VictoriaLogs, and prints links to a call."""

import html
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from support.pages.repository import ROOT
from support.patience import PATIENCE
from support.peers.program_of import program
from support.peers.waiting import wait_for
from support.rigs.program import environment

pytestmark = pytest.mark.slow


@contextmanager
def demo(folder, *arguments, **settings):
    """The process, in a group of its own as on a terminal, and the file of its output."""
    output = folder / "output"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.back_ends.demo", "--directory", folder, *arguments],
            env=environment(PYTHONPATH=str(ROOT / "tests"), **settings),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process, output
        finally:
            process.terminate()
            process.wait(PATIENCE)


def link(output, pattern):
    found = wait_for(lambda: re.search(pattern, output.read_text(), re.MULTILINE), pattern)
    return found[1]


def answer(url, **parameters):
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        return client.get(url, params=parameters).raise_for_status()


def names_of(found):
    return {span["operationName"] for trace in found.json()["data"] for span in trace["spans"]}


def links_of_a_call(pages):
    """From the page of a call to the back ends; those in the list are older than the last poll."""
    oldest = re.findall(r'href="([^"/]+%3B[^"]+)"', answer(pages).text)[-1]
    page = answer(f"{pages}{oldest}").text
    return re.findall(r'href="([^"]+)" rel="noreferrer"', html.unescape(page))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_call_is_behind_the_links_until_the_demo_ends(ending, tmp_path):
    assert program("jaeger")
    assert program("victorialogs")
    with demo(tmp_path) as (process, output):
        trace = link(output, r"^  trace, as JSON +(http://\S+/api/traces/\w+)\?prettyPrint=true$")
        assert "  own traces  of its polls" in output.read_text()
        polls = link(
            output, r"^  polls, as JSON +(http://\S+)\?service=fuse-otel&prettyPrint=true$"
        )
        wait_for(
            lambda: "poll" in names_of(answer(polls, service="fuse-otel")),
            "the daemon's own traces",
        )
        # Without a range its page shows five minutes, and the demo's first calls are older.
        logs = r"^  logs +(http://\S+)/select/vmui/#/\?query=\S+&g0\.range_input=7d$"
        page = link(output, logs)
        # The Jaeger that is built here answers every page of its own with an apology.
        assert not re.search(r"http://\S+/trace/", output.read_text())
        assert answer(link(output, r"^Jaeger +(\S+) \(API only")).json()["data"]
        to_trace, to_logs = links_of_a_call(link(output, r"^  calls +(http\S+)$"))
        assert answer(to_trace).json()["data"]
        assert re.fullmatch(rf"{page}/select/vmui/#/\?query=\S+&g0\.range_input=7d", to_logs)
        spans = answer(trace).json()["data"][0]["spans"]
        assert any(span["operationName"].startswith("call ") for span in spans)
        query = {"query": f'trace_id:="{trace.rpartition("/")[2]}"'}
        wait_for(lambda: answer(f"{page}/select/logsql/query", **query).text, "its log records")
        if ending == signal.SIGINT:
            os.killpg(process.pid, ending)
        else:
            process.send_signal(ending)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(httpx.ConnectError):
            answer(trace)


def test_without_built_back_ends_it_is_the_plain_demo(tmp_path):
    nothing = tmp_path / "nothing"
    with demo(tmp_path, "--seconds", "1", FUSE_OTEL_BACK_ENDS=str(nothing)) as (process, output):
        assert process.wait(PATIENCE) == 0
    told = output.read_text()
    assert "Jaeger is not built. `make back-ends` builds it." in told
    assert f"delivers to {tmp_path}/calls.jsonl" in told
    assert f" show {tmp_path}/calls.jsonl\n" in told
    # A file is no back end for them.
    assert "own traces" not in told
