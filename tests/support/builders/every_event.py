"""One value of every event, for tests that must forget none."""

from __future__ import annotations

from typing import get_args

from fuse_otel import events
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.model.tally import Anomaly, Tally
from fuse_otel.core.model.telemetry import Signal

LANE = Lane("tempo", Signal.TRACES)
NOW = 1_790_000_000

EVERY_EVENT: tuple[events.Event, ...] = (
    events.ApiAnswered("main", "calls", 200, 0.2),
    events.ApiFailed("main", "calls", "timeout", "The API did not answer within 30 s."),
    events.ApiThrottled("main", 12.5),
    events.ClockSkewSeen("main", -1.5),
    events.AnomaliesSeen("main", ((Anomaly.LIST_IS_OBJECT.value, 3),)),
    events.PollDone("main", NOW, NOW - 60, NOW - 15, 5, 4, 3, 1, 2, 0.75),
    events.GapRead("main", "history", NOW - 86_400, 82_800, 120),
    events.WindowMismatch("main"),
    events.WindowUnreadable("main", NOW - 500, NOW - 200),
    events.AccountMoved(
        "main", up=True, cursor=NOW - 15, headroom=400_000.0, pending=2, gap_seconds=60
    ),
    events.AccountStandby("spare"),
    events.AccountStandby("spare", helps=True),
    events.CallsStored("main", NOW, (), (), Tally()),
    events.CallsGrown("main", 2),
    events.CallsUnreadable("main", 1),
    events.ExportDone(LANE, "200", "accepted", 0.1, 40, 2, "", 0, 5000, 900),
    events.CallsDelivered(LANE, NOW, (NOW - 20, NOW - 50), (NOW - 7200,)),
    events.CallsParked(LANE, 3, "entry too far behind"),
    events.BatchReadAgain(LANE, 4, 1),
    events.LaneChanged(LANE, up=False, reason="401 Unauthorized"),
    events.LanePaused(LANE, NOW),
    events.StoreFailed("full", "The cap of the outbox is reached."),
    events.JobChanged("drop", "done", "2 parked calls are dropped."),
    events.StoreMovedAside("state.db.corrupt-2026-11-24T150000Z"),
    events.OutboxCrossed(filling=True, used=1800, capacity=2000),
    events.HookAnswered(202),
    events.LoginRefused(401),
    events.ConfigReloaded(successful=False, message="FUSE_OTEL_SINCE is not a duration."),
    events.LabelFull("main", "module", 2000),
    events.LoopFailed(LoopName.of_lane(LANE), "KeyError", "poller/ingest.py:41"),
)

FAILED_EXPORT = events.ExportDone(LANE, "503", "retry", 0.1, 0, 0, "Unavailable", 42, 5000, 900)
OTHER_LINES: tuple[events.Event, ...] = (
    FAILED_EXPORT,
    events.ClockSkewSeen("main", -15.0),
    events.AccountMoved(
        "main", up=False, cursor=NOW, headroom=1000.0, pending=0, gap_seconds=0, reason="401"
    ),
    events.LaneChanged(LANE, up=True, reason=""),
    events.LanePaused(LANE, None),
    events.JobChanged("drop", "working", ""),
    events.JobChanged("drop", "failed", "The store is full."),
    events.OutboxCrossed(filling=False, used=1000, capacity=2000),
    events.ConfigReloaded(successful=True, message=""),
)
"""Events whose log lines have another message or level than those of ``EVERY_EVENT``."""

assert {type(event) for event in EVERY_EVENT} == set(get_args(events.Event))
