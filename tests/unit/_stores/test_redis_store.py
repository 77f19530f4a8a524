"""The store in Redis: restarts, hangs, scripts that were forgotten, and what is not allowed."""

import asyncio
import importlib.abc
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from framework.errors import InvalidOptionError
from framework.stores import Quota, RedisStore, StoreError, StoreTimeoutError
from framework.types import SecretStr
from tests.redis_server import RedisServer
from tests.waiting import until

LIMIT = 1.0
"""Seconds after which a call must have ended, whatever the server does."""
SLACK = 5.0
"""What a busy machine may add."""


@pytest.fixture
async def client(shared_redis: RedisServer) -> AsyncIterator[Any]:
    """Look at what is stored, past the store."""
    async with Redis.from_url(shared_redis.url) as client:
        yield client


@pytest.fixture
async def store(shared_redis: RedisServer, redis_namespace: str) -> AsyncIterator[RedisStore]:
    """Open a store that is patient with a busy machine."""
    async with RedisStore(shared_redis.url, namespace=redis_namespace, timeout=20) as store:
        yield store


async def outcome(call: Any) -> str:
    """Await a call and return its error's name, or "done"; it must end in time."""
    begun = time.monotonic()
    try:
        await call
    except StoreError as error:
        return type(error).__name__
    else:
        return "done"
    finally:
        assert time.monotonic() - begun < LIMIT + SLACK


async def test_b2_a_counter_is_never_prolonged(store: RedisStore, client: Any) -> None:
    """B2, B3: count and expiry are one script; the expiry is that of the first increment."""
    await store.increment("count", ttl=60)
    first = await client.pexpiretime(store.prefix + "=count")
    await store.increment("count", ttl=600)

    assert first > 0
    assert await client.pexpiretime(store.prefix + "=count") == first


async def test_expiry_is_exact_to_a_millisecond_and_never_0(store: RedisStore, client: Any) -> None:
    """Times to live are rounded up to what Redis knows."""
    await store.set("a", b"1", ttl=59.9991)
    assert 59_000 < await client.pttl(store.prefix + "=a") <= 60_000
    await store.set("b", b"1", ttl=0.0001)


async def test_b7_a_restarted_server_is_used_again(redis_server: RedisServer) -> None:
    """B7: the first call after a restart succeeds, though its connection is dead and the script is forgotten."""
    async with RedisStore(redis_server.url, timeout=SLACK) as store:
        assert [await store.increment("a"), await store.increment("b", ttl=60)] == [1, 1]
        assert (await store.reserve("k", [Quota(1, 60)])).admitted
        redis_server.kill()
        assert await outcome(store.increment("a", ttl=60)) == "StoreError"
        redis_server.start()

        assert await store.increment("a", ttl=60) == 1
        assert (await store.reserve("k", [Quota(1, 60)])).admitted


async def test_b7_scripts_that_the_server_has_forgotten_are_sent_again(store: RedisStore, client: Any) -> None:
    """B7: NOSCRIPT is not an error of the caller."""
    assert await store.increment("a", ttl=60) == 1
    await client.script_flush()
    assert await store.increment("a", ttl=60) == 2
    assert await store.increment("a", ttl=60) == 3


async def test_b8_a_server_that_hangs_is_a_timeout(redis_server: RedisServer) -> None:
    """B8: every call of many ends in time, and afterwards all connections are there again."""
    async with RedisStore(redis_server.url, timeout=0.3, max_connections=3) as store:
        assert await store.add("a", b"1")
        redis_server.pause()
        begun = time.monotonic()
        outcomes = await asyncio.gather(*(outcome(store.get("a")) for _ in range(30)))
        assert time.monotonic() - begun < LIMIT + SLACK
        redis_server.resume()

        assert outcomes == ["StoreTimeoutError"] * 30

        async def is_back() -> bool:
            return await outcome(store.get("a")) == "done"

        await until(is_back)
        assert await asyncio.gather(*(store.get("a") for _ in range(3))) == [b"1"] * 3


async def test_b8_the_error_is_a_timeout_error(redis_server: RedisServer) -> None:
    """B8: it is Python's TimeoutError as well, and says how long was waited."""
    async with RedisStore(redis_server.url, timeout=0.2) as store:
        await store.add("a", b"1")
        redis_server.pause()
        with pytest.raises(TimeoutError) as raised:
            await store.get("a")
        redis_server.resume()

    assert isinstance(raised.value, StoreTimeoutError)
    assert str(raised.value) == "Redis has not responded within 0.2 s"


