"""grpcio without the lines that its C library writes to standard error: they quote addresses,
headers and the peer's words. Setting ``GRPC_VERBOSITY`` brings them back.

Slow to import.
"""

from __future__ import annotations

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read once, when the library is loaded

import grpc

__all__ = ["grpc"]
