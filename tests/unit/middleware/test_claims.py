"""Claims in a store: held by one, renewed while it works, and released by nobody else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from framework.middleware.claims import Claim, Work
from framework.stores import MemoryStore, StoreError
from tests.waiting import until


@pytest.fixture
async def work() -> AsyncIterator[Work]:
    """Wait for all tasks at the end."""
    async with Work() as made:
        yield made


class Clock:
    """The clock of the stores, set by hand; renewals are made by the event loop."""

    now = 1_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock of the stores by hand: what is renewed in time does not depend on how busy the machine is."""
    made = Clock()
    monkeypatch.setattr("framework.clock.monotonic", lambda: made.now)
    return made


class Watched(MemoryStore):
    """Counts replacements, and fails as often as it is told."""

    failures = 0
    replaced = 0

    async def replace(self, *arguments: Any, **options: Any) -> bool:
        """Fail, or replace."""
        if self.failures:
            self.failures -= 1
            raise StoreError("away")
        self.replaced += 1
        return await super().replace(*arguments, **options)


async def pass_time(store: Watched, clock: Clock) -> None:
    """Let 0.05 seconds pass, and wait for the next renewal; five times."""
    for _ in range(5):
        seen = store.replaced
        clock.now += 0.05
        await until(lambda seen=seen: store.replaced > seen)


async def test_one_of_many_holds_a_claim(work: Work) -> None:
    """Until it is released."""
    store = MemoryStore()
    claims = [Claim(store, "a", b"%d" % number, ttl=60, work=work) for number in range(5)]

    assert [await one.take() for one in claims] == [True, False, False, False, False]
    await claims[1].release()
    assert await store.get("a") == b"0"
    await claims[0].release()
    assert await claims[4].take() is True
    claims[4].stop()


async def test_a_claim_is_renewed_until_it_is_completed(work: Work, clock: Clock) -> None:
    """It lives longer than its time, and its result as long as it is told."""
    store = Watched()
    claim = Claim(store, "a", b"claim", ttl=0.06, work=work)
    await claim.take()
    await pass_time(store, clock)

    assert await store.get("a") == b"claim"
    assert await claim.complete(b"result", ttl=60) is True
    clock.now += 50
    assert await store.get("a") == b"result"


async def test_a_claim_that_is_lost(work: Work, clock: Clock) -> None:
    """If another one holds the key meanwhile, neither a result nor a release touches it, and it is not renewed."""
    store = Watched()
    claim = Claim(store, "a", b"claim", ttl=0.06, work=work)
    await claim.take()
    await store.set("a", b"other", ttl=0.3)
    await until(lambda: store.replaced == 1)
    await asyncio.sleep(0.1)

    assert store.replaced == 1
    assert await claim.complete(b"result", ttl=60) is False
    await claim.release()
    assert await store.get("a") == b"other"
    clock.now += 0.31
    assert await store.get("a") is None


async def test_an_addition_that_fails_is_undone(work: Work) -> None:
    """The store may have executed it although the caller has got an error."""

    class Failing(MemoryStore):
        async def add(self, *arguments: Any, **options: Any) -> bool:
            await super().add(*arguments, **options)
            raise StoreError("late")

    store = Failing()

    with pytest.raises(StoreError):
        await Claim(store, "a", b"claim", ttl=60, work=work).take()

    async def is_free() -> bool:
        return await store.get("a") is None

    await until(is_free)


async def test_a_renewal_that_fails_is_repeated(work: Work, clock: Clock) -> None:
    """A store that is away for a moment does not end the claim."""
    store = Watched()
    store.failures = 1
    claim = Claim(store, "a", b"claim", ttl=0.06, work=work)
    await claim.take()
    await pass_time(store, clock)

    assert (await store.get("a"), store.failures) == (b"claim", 0)
    claim.stop()


async def test_work_is_completed_when_its_caller_is_cancelled() -> None:
    """And an app that stops waits for it, and cancels what is optional."""
    done: list[str] = []

    async def store() -> None:
        await asyncio.sleep(0.05)
        done.append("stored")

    async with Work() as work:
        caller = asyncio.ensure_future(work.finish(store()))
        optional = work.start(asyncio.sleep(3_600), is_optional=True)
        await asyncio.sleep(0)
        caller.cancel()

    assert (done, optional.cancelled()) == (["stored"], True)
