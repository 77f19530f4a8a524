"""Reads that many requests share: as few as possible, and none that began before a caller asked."""

import asyncio

import pytest

from framework.middleware.shared_reads import reader_of
from framework.stores import MemoryStore, RedisStore, StoreError
from tests.waiting import until


class SlowStore(RedisStore):
    """Counts reads, which end when they are told to."""

    def __init__(self) -> None:
        self.value = b"old"
        self.reads = 0
        self.gate = asyncio.Event()

    async def get(self, key: str) -> bytes | None:
        """Return the value at the beginning of the read."""
        self.reads += 1
        value = self.value
        await self.gate.wait()
        if value == b"broken":
            raise StoreError(key)
        return value


async def begun(store: SlowStore, count: int = 1) -> None:
    """Wait until so many reads have begun."""
    await until(lambda: store.reads == count)


async def test_callers_at_the_same_time_share_two_reads() -> None:
    """The first one begins a read, all others share the next one."""
    store = SlowStore()
    read = reader_of(store)
    store.gate.set()

    assert await asyncio.gather(*(read("a") for _ in range(100))) == [b"old"] * 100
    assert store.reads == 2


async def test_nobody_gets_a_value_from_before() -> None:
    """Who asks after a change sees it, although an earlier read has not ended."""
    store = SlowStore()
    read = reader_of(store)
    first = asyncio.ensure_future(read("a"))
    await begun(store)
    store.value = b"new"
    others = [asyncio.ensure_future(read("a")) for _ in range(3)]
    store.gate.set()

    assert await first == b"old"
    assert await asyncio.gather(*others) == [b"new"] * 3
    assert store.reads == 2


async def test_other_keys_are_read_at_once() -> None:
    """A read of one key does not wait for another one."""
    store = SlowStore()
    read = reader_of(store)
    first = asyncio.ensure_future(read("a"))
    second = asyncio.ensure_future(read("b"))
    await begun(store, 2)
    store.gate.set()

    assert [await first, await second] == [b"old", b"old"]


async def test_an_error_is_for_those_who_share_the_read() -> None:
    """The next read is another one."""
    store = SlowStore()
    store.value = b"broken"
    read = reader_of(store)
    first = asyncio.ensure_future(read("a"))
    await begun(store)
    store.value = b"new"
    second = asyncio.ensure_future(read("a"))
    store.gate.set()

    with pytest.raises(StoreError):
        await first
    assert await second == b"new"


async def test_a_caller_that_leaves() -> None:
    """The read goes on for the others, also if it was begun for the one that leaves."""
    store = SlowStore()
    read = reader_of(store)
    first, second, third = [asyncio.ensure_future(read("a")) for _ in range(3)]
    await begun(store)
    first.cancel()
    second.cancel()
    store.gate.set()

    assert await third == b"old"
    assert await read("a") == b"old"


def test_memory_is_read_directly() -> None:
    """It responds at once."""
    store = MemoryStore()

    assert reader_of(store) == store.get
