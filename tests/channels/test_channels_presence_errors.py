"""Errors of the engine in the middle, processes that are stopped or blocked, many rooms, and what is left."""

import asyncio
import os
import signal
import sys
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from nats.js.client import JetStreamContext

from framework.channels import ChannelError, PresenceChange
from tests.channels.test_channels_presence import next_of
from tests.channels.test_channels_presence_losses import LIFETIME, tracked_process
from tests.channels.topics import ORDERS, ROLL, Member, Placed, Process, process
from tests.nats_server import NATSServer
from tests.redis_server import RedisServer, started
from tests.waiting import PATIENCE, until

ANN, BOB = Member("Ann"), Member("Bob")
AWAY = Member("Ann", away=True)
SLOW_LIFETIME = 240.0
"""Seconds; nothing that a test expects comes from a regular read, which is later than its patience."""


async def test_nothing_is_left_of_connections_that_have_left(url: str, prefix: str) -> None:
    """No task, and nobody in the store."""
    async with process(url, prefix=prefix) as one:
        async with one.channels.track(ROLL, "ann", ANN):
            await one.channels.present(ROLL)
        before = len(asyncio.all_tasks())
        for number in range(30):
            async with one.channels.track(ROLL, f"user-{number}", ANN):
                pass

        async def is_empty() -> bool:
            return await one.channels.present(ROLL) == {}

        await until(is_empty)
        assert len(asyncio.all_tasks()) <= before


async def test_who_leaves_while_the_engine_is_away_has_left(prefix: str, tmp_path: Path) -> None:
    """The engine comes back with what it knew. The removal is repeated, and so is the report to others."""
    options = {"prefix": prefix, "presence_lifetime": SLOW_LIFETIME, "timeout": 1.0}
    with started(tmp_path) as redis:
        async with process(redis.url, **options) as one, process(redis.url, **options) as other:
            bob = one.channels.track(ROLL, "bob", BOB)
            async with one.channels.track(ROLL, "ann", ANN) as ann:
                await bob.__aenter__()
                changes = other.channels.changes(ROLL)
                assert (await next_of(changes)).present == {"ann": [ANN], "bob": [BOB]}
                await asyncio.to_thread(redis.kill)
                await bob.__aexit__(None, None, None)
                with pytest.raises(ChannelError):
                    await ann.update(AWAY)
                await asyncio.to_thread(redis.start)
                assert await changed_to(changes, {"ann": [ANN], "bob": [BOB]}, {"ann": [AWAY]})
                assert await other.channels.present(ROLL) == {"ann": [AWAY]}


async def changed_to(changes: Any, known: dict[str, list[Member]], expected: dict[str, list[Member]]) -> bool:
    """Apply changes until what is known is what is expected."""
    async with asyncio.timeout(PATIENCE):
        while known != expected:
            change: PresenceChange[Member] = await anext(changes)
            known = {key: values for key, values in {**known, **change.present}.items() if key not in change.left}
    return True


async def test_who_enters_while_the_channels_close_has_an_error(redis_server: RedisServer, prefix: str) -> None:
    """Also those that wait behind a command to which the engine does not respond."""

    async def enter(one: Process, key: str, delay: float) -> None:
        await asyncio.sleep(delay)
        async with one.channels.track(ROLL, key, ANN):
            pass

    async with process(redis_server.url, prefix=prefix, timeout=1.0) as one:
        await one.channels.present(ROLL)
        redis_server.pause()
        entering = [asyncio.create_task(enter(one, str(number), number / 10)) for number in range(3)]
        await asyncio.sleep(0.4)
        await one.presences.close()
        redis_server.resume()
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.gather(*entering, return_exceptions=True)
    assert [type(each) for each in found] == [ChannelError] * 3


async def test_who_enters_waits_for_the_timeout_at_most(redis_server: RedisServer, prefix: str) -> None:
    """What is stored before it does not count apart."""
    async with process(redis_server.url, prefix=prefix, timeout=2.0) as one:
        await one.channels.present(ROLL)
        redis_server.pause()
        first = asyncio.create_task(one.channels.track(ROLL, "ann", ANN).__aenter__())
        await asyncio.sleep(0.5)
        start = asyncio.get_running_loop().time()
        with pytest.raises(ChannelError, match=r"has not responded within 2\.0 s"):
            await one.channels.track(ROLL, "bob", BOB).__aenter__()
        assert asyncio.get_running_loop().time() - start < 3.5
        redis_server.resume()
        await asyncio.gather(first, return_exceptions=True)


