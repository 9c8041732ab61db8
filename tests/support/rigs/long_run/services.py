"""Web services of the simulated applications that are healthy, except for a while."""

from __future__ import annotations

from fuse_otel.simulator.call_flow import CallBoxes

_HEALTHY, _FAILING = 0.0, 0.9  # shares of failed requests


def services(*, since: float | None = None, until: float = 0.0) -> type[CallBoxes]:
    """The modules of a world whose module ``charge`` fails from ``since`` to ``until``, in UNIX
    seconds; nothing else has errors. Without ``since`` modules do what the applications say.
    """
    if since is None:
        return CallBoxes

    class Services(CallBoxes):
        def rest(
            self,
            name: str,
            method: str,
            url: str,
            *,
            headers: dict[str, str] | None = None,
            body: str = "",
            failing: float = _HEALTHY,
        ) -> int | None:
            down = name == "charge" and since <= self.now < until
            failing = _FAILING if down else _HEALTHY
            return super().rest(name, method, url, headers=headers, body=body, failing=failing)

        def write(
            self, log_class: str, line: str, module_type: str, name: str, **data: object
        ) -> None:
            kept = log_class if name == "charge" else _without_errors(log_class)
            super().write(kept, line, module_type, name, **data)

        def write_bare(self, log_class: str, line: str) -> None:
            super().write_bare(_without_errors(log_class), line)

    return Services


def _without_errors(log_class: str) -> str:
    return "info" if log_class == "error" else log_class
