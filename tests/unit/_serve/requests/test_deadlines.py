"""Waits for clients end when their time is up, not all at once, and not at all if they are removed before."""

import asyncio
import gc
import weakref

import pytest

from framework._serve.requests.deadlines import Deadlines, deadlines_of

SOON = 0.1


class Wait:
    """A wait that notes when it ended."""

    def __init__(self, ended: list[float]) -> None:
        self._ended = ended

    def expire(self) -> None:
        """Note the time."""
        self._ended.append(asyncio.get_running_loop().time())


async def _until(ended: list[float], count: int) -> None:
    async with asyncio.timeout(20):
        while len(ended) < count:  # noqa: ASYNC110  they set no event
            await asyncio.sleep(0.01)


async def test_wait_ends_after_its_time() -> None:
    """A wait ends not before its time; one that was removed does not end."""
    now, ended = asyncio.get_running_loop().time(), list[float]()
    deadlines, removed = Deadlines(), Wait(ended)
    waits = deadlines.add(removed, now + SOON)
    deadlines.add(Wait(ended), now + 2 * SOON)
    waits.discard(removed)
    await _until(ended, 1)
    await asyncio.sleep(3 * SOON)
    (when,) = ended
    assert when >= now + 2 * SOON


async def test_waits_end_in_order() -> None:
    """Whichever is added first, the earliest ends first; what is late already ends soon."""
    loop = asyncio.get_running_loop()
    now, names = loop.time(), list[str]()

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def expire(self) -> None:
            names.append(self.name)

    deadlines = Deadlines()
    for name, seconds in (("later", 3 * SOON), ("late", -5), ("soon", SOON)):
        deadlines.add(Named(name), now + seconds)
    async with asyncio.timeout(20):
        while len(names) < 3:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
    assert names == ["late", "soon", "later"]


async def test_waits_can_begin_again() -> None:
    """When nobody waits there is no timer; the next wait starts it again."""
    loop, ended = asyncio.get_running_loop(), list[float]()
    deadlines = Deadlines()
    for count in (1, 2):
        deadlines.add(Wait(ended), loop.time())
        await _until(ended, count)
        await asyncio.sleep(2 * SOON)


async def test_very_many_waits_end_within_seconds() -> None:
    """The more waits are due, the more end at a time, and none is forgotten."""
    loop, ended = asyncio.get_running_loop(), list[float]()
    deadlines = Deadlines()
    for _ in range(5_000):
        deadlines.add(Wait(ended), loop.time())
    await _until(ended, 5_000)
    await asyncio.sleep(SOON)
    assert len(ended) == 5_000


@pytest.mark.filterwarnings("ignore:coroutine")
def test_closed_loop_is_not_kept() -> None:
    """A loop that is closed while somebody waits is collected with its waits."""
    loop = asyncio.new_event_loop()

    async def wait() -> None:
        own = asyncio.get_running_loop()

        class Holding(Wait):
            kept = own

        deadlines_of(own).add(Holding([]), own.time() + 100)
        assert deadlines_of(own) is deadlines_of(own)

    loop.run_until_complete(wait())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
