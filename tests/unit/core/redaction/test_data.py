import pytest

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.data import ALLOWED, known_data, readable


def shaped(key, value, kind="rest", *, prompt=False):
    return known_data({key: value}, kind, Tally(), prompt=prompt)


ALLOWED_ROWS = [
    ("type", "static", "prompt", {"fuse.prompt.type": "static"}),
    ("has_audio", False, "prompt", {"fuse.prompt.has_audio": False}),
    ("has_audio", "1", "prompt", {"fuse.prompt.has_audio": True}),
    ("revision_id", 52691, "prompt", {"fuse.prompt.revision_id": "52691"}),
    ("prompt_id", "845617", "prompt", {"fuse.prompt.id": "845617"}),
    ("prompt_id_type", "module", "prompt", {"fuse.prompt.id_type": "module"}),
    ("language", "en-US", "prompt", {"fuse.prompt.language": "en-US"}),
    ("attempts", "3", "menu", {"fuse.input.attempts": 3}),
    ("duration", 12, "transfer", {"fuse.duration": 12}),
    ("result", "busy", "transfer", {"fuse.transfer.result": "busy"}),
    ("status_code", 503, "rest", {"http.response.status_code": 503}),
    ("http_status", "200", "soap", {"http.response.status_code": 200}),
    ("status", 200, "rest", {"http.response.status_code": 200}),
    ("method", "GET", "rest", {"http.request.method": "GET"}),
    ("table", "prod-prescriptions-v2", "dynamodb", {"db.collection.name": "prod-prescriptions-v2"}),
    ("operation", "GetItem", "dynamodb", {"db.operation.name": "GetItem"}),
    ("error", "ThrottlingException", "rest", {"error.type": "ThrottlingException"}),
    ("url", "https://a.com/api?x=1", "rest",
     {"url.full": "https://a.com/api", "server.address": "a.com"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "kind", "attributes"), ALLOWED_ROWS)
def test_what_is_known_to_be_harmless_may_leave(key, value, kind, attributes):
    assert shaped(key, value, kind, prompt=kind == "prompt") == attributes


def test_every_rule_has_a_row():
    assert set(ALLOWED) <= {row[0] for row in ALLOWED_ROWS}


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("type", "jo@example.com", "prompt"),
        ("type", ["static"], "prompt"),
        ("has_audio", 2, "prompt"),
        ("has_audio", {}, "prompt"),
        ("prompt_id", "123456789", "prompt"),
        ("prompt_id", True, "prompt"),
        pytest.param("prompt_id", 10**5000, "prompt", id="an integer too long to write"),
        ("prompt_id_type", "diabetes", "prompt"),
        ("language", "english", "prompt"),
        ("attempts", 100, "menu"),
        ("attempts", True, "menu"),
        ("attempts", None, "menu"),
        ("duration", -1, "transfer"),
        ("duration", 1.5, "transfer"),
        ("result", "2125550123", "transfer"),
        ("status_code", 99, "rest"),
        ("status_code", "4111111111111111", "rest"),
        ("method", "get", "rest"),
        ("table", "patient_12345", "dynamodb"),
        ("table", 7, "dynamodb"),
        ("error", "Jo Doe", "rest"),
        ("url", 7, "rest"),
        ("url", "jo@example.com", "rest"),
    ],
)
def test_a_value_of_another_shape_stays_and_is_counted(key, value, kind):
    tally = Tally()
    assert known_data({key: value}, kind, tally, prompt=kind == "prompt") == {}
    assert tally.redactions == {"value": 1}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("to", "email"),
        ("body", "rest"),
        ("headers", "rest"),
        ("destination", "transfer"),
        ("status_code", "menu"),
        ("url", "menu"),
        ("prompt_id", "menu"),  # of prompts alone
        ("", "rest"),
    ],
)
def test_a_key_that_is_not_allowed_there_stays_and_is_counted(key, kind):
    tally = Tally()
    assert known_data({key: "500"}, kind, tally, prompt=False) == {}
    assert tally.redactions == {"key": 1}


@pytest.mark.parametrize("kind", ["rest", "transfer", "prompt", ""])
@pytest.mark.parametrize("prompt", [True, False])
def test_what_is_read_of_the_data_gives_the_same_attributes(kind, prompt):
    data = {row[0]: row[1] for row in ALLOWED_ROWS} | {"body": "secret", "endpoint": "secret"}
    read, tally, other = readable(data, kind, prompt=prompt), Tally(), Tally()
    assert known_data(read, kind, tally, prompt=prompt) == known_data(
        data, kind, other, prompt=prompt
    )
    other.redactions["key"] -= len(data) - len(read)
    assert +other.redactions == tally.redactions
    assert "secret" not in read.values() or kind == "rest"
