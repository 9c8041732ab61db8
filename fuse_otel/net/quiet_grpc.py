"""grpcio, without what its C library writes to standard error by itself: addresses, headers, and
whatever a peer said. Who sets ``GRPC_VERBOSITY`` gets that all the same.

Takes a while to import.
"""

from __future__ import annotations

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read once, when the library is loaded

import grpc

__all__ = ["grpc"]
