"""Somebody follows docs/first-hour.md from a copy of the repository to a call in Jaeger: each block
runs as it is there. The simulator is the account. Only the ports are others.
"""

import re
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block, shell_blocks
from support.patience import PATIENCE
from support.peers.account import account
from support.peers.waiting import wait_for

from fuse_otel import __version__

pytestmark = pytest.mark.slow

PAGE = "docs/first-hour.md"
ELSEWHERE = {"make demo\n"}  # tests/e2e/test_demo.py
# They end the wait for more entries, and keep the calls of the tests apart in a shared Jaeger.
QUICK = """
export FUSE_OTEL_SETTLE=0 FUSE_OTEL_GROW=0 FUSE_OTEL_MAX_REQUESTS_PER_SECOND=100
export FUSE_OTEL_LISTEN=127.0.0.1:0 FUSE_OTEL_ENVIRONMENT={0} FUSE_OTEL_NAMESPACE={0}
"""


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, ("docker",))
    program = made.repository / ".venv" / "bin" / "fuse-otel"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m fuse_otel "$@"\n')
    program.chmod(0o755)
    return made


def works(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(desk, *words):
    return subprocess.run(
        [sys.executable, "-m", "fuse_otel", *words],
        env=desk.environment(), check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


def block(part):
    return shell_block(PAGE, part)


def in_a_shell(part):
    """The block in a shell where the block for the PATH has run."""
    return f"{block('.venv/bin:$PATH').splitlines()[0]}\n{block(part)}"


def settings(desk):
    return desk.home / "fuse-otel" / "fuse-otel.env"


def with_ports_of_the_test(file, tenant, api, jaeger):
    text = file.read_text()
    for page, here in (
        ("http://127.0.0.1:8765/api", api.url),
        ("http://localhost:4318", jaeger.url("http")),
        ("http://localhost:16686", jaeger.url("query")),
    ):
        assert page in text
        text = text.replace(page, here)
    file.write_text(text + QUICK.format(tenant))


@contextmanager
def daemon(desk):
    """The block with ``run`` in the background; what it logs."""
    log = desk.root / "log"
    script = in_a_shell("fuse-otel run\n").replace("fuse-otel run", "exec fuse-otel run")
    with log.open("w") as stream:
        process = subprocess.Popen(
            ["/bin/sh", "-eu", "-c", script],
            cwd=desk.repository, env=desk.environment(), stdout=stream, stderr=stream,
        )  # fmt: skip
        try:
            yield log
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0, log.read_text()


def address(log):
    found = wait_for(lambda: re.search(r"listen=(\S+)", log.read_text()), "a port")
    return f"http://{found[1]}"


def test_a_call_is_found_in_jaeger_at_the_end_of_the_page(desk, jaeger, tenant, tmp_path):
    works(desk.run(block("<<'END'\nexport FUSE_OTEL_EMAIL")))
    works(desk.run(block("FUSE_OTEL_API_URL")))
    assert settings(desk).stat().st_mode & 0o777 == 0o600
    with account(tenant, tmp_path, 6) as calls:
        with_ports_of_the_test(settings(desk), tenant, calls.api, jaeger)
        checked = works(desk.run(in_a_shell("check --online")))
        assert len(re.findall("^ok  ", checked, re.MULTILINE)) == 4
        expected = calls.expected()
        with daemon(desk) as log:
            wait_for(lambda: all(map(jaeger.trace, expected)), "every trace")
            assert re.search("^default +up ", works(desk.run(in_a_shell("status\n"))), re.MULTILINE)
            assert link_of_a_call(address(log)) in {
                f"{jaeger.url('query')}/trace/{trace}" for trace in expected
            }


def link_of_a_call(pages):
    """The link to the back end on the page of the first call in the list."""
    listed = httpx.get(f"{pages}/calls/", timeout=PATIENCE).text
    call = re.search(r'href="([^"/]+%3B[^"]+)"', listed)[1]
    page = httpx.get(f"{pages}/calls/{call}", timeout=PATIENCE).text
    # The page of the hour names the link as it is.
    name = re.search(r"\*(Open the trace at localhost)\*", (ROOT / PAGE).read_text())[1]
    assert f">{name.rpartition(' ')[0]} " in page
    return re.search(r'href="(http[^"]+/trace/[0-9a-f]{32})"', page)[1]


def test_the_program_of_the_copy_is_on_the_path(desk):
    assert works(desk.run(block(".venv/bin:$PATH"))) == f"fuse-otel {__version__}\n"


def test_the_delivered_calls_of_the_demo_are_drawn(desk):
    """What the demo delivers has the form that ``convert`` prints."""
    saved = ROOT / "tests" / "data" / "samples"
    words = ("convert", "--session-id", "300060;001;1529552581", str(saved / "call-300060.json"))
    (desk.repository / "demo").mkdir()
    (desk.repository / "demo" / "calls.jsonl").write_text(works(program(desk, *words)))
    desk.add("less", "cat")
    assert "300060;001;1529552581" in works(desk.run(block("demo/calls.jsonl")))


def test_jaeger_listens_where_the_settings_deliver_and_lead(desk):
    works(desk.run(block("docker run")))
    ((_, words),) = desk.noted("docker")
    ports = {words[at + 1].split(":")[1] for at, word in enumerate(words) if word == "--publish"}
    text = block("<<'END'\nexport FUSE_OTEL_EMAIL")
    assert ports == set(re.findall(r"//localhost:(\d+)", text))


def test_every_block_of_the_page_belongs_to_a_test():
    here = {
        block(part)
        for part in (
            ".venv/bin:$PATH", "demo/calls.jsonl", "docker run",
            "<<'END'\nexport FUSE_OTEL_EMAIL", "FUSE_OTEL_API_URL", "check --online",
            "fuse-otel run\n", "status\n",
        )
    }  # fmt: skip
    assert set(shell_blocks(PAGE)) == ELSEWHERE | here
