"""The figures of the page on sizing are what simulated calls need."""

import re

import msgspec
import pytest
from support.builders.call_values import KEY, listed_of
from support.builders.store_values import seen, step
from support.pages.repository import ROOT
from support.rigs.poller_rig import DAY, HOUR, LOGS, START, TRACES, PollerRig
from support.rigs.sqlite_file import opened

from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.simulator.world import World

PAGE = (ROOT / "docs" / "sizing.md").read_text()
CALLS = 200
IN_A_REQUEST = 20
TOLERANCE = 0.1


def row(title):
    """The first number after the title of a row."""
    found = re.search(rf"^\| {re.escape(title)} \| ([\d.,]+)", PAGE, re.MULTILINE)
    return float(found[1].replace(",", ""))


def near(value):
    return pytest.approx(value, rel=TOLERANCE)


@pytest.fixture(scope="module")
def rendered():
    world = World(seed=1, rate=1.0, past=CALLS, start=START)
    renderer = Renderer(ModelOptions(), (TRACES, LOGS))
    made = []
    for call in world.starting(START - CALLS, START):
        listed = listed_of(call, KEY)
        log, _ = decode_call(msgspec.json.encode(world.entries(call.session_id)))
        made.append(renderer.render(listed, log, log_completeness(listed, log)))
    return made


@pytest.mark.parametrize(("signal", "items"), [("traces", "spans"), ("logs", "log records")])
def test_the_volume_of_a_call(rendered, signal, items):
    parts = [each.parts[signal] for each in rendered]
    assert sum(count for _, count in parts) / len(parts) == near(row(items))
    plain = [part for part, _ in parts]
    size = sum(map(len, plain)) / len(plain)
    assert size / 1000 == near(row(f"{signal} as OTLP, without compression"))
    requests = [plain[at : at + IN_A_REQUEST] for at in range(0, len(plain), IN_A_REQUEST)]
    packed = sum(len(deflate(b"".join(each))) for each in requests) / len(plain)
    assert packed / 1000 == near(row(f"{signal} as OTLP, with gzip"))


def test_the_entries_of_a_call(rendered):
    assert sum(each.entries for each in rendered) / len(rendered) == near(row("log entries"))


FORMULA = re.search(r"^    86,400 / P \+ ([\d.]+) \+ ([\d.]+) . C$", PAGE, re.MULTILINE)


def made_in(rig, warm_up, seconds):
    """The requests of a day at the rate of ``seconds`` after ``warm_up``."""
    rig.run(warm_up)
    before = rig.requests
    rig.run(seconds)
    return {each: count * DAY / seconds for each, count in (rig.requests - before).items()}


def test_the_lists_of_an_account():
    """With hardly any call, when all rescans have begun. Rare polls keep the test short."""
    rig = PollerRig(
        world=World(seed=7, rate=1 / DAY, past=3 * HOUR, start=START), since=HOUR, poll_interval=300
    )
    assert made_in(rig, 6 * HOUR, 4 * HOUR)["calls"] == near(DAY / 300 + float(FORMULA[1]))


def test_the_single_logs_of_an_account():
    calls = 5000
    rig = PollerRig(
        world=World(seed=7, rate=calls / DAY, past=HOUR / 2, start=START), since=0, poll_interval=30
    )
    made = made_in(rig, HOUR / 6, HOUR / 3)
    assert made["call"] == near(calls * float(FORMULA[2]))
    assert "all_logs" not in made


def test_the_ledger(tmp_path):
    """The growth of the file by rows of the ledger alone, in whole pages."""
    calls, path = 5000, tmp_path / "state.db"
    sizes = []
    for numbers in (range(0), range(calls)):
        with opened(path) as store:
            rows = tuple(seen(f"{number:06};001;1795495416") for number in numbers)
            store.ledger.lease("main").commit(step(seen=rows))
        sizes.append(path.stat().st_size)
    assert (sizes[1] - sizes[0]) / calls == near(row("ledger"))
