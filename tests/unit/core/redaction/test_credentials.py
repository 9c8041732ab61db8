"""Secrets are known by the name before them, in whatever notation."""

import re
import string
import unicodedata
from itertools import chain

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.scale import scaled

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.credentials import plain_letters, without_credentials


def clean(text):
    return without_credentials(text, Tally())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # assignments
        ("password=hunter2&x=1", "password=[secret]&x=1"),
        ("PASSWORD := hunter2", "PASSWORD := [secret]"),
        ("passwd => 'two words', x", "passwd => '[secret]', x"),
        ("pwd -> `two words` x", "pwd -> `[secret]` x"),
        ("callerPin=4711, spinning: 5", "callerPin=[secret], spinning: 5"),
        ("userPassword1: x", "userPassword1: [secret]"),
        ("cvv: 123; otp=99", "cvv: [secret]; otp=[secret]"),
        ("password\uff1ax", "password\uff1a[secret]"),
        ("aws_secret_access_key = a/b+c", "aws_secret_access_key = [secret]"),
        ("$_POST['password'] = 'two words'", "$_POST['password'] = '[secret]'"),
        # JSON, also inside of JSON, also cut off
        ('{"password": "two words", "n": 1}', '{"password": "[secret]", "n": 1}'),
        (r'{"password":"a\"b c","n":1}', '{"password":"[secret]","n":1}'),
        (r'{\"password\": \"a\\\"b c\", \"n\": 1}', r'{\"password\": \"[secret]\", \"n\": 1}'),
        ('"clientSecret": "two words', '"clientSecret": "[secret]'),
        ('"tokens": ["a b", "c"], "n": 1', '"tokens": [secret], "n": 1'),
        ('"credentials": {"a": "b c"} x', '"credentials": [secret] x'),
        ('{"name": "password", "value": "two words"}', '{"name": "password", "value": "[secret]"}'),
        # XML
        ("<password>two words</password>", "<password>[secret]</password>"),
        ("<ns:userPassword a='1'>x y</ns:userPassword>",
         "<ns:userPassword a='1'>[secret]</ns:userPassword>"),
        ("<token><![CDATA[a<b]]></token>", "<token>[secret]</token>"),
        ("<token>a\n<![CDATA[b<c]]> d</token>", "<token>[secret]</token>"),
        ("&lt;pin&gt;&lt;![CDATA[a<b]]&gt;&lt;/pin&gt;", "&lt;pin&gt;[secret]&lt;/pin&gt;"),
        ("%3cpin%3e%3c%21%5BCDATA%5Ba b%5D%5D%3e%3c/pin", "%3cpin%3e[secret]%3c/pin"),
        (r"\u003Cpin\u003Ea\\u003Cb c\u003c/pin", r"\u003Cpin\u003E[secret]\u003c/pin"),
        ("&lt;pin&gt;two words&lt;/pin&gt;", "&lt;pin&gt;[secret]&lt;/pin&gt;"),
        ('<param name="password" value="x y"/>', '<param name="password" value="[secret]"/>'),
        # URLs
        ("https://a.com/b?sig=ab%2Bc&y=2", "https://a.com/b?sig=[secret]&y=2"),
        ("https://a.com/?X-Amz-Signature=ab12&y=2", "https://a.com/?X-Amz-Signature=[secret]&y=2"),
        ("https://a.com/?y=2&key=AIza", "https://a.com/?y=2&key=[secret]"),
        ("u=%3Ftoken%3Dabc", "u=%3Ftoken%3D[secret]"),
        ("https://user:p@ss@a.com/x", "https://a.com/x"),
        # headers
        ("Authorization: Bearer abc.def rejected", "Authorization: [secret] rejected"),
        ('Authorization: Digest u="x", n="y"\nHost: a', "Authorization: [secret]\nHost: a"),
        ('"Authorization": "Bearer two words"', '"Authorization": "[secret]"'),
        ("Cookie: a=1; b=2", "Cookie: [secret]"),
        ('"Set-Cookie": "a=1; b=2"', '"Set-Cookie": "[secret]"'),
        ("X-Auth-Token: abc", "X-Auth-Token: [secret]"),
        ("Ocp-Apim-Subscription-Key: abc", "Ocp-Apim-Subscription-Key: [secret]"),
        # command lines, keys
        ("curl --password hunter2 --fail", "curl --password [secret] --fail"),
        ("--password 'two words' --fail", "--password '[secret]' --fail"),
        ("sk_live_abcdefgh, AKIAABCDEFGHIJKLMNOP", "[token], [token]"),
        ("(ghp_abcdefghijkl) xoxb-abc-def", "([token]) [token]"),
        ("pypi-AgEIcHlwaS5vcmc hvs.CAESIJabcdefghijklmnop", "[token] [token]"),
        ("hf_" + "aBcDeFgHiJ" * 3 + "kLmN npm_" + "a1B2c3" * 6, "[token] [token]"),
        # pairs and calls of functions
        ("('password','two words')", "('password','[secret]')"),
        ("[(b'pin', b'x'), ('a', 'b')]", "[(b'pin', b'[secret]'), ('a', 'b')]"),
        ("['a', 'Authorization', 'Digest x']", "['a', 'Authorization', '[secret]']"),
        ('setParameter("userPin", 4711)', 'setParameter("userPin", [secret])'),
        (r'[\"password\",\"two words\"]', r'[\"password\",\"[secret]\"]'),
        # sentences
        ("password is: x", "password is: [secret]"),
        ("the password is hunter2 today", "the password is [secret] today"),
        ("password was set to 'two words'", "password was set to '[secret]'"),
        ("password is Tr0ub4dor&3", "password is [secret]"),
        ("password is a1b2,c3; pwd is a,hunter2", "password is [secret]; pwd is [secret]"),
        ("the password is hunter2, thanks", "the password is [secret], thanks"),
        ("?say=password is hunter2&y=1", "?say=password is [secret]&y=1"),
        ("<p>the password is a<b2>c&lt;d</p>", "<p>the password is [secret]</p>"),
        ("secret='it''s mine', x", "secret='[secret]', x"),
        ('say "password=""a """"b c""", x', 'say "password=""[secret]""""b c""", x'),
        ('"{""pin"": ""x y"", ""n"": """"}"', '"{""pin"": ""[secret]"", ""n"": """"}"'),
        ('{"token": "", "n": ""}', '{"token": "[secret]", "n": ""}'),
        ("password: &lt;ab cd", "password: [secret] cd"),
        ("token=a,b;c&amp;d&x=1", "token=[secret]&x=1"),
        ("(token=a,n:1) [pin=1],[n=2]", "(token=[secret],n:1) [pin=[secret],[n=2]"),
        ("pin 1234, PIN code is 1 2 3 4", "pin [secret], PIN code is [secret]"),
        ("otp 123; cvv 12-34", "otp [secret]; cvv [secret]"),
        # escaped signs
        (r"\u0022pin\u0022:\u0022a b\u0022", r"\u0022pin\u0022:\u0022[secret]\u0022"),
        ("&quot;pin&quot;: &quot;a b&quot;, x", "&quot;pin&quot;: &quot;[secret]&quot;, x"),
        ("%22password%22%3A%22a%20b%22%7D", "%22password%22%3A%22[secret]%22%7D"),
        (r"\u003cpin\u003ea b\u003c/pin\u003e", r"\u003cpin\u003e[secret]\u003c/pin\u003e"),
        ("<password>a&amp;b c</password>", "<password>[secret]</password>"),
        (r"password\u003dx", r"password\u003d[secret]"),
        (r"%7Bpin=4711 \x22pin=4711", r"%7Bpin=[secret] \x22pin=[secret]"),
        (r"a\npin=4711", r"a\npin=[secret]"),
        # letters written otherwise: they are plain in the answer
        (r"pass\u0077ord=a\u003cb c", "password=[secret] c"),
        (r"p\x61ssword, \U00000070in=x", "password, pin=[secret]"),
        ("p%61ss%2577ord=a%20b", "password=[secret]"),
        ("p&#97;ss&#x77;ord: x", "password: [secret]"),
        ("PASS\u00adWORD\u200b=x", "PASSWORD=[secret]"),
        ("\uff50\uff41ssword\uff1dx \U0001d429in=y", "password\uff1d[secret] pin=[secret]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nab\n-----END RSA PRIVATE KEY-----",
         "-----BEGIN RSA PRIVATE KEY-----[secret]-----END RSA PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_any_notation_and_masking_again_changes_nothing(text, left):
    assert clean(text) == left
    assert clean(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "Please say your password.",
        "your PIN is wrong",
        "InvalidTokenError: Unexpected end",
        "Basic information",
        "bearer of news",
        "a secretary: Jo",
        "opinion: good",
        "<passwords/> <b>x</b>",
        "--verbose on",
        "the password was wrong, the PIN has 4 digits",
        "PIN 2 of 3, password reset",
        "otp expired, cvv required",
        '{"name": "password", "type": "text"}',
        "get('token', '')",
        "sk_live_, task_live_abcdefgh",
        "pypi-server restarts, hvs.example.com, hvb.internal.example.com",
        "hf_transformer_base_model_large, npm_config_registry_of_the_whole_company",
        "caf\\u00e9 50%41 &#65; \u200b",
    ],
)
def test_words_that_only_resemble_a_secret_stay(text):
    assert clean(text) == text


