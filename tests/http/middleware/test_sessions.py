"""Sessions, row by row of the cases (N1-N3, N11-N14): cookies; the ids of the tests are the rows."""

import base64
import json
from typing import Any

import pytest
from msgspec import Struct

from framework import Controller, Response, get
from framework.caching import CacheControl
from framework.middleware import Session, Sessions
from framework.stores import MemoryStore
from tests.http.middleware.session_shop import (
    COOKIE,
    HOST,
    SECRET,
    Browser,
    Cart,
    Make,
    Shop,
    set_cookies,
    shop_app,
)
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem


class Plain(Controller):
    """Has the route without a session of the shop."""

    @get("/plain")
    async def plain(self) -> str:
        """Require no session."""
        return "plain"


class TestCookies:
    """When a cookie is sent, and how."""

    async def test_n1_nothing_is_written(self, serve: Serve, make: Make) -> None:
        """N1: a session that is only read has no cookie, and a route without a session is not changed at all."""
        server = await serve(shop_app(make()))
        plain = await serve(app_of(Shop, middlewares=[make()]))

        read, without = await ask(server, "GET", "/cart", headers=HOST), await ask(plain, "GET", "/plain")

        assert (read.json, set_cookies(read)) == ({"user": None, "items": []}, [])
        assert set(without.headers) == {"Content-Type", "Content-Length", "Date"}

    async def test_n2_the_first_write(self, serve: Serve, make: Make) -> None:
        """N2: HttpOnly, Secure, SameSite=Lax, Path=/, no Domain, no Max-Age."""
        server = await serve(shop_app(make()))

        (line,) = set_cookies(await ask(server, "POST", "/items?name=tea", headers=HOST))

        pair, *attributes = line.split("; ")
        assert pair.startswith(f"{COOKIE}=")
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]

    async def test_n2_on_a_loopback_host(self, serve: Serve, make: Make) -> None:
        """N2: over plain HTTP to a loopback host, browsers refuse the prefix and Secure."""
        server = await serve(shop_app(make()))

        (line,) = set_cookies(await ask(server, "POST", "/items?name=tea", headers={"Host": "localhost:8000"}))

        pair, *attributes = line.split("; ")
        assert pair.startswith("session=")
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax"]

    async def test_options_of_the_cookie(self, serve: Serve, make: Make) -> None:
        """Its name, SameSite=Strict, and Max-Age."""
        sessions = make(cookie="shop", samesite="Strict", persistent=True, idle=60, absolute=600.5)
        server = await serve(shop_app(sessions))

        (line,) = set_cookies(await ask(server, "POST", "/items?name=tea", headers=HOST))

        pair, *attributes = line.split("; ")
        assert pair.startswith("__Host-shop=")
        assert sorted(attributes) == ["HttpOnly", "Max-Age=601", "Path=/", "SameSite=Strict", "Secure"]

    @pytest.mark.parametrize("target", ["/cart", "/unread", "/account"])
    async def test_n3_what_was_read_is_private(self, serve: Serve, make: Make, target: str) -> None:
        """N3: Vary: Cookie and Cache-Control: private, also on errors and without a session."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/login?user=7")

        for answer in (await browser.send("GET", target), await ask(server, "GET", target, headers=HOST)):
            assert "Cookie" in answer.headers["Vary"].split(", ")
            assert answer.headers.getall("Cache-Control") == ["private"]

    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("max-age=60", "private, max-age=60"),
            ("public, max-age=60", "private, max-age=60"),
            ("PUBLIC", "private"),
            ("s-maxage=60, must-revalidate", "private, must-revalidate"),
            ("private, max-age=5", "private, max-age=5"),
            ("max-age=5, private", "max-age=5, private"),
            ("private, public", "private"),
            ("No-Store", "No-Store"),
            ("no-cache, no-store", "no-cache, no-store"),
            ('private="x", max-age=60', "private"),
            (" , ", "private"),
        ],
    )
    async def test_n3_a_cache_control_of_the_handler(self, serve: Serve, given: str, sent: str) -> None:
        """N3: it stays as far as it lets no shared cache store the response."""

        class Cached(Controller):
            @get("/cached")
            async def show(self, _: Session[Cart]) -> Response[str]:
                return Response("", headers={"Cache-Control": given, "Vary": "Accept-Language"})

        server = await serve(app_of(Cached, middlewares=[Sessions(Cart, secret=SECRET)]))
        answer = await ask(server, "GET", "/cached", headers=HOST)

        assert answer.headers.getall("Cache-Control") == [sent]
        assert set(answer.headers["Vary"].split(", ")) >= {"Accept-Language", "Cookie"}

    async def test_n3_a_cache_control_of_the_route(self, serve: Serve) -> None:
        """N3: prepared heads too."""

        class Declared(Controller):
            @get("/declared", cache_control=CacheControl(public=True, max_age=60), etag=True)
            async def show(self, _: Session[Cart]) -> str:
                return "x"

        server = await serve(app_of(Declared, middlewares=[Sessions(Cart, secret=SECRET)]))
        full = await ask(server, "GET", "/declared", headers=HOST)
        cached = await ask(server, "GET", "/declared", headers={**HOST, "If-None-Match": full.headers["ETag"]})

        assert [(one.status, one.headers["Cache-Control"]) for one in (full, cached)] == [
            (200, "private, max-age=60"),
            (304, "private, max-age=60"),
        ]
        assert "Cookie" in cached.headers["Vary"]

    async def test_only_a_changed_session_is_written(self, serve: Serve, make: Make) -> None:
        """A change in place and another value are both written; the same value is not."""
        server = await serve(shop_app(make()))
        browser = Browser(server)
        await browser.post("/items?name=tea")

        assert await browser.cart() == {"user": None, "items": ["tea"]}
        changed = await browser.post("/replaced?name=coffee")
        same = await browser.post("/replaced?name=coffee")
        assert await browser.cart() == {"user": None, "items": ["coffee"]}
        # The id of a stored session stays; an encrypted value is another cookie.
        assert len(set_cookies(changed)) == (len(browser.session or "") > 43)
        assert set_cookies(same) == []

    async def test_a_route_without_a_session_is_not_changed(self, make: Make) -> None:
        """N1: it has the same code as without the sessions."""
        with_sessions = app_of(Plain, middlewares=[make()])
        assert with_sessions.explain("GET", "/plain") == app_of(Plain).explain("GET", "/plain")

    async def test_which_responses_write(self, serve: Serve, make: Make) -> None:
        """A 4xx of the handler writes, a 5xx does not."""
        server = await serve(shop_app(make()))
        browser = Browser(server)

        assert (await browser.post("/refused?name=tea")).status == 409
        assert (await browser.post("/failing?name=milk")).status == 500
        assert await browser.cart() == {"user": None, "items": ["tea"]}


class TestSealed:
    """Cookies with the value in them."""

    async def test_n11_a_changed_cookie(self, serve: Serve) -> None:
        """N11: in any bit, cut, or that of another purpose: no session, 200."""
        server = await serve(shop_app(Sessions(Cart, secret=SECRET)))
        foreign = await serve(shop_app(Sessions(Cart, secret=SECRET, cookie="csrf")))
        browser, other = Browser(server), Browser(foreign)
        await browser.post("/login?user=7")
        await other.post("/login?user=7")
        text = browser.session or ""
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        flipped = [
            base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]).decode().rstrip("=")
            for at in range(len(raw))
        ]

        for sent in (*flipped[::3], text[:-1], text[: len(text) // 2], text * 2, other.cookies["__Host-csrf"]):
            answer = await ask(server, "GET", "/cart", headers={**HOST, "Cookie": f"{COOKIE}={sent}"})
            assert (answer.status, answer.json["user"]) == (200, None)
        assert (await browser.cart())["user"] == 7

    async def test_n12_nothing_is_readable(self, serve: Serve) -> None:
        """N12: decoded, the cookie has nothing of the value."""
        server = await serve(shop_app(Sessions(Cart, secret=SECRET)))
        browser = Browser(server)
        await browser.post("/items?name=secret-tea")

        text = browser.session or ""
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert b"secret" not in raw
        assert b"items" not in raw
        assert b"tea" not in raw

    async def test_n13_rotated_secrets(self, serve: Serve) -> None:
        """N13: an old cookie is read, written by the new secret, and refused when the old secret is withdrawn."""
        old, new = "o" * 32, "n" * 32
        before, rotating, after = [
            await serve(shop_app(Sessions(Cart, secret=one))) for one in (old, (new, old), (new,))
        ]
        kept = Browser(before)
        await kept.post("/items?name=tea")
        written = Browser(rotating)
        written.cookies = dict(kept.cookies)
        assert (await written.cart())["items"] == ["tea"]
        await written.post("/items?name=milk")

        late = Browser(after)
        late.cookies = dict(kept.cookies)
        assert (await late.cart())["items"] == []
        late.cookies = dict(written.cookies)
        assert (await late.cart())["items"] == ["tea", "milk"]

    async def test_n14_a_value_that_no_cookie_holds(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        """N14: 500, and the log names store=; the cookie of before stays."""
        server = await serve(shop_app(Sessions(Cart, secret=SECRET)))
        browser = Browser(server)
        await browser.post("/items?name=tea")

        answer = await browser.post(f"/items?name={'x' * 3_000}")

        assert answer.problem == problem(500, "/items")
        assert set_cookies(answer) == []
        assert "keep less in it, or give store= instead of secret=" in caplog.text
        assert (await browser.cart())["items"] == ["tea"]

    @pytest.mark.parametrize("length", range(2_660, 2_700, 3))
    async def test_n14_no_cookie_is_longer_than_browsers_keep(self, serve: Serve, length: int) -> None:
        """N14: up to 4096 bytes of name and value."""
        server = await serve(shop_app(Sessions(Cart, secret=SECRET)))
        answer = await ask(server, "POST", f"/items?name={'x' * length}", headers=HOST)

        sizes = [len(line.partition(";")[0]) - 1 for line in set_cookies(answer)]
        assert (answer.status, sizes) == (500, []) or (answer.status == 200 and sizes[0] <= 4_096)


async def test_a_web_socket_reads_only(make: Make, aiohttp_client: Any) -> None:
    """No response can set a cookie: setting the value is an error; reading works."""
    app = shop_app(make()).build()
    client = await aiohttp_client(app)
    await client.post("/items?name=tea", headers=HOST)
    (morsel,) = client.session.cookie_jar
    headers = {**HOST, "Cookie": f"{COOKIE}={morsel.value}", "Origin": "http://shop.example"}

    async with client.ws_connect("/talk", headers=headers) as socket:
        text = await socket.receive_str()

    assert text.startswith("['tea'] the session is changed when the head of the response is sent already")


async def test_while_a_stream_is_sent(serve: Serve) -> None:
    """The head is sent: setting the value is an error, update() works for a session that is in the store."""
    browser = Browser(await serve(shop_app(Sessions(Cart, store=MemoryStore()))))
    await browser.post("/items?name=tea")

    answer = await browser.send("GET", "/stream")

    assert answer.headers["Cache-Control"] == "private"
    late = "the session is changed when the head of the response is sent already: change it before, or use update()"
    assert answer.body.decode() == f"teaupdated{late}"
    assert (await browser.cart())["items"] == ["tea", "updated"]


async def test_a_session_of_a_test() -> None:
    """A handler is tested with a session that was made by hand."""
    session = Session(Cart(items=["tea"]))
    session.renew()
    assert await session.update(lambda cart: Cart(items=[*cart.items, "milk"])) == Cart(items=["tea", "milk"])
    assert (session.is_new, await session.end_others()) == (True, 0)
    session.end()
    session.value = Cart()
    assert session.value == Cart()


async def test_the_session_is_shared_by_guard_and_handler(serve: Serve) -> None:
    """One object in a request, and two types of sessions beside each other."""

    class Admin(Struct):
        level: int = 0

    seen: list[object] = []

    async def note(session: Session[Cart]) -> None:
        seen.append(session)

    class Both(Controller):
        @get("/both", guards=(note,))
        async def show(self, cart: Session[Cart], admin: Session[Admin]) -> int:
            seen.append(cart)
            cart.value.items.append("tea")
            admin.value.level += 1
            return admin.value.level

    middlewares = [Sessions(Cart, secret=SECRET), Sessions(Admin, store=MemoryStore(), cookie="admin")]
    server = await serve(app_of(Both, middlewares=middlewares))
    browser = Browser(server)

    assert [(await browser.send("GET", "/both")).json for _ in range(3)] == [1, 2, 3]
    assert sorted(browser.cookies) == ["__Host-admin", "__Host-session"]
    assert seen[0] is seen[1]


def test_what_is_in_the_document() -> None:
    """The cookie, the header and the 503, on routes that require the session."""
    from framework import App, OpenAPI

    app = App([Shop], openapi=OpenAPI(title="Shop", version="1"), middlewares=[Sessions(Cart, store=MemoryStore())])
    paths = app.document()["paths"]

    operation = paths["/cart"]["get"]
    assert operation["parameters"] == [
        {
            "name": "__Host-session",
            "in": "cookie",
            "description": "The session; without it, a new one begins.",
            "schema": {"type": "string"},
        }
    ]
    assert operation["responses"]["200"]["headers"]["Set-Cookie"]["description"].startswith("The session, if it has")
    assert "503" in operation["responses"]
    plain = paths["/plain"]["get"]
    assert "parameters" not in plain
    assert "503" not in plain["responses"]
    assert json.dumps(plain).find("Set-Cookie") == -1
