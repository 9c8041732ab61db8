import pytest

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.scrub import REDACTED, clean_name, scrub, scrub_start
from fuse_otel.core.redaction.urls import safe_url


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Press 1, or 2.", "Press 1, or 2."),
        ("Open from 8:00 to 17:00.", "Open from 8:00 to 17:00."),
        ("Call 2125550123.", "Call [digits]."),
        ("Call (212) 555-0123 now", "Call ([digits] now"),
        ("Call 800/555/1234", "Call [digits]"),
        ("4111, 1111, 1111, 1111", "[digits]"),
        ("4111\u00a01111\u00a01111", "[digits]"),
        ("born 01/31/1970", "born [digits]"),
        ("pin 1234, floor 1234", "pin [secret], floor [digits]"),
        ("\u0661\u0662\u0663\u0664\u0665", "[digits]"),
        ("Mail jo.doe@example.com!", "Mail [email]"),
        ("x" * 100 + "@example.com", "[email]"),
        ("call 212x555x0123 x 4", "call [phone] x 4"),
        ("1920x1080 x 4111x1111x1111x1111", "[digits]x[digits] x [card]"),
        ("key sk_live_9aZ8bY7cX6dW5eV4", "key [token]"),
        (
            "000 0000-00000XXXXXXXXXX, 2026-11-18 0af7651916cd43dd8448",
            "[digits][token], [digits] [token]",
        ),
        ("internationalization_of_prompts", "internationalization_of_prompts"),
        ('say "password": "two words"', 'say "password": "[secret]"'),
        ("Authorization: Bearer abc", "Authorization: [secret]"),
        ("https://a.com/?token=abc", "https://a.com/?token=[secret]"),
        ("mail jo%40example.com or jo\uff20example.com", "mail [email] or [email]"),
    ],
)
def test_what_may_be_personal_is_replaced_by_what_it_was(text, left):
    assert scrub(text, Tally()) == left


def test_each_rule_counts_what_it_removes():
    tally = Tally()
    scrub("a@b.c d@e.f 12345 sk_live_9aZ8bY7cX6dW5eV4", tally)
    assert tally.redactions == {"email": 2, "digits": 1, "token": 1}


def test_a_text_is_cut_between_words():
    assert scrub_start("one two three", 9, Tally()) == "one two"
    assert scrub_start("one two three", 7, Tally()) == "one two"
    assert scrub_start("one two", 7, Tally()) == "one two"
    assert scrub_start("x" * 9, 8, Tally()) == REDACTED[:8]


def test_an_address_that_is_cut_leaves_nothing_of_it():
    text = "mail " + "jo.doe@example.com"
    for most in range(6, len(text)):
        assert "jo" not in scrub_start(text, most, Tally())


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("confirm_appointment_2_of_3", "confirm_appointment_2_of_3"),
        ("menu_2024", "menu_2024"),
        ("step_12345", "step_[digits]"),
        ("size 10 x 3782x822463x10005", "size 10 x [card]"),
        ("ask jo@example.com", "ask [email]"),
        ("ask jo%40example.com", "ask [email]"),
        ("password=hunter2", "password=[secret]"),
        ("Bearer abcd", "Bearer [secret]"),
        ("collectPaymentInformation2", "collectPaymentInformation2"),
        (" two\n lines\0 ", "two lines"),
        ("x" * 200, "x" * 128),
        ("x" * 5000, REDACTED),
    ],
)
def test_a_name_is_one_short_line_without_numbers_and_addresses(name, clean):
    assert clean_name(name, Tally()) == clean


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/", "https://api.example.com/"),
        ("HTTPS://API.example.com", "https://api.example.com"),
        ("http://10.20.30.113:8080/api/v2", "http://10.20.30.113:8080/api/v2"),
        ("https://user:pw@a.com/x", "https://a.com/*"),
        ("https://a.com/v1/claims/ada-lovelace", "https://a.com/v1/*/*"),
        ("https://a.com/rest/4111/1111", "https://a.com/rest/*/*"),
        ("https://a.com/api;token=s3cr3t", "https://a.com/*"),
        ("https://a.com/u/john%40example.com#x", "https://a.com/*/*"),
        ("https://a.com?pin=1234", "https://a.com"),
        ("https://ec2-54-123-45-67.compute-1.amazonaws.com",
         "https://ec2-54-123-45-67.compute-1.amazonaws.com"),
        ("https://ab12cd34ef.execute-api.us-east-1.amazonaws.com/prod",
         "https://ab12cd34ef.execute-api.us-east-1.amazonaws.com/prod"),
    ],
)  # fmt: skip
def test_a_url_keeps_its_place_and_nothing_of_the_person(url, shown):
    assert safe_url(url, Tally())[0] == shown


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.com",
        "a.com/x",
        "https://",
        "https://2125550123.example.com",
        "https://212-555-0123.example.com",
        "https://a b.com",
        "https://a.com:99999",
        "https://[::1",
        "https://12.34.56.78.90.12.34.example.com",
        "https://secret:8080/",
        "https://a.com/" + "x" * 3000,
    ],
)
def test_anything_but_a_plain_url_is_removed(url):
    assert safe_url(url, Tally()) is None


def test_a_url_that_lost_something_is_counted_once():
    tally = Tally()
    safe_url("https://u:p@a.com/x/y?z#w", tally)
    safe_url("https://a.com/api", tally)
    assert tally.redactions == {"url": 1}
