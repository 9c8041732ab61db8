"""Passwords: what is remembered, and how many wrong ones are checked at all."""

import asyncio
import time

import pytest
from support.builders.web_files import hash_of

from fuse_otel.web import login
from fuse_otel.web.login import Passwords

USERS = {"ops": hash_of("right"), "empty": hash_of("")}


@pytest.fixture
def checked(monkeypatch):
    """The passwords that bcrypt saw."""
    seen = []
    matches = login._matches

    def counted(password, hashed):
        seen.append(password)
        return matches(password, hashed)

    monkeypatch.setattr(login, "_matches", counted)
    return seen


def results_of(*tries, users=USERS, client="192.0.2.1"):
    """What each of the tries gives, one after the other: (name, password[, client])."""

    async def run():
        made = Passwords()
        try:
            return [
                await made.check(users, name, password, *(more or [client]))
                for name, password, *more in tries
            ]
        finally:
            made.close()

    return asyncio.run(run())


def test_a_right_password_is_right_and_every_other_is_not():
    assert results_of(
        ("ops", b"right"), ("ops", b"Right"), ("ops", b""), ("nobody", b"right"), ("", b""),
        ("empty", b""), ("ops", b"right\0more"), ("ops", b"\xff\xfe"),
    ) == [True, False, False, False, False, True, False, False]  # fmt: skip


def test_a_long_password_counts_up_to_the_bytes_that_bcrypt_takes():
    users = {"ops": hash_of("x" * 72)}
    tries = (("ops", b"x" * 100), ("ops", b"x" * 71))
    assert results_of(*tries, users=users) == [True, False]


def test_right_and_wrong_answers_are_remembered(checked):
    tries = (("ops", b"right"), ("ops", b"wrong"), ("nobody", b"right"))
    assert results_of(*tries, *tries) == [True, False, False] * 2
    assert checked == [b"right", b"wrong", b"right"]


def test_a_changed_hash_ends_what_was_remembered():
    async def run():
        made = Passwords()
        before = await made.check(USERS, "ops", b"right", "")
        after = await made.check({"ops": hash_of("new")}, "ops", b"right", "")
        made.close()
        return before, after

    assert asyncio.run(run()) == (True, False)


def test_the_memory_holds_no_password():
    async def run():
        made = Passwords()
        await made.check(USERS, "ops", b"right", "")
        made.close()
        return made

    made = asyncio.run(run())
    kept = [*made._right._entries, *made._wrong._entries]
    assert len(kept) == 1
    assert not any(b"right" in each for each in kept)


def test_wrong_passwords_of_a_client_are_bounded_and_other_clients_are_not_affected(checked):
    wrong = [("ops", b"%d" % number) for number in range(login._BURST + 5)]
    results = results_of(*wrong, ("ops", b"right"), ("ops", b"right", "192.0.2.2"))
    bounded = [False] * login._BURST
    assert results[: login._BURST] == bounded
    assert set(results[login._BURST : -2]) <= {None, False}
    assert results[-1] is True
    assert len(checked) <= len(wrong) + 1


def test_a_login_that_was_right_before_is_never_bounded():
    wrong = [("ops", b"%d" % number) for number in range(login._BURST + 5)]
    assert results_of(("ops", b"right"), *wrong, ("ops", b"right"))[-1] is True


def test_right_passwords_do_not_count_as_tries():
    users = {f"user{number}": hash_of(f"{number}") for number in range(login._BURST + 5)}
    tries = [(name, name.removeprefix("user").encode()) for name in users]
    assert set(results_of(*tries, users=users)) == {True}


def test_tries_come_back_with_time():
    now = [0.0]
    tries = login._Tries(lambda: now[0])
    assert [tries.take("192.0.2.1") for _ in range(login._BURST + 1)][-2:] == [True, False]
    now[0] += login._REFILL
    assert [tries.take("192.0.2.1") for _ in range(2)] == [True, False]


def test_addresses_of_one_ipv6_network_are_one_client():
    tries = login._Tries(lambda: 0.0)
    addresses = [f"2001:db8::{number:x}" for number in range(login._BURST)]
    assert all(map(tries.take, addresses))
    assert not tries.take("2001:db8::ffff%eth0")
    assert tries.take("2001:db8:0:1::1")
    assert tries.take("::ffff:192.0.2.1")
    assert tries.take("")


def test_many_checks_at_once_run_one_by_one_and_no_more_than_may_wait(checked):
    running, most = [0], [0]
    inner = login._matches

    def watched(password, hashed):
        running[0] += 1
        most[0] = max(most[0], running[0])
        found = inner(password, hashed)
        running[0] -= 1
        return found

    async def run():
        made = Passwords()
        asks = [made.check(USERS, "ops", b"%d" % n, f"192.0.2.{n}") for n in range(40)]
        found = await asyncio.gather(*asks)
        made.close()
        return found

    login._matches, kept = watched, login._matches
    try:
        found = asyncio.run(run())
    finally:
        login._matches = kept
    assert most == [1]
    assert found.count(False) == login._WAITING == len(checked)
    assert found.count(None) == 40 - login._WAITING


def test_a_wrong_password_keeps_the_next_check_waiting_and_a_right_one_does_not(monkeypatch):
    pauses, sleep = [], asyncio.sleep

    async def pause(seconds):
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(login.asyncio, "sleep", pause)
    assert results_of(("ops", b"right")) == [True]
    assert pauses == []
    monkeypatch.setattr(login, "_matches", lambda *_: bool(time.sleep(0.02)))
    assert results_of(("ops", b"wrong")) == [False]
    assert pauses[0] >= login._REST * 0.02


def test_the_same_login_at_the_same_time_is_checked_once(checked):
    async def run():
        made = Passwords()
        asks = [made.check(USERS, "ops", b"right", "192.0.2.1") for _ in range(50)]
        found = await asyncio.gather(*asks)
        made.close()
        return found

    assert set(asyncio.run(run())) == {True}
    assert checked == [b"right"]


def test_what_is_remembered_is_bounded():
    newest = login._Newest(3)
    for number in range(10):
        newest[number] = True
    assert [number for number in range(10) if number in newest] == [7, 8, 9]


def test_an_unknown_name_costs_as_much_as_the_most_expensive_known_one(monkeypatch):
    seen = []
    monkeypatch.setattr(login, "_matches", lambda _, hashed: seen.append(hashed) or True)
    users = {"cheap": hash_of("a", 4), "dear": hash_of("b", 5)}
    assert results_of(("nobody", b"a"), users=users) == [False]
    assert seen == [users["dear"]]
