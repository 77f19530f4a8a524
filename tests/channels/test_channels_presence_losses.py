"""Processes that are killed, clients whose network is gone, and engines that are killed and come back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from framework import App, Controller, WebSocket, websocket
from framework.channels import ChannelError, Channels, ChannelSettings, PresenceChange
from tests.channels.conftest import url_on
from tests.channels.topics import ROLL, Member, Process, process
from tests.channels.tracked_process import stay_forked
from tests.forked import FORKS
from tests.nats_server import nats_started
from tests.postgresql_server import postgresql_started
from tests.redis_server import RedisServer, started
from tests.waiting import PATIENCE, until

ANN, BOB = Member("Ann"), Member("Bob")
LIFETIME = 3.0


@asynccontextmanager
async def tracked_process(url: str, prefix: str, key: str) -> AsyncIterator[ForkServerProcess]:
    """Start a process with one connection, and kill it."""
    receiving, sending = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=stay_forked, args=(sending, url, prefix, LIFETIME, key))
    child.start()
    sending.close()
    try:
        assert await asyncio.to_thread(receiving.poll, PATIENCE)
        assert receiving.recv() == "present"
        yield child
    finally:
        child.kill()
        await asyncio.to_thread(child.join)
        receiving.close()


@pytest.mark.slow
async def test_a_process_that_is_killed_is_gone_after_its_lifetime(shared_url: str, prefix: str) -> None:
    """Others are renewed for as long as they live; it is gone at the latest two beats after the lifetime."""
    async with process(shared_url, prefix=prefix, presence_lifetime=LIFETIME) as one:
        changes = one.channels.changes(ROLL)
        async with one.channels.track(ROLL, "ann", ANN), tracked_process(shared_url, prefix, "bob") as child:
            assert (await anext(changes)).present == {"ann": [ANN], "bob": [Member("process")]}
            # Both live for longer than a lifetime, and nobody is reported to have left.
            reading = asyncio.create_task(anext(changes))
            await asyncio.wait([reading], timeout=LIFETIME * 1.3)
            assert not reading.done()
            child.kill()
            killed = asyncio.get_running_loop().time()
            async with asyncio.timeout(PATIENCE):
                assert await reading == PresenceChange({}, ["bob"])
            assert asyncio.get_running_loop().time() - killed > LIFETIME * 0.5
            assert await one.channels.present(ROLL) == {"ann": [ANN]}


def restarted(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Yield the URL of a server, and what kills it and starts it again, without what was in its memory."""
    if kind == "postgresql":
        with postgresql_started() as postgresql:
            yield postgresql.database(), postgresql.kill, postgresql.start
    elif kind == "nats":
        with nats_started(folder) as nats:
            yield nats.url, nats.kill, nats.start
    else:
        with started() as redis:
            yield redis.url.replace("redis", kind, 1), redis.kill, redis.start


@pytest.mark.parametrize("kind", ["redis", "redis+streams", "nats", "postgresql"])
async def test_an_engine_that_comes_back(kind: str, prefix: str, tmp_path: Path) -> None:
    """Who was present is present, and is not reported to have left, though the engine has lost all that it knew.

    While the engine is away, whoever comes has an error.
    """
    for url, kill, start in restarted(kind, tmp_path):
        options = {"prefix": prefix, "presence_lifetime": LIFETIME, "timeout": 1.0}
        async with process(url, **options) as one, process(url, **options) as other, AsyncExitStack() as stack:
            changes = one.channels.changes(ROLL)
            await stack.enter_async_context(one.channels.track(ROLL, "ann", ANN))
            await stack.enter_async_context(other.channels.track(ROLL, "bob", BOB))
            assert (await anext(changes)).complete
            await until(lambda one=one: everybody_is_present(one, {"ann", "bob"}))
            await asyncio.to_thread(kill)
            with pytest.raises(ChannelError):
                async with other.channels.track(ROLL, "late", BOB):
                    pass
            with pytest.raises(ChannelError):
                await one.channels.present(ROLL)
            await asyncio.to_thread(start)
            await until(lambda one=one: everybody_is_present(one, {"ann", "bob"}))
            found = await changes_until(
                changes, lambda: stack.enter_async_context(one.channels.track(ROLL, "new", ANN))
            )

        assert [each.left for each in found] == [[]] * len(found)
        assert found[-1].present == {"new": [ANN]}


