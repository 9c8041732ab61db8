"""How many arenas of the C library a daemon's threads have."""

import ctypes
import subprocess
import sys

import pytest

# Eight threads at once take memory from the C library, which then says how many arenas it has.
PROGRAM = """
import ctypes, sys, threading
from fuse_otel.daemon.memory import share_one_arena

if sys.argv[1] == "shared":
    share_one_arena()
together = threading.Barrier(8)
def take():
    together.wait()
    blocks = [bytes(5000) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


def arenas(how):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return ended.stdout.count("<heap nr=")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_all_threads_share_one_arena():
    assert arenas("shared") == 1
    assert arenas("each its own") > 1
