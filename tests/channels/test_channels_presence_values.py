"""Keys and values that are wrong, what other programs store, and names as long as they may be."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import nats
import pytest
from nats.js.api import StorageType, StreamConfig
from redis.asyncio import Redis

from framework.channels import Presence
from tests.channels.test_channels_presence import next_of
from tests.channels.topics import ROLL, Member, process
from tests.nats_server import NATSServer
from tests.redis_server import RedisServer
from tests.waiting import until

ANN, BOB = Member("Ann"), Member("Bob")
AWAY = Member("Ann", away=True)


async def test_a_connection_is_entered_once_at_a_time(url: str, prefix: str) -> None:
    """The second one would never leave; one that has left may enter again."""
    async with process(url, prefix=prefix) as one:
        tracked = one.channels.track(ROLL, "ann", ANN)
        async with tracked:
            with pytest.raises(RuntimeError, match=r"'ann' is entered already: call track\(\) again"):
                await tracked.__aenter__()
            assert await one.channels.present(ROLL) == {"ann": [ANN]}
        async with tracked:
            assert await one.channels.present(ROLL) == {"ann": [ANN]}

        async def is_empty() -> bool:
            return await one.channels.present(ROLL) == {}

        await until(is_empty)


async def test_a_process_with_a_short_lifetime_ends_nobody_else(redis_server: RedisServer, prefix: str) -> None:
    """Releases may have different lifetimes, in the same hash."""
    async with process(redis_server.url, prefix=prefix) as one, one.channels.track(ROLL, "ann", ANN):
        async with process(redis_server.url, prefix=prefix, presence_lifetime=0.4) as other:
            await other.hub.presence.put("roll", {"x-1": b'["bob",{"name":"Bob"}]'})
            assert set(await one.channels.present(ROLL)) == {"ann", "bob"}
        await asyncio.sleep(0.6)
        assert await one.channels.present(ROLL) == {"ann": [ANN]}


async def test_options_of_a_stream_that_exists_are_kept(shared_nats: NATSServer, prefix: str) -> None:
    """Replicas, for example; only the age of its values is that of the settings."""
    client: Any = await nats.connect(shared_nats.url)
    stream = client.jetstream()
    name = f"{prefix}-presence"
    config = StreamConfig(
        name=name,
        subjects=[f"{name}.>"],
        description="ours",
        max_age=7,
        max_msgs_per_subject=1,
        storage=StorageType.MEMORY,
    )
    await stream.add_stream(config)
    try:
        async with process(shared_nats.url, prefix=prefix, presence_lifetime=30.0) as one:
            assert await one.channels.present(ROLL) == {}
        info = await stream.stream_info(name)
        assert (info.config.max_age, info.config.description) == (30, "ours")
    finally:
        await client.close()


async def test_values_that_cannot_be_read_at_all(shared_url: str, prefix: str) -> None:
    """Others are present, and readers read on."""
    deep = b'["x",' + b"[" * 100_000
    async with process(shared_url, prefix=prefix) as one, one.channels.track(ROLL, "ann", ANN):
        await one.hub.presence.put("roll", {"x-1": deep, "x-2": b"\xff", "x-3": b"", "x-4": b'{"a": 1}'})
        assert await one.channels.present(ROLL) == {"ann": [ANN]}
        changes = one.channels.changes(ROLL)
        assert (await next_of(changes)).present == {"ann": [ANN]}
        async with one.channels.track(ROLL, "bob", BOB):
            assert (await next_of(changes)).present == {"bob": [BOB]}


async def test_an_id_of_another_program(redis_server: RedisServer, prefix: str) -> None:
    """It is not one of ours, and is skipped."""
    async with process(redis_server.url, prefix=prefix) as one, one.channels.track(ROLL, "ann", ANN):
        client: Any = Redis.from_url(redis_server.url)
        await client.hset(f"{prefix}.presence:roll", b"\xff\xfe", "9999999999999 hello")
        await client.aclose()
        assert await one.channels.present(ROLL) == {"ann": [ANN]}


async def test_a_key_that_a_client_chooses(url: str, prefix: str) -> None:
    """Any text is a key; what is not text is an error with the same message as other wrong keys."""
    keys = ["a\x00b", "\u2028", "ä" * 200, '"]', "*", "x.y>", "\U0001f600" * 200]
    async with process(url, prefix=prefix) as one, AsyncExitStack() as stack:
        with pytest.raises(ValueError, match=r"'\\ud800' is not a key: 1 to 200 characters, without surrogates"):
            one.channels.track(ROLL, "\ud800", ANN)
        for key in keys:
            await stack.enter_async_context(one.channels.track(ROLL, key, ANN))
        assert await one.channels.present(ROLL) == {key: [ANN] for key in keys}


async def test_the_longest_names(url: str, prefix: str) -> None:
    """A room, a presence and a prefix as long as they may be."""
    longest = Presence[Member]("p" * 100)
    room = longest.room("\U0001f600" * 200)
    async with process(url, prefix=prefix.ljust(100, "x"), topics=[longest]) as one:
        changes = one.channels.changes(room)
        await next_of(changes)
        async with one.channels.track(room, "ann", ANN):
            assert (await next_of(changes)).present == {"ann": [ANN]}
        assert (await next_of(changes)).left == ["ann"]


async def test_two_apps_in_one_process(url: str, prefix: str) -> None:
    """With one prefix they share who is present; each removes what is its own."""
    async with process(url, prefix=prefix) as one, process(url, prefix=prefix) as other, AsyncExitStack() as stack:
        await stack.enter_async_context(one.channels.track(ROLL, "ann", ANN))
        async with other.channels.track(ROLL, "ann", AWAY):
            found = await one.channels.present(ROLL)
            assert sorted(each.away for each in found["ann"]) == ([False] if url == "memory://" else [False, True])

        async def is_alone() -> bool:
            return await one.channels.present(ROLL) == {"ann": [ANN]}

        await until(is_alone)
