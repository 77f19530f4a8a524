"""Connections that are cut, and servers that are killed and come back."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import pytest
from redis import Redis

from framework._channels.nats import NATSEngine
from framework.channels import ChannelError, Lagged
from tests.channels.topics import ORDERS, SHORT, Placed, Process, numbers, process
from tests.nats_server import nats_started
from tests.postgresql_server import PostgreSQLServer
from tests.redis_server import RedisServer
from tests.waiting import PATIENCE, until


async def published(one: Process, number: int) -> bool:
    """Publish an event; return whether the engine has accepted it."""
    try:
        await one.channels.publish(ORDERS, Placed(number))
    except ChannelError:
        return False
    return True


async def reads(one: Process, disturb: Callable[[], Awaitable[None] | None]) -> list[Any]:
    """Return what a subscriber reads of events before and after a disturbance: numbers, and "lost"."""
    found: list[Any] = []
    opened = asyncio.Event()

    async def read() -> None:
        while found[-1:] != [2]:
            events = one.channels.subscribe(ORDERS)
            try:
                await events.open()
                opened.set()
                async for event in events:
                    found.append(event.number)
                    if event.number == 2:
                        return
            except Lagged as lagged:
                found.append("lost" if lagged.missed is None else lagged.missed)

    task = asyncio.create_task(read())
    await asyncio.wait_for(opened.wait(), PATIENCE)
    assert await published(one, 1)
    await until(lambda: found == [1])
    done = disturb()
    if done is not None:
        await done
    # Also what is published before the subscriber is back.
    await until(lambda: published(one, 3))
    async with asyncio.timeout(PATIENCE):
        # Again and again, since nobody knows when the subscriber is back.
        while not task.done():
            await published(one, 2)
            await asyncio.wait([task], timeout=0.2)
        await task
    return found


def cut(server: RedisServer) -> None:
    """Cut all connections to a Redis server."""
    with Redis(port=server.port) as client:
        for kind in ("normal", "pubsub"):
            client.client_kill_filter(_type=kind, skipme=True)


async def test_redis_streams_lose_nothing_with_the_connection(redis_server: RedisServer, prefix: str) -> None:
    """It connects again and reads on from the last id."""
    async with process(redis_server.url.replace("redis", "redis+streams", 1), prefix=prefix) as one:
        assert await reads(one, lambda: cut(redis_server)) == [1, 3, 2]


async def test_a_stream_that_is_gone_is_a_loss(redis_server: RedisServer, prefix: str) -> None:
    """A Redis that comes back without its data has lost events, and subscribers are told."""

    def restart() -> None:
        redis_server.kill()
        redis_server.start()

    async with process(redis_server.url.replace("redis", "redis+streams", 1), prefix=prefix) as one:
        assert await reads(one, restart) == [1, "lost", 2]


async def test_publish_subscribe_reports_a_loss(redis_server: RedisServer, prefix: str) -> None:
    """Events may be lost with the connection, so subscribers are told in any case."""
    async with process(redis_server.url, prefix=prefix) as one:
        found = await reads(one, lambda: cut(redis_server))

    assert [each for each in found if each != 3] == [1, "lost", 2]


async def test_nats_reports_a_loss(prefix: str) -> None:
    """The server is killed and comes back; publishers wait for it."""
    with nats_started() as server:

        def restart() -> None:
            server.kill()
            server.start()

        async with process(server.url, prefix=prefix) as one:
            found = await reads(one, restart)

    assert [each for each in found if each != 3] == [1, "lost", 2]


async def test_nats_reports_a_loss_before_what_comes_early(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event may arrive before the client reports that it is back, of a publisher with no number that is missing."""
    gate = asyncio.Event()
    returned = NATSEngine._returned  # noqa: SLF001  what the client calls when it is back

    async def late(self: NATSEngine) -> None:
        await gate.wait()
        await returned(self)

    with nats_started() as server:
        async with process(server.url, prefix=prefix) as other, process(server.url, prefix=prefix) as one:
            # The publisher connects, and is not late.
            await other.channels.publish(SHORT, Placed(0))
            monkeypatch.setattr(NATSEngine, "_returned", late)
            events = one.channels.subscribe(ORDERS)
            await events.open()
            server.kill()
            server.start()
            await until(lambda: published(other, 1))
            reading = asyncio.create_task(anext(events))
            while not reading.done():
                await published(other, 2)
                await asyncio.wait([reading], timeout=0.1)
            gate.set()

    assert isinstance(reading.exception(), Lagged)


