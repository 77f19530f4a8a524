"""Sessions, row by row of the cases (N4-N8): whose session it is, renewal, logout."""

import asyncio
from typing import Any

import pytest

from framework.middleware import Sessions
from framework.stores import MemoryStore, Store
from tests.http.middleware.session_shop import (
    COOKIE,
    HOST,
    Browser,
    Cart,
    Gate,
    Make,
    digests,
    set_cookies,
    shop_app,
)
from tests.http.raw import ask
from tests.http.shapes import Serve

pytestmark = pytest.mark.usefixtures("closed_gate")


class TestIds:
    """Whose session it is."""

    @pytest.mark.parametrize("sent", ["A" * 43, "x", "", "é", "a b", '"quoted"', "A" * 5_000])
    async def test_n4_an_id_of_the_clients_own(self, serve: Serve, make: Make, sent: str) -> None:
        """N4: it is no session, and a write gets another id."""
        server = await serve(shop_app(make()))
        headers: dict[str, Any] = {**HOST, "Cookie": f"{COOKIE}={sent}".encode()}

        read = await ask(server, "GET", "/cart", headers=headers)
        (line,) = set_cookies(await ask(server, "POST", "/items?name=tea", headers=headers))

        assert (read.status, read.json) == (200, {"user": None, "items": []})
        assert line.partition(";")[0] != f"{COOKIE}={sent}"

    async def test_n5_renewed_at_login(self, serve: Serve, make: Make) -> None:
        """N5: another id, and the value is kept."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        before = browser.session

        await browser.post("/login?user=7")

        assert browser.session not in {None, before}
        assert await browser.cart() == {"user": 7, "items": ["tea"]}
        assert (await browser.send("GET", "/account")).status == 200

    async def test_n5_the_old_id_is_dead(self, serve: Serve, store: Store) -> None:
        """N5: at once, so that whoever has planted it is not logged in."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        planted = browser.copy()

        await browser.post("/login?user=7")

        assert await planted.cart() == {"user": None, "items": []}
        assert (await planted.send("GET", "/account")).status == 401

    async def test_n5_two_logins_at_once(self, serve: Serve, store: Store) -> None:
        """N5: of two that renew one session, one does; the other is not written, and deletes no cookie."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/items?name=tea")
        slow = browser.copy()
        waiting = asyncio.create_task(slow.post("/slow-login?user=9"))
        await Gate.inside.wait()
        await browser.post("/login?user=7")
        Gate.opened.set()

        assert set_cookies(await waiting) == []
        assert (await slow.cart())["user"] is None
        assert (await browser.cart())["user"] == 7

    async def test_n6_other_sessions_of_the_user(self, serve: Serve, store: Store) -> None:
        """N6: end_others() ends those of the user, not its own, and nobody else's."""
        server = await serve(shop_app(Sessions(Cart, store=store, owner=lambda cart: cart.user)))
        here, there, elsewhere, other, anonymous = (Browser(server) for _ in range(5))
        for browser, user in ((here, 7), (there, 7), (elsewhere, 7), (other, 8)):
            await browser.post(f"/login?user={user}")
        await anonymous.post("/items?name=tea")
        await elsewhere.post("/logout")

        assert (await here.post("/password")).json == 1

        assert [(await one.cart())["user"] for one in (here, there, elsewhere, other)] == [7, None, None, 8]
        assert (await anonymous.cart())["items"] == ["tea"]
        assert (await here.post("/password")).json == 0
        assert (await anonymous.post("/password")).json == 0
        assert (await here.cart())["user"] == 7

    async def test_n6_a_session_that_gets_an_owner_without_renew(self, serve: Serve, store: Store) -> None:
        """N6: it is in the list of the owner from then on, and a session of nobody is in none."""
        server = await serve(
            shop_app(Sessions(Cart, store=store, owner=lambda cart: cart.items[0] if cart.items else None))
        )
        here, there, other = Browser(server), Browser(server), Browser(server)
        for browser, name in ((here, "ann"), (there, "ann"), (other, "bob")):
            await browser.post("/login?user=1")
            await browser.post(f"/items?name={name}")

        assert (await here.post("/password")).json == 1
        assert [(await one.cart())["items"] for one in (here, there, other)] == [["ann"], [], ["bob"]]

    async def test_n6_a_session_that_is_renewed_meanwhile(self, serve: Serve, store: Store) -> None:
        """N6: a login that is under way with the old session does not survive."""
        server = await serve(shop_app(Sessions(Cart, store=store, owner=lambda cart: cart.user)))
        here, there = Browser(server), Browser(server)
        await here.post("/login?user=7")
        await there.post("/login?user=7")
        waiting = asyncio.create_task(there.post("/slow-login?user=7"))
        await Gate.inside.wait()
        assert (await here.post("/password")).json == 1
        Gate.opened.set()
        await waiting

        assert (await there.cart())["user"] is None
        assert (await here.cart())["user"] == 7

    async def test_n6_without_an_owner(self, serve: Serve, make: Make) -> None:
        """N6: the user of a value is not known: an error of the program."""
        server = await serve(shop_app(make()))
        assert (await Browser(server).post("/password")).status == 500

    async def test_n7_logout(self, serve: Serve, make: Make) -> None:
        """N7: the value is that of a new session, and the cookie is deleted with the same path and prefix."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/login?user=7")

        answer = await browser.post("/logout")

        (line,) = set_cookies(answer)
        pair, *attributes = line.split("; ")
        assert answer.json == {"user": None, "items": []}
        assert pair in {f"{COOKIE}=", f'{COOKIE}=""'}
        assert sorted(attributes) == [
            "HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure", "expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ]  # fmt: skip
        assert set_cookies(await browser.post("/logout")) == []

    async def test_n7_the_entry_is_deleted(self, serve: Serve, store: Store) -> None:
        """N7: a copy of the cookie is worth nothing afterwards."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/login?user=7")
        copied = browser.copy()

        await browser.post("/logout")

        assert (await copied.send("GET", "/account")).status == 401
        assert not isinstance(store, MemoryStore) or digests(store) == []

    async def test_n7_another_session_after_the_end(self, serve: Serve, make: Make) -> None:
        """A value that is set after end() is that of a new session with a new id."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/login?user=7")
        before = browser.session

        await browser.post("/switch?user=8")

        assert browser.session not in {None, before}
        assert await browser.cart() == {"user": 8, "items": []}

    async def test_n8_a_slow_request_after_logout(self, serve: Serve, store: Store) -> None:
        """N8: what it saves does not bring the session back."""
        server = await serve(shop_app(Sessions(Cart, store=store)))
        browser = Browser(server)
        await browser.post("/login?user=7")
        slow = browser.copy()
        waiting = asyncio.create_task(slow.post("/slow?name=tea"))
        await Gate.inside.wait()
        await browser.post("/logout")
        Gate.opened.set()

        answer = await waiting

        assert (answer.status, set_cookies(answer)) == (200, [])
        assert await slow.cart() == {"user": None, "items": []}

    async def test_n8_an_update_after_logout(self, serve: Serve, store: Store) -> None:
        """N8: nor does update()."""
        sessions = Sessions(Cart, store=store)
        server = await serve(shop_app(sessions))
        browser = Browser(server)
        await browser.post("/login?user=7")
        copied = browser.copy()
        await browser.post("/logout")

        assert (await copied.post("/updated?name=tea")).status == 200
        assert (await copied.cart())["user"] is None