@pytest.mark.parametrize("quote", ['"', "'", "`", r"\"", "&quot;", "%22", r"\u0027"])
@pytest.mark.parametrize(
    "place",
    ["{{'password': {}}}", "password={}", "x-password = {}", "('password', {})", "password is: {}"],
)
def test_a_letter_before_the_quotes_hides_no_value(quote, place):
    for prefix in ("", *"bBrRuUfFNEL@$", "rb", "Rb", "bR", "br", "fr", "$@"):
        text = place.format(f"{prefix}{quote}xq zv{quote}")
        assert clean(text) == place.format(f"{prefix}{quote}[secret]{quote}")
        assert clean(clean(text)) == clean(text)
        for words in (
            f"password is {prefix}{quote}xq zv{quote}",
            f"--pin {prefix}{quote}xq zv{quote}",
        ):
            assert "[secret]" in clean(words)
            assert "zv" not in clean(words)


# In the value, a "<" in another spelling than the one of the tags ends nothing.
INSIDE = ("%3c", "%253C", "\\x3c", "\\\\u003c", "&amp;lt;", "&amp;#60;")


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize(("lt", "gt"), [("<", ">"), ("&lt;", "&gt;"), ("\\u003c", "\\u003e")])
def test_the_value_of_an_element_ends_only_at_a_tag_in_the_spelling_of_the_first(lt, gt, inside):
    text = f"{lt}password{gt}a{inside}b c{lt}/password{gt} d"
    assert clean(text) == f"{lt}password{gt}[secret]{lt}/password{gt} d"