async def test_postgresql_loses_nothing_with_the_connection(shared_postgresql: PostgreSQLServer, prefix: str) -> None:
    """It connects again and reads the rows after the last one."""
    url = shared_postgresql.database()
    async with process(url, prefix=prefix) as one:
        assert await reads(one, lambda: shared_postgresql.disconnect(url)) == [1, 3, 2]


async def test_a_publisher_is_told_that_the_engine_is_away(redis_server: RedisServer, prefix: str) -> None:
    """An engine that is gone, or hangs, is an error within the timeout, and a subscription as well."""
    for url in (redis_server.url, redis_server.url.replace("redis", "redis+streams", 1)):
        async with process(url, prefix=prefix, timeout=0.5) as one:
            assert await published(one, 1)
            redis_server.pause()
            assert not await published(one, 2)
            redis_server.resume()
            await until(lambda one=one: published(one, 3))
            redis_server.kill()
            assert not await published(one, 4)
            with pytest.raises(ChannelError):
                await one.channels.subscribe(ORDERS).open()
            redis_server.start()
            await until(lambda one=one: published(one, 5))


async def test_a_publisher_waits_for_nats(prefix: str) -> None:
    """While the client connects again, publishing fails after the timeout and not in silence."""
    with nats_started() as server:
        async with process(server.url, prefix=prefix, timeout=0.5) as one:
            assert await published(one, 1)
            server.kill()
            await asyncio.sleep(0.1)
            assert not await published(one, 2)
            server.start()
            await until(lambda: published(one, 3))


async def test_two_transactions_of_postgresql_are_read_in_the_order_of_their_ids(
    shared_postgresql: PostgreSQLServer, prefix: str
) -> None:
    """Many processes publish at once, and no event is skipped because its commit came late."""
    url = shared_postgresql.database()
    async with (
        process(url, prefix=prefix) as reader,
        process(url, prefix=prefix) as one,
        process(url, prefix=prefix) as two,
    ):
        events = reader.channels.subscribe(ORDERS)
        await events.open()

        async def publish(own: Process, start: int) -> None:
            for number in range(start, start + 50):
                await own.channels.publish(ORDERS, Placed(number))

        await asyncio.gather(publish(one, 0), publish(two, 100))
        async with asyncio.timeout(PATIENCE):
            found = await numbers(events, 100)

    assert sorted(found) == [*range(50), *range(100, 150)]
    assert [each for each in found if each < 100] == [*range(50)]


async def test_the_rows_of_postgresql_are_cut_to_the_history(shared_postgresql: PostgreSQLServer, prefix: str) -> None:
    """So that the table does not grow; rooms without events for ``max_age`` are deleted, those of others are not."""
    asyncpg: Any = import_module("asyncpg")
    url = shared_postgresql.database()
    async with process(url, prefix=f"{prefix}x") as other:
        await other.channels.publish(ORDERS.room("kept"), Placed(0))
    async with process(url, prefix=f"{prefix}_", max_age=0.01) as one:
        await one.channels.publish(ORDERS.room("old"), Placed(0))
        for number in range(1_100):
            await one.channels.publish(SHORT, Placed(number))
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    rows = await connection.fetch("SELECT address, count(*) FROM framework_channel_events GROUP BY address")
    await connection.close()
    found = {address.partition(":")[2]: count for address, count in rows}

    assert found.keys() == {"short", "orders/kept"}
    assert found["short"] < 5 + 64


@pytest.mark.parametrize("scheme", ["redis", "redis+streams"])
async def test_what_other_programs_write_is_skipped(shared_redis: RedisServer, prefix: str, scheme: str) -> None:
    """Nothing of it arrives, and events go on."""
    async with process(shared_redis.url.replace("redis", scheme, 1), prefix=prefix) as one:
        events = one.channels.subscribe(ORDERS)
        await events.open()
        with Redis(port=shared_redis.port) as client:
            client.publish(f"{prefix}:orders", "hello")
            if scheme != "redis":
                client.xadd(f"{prefix}:orders", {"x": "hello"})
        await one.channels.publish(ORDERS, Placed(1))
        async with asyncio.timeout(10):
            if scheme == "redis":
                assert await numbers(events, 1) == [1]
            else:
                # An entry without the id of the one before may stand for a loss.
                with pytest.raises(Lagged):
                    await numbers(events, 1)
