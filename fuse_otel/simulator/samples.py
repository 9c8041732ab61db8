"""Given documents instead of a world: every window is answered with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fuse_otel.files import NamedFile
from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.readable_logs import NOT_FOUND
from fuse_otel.simulator.requests import LARGEST_LIMIT, ApiQuery
from fuse_otel.simulator.responses import dump_json

_NOTHING: dict[str, Any] = {"calls": []}


class SamplesWorld:
    """``calls`` and ``all_logs`` are list documents, ``logs`` maps session ids to the documents
    of ``/call/{id}``. The documents are given as they are, lists cut by ``offset`` and ``limit``.
    """

    def __init__(
        self,
        calls: Mapping[str, Any],
        logs: Mapping[str, Any] | None = None,
        all_logs: Mapping[str, Any] | None = None,
    ) -> None:
        self._lists = {"calls": calls, "all_logs": all_logs or _NOTHING}
        self._logs = dict(logs or {})

    @classmethod
    def from_folder(cls, folder: Path) -> SamplesWorld:
        """Reads ``calls.json``, ``all_logs.json`` and ``call-*.json``.

        A log belongs to the listed call whose session id begins like the file's name after
        ``call-``. Raises ``ValueError`` with one sentence, or ``OSError``.
        """
        calls = _read_list(folder / "calls.json")
        bulk = folder / "all_logs.json"
        all_logs = _read_list(bulk) if bulk.exists() else None
        logs = {}
        for path in sorted(folder.glob("call-*.json")):
            logs[_owner(path, calls)] = _read(path)
        return cls(calls, logs, all_logs)

    def page(self, query: ApiQuery, now: float) -> bytes:  # noqa: ARG002 - the contract's
        document = dict(self._lists[query.endpoint])
        limit = LARGEST_LIMIT if query.limit is None else max(query.limit, 1)
        calls = document.get("calls", [])
        document["calls"] = calls[query.offset : query.offset + limit]
        return dump_json(document)

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:  # noqa: ARG002 - the contract's
        if session_id not in self._logs:
            return 404, NOT_FOUND
        return 200, dump_json(self._logs[session_id])

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        return (call for call in self._known() if start <= call.end < end)

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        log = self._logs[session_id]
        return tuple(log) if isinstance(log, Sequence) else ()

    def _known(self) -> Iterator[SimulatedCall]:
        """The listed calls; their documents must have the documented shape, or this raises."""
        for record in self._lists["calls"]["calls"]:
            log = self._logs.get(record["session_id"], ())
            yield SimulatedCall(
                session_id=record["session_id"],
                number=record["dest"],
                src=record["src"],
                dest=record["dest"],
                start=int(record["start"]),
                end=int(record["end"]),
                type=record["type"],
                log=record["log"],
                application="",
                entries=len(log),
                exited=any(entry["event"]["data"]["module_type"] == "exit" for entry in log),
            )


def _read(path: Path) -> Any:  # noqa: ANN401 - any JSON document
    try:
        with NamedFile(path) as file:
            return json.loads(file.readall())
    except ValueError:
        raise ValueError(f"{path} does not hold JSON") from None


def _read_list(path: Path) -> dict[str, Any]:
    document = _read(path)
    calls = document.get("calls") if isinstance(document, dict) else None
    if isinstance(calls, list) and all(
        isinstance(call, dict) and "session_id" in call for call in calls
    ):
        return {**document}
    raise ValueError(f"{path} holds no list of calls")


def _owner(path: Path, calls: Mapping[str, Any]) -> str:
    prefix = path.stem.removeprefix("call-")
    for call in calls["calls"]:
        session_id = str(call["session_id"])
        if session_id == prefix or session_id.partition(";")[0] == prefix:
            return session_id
    raise ValueError(f"{path}: no call of calls.json has a session id that begins with {prefix}")
