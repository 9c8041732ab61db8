"""How the cost of one call or entry grows with what lies around it. CPU of this process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path

import msgspec
from support.rigs.poller_rig import START

from benchmarks.recorded import RENDERINGS, Backlog
from benchmarks.stages import commit, opened, timed
from fuse_otel.core.batching.batch import cut
from fuse_otel.core.decoding.answers import decode_call, decode_calls
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import CallRecord, LogCompleteness, Seen, log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.list_calls import Paging, list_window
from fuse_otel.ports import SeenRow, Step
from fuse_otel.simulator.world import World

_IN_A_STEP = 10_000
WORK = 20_000  # entries or calls, so that a measurement takes long enough
_PAGE = 1000
_ROUNDS = 3


def ledger(backlog: Backlog, rows: int) -> float:
    """µs of a call's commit into a store that knows ``rows`` other calls."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        filled = Path(name) / "filled"
        filled.mkdir()
        _fill(filled, rows)
        for round_ in range(_ROUNDS):
            # Each round needs a store that does not know the calls yet.
            copy = shutil.copytree(filled, Path(name) / f"{round_}")
            with closing(opened(copy)) as store:
                lease = store.ledger.lease("a")
                found.append(timed(partial(commit, lease, backlog.steps))[0])
            shutil.rmtree(copy)
    return min(found) / len(backlog.calls) * 1e6


def _fill(folder: Path, rows: int) -> None:
    with closing(opened(folder)) as store:
        lease = store.ledger.lease("a")
        for first in range(0, rows, _IN_A_STEP):
            seen = [_other(n) for n in range(first, min(rows, first + _IN_A_STEP))]
            lease.commit(Step(at=START - 100_000, seen=seen))


def _other(number: int) -> SeenRow:
    end = START - 200_000 + number % 100_000
    return SeenRow(f"{number};777;{end}", Seen(end, 20, LogCompleteness.FULL))


def entries_per_call(count: int, work: int = WORK) -> float:
    """µs for each entry from the API's answer to compressed OTLP, in calls of ``count`` entries."""
    calls = max(1, work // count)
    pool = cycle(_entries())
    answers = [
        msgspec.json.encode(
            [{**entry, "timestamp": START + at} for at, entry in enumerate(islice(pool, count))]
        )
        for _ in range(calls)
    ]
    return _best(lambda: _render(answers, count)) / (calls * count) * 1e6


def _entries() -> list[dict[str, object]]:
    """Of simulated calls, one after the other."""
    world = World(seed=1, rate=1.0, past=300, start=START)
    calls = [call for call in world.starting(START - 300, START) if call.log]
    return list(chain.from_iterable(world.entries(call.session_id) for call in calls))


def _render(answers: Sequence[bytes], count: int) -> None:
    renderer = Renderer(ModelOptions(), RENDERINGS)
    rendered = []
    for at, answer in enumerate(answers):
        record = CallRecord(
            f"{at};001;{START}",
            START,
            START + count,
            "4155550100",
            "8005550100",
            "inbound",
            logged=True,
        )
        call, (log, _) = pseudonymise(record, b"key"), decode_call(answer)
        rendered.append(renderer.render(call, log, log_completeness(call, log)))
    for rendering in RENDERINGS:
        cut(rendering, rendered)


def listing(calls: int, work: int = WORK) -> float:
    """µs for each call of a listing of ``calls`` calls, page by page."""
    pages = [_page(first, min(calls, first + _PAGE), calls) for first in range(0, calls, _PAGE)]
    times = max(1, work // calls)
    return _best(lambda: [_list(pages, calls) for _ in range(times)]) / (times * calls) * 1e6


def _page(first: int, end: int, total: int) -> bytes:
    return msgspec.json.encode(
        {
            "calls": [
                {
                    "dest": "8005550100",
                    "src": f"415555{number:04}",
                    "start": START + number // 10,
                    "end": START + number // 10 + 60,
                    "session_id": f"{number};001;{START}",
                    "type": "inbound",
                    "log": True,
                }
                for number in range(first, end)
            ],
            "total_calls": total,
        }
    )


def _list(pages: Sequence[bytes], calls: int) -> None:
    scan = list_window(Window(START, START + calls), "", Paging.by(_PAGE))
    answers: Iterator[bytes] = iter(pages)
    next(scan)
    try:
        while True:
            scan.send(decode_calls(next(answers, b'{"calls":[],"total_calls":%d}' % calls)))
    except StopIteration as end:
        if len(end.value.calls) != calls:
            raise RuntimeError("the listing lacks calls") from None


def _best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round."""
    return min(timed(work)[0] for _ in range(_ROUNDS))
