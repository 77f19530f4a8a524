import asyncio
import re
from typing import Any

import pytest
from aiohttp import web

from framework import DefinitionError
from framework.asgi import ASGIApp, scope_of
from framework.errors import DefinitionErrors
from tests.http.asgi.asgi_shop import Shop, shop_app
from tests.http.asgi.calls import call, http_scope, lifespan
from tests.http.shapes import app_of
from tests.waiting import until

JSON = {"content-type": "application/json"}
LINE = b'{"sku":"a","count":2}'


async def test_lifespan_starts_and_stops() -> None:
    """Services are opened by the start, and closed by the end."""
    log: list[str] = []
    app = ASGIApp(shop_app(log))
    async with lifespan(app) as started:
        assert started == {"type": "lifespan.startup.complete"}
        assert log == ["opened"]
        assert (await call(app, http_scope("GET", "/shop/moved"))).status == 303
    assert log == ["opened", "closed"]


async def test_first_requests_start_once() -> None:
    """Without a lifespan, the application starts with the first request, also if there are several."""
    log: list[str] = []
    app = ASGIApp(shop_app(log))
    replies = await asyncio.gather(*(call(app, http_scope("GET", "/shop/moved")) for _ in range(5)))
    assert {one.status for one in replies} == {303}
    assert log == ["opened"]


async def test_failed_start_is_reported() -> None:
    """An application that cannot start tells the server why; the next start may succeed."""
    states = iter((False, True))

    async def make() -> web.Application:
        if not next(states):
            raise RuntimeError("no database")
        return shop_app([]).build()

    app = ASGIApp(make)
    failed = lifespan(app)
    message = await failed.__aenter__()
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("RuntimeError: no database (")
    await failed.__aexit__()
    assert (await call(app, http_scope("GET", "/shop/moved"))).status == 303


@pytest.mark.parametrize("chunks", [(LINE,), (LINE[:5], LINE[5:]), (b"", LINE, b"")])
@pytest.mark.parametrize("framing", [{"content-length": "21"}, {"transfer-encoding": "chunked"}, {}])
async def test_bodies(chunks: tuple[bytes, ...], framing: dict[str, str]) -> None:
    """A body arrives whole, in whatever pieces, with its length or without."""
    app = ASGIApp(shop_app([]))
    reply = await call(app, http_scope("POST", "/shop/lines", {**JSON, **framing}), *chunks)
    assert (reply.status, reply.body) == (201, LINE)
    assert reply.messages[-1]["more_body"] is False


async def test_more_than_the_length() -> None:
    """What is longer than announced is no request of its own."""
    app = ASGIApp(shop_app([]))
    more = b"GET /shop/moved HTTP/1.1\r\nhost: a\r\n\r\n"
    reply = await call(app, http_scope("POST", "/shop/lines", {**JSON, "content-length": "21"}), LINE + more)
    assert (reply.status, reply.body) == (201, LINE)
    assert [one["type"] for one in reply.messages] == ["http.response.start", "http.response.body"]
    assert (await call(app, http_scope("GET", "/shop/picture"))).status == 200


async def test_client_that_disconnects_amid_its_body() -> None:
    """The request ends without a response."""
    app = ASGIApp(shop_app([]))
    scope = http_scope("POST", "/shop/lines", {**JSON, "content-length": "21"})
    reply = await call(app, scope, then=[{"type": "http.disconnect"}])
    assert reply.messages == []


async def test_disconnect_is_as_under_aiohttp() -> None:
    """A handler goes on when its client disconnects, and has no transport any more."""
    ended = asyncio.Event()
    seen: list[Any] = []

    async def wait(request: web.Request) -> web.Response:
        await until(lambda: request.transport is None)
        seen.append(scope_of(request))
        ended.set()
        return web.Response()

    application = web.Application()
    application.router.add_get("/wait", wait)
    reply = await call(ASGIApp(application), http_scope("GET", "/wait"), then=[{"type": "http.disconnect"}])
    assert ended.is_set()
    assert reply.messages == []
    assert seen == [None]


@pytest.mark.parametrize(
    ("root", "path", "raw", "found"),
    [
        ("", "/shop/moved", b"/shop/moved", 303),
        ("/api", "/api/shop/moved", b"/api/shop/moved", 303),
        ("/api", "/api/shop/moved", None, 303),
        ("/api", "/shop/moved", b"/shop/moved", 303),
        ("/a b", "/a b/shop/moved", b"/a%20b/shop/moved", 303),
        ("/ap", "/api/shop/moved", b"/api/shop/moved", 404),
        ("/api", "/api", b"/api", 404),
    ],
)
async def test_root_path(root: str, path: str, raw: bytes | None, found: int) -> None:
    """The root path is taken off, whether the server has put it before the path or not."""
    app = ASGIApp(shop_app([]))
    reply = await call(app, http_scope("GET", path, root_path=root, raw_path=raw) | {"path": path})
    assert reply.status == found


async def test_root_path_is_in_what_is_sent() -> None:
    """Problems name the whole path, and documents the prefix."""
    app = ASGIApp(shop_app([]))
    reply = await call(app, http_scope("GET", "/api/none", root_path="/api"))
    assert b'"instance":"/api/none"' in reply.body
    document = await call(app, http_scope("GET", "/api/openapi.json", root_path="/api"))
    assert re.search(rb'"servers":\[\{"url":"/api"', document.body)


async def test_plain_application_of_aiohttp() -> None:
    """An application without controllers is served through aiohttp's own protocol."""

    async def greet(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.scheme} {request.remote} {await request.text()}")

    application = web.Application()
    application.router.add_post("/", greet)
    app = ASGIApp(application)
    for _ in range(2):
        reply = await call(app, http_scope("POST", "/", {"content-length": "2"}, scheme="https"), b"hi")
        assert (reply.status, reply.body) == (200, b"https 192.0.2.1 hi")


async def test_type_that_is_unknown() -> None:
    """Other types of connections are an error."""
    app = ASGIApp(shop_app([]))
    with pytest.raises(ValueError, match="'mqtt' is not supported"):
        await app({"type": "mqtt"}, asyncio.Event().wait, asyncio.Queue[Any]().put)  # type: ignore[arg-type]  # not called


def test_errors_of_an_app_are_raised_at_once() -> None:
    """An App is built where the ASGIApp is made."""
    with pytest.raises(DefinitionErrors, match="1 error in the application"):
        ASGIApp(app_of(Shop))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"app": 5},
            "ASGIApp: 5 is not an application.\n"
            "  Hint: give an App, an aiohttp application, or a function that makes one.",
        ),
        (
            {"app": shop_app, "graceful_timeout": -1},
            "ASGIApp: graceful_timeout=-1 is not a number of seconds.\n  Hint: give one above 0, as 10.0.",
        ),
    ],
)
def test_wrong_options(arguments: dict[str, Any], message: str) -> None:
    """Wrong options are reported where they are written."""
    with pytest.raises(DefinitionError) as error:
        ASGIApp(**arguments)
    assert re.sub(r" \(.*?\):", ":", str(error.value)) == message