async def test_renewals_of_many_rooms_do_not_hold_up_others(
    shared_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few are renewed at the same time; all are in time."""
    running = most = 0
    async with process(shared_url, prefix=prefix, presence_lifetime=8.0) as one, AsyncExitStack() as stack:
        for number in range(60):
            await stack.enter_async_context(one.channels.track(ROLL.room(str(number)), "ann", ANN))
        put = one.hub.presence.put
        renewed: set[str] = set()

        async def count(address: str, entries: Mapping[str, bytes]) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await put(address, entries)
            running -= 1
            renewed.add(address)

        monkeypatch.setattr(one.hub.presence, "put", count)
        await until(lambda: len(renewed) == 60)
    assert most <= 8


async def test_a_reader_that_lags_lets_nobody_store_again(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has missed hints, and reads the store in any case; the engine has lost nothing."""
    async with process("memory://", prefix=prefix, presence_lifetime=SLOW_LIFETIME) as one:
        changes = one.channels.changes(ROLL)
        await next_of(changes)
        stored: list[Collection[str]] = []
        read, put = one.hub.presence.read, one.hub.presence.put
        reading, may_read = asyncio.Event(), asyncio.Event()

        async def read_slowly(address: str) -> Mapping[str, bytes]:
            reading.set()
            await may_read.wait()
            return await read(address)

        async def note(address: str, entries: Mapping[str, bytes]) -> None:
            stored.append([*entries])
            await put(address, entries)

        monkeypatch.setattr(one.hub.presence, "read", read_slowly)
        monkeypatch.setattr(one.hub.presence, "put", note)
        async with one.channels.track(ROLL, "ann", ANN):
            await reading.wait()
            for _ in range(1_000):
                await one.hub.send(one.hub.prepare(ROLL.hints, []))
            may_read.set()
            assert (await next_of(changes)).present == {"ann": [ANN]}
            async with one.channels.track(ROLL, "bob", BOB):
                assert (await next_of(changes)).present == {"bob": [BOB]}
    assert [len(each) for each in stored] == [1, 1]


async def test_a_connection_that_leaves_during_a_read_of_nats(
    shared_nats: NATSServer, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read does not wait for it, and fails neither."""
    kind: Any = JetStreamContext.PullSubscription
    ask = kind.consumer_info
    gone = [f"x-{number}" for number in range(3)]
    async with process(shared_nats.url, prefix=prefix) as one, one.channels.track(ROLL, "ann", ANN):
        await one.hub.presence.put("roll", dict.fromkeys(gone, b'["bob",{"name":"Bob"}]'))

        async def ask_and_remove(subscription: Any) -> Any:
            info = await ask(subscription)
            if gone:
                await one.hub.presence.remove("roll", [gone.pop()])
            return info

        monkeypatch.setattr(kind, "consumer_info", ask_and_remove)
        assert "ann" in await one.channels.present(ROLL)


async def test_a_process_that_is_stopped_comes_back(shared_url: str, prefix: str) -> None:
    """It is reported to have left after its lifetime, and to be present as soon as it continues."""
    options = {"prefix": prefix, "presence_lifetime": LIFETIME}
    async with process(shared_url, **options) as one, tracked_process(shared_url, prefix, "bob") as child:
        changes = one.channels.changes(ROLL)
        assert (await next_of(changes)).present == {"bob": [Member("process")]}
        assert child.pid is not None
        os.kill(child.pid, signal.SIGSTOP)
        assert await next_of(changes) == PresenceChange({}, ["bob"])
        os.kill(child.pid, signal.SIGCONT)
        assert await next_of(changes) == PresenceChange({"bob": [Member("process")]}, [])


@pytest.mark.slow
async def test_who_was_absent_for_too_long_is_reported_at_once(redis_server: RedisServer, prefix: str) -> None:
    """Its event loop was blocked; others need not wait until they read the store again."""
    script = f"""
import asyncio, time
from tests.channels.topics import ROLL, Member, process


async def main():
    async with process({redis_server.url!r}, prefix={prefix!r}, presence_lifetime=1.0) as one:
        async with one.channels.track(ROLL, "bob", Member("Bob")):
            await asyncio.sleep(0.5)
            print("blocked", flush=True)
            time.sleep(4)
            print("back", flush=True)
            await asyncio.Event().wait()
asyncio.run(main())
"""
    async with process(redis_server.url, prefix=prefix, presence_lifetime=SLOW_LIFETIME) as one:
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
        try:
            assert child.stdout is not None
            assert await asyncio.wait_for(child.stdout.readline(), PATIENCE) == b"blocked\n"

            async def is_empty() -> bool:
                return await one.channels.present(ROLL) == {}

            await until(is_empty)
            changes = one.channels.changes(ROLL)
            assert (await next_of(changes)).present == {}
            assert (await next_of(changes)).present == {"bob": [BOB]}
        finally:
            child.kill()
            await child.wait()


async def test_hints_do_not_push_out_the_history_of_rooms(prefix: str) -> None:
    """In memory, that of the 1 000 rooms that were used last is kept."""
    async with process("memory://", prefix=prefix) as one, AsyncExitStack() as stack:
        await one.channels.publish(ORDERS.room("hall"), Placed(1))
        for number in range(1_100):
            await stack.enter_async_context(one.channels.track(ROLL.room(str(number)), "ann", ANN))
        for number in range(130):
            await one.channels.publish(ORDERS.room(str(number)), Placed(number))
        assert "orders/hall" in one.hub.addresses
        assert len(one.hub.addresses) == 131
