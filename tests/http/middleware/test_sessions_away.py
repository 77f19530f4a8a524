"""Sessions whose store cannot be reached (N18)."""

import asyncio
from typing import Any

import pytest

from framework.middleware import Sessions
from framework.stores import RedisStore
from tests.http.middleware.session_shop import (
    Browser,
    Cart,
    Clock,
    Gate,
    Recording,
    set_cookies,
    shop_app,
)
from tests.http.shapes import Serve, problem
from tests.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("closed_gate")


class TestStoreAway:
    """The store cannot be reached."""

    async def test_n18_redis_is_killed(self, serve: Serve, redis_server: RedisServer) -> None:
        """N18: 503 where the session is required, also for visitors without a cookie that write; the rest works."""
        sessions = Sessions(Cart, store=RedisStore(redis_server.url))
        server = await serve(shop_app(sessions))
        browser = Browser(server)
        await browser.post("/login?user=7")
        redis_server.kill()

        answer = await browser.send("GET", "/cart")

        detail = "The session cannot be read or written now"
        assert answer.problem == problem(503, "/cart", detail)
        assert answer.headers["Retry-After"] == "1"
        assert (await browser.send("GET", "/account")).status == 503
        assert (await Browser(server).post("/login?user=7")).status == 503
        assert (await browser.send("GET", "/plain")).status == 200
        assert browser.session is not None
        assert sessions.failures == 3

        redis_server.start()
        await browser.post("/login?user=8")
        assert (await browser.cart())["user"] == 8

    async def test_n18_redis_hangs(self, serve: Serve, redis_server: RedisServer) -> None:
        """N18: within the timeout of the store, and the session is there when it goes on."""
        server = await serve(shop_app(Sessions(Cart, store=RedisStore(redis_server.url, timeout=0.2))))
        browser = Browser(server)
        await browser.post("/login?user=7")
        redis_server.pause()
        statuses = [(await browser.send("GET", "/cart")).status for _ in range(3)]
        redis_server.resume()

        assert statuses == [503, 503, 503]
        assert (await browser.cart())["user"] == 7

    async def test_n18_open(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """With fail="open" the session is a new one that is not written, with one warning a minute."""
        store = Recording()
        server = await serve(shop_app(Sessions(Cart, store=store, fail="open")))
        browser = Browser(server)
        await browser.post("/login?user=7")
        store.is_away[0] = True

        assert await browser.cart() == {"user": None, "items": []}
        assert set_cookies(await browser.post("/login?user=9")) == []
        lines = [one for one in caplog.records if one.name == "framework.middleware"]
        assert [(one.levelname, one.message) for one in lines] == [
            (
                "WARNING",
                "The store of Sessions(Cart) cannot be reached: requests get new sessions that are not stored. "
                "it is away",
            )
        ]
        store.is_away[0] = False
        assert (await browser.cart())["user"] == 7

    @pytest.mark.parametrize(("fail", "status"), [("open", 200), ("closed", 503)])
    async def test_a_store_that_goes_away_amid_a_request(self, serve: Serve, fail: Any, status: int) -> None:
        """What cannot be written is a 503, or dropped."""
        store = Recording()
        server = await serve(shop_app(Sessions(Cart, store=store, fail=fail)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        waiting = asyncio.create_task(browser.post("/slow?name=milk"))
        await Gate.inside.wait()
        store.is_away[0] = True
        Gate.opened.set()
        assert (await waiting).status == status
        store.is_away[0] = False

        assert (await browser.cart())["items"] == ["tea"]

    @pytest.mark.parametrize("target", ["/updated?name=tea", "/password"])
    async def test_a_store_that_is_away_when_it_is_asked(self, serve: Serve, target: str) -> None:
        """update() and end_others() are 503, whatever ``fail`` says: they cannot be left out."""
        store = Recording()
        sessions = Sessions(Cart, store=store, owner=lambda cart: cart.user, fail="open")
        server = await serve(shop_app(sessions))
        browser = Browser(server)
        await browser.post("/login?user=7")
        # The first read is that of the session itself.
        store.reads_left[0] = 1

        answer = await browser.post(target)

        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")

    async def test_prolonging_may_fail(self, serve: Serve, clock: Clock) -> None:
        """A session that was read is complete, and need not be prolonged."""
        store = Recording()
        server = await serve(shop_app(Sessions(Cart, store=store, idle=100)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        clock.now += 50
        store.reads_left[0] = 1

        assert (await browser.cart())["items"] == ["tea"]
        assert store.reads_left == [0]
