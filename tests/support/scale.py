"""How large the heavy proofs run: ``PROOF_SCALE`` multiplies their sizes (default 1)."""

import os

SCALE = float(os.environ.get("PROOF_SCALE", "1"))


def scaled(size: int) -> int:
    """``size`` at the present scale, at least 1."""
    return max(1, round(size * SCALE))
