"""The queries on the page of recipes speak of what is sent, and PromQL is what Prometheus takes."""

import re
import shutil
import subprocess
from itertools import product

import pytest
import yaml
from support.pages.golden_files import values
from support.pages.recipes import LANGUAGES, PAGE, recipes
from support.pages.semconv_registry import place, words

from fuse_otel.instrumentation.metric_family import MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_OF_TRACEQL = {"kind", "status", "duration", "server", "client", "error", "true", "s"}
_OF_LOKI = {"severity_text"}
_OF_LOGQL = {"topk", "sum", "by", "count_over_time"}
_STREAM = {"service_name", "service_namespace"}
_OF_PROMQL = {
    "sum", "by", "rate", "increase", "histogram_quantile", "topk", "ignoring", "group_left",
}  # fmt: skip

_VALUES = {
    "account": ("main",),
    "application": ("Claims Line", "Reception"),
    "class": ("info",),
    "details": ("full", "expired"),
    "direction": ("inbound",),
    "how": ("hangup",),
    "le": ("1", "+Inf"),
    "module": ("menu main_menu",),
    "module_type": ("menu", "rest", "transfer"),
    "outcome": ("completed", "hangup", "transferred"),
    "rule": ("line",),
    "status": ("ok", "error"),
}


def params(language):
    return pytest.mark.parametrize("recipe", recipes(language), ids=lambda each: each.question)


def names_in(query):
    """What is left of a query without its texts, numbers and durations."""
    bare = re.sub(r"\[?\b\d+(\.\d+)?(s|m|h|d)?\b\]?", " ", _STRING.sub(" ", query))
    return set(re.findall(r"[A-Za-z_][\w.]*", bare))


def test_every_fence_is_a_query_and_every_language_has_some():
    fences = re.findall(r"^```(\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences) == set(LANGUAGES)
    assert len(fences) == sum(len(recipes(language)) for language in LANGUAGES)


@params("traceql")
def test_traceql_speaks_of_what_is_sent(recipe):
    spans = place("call").keys() | place("execution").keys()
    for name in names_in(recipe.query) - _OF_TRACEQL:
        scope, _, attribute = name.partition(".")
        assert attribute in {"span": spans, "resource": place("resource").keys()}[scope], name


@params("logql")
def test_logql_speaks_of_what_is_sent(recipe):
    records = {name.replace(".", "_") for name in place("record")}
    assert names_in(recipe.query) <= records | _OF_LOKI | _OF_LOGQL | _STREAM


@params("logsql")
def test_logsql_speaks_of_what_is_sent(recipe):
    dotted = {name for name in names_in(recipe.query) if "." in name}
    assert dotted <= place("record").keys() | place("resource").keys()


def test_every_question_has_a_query_for_logs_unless_the_page_says_why_not():
    asked = {recipe.question for language in LANGUAGES for recipe in recipes(language)}
    assert asked - {recipe.question for recipe in recipes("logsql")} == {
        "Which calls came without their log, or with a part of it?",
    }


@params("jaeger")
def test_tags_are_those_of_spans(recipe):
    for tag in recipe.query.split():
        name, _, value = tag.partition("=")
        assert name == "error" or name in place("call").keys() | place("execution").keys()
        assert name == "error" or value in values(name), tag


@pytest.mark.parametrize("language", ["traceql", "logql", "logsql"])
def test_words_that_are_compared_are_words_that_are_sent(language):
    """A query for a value that nothing ever has finds nothing, and says nothing."""
    for recipe in recipes(language):
        compared = r'([\w.]+?)\s*(?:=~|:?=)\s*"([^"]+)"'
        for name, pattern in re.findall(compared, recipe.query):
            attribute = _attribute(name)
            if attribute is not None:
                assert any(re.fullmatch(pattern, each) for each in values(attribute)), recipe.query


def _attribute(name):
    dotted = name.removeprefix("span.").removeprefix("resource.")
    known = {each.replace(".", "_"): each for each in words()}
    return dotted if dotted in words() else known.get(dotted)


def series():
    for family in FAMILIES:
        suffixes = ("_bucket", "_sum", "_count") if family.kind is MetricKind.HISTOGRAM else ("",)
        for suffix in suffixes:
            extra = {"le"} if suffix == "_bucket" else set()
            yield family.name + suffix, set(family.labels) | extra


@params("promql")
def test_promql_speaks_of_metrics_that_are_there_by_their_labels(recipe):
    labels = dict(series())
    names = names_in(recipe.query) - _OF_PROMQL
    found = names & labels.keys()
    assert found
    assert names - found <= set().union(*(labels[name] for name in found))


def made_up_series(names):
    """A series that counts up, for every combination of labels that the page speaks of."""
    for name, labels in series():
        if name in names:
            for chosen in product(*(_VALUES[label] for label in sorted(labels))):
                pairs = zip(sorted(labels), chosen, strict=True)
                told = ", ".join(f'{label}="{value}"' for label, value in pairs)
                yield {"series": f"{name}{{{told}}}", "values": "0+10x300"}


def test_prometheus_answers_every_promql(promtool, tmp_path):
    queries = [recipe.query for recipe in recipes("promql")]
    names = set().union(*map(names_in, queries))
    cases = [
        {
            "expr": f"count(({query})) > bool 0",
            "eval_time": "5h",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for query in queries
    ]
    file = tmp_path / "recipes.yaml"
    test = {"interval": "1m", "input_series": [*made_up_series(names)], "promql_expr_test": cases}
    file.write_text(yaml.safe_dump({"tests": [test]}))
    ran = subprocess.run(
        [promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def promtool():
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    return found