secrets = st.text("qxzvkwj", min_size=3, max_size=12)
notations = st.sampled_from([
    '"{n}": "{s} {s}"', "'{n}': '{s} {s}'", "{n}={s}", "{n} : {s}", "<{n}>{s} {s}</{n}>",
    "?{n}={s}&a=1", '<x {n}="{s} {s}">', r'\"{n}\": \"{s} {s}\"', "--{n} {s}", "{n}%3D{s}",
    '{{"key": "{n}", "value": "{s} {s}"}}', "{n} => [{s}, {s}]", "('{n}', '{s} {s}')",
    '"{n}","{s}"', "{n} is: {s}", "{n} is '{s} {s}'", "&quot;{n}&quot;:&quot;{s} {s}&quot;",
    r"\u0022{n}\u0022:\u0022{s} {s}\u0022", "%22{n}%22:%22{s}%22", "&#60;{n}&#62;{s} {s}",
    "{{'{n}': b'{s} {s}'}}", '{n} = f"{s} {s}"',
    "{n}={s}&{s}", "{n}: {s},{s};{s}", "'{n}': '{s}''{s} {s}'", '{n} = "{s}""{s} {s}"',
    '""{n}"": ""{s} {s}""', "{n}: &lt;{s}", "{n}={s}'{s}&amp;{s}&x=1",
    "<{n}>{s}%3c{s} {s}</{n}>", r"<{n}>{s}\x3c{s} {s}</{n}>", "<{n}>&lt;{s} {s}</{n}>",
    "&lt;{n}&gt;{s}&amp;lt;{s} {s}&lt;/{n}&gt;", "<{n}>{s}<![CDATA[{s} < {s}]]>{s}</{n}>",
])  # fmt: skip
names = st.sampled_from([
    "password", "userPassword", "PASSWORD", "client_secret", "x-api-key", "apiKey", "access_token",
    "sessionToken", "pin", "callerPin", "cvv", "otp", "passphrase", "privateKey", "signature",
])  # fmt: skip


