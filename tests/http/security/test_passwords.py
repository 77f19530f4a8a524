"""PasswordHasher: what is equal, what is refused, and what it costs; the ids are the rows of the table of cases."""

import asyncio
import logging
import sys
import threading
from typing import Any

import pytest

from framework.errors import InvalidOptionError
from framework.security import PasswordHasher
from framework.types import SecretStr
from tests.startup.expected import after

HASHER = PasswordHasher()


async def test_w1_hash_and_verify() -> None:
    """The right password is true and a wrong one false; each hash has a salt and the parameters of its own."""
    first, second = await HASHER.hash("secret"), await HASHER.hash(SecretStr("secret"))
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert [await HASHER.verify(one, "secret") for one in (first, second)] == [True, True]
    assert await HASHER.verify(first, SecretStr("secret")) is True
    assert [await HASHER.verify(first, one) for one in ("Secret", "secret ", "")] == [False, False, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a" * 72 + "b", "a" * 72 + "c"), ("a\0b", "a\0c"), ("a", "a\0"), ("a b", "a  b"), (" a", "a"), ("a", "a\n")],
    ids=["W2-73", "W2-NUL", "W2-NUL-end", "W2-blanks", "W2-begin", "W2-newline"],
)
async def test_w2_nothing_is_cut(one: str, other: str) -> None:
    """Every byte counts."""
    assert await HASHER.verify(await HASHER.hash(one), other) is False


@pytest.mark.parametrize(
    ("one", "other"), [("é", "e\u0301"), ("ﬁ", "fi"), ("Å", "\u212b")], ids=["W3-composed", "W3-ligature", "W3-sign"]
)
async def test_w3_ways_of_writing(one: str, other: str) -> None:
    """What keyboards write in different ways is equal."""
    assert await HASHER.verify(await HASHER.hash(one), other) is True
    assert await HASHER.verify(await HASHER.hash(other), one) is True


@pytest.mark.parametrize("password", ["a" * 1_025, "ä" * 513, "\ufdfa" * 100, "\ud800"])
async def test_w4_too_long(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """A password over 1 024 bytes is false at once, and is not hashed; so is one that is not Unicode."""
    stored = await HASHER.hash("a" * 1_024)
    assert await HASHER.verify(stored, "a" * 1_024) is True
    monkeypatch.setattr(HASHER, "_run", None)
    assert await HASHER.verify(stored, password) is False
    with pytest.raises(ValueError, match=r"^a password has 1024 bytes at most, of Unicode$"):
        await HASHER.hash(password)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=19456,t=2,p=1$!!!$!!!",
        "$2b$12$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYz0123456",
        "$argon2id$v=19$m=4294967296,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
        "$argon2id$v=19$m=19456,t=1000000,p=1$c2FsdHNhbHRzYWx0c2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
        "$argon2id$v=19$m=19456,t=2,p=9$c2FsdHNhbHRzYWx0c2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
    ],
    ids=["W5-empty", "W5-plain", "W5-cut", "W5-base64", "W5-bcrypt", "W5-4TiB", "W5-slow", "W5-threads"],
)
async def test_w5_what_is_stored(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    """A stored text that cannot be used is false, is logged without it, and costs as much as a wrong password."""
    computed: list[str] = []
    matches = HASHER._matches  # noqa: SLF001

    def noted(given: str, plain: bytes) -> bool | None:
        computed.append(given)
        return matches(given, plain)

    monkeypatch.setattr(HASHER, "_matches", noted)
    assert await HASHER.verify(stored, "secret") is False
    assert HASHER.needs_rehash(stored) is True
    assert computed[-1].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert computed[-1] != stored
    # What is broken behind good parameters is found by Argon2 itself, before it computes anything.
    assert computed[:-1] == ([stored] if stored.endswith("!!!") else [])
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (
            logging.WARNING,
            "A stored password cannot be verified: it is not a hash of Argon2 with reasonable parameters",
        )
    ]


async def test_w6_an_unknown_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who is not known costs one hash with the same parameters, as a wrong password does."""
    hasher = PasswordHasher(memory=20_000, time=3)
    computed: list[str] = []
    matches = hasher._matches  # noqa: SLF001

    def counted(stored: str, plain: bytes) -> bool | None:
        computed.append(stored.rpartition("$")[0].rpartition("$")[0])
        return matches(stored, plain)

    stored = await hasher.hash("secret")
    monkeypatch.setattr(hasher, "_matches", counted)
    for one in (stored, None, "broken"):
        assert await hasher.verify(one, "wrong") is False
    assert computed == ["$argon2id$v=19$m=20000,t=3,p=1"] * 3


@pytest.mark.both_loops
async def test_w7_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many are computed at the same time, and the loop goes on meanwhile."""
    hasher = PasswordHasher(at_once=3)
    running, most, threads = 0, 0, set[int]()
    lock, step = threading.Lock(), threading.Semaphore(0)

    def slow(stored: str, plain: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            threads.add(threading.get_ident())
        step.acquire(timeout=10)
        with lock:
            running -= 1
        return bool(stored and plain)

    stored = await hasher.hash("secret")
    monkeypatch.setattr(hasher, "_matches", slow)
    logins = asyncio.gather(*(hasher.verify(stored, "secret") for _ in range(200)))
    while running < 3:  # noqa: ASYNC110  threads set no event of asyncio
        await asyncio.sleep(0.001)
    assert not logins.done()
    step.release(200)
    assert await logins == [True] * 200
    assert (most, len(threads)) == (3, 3)
    assert threading.get_ident() not in threads


async def test_w8_other_parameters() -> None:
    """A hash with other parameters is still verified, and is to be made anew."""
    stored = await HASHER.hash("secret")
    stronger = PasswordHasher(time=3)
    assert await stronger.verify(stored, "secret") is True
    assert (HASHER.needs_rehash(stored), stronger.needs_rehash(stored)) == (False, True)
    assert stronger.needs_rehash(await stronger.hash("secret")) is False


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"memory": 19_455}, "memory=19455 is not a number from 19456 on", "memory=19456, or more"),
        ({"time": 1}, "time=1 is not a number from 2 on", "time=2, or more"),
        ({"parallelism": 0}, "parallelism=0 is not a number from 1 on", "parallelism=1, or more"),
        ({"at_once": "4"}, "at_once='4' is not a number from 1 on", "at_once=1, or more"),
    ],
)
def test_weak_parameters(options: dict[str, Any], what: str, hint: str) -> None:
    """Parameters below those that are recommended are refused where the hasher is made."""

    def make() -> PasswordHasher:
        return PasswordHasher(**options)

    with pytest.raises(InvalidOptionError) as raised:
        make()
    assert str(raised.value) == f"PasswordHasher ({after(make, 1)}): {what}.\n  Hint: write it as {hint}."


def test_argon2_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the extra."""
    monkeypatch.setitem(sys.modules, "argon2", None)

    def make() -> PasswordHasher:
        return PasswordHasher()

    with pytest.raises(InvalidOptionError) as raised:
        make()
    assert str(raised.value) == (
        f"PasswordHasher ({after(make, 1)}): it uses the package argon2-cffi, which is not installed.\n"
        "  Hint: install framework-aiohttp[passwords]."
    )
