"""What holds for every store, in memory and in Redis: rows B1-B6, B9 and B10 of the cases, and what is around them."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from framework.stores import Store

SOON = 0.05
"""Seconds that an entry lives which a test waits for."""
BRIEF = 1.5
"""Seconds that an entry lives which a test uses before it waits for its end."""
LONG = 600.0


async def expired(seconds: float = SOON) -> None:
    """Wait until what lives for some seconds has expired."""
    await asyncio.sleep(seconds + 0.05)


async def test_values_are_bytes_that_come_back_as_they_are(store: Store) -> None:
    """Any bytes are stored, replaced and deleted."""
    value = bytes(range(256))

    assert await store.get("a") is None
    await store.set("a", value)
    assert await store.get("a") == value
    await store.set("a", b"")
    assert await store.get("a") == b""
    assert await store.delete("a") is True
    assert await store.delete("a") is False
    assert await store.get("a") is None


async def test_b1_one_of_many_adds(store: Store) -> None:
    """B1: of 50 that add a key at once, one does, and its value stays."""
    added = await asyncio.gather(*(store.add("claim", b"%d" % number, ttl=LONG) for number in range(50)))

    assert added.count(True) == 1
    assert await store.get("claim") == b"%d" % added.index(True)


async def test_b2_increments_are_counted_one_by_one(store: Store) -> None:
    """B2: of 100 that increment a counter at once, each sees another value."""
    values = await asyncio.gather(*(store.increment("count", ttl=LONG) for _ in range(100)))

    assert sorted(values) == list(range(1, 101))
    assert await store.get("count") == b"100"


async def test_b2_the_first_increment_decides_when_a_counter_expires(store: Store) -> None:
    """B2: increments after the first do not prolong it, also where the counter has come back to 0."""
    assert await store.increment("count", ttl=BRIEF) == 1
    assert await store.increment("count", -1, ttl=LONG) == 0
    assert await store.increment("count", ttl=LONG) == 1
    await expired(BRIEF)

    assert await store.get("count") is None
    assert await store.increment("count", 5, ttl=LONG) == 5


async def test_a_counter_without_a_ttl_stays(store: Store) -> None:
    """Without a ttl a counter has no expiry, and a later increment gives it none."""
    assert await store.increment("count") == 1
    assert await store.increment("count", ttl=SOON) == 2
    await expired()

    assert await store.increment("count", 40) == 42


@pytest.mark.parametrize("value", [b"", b"x", b"1.5", b" 1", b"9223372036854775808"])
async def test_what_is_not_an_integer_is_not_incremented(store: Store, value: bytes) -> None:
    """A value that is no integer of 64 bits is a ValueError, and stays as it is."""
    await store.set("a", value)

    with pytest.raises(ValueError, match=r"^the value is not an integer"):
        await store.increment("a")

    assert await store.get("a") == value


async def test_a_counter_does_not_leave_64_bits(store: Store) -> None:
    """The largest value is exact, and the one behind it is a ValueError."""
    assert await store.increment("a", 2**63 - 2) == 2**63 - 2
    assert await store.increment("a") == 2**63 - 1

    with pytest.raises(ValueError, match=r"^the value is not an integer of 64 bits$"):
        await store.increment("a")

    assert await store.get("a") == b"9223372036854775807"


async def test_b4_namespaces_are_apart(store: Store) -> None:
    """B4: the names of namespaces and keys do not run into each other, nested ones and empty ones included."""
    views = [
        (store, "a"),
        (store, "a:b"),
        (store.namespace("a"), "b:c"),
        (store.namespace("a:b"), "c"),
        (store.namespace("a").namespace("b"), "c"),
        (store.namespace("a").namespace("b").namespace("c"), ""),
        (store.namespace("a"), "=b:c"),
        (store.namespace("a="), "b:c"),
        (store.namespace("a%3Ab"), "c"),
        (store.namespace(""), "a"),
        (store.namespace("~"), "a"),
    ]
    for number, (view, key) in enumerate(views):
        await view.set(key, b"%d" % number)

    assert [await view.get(key) for view, key in views] == [b"%d" % number for number in range(len(views))]
    assert await store.namespace("a").get("b:c") == b"2"


@pytest.mark.parametrize("ttl", [0, 0.0, -1, -0.001, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize(
    "use",
    [
        lambda store, ttl: store.set("a", b"1", ttl=ttl),
        lambda store, ttl: store.add("a", b"1", ttl=ttl),
        lambda store, ttl: store.replace("a", b"1", ttl=ttl),
        lambda store, ttl: store.increment("a", ttl=ttl),
        lambda store, ttl: store.expire("a", ttl),
    ],
    ids=["set", "add", "replace", "increment", "expire"],
)
async def test_b5_a_ttl_is_above_0(store: Store, use: Callable[[Store, float], Awaitable[Any]], ttl: float) -> None:
    """B5: any other time to live is a ValueError, and nothing is stored."""
    with pytest.raises(ValueError, match=r"^ttl=\S+ is not a number of seconds above 0$"):
        await use(store, ttl)

    assert await store.get("a") is None


async def test_b6_what_has_expired_is_not_there(store: Store) -> None:
    """B6: it is read as None, added anew, neither replaced nor deleted, and counted from 0."""
    for key in ("get", "add", "replace", "delete", "expire", "increment"):
        await store.set(key, b"7", ttl=SOON)
    await expired()

    assert await store.get("get") is None
    assert await store.add("add", b"new") is True
    assert await store.replace("replace", b"new") is False
    assert await store.delete("delete") is False
    assert await store.expire("expire", LONG) is False
    assert await store.increment("increment") == 1
    assert await store.get("add") == b"new"


async def test_set_ends_the_expiry_of_what_was_there(store: Store) -> None:
    """A value that is set without a ttl stays, whatever the one before it had."""
    await store.set("a", b"1", ttl=SOON)
    await store.set("a", b"2")
    await expired()

    assert await store.get("a") == b"2"


async def test_expire_shortens_and_prolongs(store: Store) -> None:
    """The last expiry counts."""
    await store.set("short", b"1", ttl=LONG)
    await store.set("none", b"1")
    await store.set("long", b"1", ttl=BRIEF)

    assert await store.expire("short", SOON) is True
    assert await store.expire("none", SOON) is True
    assert await store.expire("long", LONG) is True
    await expired(BRIEF)

    assert [await store.get(key) for key in ("short", "none", "long")] == [None, None, b"1"]


async def test_replace_stores_only_where_something_is(store: Store) -> None:
    """What was deleted meanwhile is not stored again."""
    assert await store.replace("a", b"1") is False
    assert await store.get("a") is None
    await store.set("a", b"1")
    assert await store.replace("a", b"2", ttl=BRIEF) is True
    assert await store.get("a") == b"2"
    await expired(BRIEF)

    assert await store.get("a") is None


KEYS = ("a b", "a\r\nb", "a\nb", "*", "a*", "[a]", "a\\b", "a\0b", "ä", "a\u0308", "a\ud800", "", " ", "#", "=")
LONG_KEYS = tuple("k" * 10_240 + end for end in ("a", "b", "a\ud800"))


async def test_b9_any_string_is_a_key(store: Store) -> None:
    """B9: blanks, line ends, wildcards, surrogates and long keys are kept apart, and each finds its own value."""
    keys = (*KEYS, *LONG_KEYS)
    for number, key in enumerate(keys):
        assert await store.add(key, b"%d" % number) is True

    assert [await store.get(key) for key in keys] == [b"%d" % number for number in range(len(keys))]


async def test_b9_the_digest_of_a_long_key_is_another_key(store: Store) -> None:
    """B9: who knows how long keys are stored cannot name one by its digest."""
    import hashlib

    await store.set("k" * 500, b"secret")

    digest = hashlib.sha256(b"k" * 500).hexdigest()
    assert [await store.get(one) for one in (digest, f"#{digest}", f"=#{digest}")] == [None, None, None]


async def test_b10_stores_give_bytes_and_never_objects(store: Store) -> None:
    """B10: whoever reads a value decodes it; what another release or a hand has written is an error of decoding."""
    await store.set("a", b"cos\nsystem\n(S'true'\ntR.")

    found = await store.get("a")

    assert found == b"cos\nsystem\n(S'true'\ntR."
    with pytest.raises(msgspec.DecodeError):
        msgspec.msgpack.decode(found, type=dict[str, int])


async def test_only_an_expected_value_is_replaced_or_deleted(store: Store) -> None:
    """A value that somebody else has stored meanwhile stays, and so does its expiry."""
    assert await store.replace("a", b"2", expected=b"1") is False
    assert await store.delete("a", expected=b"1") is False
    await store.set("a", b"1")

    assert await store.replace("a", b"2", expected=b"0", ttl=SOON) is False
    assert await store.delete("a", expected=b"0") is False
    await expired()
    assert await store.get("a") == b"1"
    assert await store.replace("a", b"2", expected=b"1", ttl=LONG) is True
    assert await store.delete("a", expected=b"1") is False
    assert await store.delete("a", expected=b"2") is True
    assert await store.get("a") is None


async def test_replacing_an_expected_value_sets_its_expiry(store: Store) -> None:
    """As any other replacement does: a lock is prolonged in this way."""
    await store.set("a", bytes(range(256)))

    assert await store.replace("a", b"2", expected=bytes(range(256)), ttl=SOON) is True
    await expired()
    assert await store.get("a") is None
    await store.set("a", b"1", ttl=BRIEF)
    assert await store.replace("a", b"2", expected=b"1") is True
    await expired(BRIEF)
    assert await store.get("a") == b"2"


async def test_one_of_many_replaces_an_expected_value(store: Store) -> None:
    """Of many that expect the same value at once, one replaces it."""
    await store.set("a", b"free")
    values = [b"%d" % number for number in range(50)]

    done = await asyncio.gather(*(store.replace("a", one, expected=b"free", ttl=LONG) for one in values))

    assert done.count(True) == 1
    assert await store.get("a") == values[done.index(True)]
