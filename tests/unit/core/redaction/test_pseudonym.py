import hmac
from hashlib import sha256

import pytest
from support.builders.call_values import KEY

from fuse_otel.core.model.call import CallRecord, Direction
from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym, pseudonymise

OURS, CALLER = "8005550111", "2125550123"


def record(**changes):
    values = {
        "session_id": "s",
        "start": 10,
        "end": 20,
        "src": CALLER,
        "dest": OURS,
        "type": "inbound",
        "logged": True,
    }
    return CallRecord(**{**values, **changes})


def hash_of(digits):
    return hmac.new(KEY, digits.encode(), sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    ("src", "type_", "direction"),
    [
        (CALLER, "inbound", Direction.INBOUND),
        (CALLER, " Inbound ", Direction.INBOUND),
        (CALLER, "outbound", Direction.OUTBOUND),
        ("Outbound", "inbound", Direction.OUTBOUND),  # the documented mark wins
        ("outbound", "inbound", Direction.OUTBOUND),
        ("OUTBOUND", "Inbound", Direction.OUTBOUND),
        (" Outbound ", "inbound", Direction.OUTBOUND),
        ("Out-bound call", "inbound", Direction.OUTBOUND),
        ("\uff2fut\u200bbound", "inbound", Direction.OUTBOUND),
        (CALLER, "OUTBOUND\n", Direction.OUTBOUND),
        (CALLER, "outbound call", Direction.OUTBOUND),
        (CALLER, "transfer", Direction.UNKNOWN),
        (CALLER, "", Direction.UNKNOWN),
    ],
)
def test_the_direction_follows_the_source_first_then_the_type(src, type_, direction):
    assert pseudonymise(record(src=src, type=type_), KEY).direction is direction


def test_an_inbound_call_hashes_the_caller_and_names_our_number():
    call = pseudonymise(record(), KEY)
    assert (call.user_hash, call.destination) == (hash_of("1" + CALLER), OURS)


def test_an_outbound_call_hashes_the_called_person_and_names_no_number():
    call = pseudonymise(record(src="Outbound", dest=CALLER), KEY)
    assert (call.user_hash, call.destination) == (hash_of("1" + CALLER), None)


def test_a_call_of_unknown_direction_names_no_number():
    assert pseudonymise(record(type="transfer"), KEY).destination is None


@pytest.mark.parametrize("src", ["outbound", "OUTBOUND", "Outbound ", "Out bound"])
def test_no_spelling_of_outbound_makes_the_customer_our_number(src):
    call = pseudonymise(record(src=src, dest=CALLER), KEY)
    assert (call.user_hash, call.destination) == (hash_of("1" + CALLER), None)


@pytest.mark.parametrize(
    ("dest", "destination"),
    [
        ("sip:8005550111@10.0.0.1:5060", "8005550111"),
        ("tel:+1-800-555-0111;ext=12", "18005550111"),
        ("sip:menu@10.0.0.1", None),
        ("10.0.0.1", None),
    ],
)
def test_our_number_is_what_is_dialled_and_no_part_of_a_host(dest, destination):
    assert pseudonymise(record(dest=dest), KEY).destination == destination


@pytest.mark.parametrize("written", ["2125550123", "12125550123", "sip:+12125550123@10.0.0.1"])
def test_one_person_has_one_hash_however_the_number_is_written(written):
    assert pseudonymise(record(src=written), KEY).user_hash == hash_of("12125550123")


@pytest.mark.parametrize("src", ["", "anonymous", "anonymous@10.0.0.1", "sip:pbx7.example.com"])
def test_a_caller_without_a_number_has_no_hash(src):
    assert pseudonymise(record(src=src), KEY).user_hash is None


def test_without_a_key_there_is_no_hash():
    assert pseudonymise(record(), None).user_hash is None


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((10, 20), (10, 20)),
        ((None, 20), (20, 20)),
        ((10, None), (10, 10)),
        ((None, None), (None, None)),
        ((20, 10), (20, 20)),
    ],
)
def test_a_call_never_ends_before_it_starts(times, expected):
    call = pseudonymise(record(start=times[0], end=times[1]), KEY)
    assert (call.start, call.end) == expected


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Inbound", "inbound"),
        ("warm transfer", "warm transfer"),
        ("2125550123 jo@x.com", ""),
        ("x" * 33, ""),
    ],
)
def test_a_type_is_kept_only_if_it_is_a_short_word(written, kept):
    assert pseudonymise(record(type=written), KEY).type == kept


def test_the_default_key_is_hkdf_of_the_developer_key():
    # RFC 5869 with a salt of 32 zero bytes (the default for SHA-256) and one block of output.
    extracted = hmac.new(bytes(32), b"dev-key", sha256).digest()
    expanded = hmac.new(extracted, b"fuse-otel/pseudonym/1\x01", sha256).digest()
    assert developer_key_pseudonym("dev-key") == expanded
    assert len(expanded) == 32