async def test_a_call_that_is_cancelled_gives_its_connection_back(redis_server: RedisServer) -> None:
    """The next caller never reads the response to another's command."""
    async with RedisStore(redis_server.url, timeout=SLACK, max_connections=1) as store:
        await store.set("a", b"a")
        await store.set("b", b"b")
        redis_server.pause()
        task = asyncio.ensure_future(store.get("a"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        redis_server.resume()

        assert await store.get("b") == b"b"


async def test_more_callers_than_connections_wait_for_their_turn(
    redis_namespace: str, redis_server: RedisServer
) -> None:
    """No call fails because there are many, and no more connections are opened than are allowed."""
    async with RedisStore(redis_server.url, timeout=20, max_connections=2) as narrow:
        view = narrow.namespace(redis_namespace)
        values = await asyncio.gather(*(view.increment("a", ttl=60) for _ in range(200)))
        assert sorted(values) == list(range(1, 201))
        async with Redis.from_url(redis_server.url) as client:
            # That of this client is among them.
            assert len(await client.client_list()) == 2 + 1


async def test_it_opens_when_it_is_used(shared_redis: RedisServer, redis_namespace: str) -> None:
    """Making and entering a store connects to nothing; a closed one opens again."""
    async with RedisStore("redis://127.0.0.1:1/0"):
        pass
    other = RedisStore(shared_redis.url, namespace=redis_namespace, timeout=20)
    await other.set("a", b"1", ttl=60)
    await other.close()
    assert await other.namespace("b").get("a") is None
    assert await other.get("a") == b"1"
    await other.close()


async def test_a_server_that_is_not_there_is_an_error() -> None:
    """Nothing listens: the error names the address, and no secret."""
    async with RedisStore("redis://ann:secret@127.0.0.1:1/0") as store:
        with pytest.raises(StoreError) as raised:
            await store.get("a")

    assert not isinstance(raised.value, StoreTimeoutError)
    assert "127.0.0.1:1" in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_what_the_server_refuses_is_an_error(store: RedisStore, client: Any) -> None:
    """A key that holds something else is told by the server."""
    await client.rpush(store.prefix + "=list", b"1")

    with pytest.raises(StoreError, match=r"^Redis: WRONGTYPE "):
        await store.get("list")
    with pytest.raises(StoreError, match=r"^Redis: WRONGTYPE "):
        await store.increment("list", ttl=60)


async def test_q17_a_clock_that_was_set_back_locks_nobody_out(store: RedisStore, client: Any) -> None:
    """Q17: what lies an hour ahead counts as made now: the wait is the window at most, and it ends."""
    quotas = [Quota(2, 0.4)]
    for _ in range(2):
        assert (await store.reserve("k", quotas)).admitted
    key = store.prefix + "~=k"
    forward = "local steps = cmsgpack.unpack(redis.call('GET', KEYS[1])) "
    forward += "for i = 1, #steps[1], 3 do for j = 0, 1 do steps[1][i + j] = steps[1][i + j] + 3600000000 end end "
    await client.eval(forward + "redis.call('SET', KEYS[1], cmsgpack.pack(steps), 'PX', 4000000)", 1, key)

    refused = await store.reserve("k", quotas)
    assert (refused.admitted, refused.states[0].reset) == (False, 0.4)
    await asyncio.sleep(0.5)
    again = await store.reserve("k", quotas)

    assert (again.admitted, again.states[0].remaining) == (True, 1)
    assert await client.pttl(key) <= 400


async def test_b10_quotas_that_nobody_understands_count_as_none(store: RedisStore, client: Any) -> None:
    """B10: what another release or a hand has written is neither run nor an error."""
    for value in (b"", b"\xc1", b"\x93\x01\x02\x03", b"\x81\xa1a\x01", b"\x91\x93\xa1x\xa1y\xa1z", b"text"):
        await client.set(store.prefix + "~=k", value)
        made = await store.reserve("k", [Quota(5, 60)])
        assert (made.admitted, made.states[0].remaining) == (True, 4)


async def test_state_of_quotas_expires_with_the_window(store: RedisStore, client: Any) -> None:
    """Nothing of a client that came once is left; what was given back altogether is deleted at once."""
    made = await store.reserve("k", [Quota(5, 60), Quota(9, 600)])
    assert 590_000 < await client.pttl(store.prefix + "~=k") <= 600_000

    await store.refund("k", [Quota(5, 60), Quota(9, 600)], made)

    assert await client.exists(store.prefix + "~=k") == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: RedisStore(SecretStr("http://ann:secret@127.0.0.1")),
            "its URL begins with none of redis://, rediss:// and unix://.\n"
            "  Hint: give for example redis://127.0.0.1:6379/0.",
        ),
        (
            lambda: RedisStore(timeout=0),
            "timeout=0 is not a number of seconds above 0.\n  Hint: give for example timeout=0.5.",
        ),
        (
            lambda: RedisStore(max_connections=0),
            "max_connections=0 is not above 0.\n  Hint: give for example max_connections=20.",
        ),
    ],
    ids=["url", "timeout", "max_connections"],
)
def test_wrong_options_are_reported_where_they_are_given(make: Callable[[], RedisStore], message: str) -> None:
    """A store that cannot work is an error where it is made."""
    with pytest.raises(InvalidOptionError) as raised:
        make()

    place, _, text = str(raised.value).partition("): ")
    assert place.startswith("RedisStore (tests/unit/_stores/test_redis_store.py:")
    assert text == message


class Missing(importlib.abc.MetaPathFinder):
    """Finds no package redis."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse to find it."""
        if name == "redis":
            raise ModuleNotFoundError("No module named 'redis'", name="redis")


def test_a_missing_package_is_reported_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, a store in Redis is an error where it is made."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    with pytest.raises(InvalidOptionError) as raised:
        RedisStore()

    assert raised.value.what == "it requires the package redis (No module named 'redis')"
    assert raised.value.hint == "install it: pip install 'framework-aiohttp[redis]'"
