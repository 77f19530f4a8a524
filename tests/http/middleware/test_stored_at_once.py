"""A thousand requests at once for one response, in one process and in four, in memory and in Redis."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from framework import App, Controller, get, post
from framework.middleware import Idempotency, ResponseCache
from framework.stores import RedisStore, Store
from tests.http.middleware.storing_app import LATE, Process, processes
from tests.http.shapes import Serve, app_of
from tests.redis_server import RedisServer
from tests.waiting import PATIENCE, until

MANY = 1_000
BODY = {"sku": "tea"}
LOCK = 5.0
"""Seconds after which the key of a process that is gone is free."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a client that has as many connections as it has requests."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(120)) as client:
        yield client


async def send(
    session: aiohttp.ClientSession, servers: Sequence[Any], count: int, method: str, path: str, **options: Any
) -> Counter[tuple[int, str]]:
    """Send requests to all servers at the same time, and return how often there is each status and body.

    All are sent to one host, as a load balancer does.
    """
    options["headers"] = {"Host": "shop.example", **options.get("headers", {})}

    async def one(number: int) -> tuple[int, str]:
        server = servers[number % len(servers)]
        async with session.request(method, f"http://{server.host}:{server.port}{path}", **options) as response:
            return response.status, await response.text() if response.status < 400 else ""

    return Counter(await asyncio.gather(*map(one, range(count))))


def ordering(key: str = "k") -> dict[str, Any]:
    """Return the options of a request that takes an order."""
    return {"json": BODY, "headers": {"Idempotency-Key": key}}


class Slow(Controller):
    """Counts calls that take a while."""

    calls = 0

    @get("/slow")
    async def show(self) -> str:
        """Compute."""
        Slow.calls += 1
        await asyncio.sleep(0.3)
        return f"call {Slow.calls}"

    @post("/slow", status=201)
    async def order(self, body: dict[str, str]) -> str:
        """Execute."""
        Slow.calls += 1
        await asyncio.sleep(0.3)
        return f"{body['sku']} {Slow.calls}"


def slow_app(store: Store) -> App:
    """Return an app of one process."""
    Slow.calls = 0
    layers = [ResponseCache(ttl=600, wait=60, store=store), Idempotency(store=store)]
    return app_of(Slow, middlewares=layers, limits=LATE)


class TestOneProcess:
    """All requests are in one process."""

    async def test_a15_a_thousand_misses(self, serve: Serve, store: Store, session: aiohttp.ClientSession) -> None:
        """A15: one execution, and its response for all."""
        server = await serve(slow_app(store))

        assert await send(session, [server], MANY, "GET", "/slow") == {(200, "call 1"): MANY}
        assert Slow.calls == 1

    async def test_i11_a_thousand_requests_with_one_key(
        self, serve: Serve, store: Store, session: aiohttp.ClientSession
    ) -> None:
        """I11: one execution; all others get its response or 409, and from then on the response."""
        server = await serve(slow_app(store))

        answers = await send(session, [server], MANY, "POST", "/slow", **ordering())

        assert set(answers) <= {(201, "tea 1"), (409, "")}
        assert answers[201, "tea 1"] >= 1
        assert Slow.calls == 1
        assert await send(session, [server], 10, "POST", "/slow", **ordering()) == {(201, "tea 1"): 10}


class TestProcesses:
    """Four processes share a store in Redis."""

    @pytest.mark.slow
    async def test_a15_a_thousand_misses(self, redis_server: RedisServer, session: aiohttp.ClientSession) -> None:
        """A15: one execution in all processes."""
        async with processes(4, redis_server.url, delay=0.5, patience=PATIENCE) as servers:
            answers = await send(session, servers, MANY, "GET", "/computed/a")

        assert answers == {(200, "a 1"): MANY}
        assert await counted(redis_server.url, "a") == 1

    @pytest.mark.slow
    async def test_i11_a_thousand_requests_with_one_key(
        self, redis_server: RedisServer, session: aiohttp.ClientSession
    ) -> None:
        """I11: one execution in all processes, and replays or 409 for all others."""
        async with processes(4, redis_server.url, delay=0.5, patience=PATIENCE) as servers:
            answers = await send(session, servers, MANY, "POST", "/orders/a", **ordering())
            again = await send(session, servers, 40, "POST", "/orders/a", **ordering())

        made = (201, '{"sku":"tea","number":"1"}')
        assert set(answers) <= {made, (409, "")}
        assert answers[made] >= 1
        assert again == {made: 40}
        assert await counted(redis_server.url, "a") == 1

    @pytest.mark.slow
    async def test_i12_a_process_dies(self, redis_server: RedisServer, session: aiohttp.ClientSession) -> None:
        """I12, A16: its claims end, and the requests run in another process."""
        async with (
            processes(1, redis_server.url, delay=3_600, patience=PATIENCE, lock=LOCK) as dying,
            processes(1, redis_server.url, delay=0, patience=PATIENCE) as alive,
        ):
            lost = [
                asyncio.ensure_future(send(session, dying, 1, "POST", "/orders/a", **ordering())),
                asyncio.ensure_future(send(session, dying, 1, "GET", "/computed/b")),
            ]
            await until(lambda: both_counted(redis_server.url))
            assert await send(session, alive, 1, "POST", "/orders/a", **ordering()) == {(409, ""): 1}
            dying[0].kill()
            results = await asyncio.gather(*lost, return_exceptions=True)
            assert all(isinstance(one, aiohttp.ClientError) for one in results)

            async def is_free() -> bool:
                return (201, '{"sku":"tea","number":"2"}') in await send(
                    session, alive, 1, "POST", "/orders/a", **ordering()
                )

            await until(is_free)
            assert await send(session, alive, 1, "GET", "/computed/b") == {(200, "b 2"): 1}

    async def test_a22_i14_redis_is_killed_and_comes_back(
        self, redis_server: RedisServer, session: aiohttp.ClientSession
    ) -> None:
        """A22, I14: amid requests Redis is killed: each gets the response of the policy, and nothing is restarted."""
        async with processes(2, redis_server.url, delay=0.2, patience=0.5) as servers:
            # The handlers of this app need Redis as well, so that they fail with 500.
            running = asyncio.ensure_future(both(session, servers, 200))
            await asyncio.sleep(0.1)
            redis_server.kill()
            amid = await running
            assert {status for status, _ in amid} <= {200, 201, 409, 500, 503}
            begun = time.monotonic()
            away = await send(session, servers, 40, "POST", "/orders/c", **ordering("c"))
            assert away == {(503, ""): 40}
            assert time.monotonic() - begun < 1 + PATIENCE
            redis_server.start()

            async def is_back() -> bool:
                answers = await both(session, servers, 8)
                return {status for status, _ in answers} <= {200, 201, 409}

            await until(is_back)
            await both(session, servers, 2)
            assert await counted(redis_server.url, "d") == 1


async def both(session: aiohttp.ClientSession, servers: Sequence[Process], count: int) -> Counter[tuple[int, str]]:
    """Send half of the requests to the cache, and half with one key."""
    cached, once = await asyncio.gather(
        send(session, servers, count // 2, "GET", "/computed/d"),
        send(session, servers, count // 2, "POST", "/orders/e", **ordering()),
    )
    return cached + once


async def counted(url: str, name: str) -> int:
    """Return how often a handler has run in all processes."""
    async with RedisStore(url, timeout=PATIENCE) as store:
        return int(await store.namespace("counts").get(name) or 0)


async def both_counted(url: str) -> bool:
    """Return whether both handlers have begun."""
    return [await counted(url, name) for name in "ab"] == [1, 1]