async def everybody_is_present(one: Process, keys: set[str]) -> bool:
    """Return whether exactly these keys are present, as far as the engine responds."""
    try:
        return set(await one.channels.present(ROLL)) == keys
    except ChannelError:
        return False


async def changes_until(changes: Any, come: Callable[[], Any]) -> list[PresenceChange[Member]]:
    """Return the changes until somebody new is reported."""
    await come()
    found: list[PresenceChange[Member]] = []
    async with asyncio.timeout(PATIENCE):
        while not (found and "new" in found[-1].present):
            found.append(await anext(changes))
    return found


async def test_an_engine_that_hangs(redis_server: RedisServer, prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    """Renewals are tried again until it responds, with one warning; a connection that ends meanwhile is gone."""
    async with process(redis_server.url, prefix=prefix, presence_lifetime=1.0, timeout=0.3) as one:
        leaving = one.channels.track(ROLL, "bob", BOB)
        await leaving.__aenter__()
        async with one.channels.track(ROLL, "ann", ANN) as ann:
            redis_server.pause()
            await leaving.__aexit__(None, None, None)
            with pytest.raises(ChannelError, match="has not responded within"):
                await ann.update(Member("Ann", away=True))
            await asyncio.sleep(1.5)
            redis_server.resume()
            away = {"ann": [Member("Ann", away=True)]}

            async def is_back() -> bool:
                try:
                    return await one.channels.present(ROLL) == away
                except ChannelError:
                    return False

            await until(is_back)

    warnings = [each.message for each in caplog.records if "is present at" in each.message]
    assert len(warnings) == 1
    assert warnings[0].startswith("Who is present at 'roll' cannot be stored, and it is tried again: ")


async def test_readers_while_the_engine_is_away(redis_server: RedisServer, prefix: str) -> None:
    """Each of them has the error, none waits for the others, and each can begin again."""
    async with process(redis_server.url, prefix=prefix, timeout=0.5) as one:
        redis_server.kill()
        readers = [one.channels.changes(ROLL) for _ in range(5)]
        found = await asyncio.gather(*(anext(each) for each in readers), return_exceptions=True)
        assert [type(each) for each in found] == [ChannelError] * 5
        await until(lambda: one.presences.is_idle)
        redis_server.start()

        async def begins() -> bool:
            try:
                return await anext(one.channels.changes(ROLL)) == PresenceChange({}, [], complete=True)
            except ChannelError:
                # A busy machine may need longer than the timeout.
                return False

        await until(begins)


async def test_nats_without_jetstream(prefix: str) -> None:
    """The error has the option of the server."""
    with nats_started() as server:
        async with process(server.url, prefix=prefix) as one:
            with pytest.raises(ChannelError, match="nats-server --jetstream"):
                await one.channels.present(ROLL)


async def test_a_client_whose_network_is_gone(aiohttp_client: Any, prefix: str, request: pytest.FixtureRequest) -> None:
    """It does not respond to pings, so its handler ends, and it has left for all processes."""

    class Rolls(Controller):
        """Who listens."""

        @websocket("/roll", heartbeat=0.2)
        async def enter(self, socket: WebSocket[str, None], channels: Channels) -> None:
            """Be present while connected."""
            await socket.accept()
            async with channels.track(ROLL, "ann", ANN):
                async for _ in socket:
                    pass

    url = url_on("redis", request)
    app = App(controllers=[Rolls], channels=ChannelSettings(topics=[ROLL], url=url, prefix=prefix))
    client = await aiohttp_client(app.build())
    async with process(url, prefix=prefix) as other:
        changes = other.channels.changes(ROLL)
        assert (await anext(changes)).present == {}
        # It reads nothing, so it does not respond to pings either.
        lost = await client.ws_connect("/roll", autoping=False)
        async with asyncio.timeout(PATIENCE):
            assert await anext(changes) == PresenceChange({"ann": [ANN]}, [])
            assert await anext(changes) == PresenceChange({}, ["ann"])
        await lost.close()
