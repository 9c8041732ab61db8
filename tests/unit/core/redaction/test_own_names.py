import pytest
from support.builders.call_values import EXIT, made_of, make_entry

from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import NO_RULES, KeyRule, Mode, OwnRules, Redaction

QUEUES = {"18005550199": "billing agents", "44201234567": "london"}
TEMPLATES = ("/v2/charges", "/claims/{claim}/items", "/{any}/end")


def attributes(line, module, data, mode=Mode.STRICT, rules=NO_RULES, explain=False):
    options = ModelOptions(
        transfer_queues=QUEUES,
        url_templates=TEMPLATES,
        redaction=Redaction(mode, rules),
        explain=explain,
    )
    return made_of(make_entry(line, module, "x", **data), EXIT, options=options)


def queue_of(module="transfer", mode=Mode.STRICT, rules=NO_RULES, **data):
    made = attributes("Transferring", module, data, mode, rules)
    assert made.spans[1].attributes.get("fuse.transfer.queue") == made.records[0].attributes.get(
        "fuse.transfer.queue"
    )
    return made.spans[1].attributes.get("fuse.transfer.queue")


@pytest.mark.parametrize(
    "written", ["8005550199", "+1 (800) 555-0199", "18005550199", "sip:8005550199@10.0.0.1"]
)
def test_the_queue_of_a_number_is_known_in_any_spelling(written):
    assert queue_of(destination=written) == "billing agents"
    assert queue_of(number="+44 20 1234567") == "london"


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_names_the_queue(mode):
    assert queue_of(mode=mode, to="8005550199") == "billing agents"


def test_a_number_that_is_not_ours_does_not_leave():
    made = attributes("Transferring", "transfer", {"destination": "2125550123"})
    assert "2125550123" not in repr((made.spans, made.records))
    assert queue_of(destination="2125550123") is None
    assert queue_of(destination=8005550199) is None
    assert queue_of(module="sms", to="8005550199") is None


def test_a_key_that_is_dropped_names_no_queue():
    rules = OwnRules(drop=(KeyRule("destination"),))
    assert queue_of(rules=rules, destination="8005550199") is None


def test_an_explanation_names_the_key_that_named_the_queue():
    made = attributes("Transferring", "transfer", {"destination": "8005550199"}, explain=True)
    noted = [note for note in made.tally.notes if "fuse.transfer.queue" in note.made]
    assert [(note.entry, note.subject) for note in noted] == [(0, "destination")]


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("https://a.example.com/v2/charges?account=4711", "/v2/charges"),
        ("https://u:p@a.example.com/claims/4711/items", "/claims/{claim}/items"),
        ("https://a.example.com/claims/ada/items", "/claims/{claim}/items"),
        ("https://a.example.com/claims//items", None),
        ("https://a.example.com/claims/1/items/2", None),
        ("https://a.example.com/", None),
        ("https://a.example.com/v2/end", "/{any}/end"),
        ("ftp://a.example.com/v2/charges", None),
        ("https://[a/v2/charges", None),
        ("https://a.example.com/" + "x" * 3000, None),
    ],
)
def test_a_url_has_the_first_template_that_its_path_fits(url, template):
    for line, data in ((f"Request: GET {url}", {}), ("Sending", {"url": url})):
        made = attributes(line, "rest", data)
        assert made.records[0].attributes.get("url.template") == template
        assert made.spans[1].attributes.get("url.template") == template
        assert "4711" not in repr(made.records)


def test_a_url_that_a_module_does_not_send_has_no_template():
    made = attributes("Request: GET https://a.example.com/v2/charges", "call log", {})
    assert "url.template" not in made.records[0].attributes
