"""What Python's collector of cycles looks at in a daemon."""

import json
import subprocess
import sys

PROGRAM = """
import gc, json, weakref
import fuse_otel.assembly.service
from fuse_otel.daemon.memory import collect_rarely

existing = len(gc.get_objects())
collect_rarely()
class Part: pass
part = Part()
part.whole = part
found = weakref.ref(part)
del part
left_out, looked_at = gc.get_freeze_count(), len(gc.get_objects())
gc.collect()
print(json.dumps([gc.get_threshold()[0], existing, left_out, looked_at, found() is None]))
"""


def test_the_collector_leaves_out_the_imports_and_still_finds_the_parts_of_a_service():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    threshold, existing, left_out, looked_at, freed = json.loads(ended.stdout)
    assert threshold == 10_000
    assert left_out > existing / 2
    assert looked_at < existing / 10
    assert freed