# Where another name follows the secret has ended: "x&y=1", "x,y:1".
NEXT_NAME = re.compile(r"[&,;][\w.%\[\]-]+[=:]")


@settings(max_examples=scaled(60))
@given(
    st.sampled_from(["password", "Passphrase", "PIN", "otp", "pwd", "secret"]),
    st.sampled_from([" is {}", " was set to {}", " code {}", "={}", ": {}", "%3D{}"]),
    st.lists(secrets, min_size=2, max_size=4),
    st.lists(st.sampled_from(sorted(set(string.punctuation) - set("\"<>'"))), min_size=3),
)
def test_a_secret_does_not_end_at_a_sign_in_it(name, place, parts, signs):
    secret = parts[0] + "".join(
        f"{sign}{part}" for sign, part in zip(signs, parts[1:], strict=False)
    )
    assume(not NEXT_NAME.search(secret))
    assert parts[-1] not in clean(f"say {name}{place.format(secret + '1')} now").removesuffix(
        " now"
    )


def spelled(name):
    """The name with letters as they are, escaped, full-width, and before invisible ones."""
    return st.tuples(*(st.sampled_from([
        char, f"\\u{ord(char):04x}", f"\\\\x{ord(char):02X}", f"%{ord(char):02x}",
        f"%25{ord(char):02X}", f"&#{ord(char)};", f"&amp;#x{ord(char):x};",
        chr(ord(char) + 0xFEE0), f"{char}\u00ad", f"{char}\u200b\u2060",
    ]) for char in name)).map("".join)  # fmt: skip


TAGS = range(0xE0000, 0xF0000)


def invisible():
    """Characters that have no width: by their names, or of the category Cf."""
    # Arabic and Kaithi number signs, annotations and the controls of hieroglyphs are visible.
    visible = ("ARABIC", "KAITHI", "SYRIAC", "INTERLINEAR", "EGYPTIAN")
    # Between them are only ideographs, syllables and private characters.
    for code in chain(range(0x3400), range(0xF900, 0x18000), range(0x1B000, 0x20000), TAGS):
        char = chr(code)
        name = unicodedata.name(char, "")
        if unicodedata.category(char) == "Cf":
            if not name.startswith(visible) or name == "ARABIC LETTER MARK":
                yield char
        elif "VARIATION SELECTOR" in name or (name.startswith("HANGUL") and "FILLER" in name):
            yield char


def test_no_invisible_character_hides_a_name():
    found = "".join(invisible())
    assert len(found) > 300
    assert plain_letters(found) == ""
    assert clean(f"pass{found}word=x") == "password=[secret]"


around = st.text("abc XYZ 019 .,!?()\n\u00e9", max_size=20)


@settings(max_examples=scaled(60))
@given(around, names.flatmap(spelled) | names, notations, secrets, around)
def test_a_secret_leaves_in_no_notation_whatever_is_around_it(
    before, name, notation, secret, after
):
    text = f"{before} {notation.format(n=name, s=secret)} {after}"
    assert secret not in clean(text)


@pytest.mark.parametrize(
    "name",
    [
        "passwd",
        "password",
        "passphrase",
        "passcode",
        "secret",
        "token",
        "credentials",
        "authorization",
        "signature",
        "cookie",
        "set-cookie2",
        "api_key",
        "accessKey",
        "private-key",
        "accountKey",
        "encryption_key",
        "signing_key",
        "Subscription-Key",
        "shared_key",
        "pwd",
        "pin",
        "cvv",
        "cvv2",
        "cvc",
        "csc",
        "otp",
        "sig",
        "ssn",
        "jwt",
    ],
)
def test_every_name_of_a_secret_is_enough_to_find_its_value(name):
    for text in (f"{name}=", f"{name.upper()}: ", f"\\u00{ord(name[0]):02x}{name[1:]}="):
        assert clean(f"{text}xq").endswith("[secret]")
    assert "xq" not in clean(f"<{name}>xq zv</{name}>")


@pytest.mark.parametrize("name", ["p\u0131n", "P\u0130N", "\u017fecret", "to\u212aen"])
def test_letters_that_only_regular_expressions_take_for_others_hide_no_name(name):
    assert clean(f"{name}=hunter2").endswith("[secret]")
