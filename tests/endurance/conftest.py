"""What the long runs share."""

import json
import sys

import pytest
from support.scale import SCALE

# Smaller runs look back less often: most of their time would go into lists of nothing new.
RARELY = """
[[rescans]]
span = "1h"
[[rescans]]
span = "24h"
every = "2h"
[[rescans]]
span = "5d"
every = "1d"
"""


@pytest.fixture
def rescans(tmp_path):
    """The settings of a run that looks back as often as its size allows."""
    config = tmp_path / "config.toml"
    config.write_text(RARELY if SCALE < 20 else "")
    return {"FUSE_OTEL_CONFIG": str(config)}


@pytest.fixture
def record_figures():
    """Shown by ``-rP``, for docs/guarantees.md."""

    def record(**figures):
        sys.stdout.write(json.dumps(figures, indent=1))

    return record
