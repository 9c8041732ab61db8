"""kill -9 at random moments while both sides misbehave: everything is there once."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.kill_rig import KillRig
from support.scale import scaled

DAEMONS = 4


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_killed_again_and_again_everything_is_there_once(tmp_path):
    kills = -(-scaled(40, least=8) // DAEMONS)
    with ExitStack() as stack:
        rigs = []
        for number in range(DAEMONS):
            folder = tmp_path / str(number)
            folder.mkdir()
            rigs.append(stack.enter_context(KillRig(number, folder)))
        with ThreadPoolExecutor(DAEMONS) as pool:
            list(pool.map(lambda rig: rig.suffer(kills), rigs))
            wanted = list(pool.map(KillRig.recover, rigs))
    for rig, calls in zip(rigs, wanted, strict=True):
        check_everything_is_there_once(rig, calls)
        check_store(rig)
    figures = Counter[str]()
    for rig in rigs:
        copies = rig.copies()
        figures["kills"] += rig.kills
        figures["kills of a daemon at work"] += rig.at_work
        figures["calls"] += len(wanted[rig.number])
        figures["spans and records"] += len(copies)
        figures["copies sent again"] += sum(len(found) - 1 for found in copies.values())
        figures["requests"] += rig.requests
        figures["requests refused, cut off or delayed"] += rig.spoilt
    print(dict(figures))  # noqa: T201 - pytest shows it with -rP
    assert figures["kills"] >= kills * DAEMONS
    assert figures["kills of a daemon at work"] > figures["kills"] // 5
    assert figures["requests refused, cut off or delayed"] > 0


def check_store(rig: KillRig) -> None:
    with closing(sqlite3.connect(rig.folder / "state.db")) as store:
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)
        assert store.execute("select count(*) from parked").fetchone() == (0,)
        kept = store.execute("select coalesce(sum(bytes), 0) from bodies").fetchone()
        assert store.execute("select value from meta where name = 'used'").fetchone() == kept
