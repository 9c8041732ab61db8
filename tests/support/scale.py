"""How large the heavy proofs run: ``PROOF_SCALE`` multiplies their sizes.

CI runs them at ``CI_SCALE``. Without ``PROOF_SCALE``, ``make test`` leaves out the tests with the
marks ``proof`` and ``slow``; other proofs run at a small scale: fewer examples, kills and calls.
"""

import os

CI_SCALE = 5.0
DEFAULT_SCALE = 0.3
SCALE = float(os.environ.get("PROOF_SCALE") or DEFAULT_SCALE)


def scaled(size: int, *, least: int = 1) -> int:
    """``size`` at the present scale. ``least``: what the proof needs to prove anything."""
    return max(least, round(size * SCALE))


def described() -> str:
    """For the first lines of a test run."""
    if SCALE >= CI_SCALE:
        return f"PROOF_SCALE={SCALE:g}"
    if os.environ.get("PROOF_SCALE"):
        return f"PROOF_SCALE={SCALE:g}: smaller proofs than in CI (PROOF_SCALE={CI_SCALE:g})"
    return (
        "PROOF_SCALE is not set: `make test` leaves out heavy proofs and slow tests. "
        f"CI runs all (PROOF_SCALE={CI_SCALE:g})."
    )
