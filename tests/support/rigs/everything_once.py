"""What must hold of a back end after any failure: every call is there, once, and nothing else."""

from __future__ import annotations

from collections import Counter

from support.fakes.otlp_request import string
from support.rigs.kill_rig import KillRig


def check_everything_is_there_once(rig: KillRig, wanted: set[str]) -> None:
    copies = rig.copies()
    assert {key: len(found) for key, found in copies.items() if len(set(found)) > 1} == {}
    roots, records = Counter[str](), {}
    seen = set()
    for request in rig.receiver.requests:
        for span in request.spans if request.kept else ():
            session = string(span.attributes, "session.id")
            if not span.parent_span_id and (span.trace_id, span.span_id) not in seen:
                roots[session] += 1
            seen.add((span.trace_id, span.span_id))
        for record in request.records if request.kept else ():
            session = string(record.attributes, "session.id")
            uid = string(record.attributes, "log.record.uid")
            records.setdefault(session, set()).add(int(uid.rpartition("-")[2]))
    assert wanted <= roots.keys()
    assert set(roots.values()) == {1}
    # Nothing was invented, and nothing of a log is missing where the API showed it whole.
    truth = rig.begun()
    assert roots.keys() <= truth.keys()
    if not rig.quirks.entry_delay:
        for session in wanted:
            expected = len(rig.api.entries(session)) if truth[session].log else 0
            assert records.get(session, set()) == set(range(expected))
