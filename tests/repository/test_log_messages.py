"""The page of telemetry lists every message that the daemon writes into its log."""

import ast
import re

from support.pages.repository import ROOT

LEVELS = {"debug", "info", "warning", "error"}
# Where a message is a sentence that something else made: a warning of the configuration or of a
# library. The page says so.
SENTENCES = {
    "assembly/service.py", "cli/commands/once.py", "cli/commands/run.py", "instrumentation/log.py",
}  # fmt: skip


def documented():
    page = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
    section = page.split("## The daemon's own log\n")[1].split("\n## ")[0]
    return {
        row[1] for row in re.findall(r"^\| ([\w, ]+) \| (.+?) \| .* \|$", section, re.MULTILINE)
    } - {"message"}


def messages():
    """Of every ``Line(level, message)`` and ``log.info(message)``: file and message."""
    package = ROOT / "fuse_otel"
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (found := _message_of(node)) is not None:
                yield path.relative_to(package).as_posix(), found


def _message_of(call):
    match call.func:
        case ast.Name("Line") if len(call.args) > 1:
            return call.args[1]
        case ast.Attribute(ast.Name("log") | ast.Attribute(attr="log" | "_log"), level):
            return call.args[0] if level in LEVELS else None
    return None


def texts(message):
    """The texts that an expression can be, as patterns; nothing for a variable."""
    match message:
        case ast.Constant(str(text)):
            return [re.escape(text)]
        case ast.IfExp(_, one, other):
            return texts(one) + texts(other)
        case ast.JoinedStr(parts):
            return [
                "".join(
                    re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in parts
                )
            ]
    return []


def test_every_message_of_the_code_is_on_the_page_and_no_other():
    page, known = documented(), set()
    for file, message in messages():
        patterns = texts(message)
        assert patterns or file in SENTENCES, f"{file}: {ast.unparse(message)}"
        for pattern in patterns:
            found = {text for text in page if re.fullmatch(pattern, text)}
            assert found, f"{file}: {pattern} is not on the page"
            known |= found
    assert page == known
    assert len(known) > 25


def test_a_message_that_is_missing_would_be_found():
    (call,) = (
        node for node in ast.walk(ast.parse('self.log.info("new")')) if isinstance(node, ast.Call)
    )
    assert texts(_message_of(call)) == ["new"]
    assert "new" not in documented()
