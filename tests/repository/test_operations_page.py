"""The page of operations fits what the lanes do with the answers of a destination."""

import re
from pathlib import Path

import pytest

from fuse_otel.destinations import grpc_result, http_result
from fuse_otel.net.quiet_grpc import grpc

ROOT = Path(__file__).parents[2]


def answers():
    """(outcome, code) of each row of the table of answers."""
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page.partition("## What a destination answers")[2].partition("## Alerts")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return [
        (row[0].strip("| "), code)
        for row in rows
        for cell in row[1:3]
        for code in re.findall(r"`(\d{3}|[A-Z_]+)`", cell)
    ]


@pytest.mark.parametrize(("outcome", "code"), answers())
def test_the_table_of_answers_is_what_they_are_taken_for(outcome, code):
    words = "message larger than max" if outcome == "request too large" else ""
    found = (
        http_result.result_of(http_result.HttpResponse(int(code)), 1)
        if code.isdigit()
        else grpc_result.result_of(grpc_result.GrpcResponse(code, words), 1, 10.0)
    )
    assert type(found).__name__.lower() == outcome.replace(" ", "")


def test_every_code_of_grpc_is_in_the_table():
    named = {code for _, code in answers()}
    assert {code.name for code in grpc.StatusCode} <= named
    assert len(named) > 30
