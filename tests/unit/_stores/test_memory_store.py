"""The store in memory: what has expired takes no memory, and what it may take is bounded."""

import asyncio
import logging

import pytest

from framework.errors import InvalidOptionError
from framework.stores import MemoryStore, Quota
from framework.stores.entries import Entries
from tests.waiting import until

# ruff: noqa: SLF001  what a store keeps beside its entries is bounded as well

FULL = "The MemoryStore is full (3 entries, {} bytes): entries are dropped before they expire"


async def test_b6_what_has_expired_is_freed_without_being_read() -> None:
    """B6: a timer frees it, of all namespaces, and nothing is left over."""
    store = MemoryStore()
    async with store:
        for number in range(100):
            await store.namespace(f"{number % 3}").set(f"{number}", b"x" * 100, ttl=0.05)
        await store.reserve("k", [Quota(1, 0.05)])
        await store.set("kept", b"")
        assert len(store) == 102

        await until(lambda: len(store) == 1)

        assert store.size == len("=kept") + 300


async def test_the_timer_goes_on_for_what_expires_later() -> None:
    """What was prolonged is freed when its new time is over."""
    store = MemoryStore()
    async with store:
        await store.set("a", b"1", ttl=0.01)
        await store.expire("a", 1.2)
        await store.set("b", b"1", ttl=0.01)

        await until(lambda: len(store) == 1)
        await until(lambda: len(store) == 0)


async def test_the_timer_is_not_late_for_what_expires_earlier() -> None:
    """An entry that lives for a day does not keep those that come after it."""
    async with MemoryStore() as store:
        await store.set("day", b"value", ttl=86_400)
        for number in range(50):
            await store.set(f"key-{number}", b"value", ttl=0.01)
        await until(lambda: len(store) == 1)

        assert await store.get("day") == b"value"


async def test_the_timer_is_stopped_with_the_store() -> None:
    """A closed store leaves nothing on the event loop, and can be used again."""
    store = MemoryStore()
    async with store:
        await store.set("a", b"1", ttl=0.01)
    assert store._entries._timer is None

    async with store:
        await store.set("b", b"1", ttl=0.01)
        await until(lambda: len(store) == 0)


def test_a_store_outlives_an_event_loop() -> None:
    """A store that was not closed frees memory on the next loop as well."""
    store = MemoryStore()

    async def use() -> None:
        await store.set("a", b"1", ttl=0.01)

    async def use_and_wait() -> None:
        store._entries._sweep_at -= 60  # as if the loop had ended a minute ago
        await store.set("b", b"1", ttl=0.01)
        await until(lambda: len(store) == 0)

    asyncio.run(use())
    asyncio.run(use_and_wait())


async def test_q19_a_million_keys_take_no_more_than_was_allowed() -> None:
    """Q19: counters of clients that come once are bounded, in number and in bytes."""
    store, quota = MemoryStore(max_entries=1_000, max_bytes=200_000), [Quota(100, 60)]
    for number in range(20_000):
        store.reserve_now(f"{number}", quota)

    assert 0 < len(store) <= 1_000
    assert store.size <= 200_000
    assert len(store._entries._heap) <= 2 * len(store) + 64


async def test_expired_entries_make_room_first(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that is still needed is dropped, and nothing is logged, while there are expired entries."""
    store = MemoryStore(max_entries=3)
    await store.set("old", b"1")
    await store.set("short", b"1", ttl=0.01)
    await store.set("long", b"1", ttl=60)
    await asyncio.sleep(0.02)
    await store.set("new", b"1")

    assert [await store.get(key) for key in ("old", "short", "long", "new")] == [b"1", None, b"1", b"1"]
    assert caplog.records == []


async def test_then_those_that_expire_first_make_room(caplog: pytest.LogCaptureFixture) -> None:
    """Of what has not expired, the next to expire goes; without any expiry, the oldest; one warning a minute."""
    store = MemoryStore(max_entries=3)
    await store.set("none", b"1")
    await store.set("later", b"1", ttl=60)
    await store.set("prolonged", b"1", ttl=1)
    await store.expire("prolonged", 600)
    size = store.size

    await store.set("a", b"1")
    assert [await store.get(key) for key in ("none", "later", "prolonged", "a")] == [b"1", None, b"1", b"1"]
    await store.set("b", b"1")
    await store.set("c", b"1")

    assert [await store.get(key) for key in ("none", "prolonged", "a", "b", "c")] == [None, None, b"1", b"1", b"1"]
    assert caplog.record_tuples == [("framework.stores", logging.WARNING, FULL.format(size))]


async def test_bytes_are_bounded_as_well() -> None:
    """Large values make others go; one that is too large for the store is a ValueError, and changes nothing."""
    store = MemoryStore(max_bytes=10_000)
    for number in range(9):
        await store.set(f"{number}", b"x" * 1_000)
    assert (len(store), await store.get("0"), await store.get("8")) == (7, None, b"x" * 1_000)

    with pytest.raises(ValueError, match=r"^the value takes 10302 bytes, and the store has room for 10000$"):
        await store.set("8", b"x" * 10_000)

    assert await store.get("8") == b"x" * 1_000


async def test_bytes_are_given_back() -> None:
    """Deleted, replaced and grown values leave the count right."""
    store = MemoryStore()
    await store.set("a", b"x" * 500)
    await store.set("a", b"x")
    for _ in range(11):
        await store.increment("b")
    assert store.size == 2 * 302 + 1 + len(b"11")

    await store.delete("a")
    await store.delete("b")

    assert (len(store), store.size) == (0, 0)


async def test_what_is_made_and_deleted_again_leaves_nothing_behind() -> None:
    """The list of what expires does not grow with entries that are no longer there."""
    store = MemoryStore()
    for _ in range(5_000):
        await store.set("a", b"1", ttl=600)
        await store.delete("a")

    assert len(store._entries._heap) <= 64


async def test_an_expired_entry_that_was_prolonged_stays() -> None:
    """The list of what expires has an older moment of it."""
    entries = Entries(10, 10_000)
    entry = entries.put("a", b"", 0, 1.0)
    entries.schedule(entry, float("inf"))
    entries.sweep()
    entries.stop()

    assert list(entries.known) == ["a"]


@pytest.mark.parametrize("option", ["max_entries", "max_bytes"])
def test_limits_are_above_0(option: str) -> None:
    """A store without room is an error where it is made."""
    with pytest.raises(InvalidOptionError) as raised:
        MemoryStore(**{option: 0})

    place, _, text = str(raised.value).partition("): ")
    assert place.startswith("MemoryStore (tests/unit/_stores/test_memory_store.py:")
    assert text == f"{option}=0 is not above 0.\n  Hint: give a larger number."
