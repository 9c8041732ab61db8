"""A skip is a failure where CI is set, and only there."""

import os
import subprocess
import sys

import pytest
from support.pages.repository import ROOT
from support.patience import PATIENCE

pytestmark = pytest.mark.slow

SKIPPED = "import pytest\n\ndef test_it():\n    pytest.skip('no such program')\n"
SKIPPED_FILE = "import pytest\n\npytest.importorskip('no_such_module')\n\ndef test_it(): pass\n"
PASSED = "\n\ndef test_another():\n    pass\n"


@pytest.fixture
def suite(tmp_path):
    def run(source, *flags, ci):
        (tmp_path / "test_one.py").write_text(source)
        (tmp_path / "test_two.py").write_text(PASSED)
        environ = {name: value for name, value in os.environ.items() if name != "CI"}
        environ |= {"PYTHONPATH": str(ROOT / "tests")} | ({"CI": ci} if ci else {})
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider",
             "-p", "support.no_skips", "--rootdir", ".", *flags, "."],
            cwd=tmp_path, env=environ, check=False, capture_output=True, text=True,
            timeout=PATIENCE,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("source", [SKIPPED, SKIPPED_FILE], ids=["a test", "a file"])
@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=["alone", "side by side"])
def test_a_skip_fails_in_ci_and_is_counted(suite, source, flags):
    done = suite(source, *flags, ci="true")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "CI is set, and 1 of the tests did not run." in done.stdout


@pytest.mark.parametrize("name", ["TEMPO", "LOKI"])
@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=["alone", "side by side"])
def test_a_skip_for_want_of_a_named_back_end_is_fine(suite, name, flags):
    source = SKIPPED.replace("no such program", f"TEST_{name}_URL is not set")
    done = suite(source, *flags, ci="true")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_a_skip_elsewhere_is_fine(suite):
    done = suite(SKIPPED, ci="")
    assert done.returncode == pytest.ExitCode.OK
    assert "1 passed, 1 skipped" in done.stdout


def test_nothing_skipped_passes_in_ci(suite):
    assert suite(PASSED, ci="true").returncode == pytest.ExitCode.OK
