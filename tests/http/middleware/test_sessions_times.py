"""Sessions, row by row of the cases (N9, N10, N15-N17, N19): times, concurrent requests, values of other releases."""

import asyncio

import pytest
from msgspec import Struct

from framework import Controller, get
from framework.middleware import Session, Sessions
from framework.stores import MemoryStore, Store
from tests.http.middleware.session_shop import (
    COOKIE,
    HOST,
    Browser,
    Cart,
    Clock,
    Gate,
    Make,
    Recording,
    digests,
    shop_app,
)
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

pytestmark = pytest.mark.usefixtures("closed_gate")


class TestTimes:
    """When sessions end."""

    async def test_n9_idle(self, serve: Serve, make: Make, clock: Clock) -> None:
        """N9: a session that is not used ends, by the server's clock; one that is used goes on."""
        server = await serve(shop_app(make(idle=100, absolute=1_000)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        for _ in range(3):
            clock.now += 60
            assert (await browser.cart())["items"] == ["tea"]
        clock.now += 101

        assert (await browser.cart())["items"] == []

    async def test_n9_the_entry_is_gone(self, serve: Serve, clock: Clock) -> None:
        """N9: from the store, too; it expires there by itself."""
        store = Recording()
        server = await serve(shop_app(Sessions(Cart, store=store, idle=100, absolute=150)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        clock.now += 99
        await browser.cart()
        assert [round(ttl) for ttl in store.ttls] == [100, 51]
        clock.now += 101

        await browser.cart()

        assert digests(store) == []

    async def test_n9_the_store_is_asked_to_prolong_now_and_then(self, serve: Serve, clock: Clock) -> None:
        """A session that was used less than a tenth of ``idle`` ago is only read."""
        store = Recording()
        server = await serve(shop_app(Sessions(Cart, store=store, idle=100)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        clock.now += 9
        await browser.cart()
        assert len(store.ttls) == 1
        clock.now += 1
        await browser.cart()
        assert len(store.ttls) == 2

    async def test_n10_absolute(self, serve: Serve, make: Make, clock: Clock) -> None:
        """N10: however often it is used and changed."""
        server = await serve(shop_app(make(idle=100, absolute=250)))
        browser = Browser(server)
        for _ in range(5):
            await browser.post("/items?name=tea")
            clock.now += 50
        assert (await browser.cart())["items"] == []

    async def test_n10_counted_from_the_last_renewal(self, serve: Serve, make: Make, clock: Clock) -> None:
        """Who has logged in again has the whole time."""
        server = await serve(shop_app(make(idle=250, absolute=250)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        clock.now += 200
        await browser.post("/login?user=7")
        clock.now += 200
        assert (await browser.cart())["user"] == 7
        clock.now += 50
        assert (await browser.cart())["user"] is None

    async def test_a_clock_that_is_set_back(self, serve: Serve, make: Make, clock: Clock) -> None:
        """An hour back, the session is used from then on, and ends as it would."""
        server = await serve(shop_app(make(idle=100, absolute=1_000)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        clock.now -= 3_600
        assert (await browser.cart())["items"] == ["tea"]
        clock.now += 101
        assert (await browser.cart())["items"] == []


class TestConcurrency:
    """Requests of one session at the same time."""

    @pytest.mark.both_loops
    async def test_n15_ten_writes_at_once(self, serve: Serve, make: Make) -> None:
        """N15: no 500, and the value is one of them whole."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        browsers = [browser.copy() for _ in range(10)]

        answers = await asyncio.gather(*(one.post(f"/items?name={at}") for at, one in enumerate(browsers)))

        assert {one.status for one in answers} == {200}
        assert [len(one.json["items"]) >= 2 for one in answers] == [True] * 10
        found = (await browsers[0].cart())["items"]
        assert found[0] == "tea"
        assert set(found[1:]) <= {str(at) for at in range(10)}

    async def test_a_lost_change_is_logged(self, serve: Serve, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        """The last one wins, and one line says that a change was lost."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        waiting = asyncio.create_task(browser.copy().post("/slow?name=slow"))
        await Gate.inside.wait()
        await browser.post("/items?name=quick")
        Gate.opened.set()
        await waiting

        assert (await browser.cart())["items"] == ["tea", "slow"]
        assert [(one.levelname, one.message) for one in caplog.records if one.name == "framework.middleware"] == [
            (
                "WARNING",
                "Sessions(Cart): two requests have changed one session at once, and the last one wins; use update()",
            )
        ]

    async def test_a_request_that_only_prolongs_loses_nothing(
        self, serve: Serve, store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A read beside a write is neither a conflict nor does it undo the write."""
        server = await serve(shop_app(Sessions(Cart, store=store, idle=100)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        waiting = asyncio.create_task(browser.copy().post("/slow?name=slow"))
        await Gate.inside.wait()
        clock.now += 50
        await browser.cart()
        Gate.opened.set()
        await waiting

        assert (await browser.cart())["items"] == ["tea", "slow"]
        assert [one for one in caplog.records if one.name == "framework.middleware"] == []

    @pytest.mark.both_loops
    async def test_updates_lose_nothing(self, serve: Serve, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        """Of 30 at once, each is in the value."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/items?name=tea")

        await asyncio.gather(*(browser.copy().post(f"/updated?name={at}") for at in range(30)))

        found = (await browser.cart())["items"]
        assert sorted(found) == sorted(["tea", *map(str, range(30))])
        assert [one for one in caplog.records if one.name == "framework.middleware"] == []

    async def test_an_update_of_a_cookie_and_of_a_new_session(self, serve: Serve, make: Make) -> None:
        """It is sent with the response."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/updated?name=tea")
        await browser.post("/updated?name=milk")
        assert (await browser.cart())["items"] == ["tea", "milk"]

    async def test_n16_two_cookies(self, serve: Serve, make: Make) -> None:
        """N16: each is tried, in one header or two; the first valid one is the session."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        good = f"{COOKIE}={browser.session}"

        for sent in (f"{COOKIE}=x; {good}", f"{good}; {COOKIE}=x", f"a=b;{COOKIE}={'A' * 43} ;{good}; c"):
            answer = await ask(server, "GET", "/cart", headers={**HOST, "Cookie": sent})
            assert (answer.status, answer.json["items"]) == (200, ["tea"])
        # A cookie whose name only ends so is another one, as is that of plain HTTP.
        for sent in (f"x{good}", f"session={browser.session}"):
            answer = await ask(server, "GET", "/cart", headers={**HOST, "Cookie": sent})
            assert (answer.status, answer.json["items"]) == (200, [])


class Basket(Struct):
    """A later version of Cart."""

    count: int = 0
    user: str | None = None


class BasketController(Controller):
    """Reads it."""

    @get("/cart")
    async def cart(self, session: Session[Basket]) -> Basket:
        """Return the value."""
        return session.value


class TestValues:
    """Values of other releases."""

    async def test_n17_a_value_that_does_not_fit(
        self, serve: Serve, make: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        """N17: a fresh session and one warning; the old one is ended, so that the next request does not warn."""
        sessions = make()
        before = await serve(shop_app(sessions))
        after = await serve(
            app_of(BasketController, middlewares=[Sessions(Basket, secret=sessions.secret, store=sessions.store)])
        )
        old = Browser(before)
        await old.post("/login?user=7")
        browser = Browser(after)
        browser.cookies = dict(old.cookies)

        assert await browser.cart() == {"count": 0, "user": None}
        assert browser.session is None
        assert await browser.cart() == {"count": 0, "user": None}

        lines = [one for one in caplog.records if one.name == "framework.middleware"]
        assert [(one.levelname, one.message) for one in lines] == [
            (
                "WARNING",
                "Sessions(Basket): a stored value is not a Basket any more, a new session begins: "
                "Expected `str | null`, got `int` - at `$.user`",
            )
        ]

    @pytest.mark.parametrize("stored", [b"", b"\x80\x04K\x01.", b"[]", b'["",1]', b"{", b"\xff", b"[" * 3_000])
    async def test_n17_an_entry_that_is_none(self, serve: Serve, stored: bytes) -> None:
        """N17: what another program has stored is no session, and never pickle."""
        store = MemoryStore()
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        (entry,) = [one for one in store._entries.known.values() if ":id:" in one.key]  # noqa: SLF001  a hand in it
        entry.value = stored

        answer = await browser.send("GET", "/cart")
        assert (answer.status, answer.json["items"]) == (200, [])

    async def test_n19_a_dump_of_the_store(self, serve: Serve) -> None:
        """N19: its keys are digests, and none is an id."""
        store = MemoryStore()
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/login?user=7")
        (key,) = digests(store)
        dump = "".join(f"{one.key} {one.value!r}" for one in store._entries.known.values())  # noqa: SLF001  as above

        assert browser.session is not None
        assert browser.session not in dump
        for sent in (key, key.rpartition("=")[2], key.rpartition("=")[2][:43]):
            answer = await ask(server, "GET", "/account", headers={**HOST, "Cookie": f"{COOKIE}={sent}"})
            assert answer.status == 401
