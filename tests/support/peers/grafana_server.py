"""The server that Loki and Tempo have in common, as their configuration names it."""

from __future__ import annotations

from collections.abc import Mapping

# Their own 30 s is little for a large question on a crowded machine.
_MOST = "300s"


def grafana_server(ports: Mapping[str, int]) -> dict[str, object]:
    """It listens on ``query`` and ``query_grpc`` of the ports."""
    return {
        "http_listen_address": "127.0.0.1",
        "http_listen_port": ports["query"],
        "grpc_listen_address": "127.0.0.1",
        "grpc_listen_port": ports["query_grpc"],
        "http_server_read_timeout": _MOST,
        "http_server_write_timeout": _MOST,
    }
