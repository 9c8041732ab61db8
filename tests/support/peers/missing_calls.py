"""Waits until a back end holds calls; names the missing ones, and where the store has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing

from support.patience import PATIENCE
from support.peers.account import Account
from support.peers.expected import ExpectedCall
from support.peers.waiting import wait_for

Expected = Mapping[str, ExpectedCall]
_SHOWN = 5
# What a row of the store means for a call, and the query for it by session id.
_QUERIES = {
    "exported with its log {} and {} entries": (
        "select details, entries from ledger where session_id = ?"
    ),
    "pending ({}) until {}": "select reason, due from pending where session_id = ?",
    "waits for lane {}/{}": (
        "select lanes.destination, lanes.signal from deliveries"
        " join lanes on lanes.id = lane join bodies on bodies.id = body"
        " where instr(bodies.calls, json_quote(?))"
    ),
    "parked ({}: {})": "select code, reason from parked where session_id = ?",
}


def wait_for_calls(
    account: Account,
    expected: Expected,
    missing: Callable[[Collection[str]], Collection[str]],
    what: str,
    patience: float = PATIENCE,
) -> None:
    """``missing`` gives those of the trace ids that a back end does not hold yet."""
    left: Collection[str] = expected.keys()

    def all_found() -> bool:
        nonlocal left
        left = missing(left)
        return not left

    try:
        wait_for(all_found, what, patience)
    except AssertionError as error:
        lines = [describe(account, expected[each]) for each in list(left)[:_SHOWN]]
        raise AssertionError("\n".join([f"{error}; {len(left)} missing", *lines])) from None


def describe(account: Account, call: ExpectedCall) -> str:
    """One line: which call, how long before the account's end it ended, where the store has it."""
    made = call.call
    facts = [
        f"ended {account.until - made.end:.1f} s before the account does",
        f"{len(call.records)} records",
        "exited" if made.exited else "hung up",
        *(_in_store(account, made.session_id) or ["unknown to the store"]),
    ]
    return f"{call.trace_id} {made.session_id}: {', '.join(facts)}"


def _in_store(account: Account, session_id: str) -> list[str]:
    file = account.folder / "state.db"
    if not file.exists():
        return ["there is no store"]
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
        return list(_facts(store, session_id))


def _facts(store: sqlite3.Connection, session_id: str) -> Iterator[str]:
    for text, query in _QUERIES.items():
        for row in store.execute(query, [session_id]):
            yield text.format(*row)
