"""How large the heavy proofs run: ``PROOF_SCALE`` multiplies their sizes.

CI runs them at ``CI_SCALE``. The default is small, so that all tests take a few minutes: it makes
fewer examples, kills and calls, and leaves out no kind of test.
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
    return (
        f"PROOF_SCALE={SCALE:g}: the heavy proofs are smaller than in CI (PROOF_SCALE={CI_SCALE:g})"
    )
