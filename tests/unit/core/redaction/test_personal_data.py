"""What the redaction `standard` knows by its shape, and what it leaves alone."""

import pytest
from support.builders.call_values import SESSION, START, make_call

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.personal_data import KnownNumbers, without_personal

KEPT = KnownNumbers(make_call())


def scrubbed(text, tally=None):
    return without_personal(text, KEPT, tally or Tally())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # telephone numbers
        ("Call 2125550123.", "Call [phone]."),
        ("Call +1 (212) 555-0123 now", "Call [phone] now"),
        ("at 212.555.0123", "at [phone]"),
        ("555-1234", "[phone]"),
        ("+44 20 7946 0958", "[phone]"),
        ("sip:+12125550123@10.0.0.1", "sip:[digits]"),
        ("222 00 0000@10.0.0.1", "[phone]"),
        ("222 00 0000@a.com, 222 00 0000", "[ssn][email], [ssn]"),
        ("jo2125550123@example.com", "[email]"),
        # cards, in groups, alone, and such as are none
        ("4111 1111 1111 1111", "[card]"),
        ("4111-1111-1111-1111!", "[card]!"),
        ("card=378282246310005", "card=[card]"),
        ("4111111111111112", "[digits]"),
        ("4111\u00a01111\u00a01111\u00a01111", "[card]"),
        ("4111    1111    1111    1111", "[card]"),
        ("4111 - - - 1111 \u2013 1111 \u2014 1111", "[card]"),
        ("4111\n\n\n\n1111\t1111 | 1111", "[card]"),
        (r"4111\u00a01111\n1111&nbsp;1111", "[card]"),
        ("4111%201111%201111%201111", "[digits]"),
        ("\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 1111 1111", "[card]"),
        ("\u2463\u2460\u2460\u2460 \u00b9\u00b9\u00b9\u00b9 1111 1111", "[card]"),
        ("4\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1", "[phone]"),
        ("\u0664\u0661\u0661\u0661\u0661\u0661\u0661\u0661", "[digits]"),
        # social security numbers
        ("ssn 078-05-1120", "ssn [ssn]"),
        ("078 05 1120", "[ssn]"),
        ("078051120", "[digits]"),
        # bank accounts
        ("to GB82 WEST 1234 5698 7654 32 please", "to [iban] please"),
        ("DE89370400440532013000", "[iban]"),
        ("no9386011117947", "[iban]"),
        ("NO9386011117947 NO9386011117947", "[iban] [iban]"),
        ("GB82 WEST 1234 5698 7654 33", "GB82 WEST [phone]"),
        # addresses
        ("Mail jo.doe@example.com!", "Mail [email]"),
        ("<jo@example.com>", "<[email]>"),
        ('{"to":"jo+x@example.com","n":1}', '{"to":"[email]","n":1}'),
        ("https://a.com/x?mail=jo%40example.com&y=1", "https://a.com/x?mail=[email]&y=1"),
        ("jo%2540example.com", "[email]"),
        ("jo\uff20example.com and jo&#64;example.com", "[email] and [email]"),
        (r'"jo\u0040example.com"', '"[email]"'),
        # credentials
        ("Authorization: Bearer abc.def", "Authorization: [secret]"),
        ("bearer abcd1234", "bearer [secret]"),
        ("Basic dXNlcjpwYXNz", "Basic [secret]"),
        ("password=hunter2&x=1", "password=[secret]&x=1"),
        ('"api_key": "k"', '"api_key": "[secret]"'),
        ("Cookie: a=1; b=2", "Cookie: [secret]"),
        ("https://user:pw@a.com/x", "https://a.com/x"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[token]"),
        ("key sk_live_9aZ8bY7cX6dW5eV4", "key [token]"),
        # a number, and a token that took some of its digits
        ("0000 0000-00000XXXXXXXXXX", "[card][token]"),
        ("4111 1111 1111-1111XXXXXXXXXXXXXXXX x", "[card][token] x"),
        ("(4111111111111111XXXXXX)", "([card][token])"),
        ("XXXXXXXXXX00000-0000 0000", "[token][card]"),
        ("XXXXXXXXXXXXXX111111 2222 222222YYYYYYYYYYYYYY", "[token][digits][token]"),
        (r"4111\n11111111-1111XXXXXXXXXXXXXXXX", "[card][token]"),
        ("2123 555-0123XXXXXXXXXXXXXXXXXXXX", "[phone][token]"),
        ("2026-11-18 10:32:05: 0af7651916cd43dd8448eb211c80319c", "2026-11-18 10:32:05: [token]"),
        ("1234567abcdefghijklmnop, 12 a1b2c3d4e5f6a1b2c3d4", "[token], 12 [token]"),
        # other long numbers
        ("member 90210", "member [digits]"),
        ("1, 2, 3, 4, 5, 6, 7", "[phone]"),
        ("10.0.0.113:8080", "[phone]"),
        ("https://2125550123.example.com/", "https://[phone].example.com/"),
        ("https://jo+y%40b.example/x", "https://[email]/x"),
        ("https://jo&#64;b.example/x", "https://b.example/x"),
        ("4111x1111x1111x1111", "[card]"),
        ("4111 X 1111a1111-x-1111", "[card]"),
        ("1x212x555x0123", "[phone]"),
        ("1920x1080 x 4111x1111x1111x1111", "1920x1080 x [card]"),
        ("card 4111x1111x1111x1111 e 12", "card [card] e 12"),
        ("4111x1111x1111x1111 x 4111X1111x1111X1111", "[card] x [card]"),
        ("1 x 3782x822463x10005 x 2", "1 x [card] x 2"),
        ("1234567 x 4111a1111a1111a1111 y 7654321", "[digits] x [card] y [digits]"),
        ("\uff14111\u04451111\u04451111\u04451111", "[card]"),
        ("212x555x0123x55", "[phone]x55"),
        ("call 1x212x555x0123 x 4", "call [phone] x 4"),
    ],
)
def test_what_looks_personal_is_replaced_by_what_it_was(text, left):
    assert scrubbed(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Hello Jo, you are number 3 of 12.",
        "Open from 8:00 to 17:30",
        "2026-11-18",
        "2026-11-18T10:32:05.123456+00:00",
        "2026-11-18 10:32:05, 2026-11-19 11:00:00",
        "12/25/2026",
        f"at {START + 7}",
        f"at {START * 1000}",
        f"call {SESSION} ended",
        "another call, 300061;002;1529552999",
        "550e8400-e29b-41d4-a716-446655440000",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "callback_queue_transfer_2_to_billing",
        "internationalization_of_prompts",
        "Basic information",
        "bearer of news",
        "price 12.50",
        "https://10.20.30.113:8080/api",
        "1h30m15s, 1920x1080x32, 4111x1111x1111x1112",
        "1920x1080 x 1280x1024",
        "1212x555x0123",
        "https://ab12cd34ef56gh78ij90.example.com/",
    ],
)
def test_times_ids_and_words_stay(text):
    assert scrubbed(text) == text


@pytest.mark.parametrize("number", [START + 3 * 86_400, START - 3 * 86_400])
def test_a_timestamp_of_another_day_counts_as_a_number(number):
    assert scrubbed(f"at {number}") != f"at {number}"


def test_each_rule_counts_what_it_removes():
    tally = Tally()
    scrubbed("a@b.c d@e.f 12345 and 4111111111111111 password=x", tally)
    assert tally.redactions == {"email": 2, "digits": 1, "card": 1, "secret": 1}
