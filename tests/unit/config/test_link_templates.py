"""The templates of the links from a call to other programs."""

import re
from urllib.parse import unquote

import pytest
from support.builders.loaded_settings import problems, settings, write_toml
from support.pages.repository import ROOT

from fuse_otel.core.model.link_template import PLACEHOLDERS, fill

NAMES = ("FUSE_OTEL_TRACE_URL", "FUSE_OTEL_LOGS_URL")
DOCUMENTED = re.findall(
    r"`(FUSE_OTEL_(?:TRACE|LOGS)_URL)=\"([^\"]+)\"`",
    (ROOT / "docs/operations.md").read_text(encoding="utf-8"),
)
VALUES = dict.fromkeys(PLACEHOLDERS, "1")


def test_a_template_is_kept_as_it_is_written(tmp_path):
    template = "https://ops.example.com:8443/a/{session_id}?t={start_ms}-{end_ms}#/{trace_id}"
    found = settings(dict.fromkeys(NAMES, template))
    assert (found.trace_url, found.logs_url) == (template, template)
    file = write_toml(tmp_path, f'trace_url = "{template}"\n')
    assert settings(config_file=file).trace_url == template
    assert (settings().trace_url, settings({NAMES[0]: ""}).logs_url) == ("", "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("ftp://jaeger/{trace_id}", "Not a URL."),
        ("javascript:alert('{trace_id}')", "Not a URL."),
        ("/trace/{trace_id}", "Not a URL."),
        ("http://jaeger/a trace/{trace_id}", "Not a URL."),
        ("http://jaeger:99999/{trace_id}", "Not a URL."),
        ("http://ops:hunter2@jaeger/{trace_id}", "must not contain credentials"),
        ("http://jaeger/{trace_id}?api_key=hunter2", "must not contain credentials"),
        ("http://jaeger/{trace_id}#token=hunter2", "must not contain credentials"),
        ("http://{session_id}.example.com/", "The host must not contain a placeholder."),
        ("http://jaeger/{traceid}", 'placeholder "traceid". Did you mean {trace_id}?'),
        ("http://jaeger/{}", 'Unknown placeholder "". Use {trace_id}, {session_id}, {start_ms}'),
        ("http://jaeger/{trace_id}?a={", "A brace has no partner."),
        ("http://jaeger/{trace_id}}", "A brace has no partner."),
    ],
)
def test_what_is_no_template_is_one_sentence(name, template, sentence):
    (problem,) = problems({name: template})
    assert problem.startswith(f"{name}: ")
    assert sentence in problem
    assert "hunter2" not in problem


def test_all_problems_of_both_templates_are_reported_at_once():
    wrong = "http://ops:hunter2@jaeger/{trace}/{span}/{trace}/{"
    found = problems(dict.fromkeys(NAMES, wrong))
    for name in NAMES:
        own = [each.removeprefix(f"{name}: ") for each in found if each.startswith(name)]
        assert [each.split()[0:2] for each in own] == [
            ["The", "URL"], ["Unknown", "placeholder"], ["Unknown", "placeholder"], ["A", "brace"],
        ]  # fmt: skip


def test_a_value_is_percent_encoded_and_braces_in_it_are_no_placeholders():
    hostile = '{trace_id}/../?a=b&"<b>#é\ud800 '
    url = fill("http://jaeger/{session_id}?t={trace_id}", {"session_id": hostile, "trace_id": "ff"})
    assert url == ("http://jaeger/%7Btrace_id%7D%2F..%2F%3Fa%3Db%26%22%3Cb%3E%23%C3%A9%3F%20?t=ff")


def test_a_template_whose_value_is_missing_makes_no_link():
    assert fill("http://jaeger/{trace_id}?from={start_ms}", {"trace_id": "ff"}) is None


@pytest.mark.parametrize(("name", "template"), DOCUMENTED)
def test_the_documented_templates_are_accepted(name, template):
    settings({name: template})
    url = fill(template, VALUES)
    assert "{" not in url
    assert unquote(url).count("{") == unquote(url).count("}")


def test_a_template_is_documented_for_each_back_end():
    assert [name for name, _ in DOCUMENTED] == [NAMES[0], NAMES[0], NAMES[1], NAMES[1]]
