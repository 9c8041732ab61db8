"""Heavy proofs run without the tracer of coverage. They repeat code that other tests cover, and the
tracer would take a third of their time.
"""

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    measuring = Coverage.current() if item.get_closest_marker("proof") else None
    if measuring:
        measuring.stop()
    try:
        return (yield)
    finally:
        if measuring:
            measuring.start()
