"""Constant headers of compiled middlewares: on every response, once, and not where the response has its own."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import App, Controller, Deprecation, Request, Response, Router, WebSocket, get, websocket
from framework._serve.aiohttp_names import SUPPORTED
from framework.static import StaticFiles
from framework.typedefs import CallNext
from tests.http.layers import Fixed, Nearest, called, shake_hands
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

FIXED = Fixed({"X-One": "1", "X-Two": "2"})
SHARED = web.Response(text="shared")
GIVEN: Response[str] = Response("given")


class Shop(Controller):
    """Responds in many ways."""

    @get("/json")
    async def json(self) -> dict[str, int]:
        """Respond with a value."""
        return {"a": 1}

    @get("/none")
    async def none(self) -> None:
        """Respond with nothing."""

    @get("/text")
    def text(self) -> str:
        """Respond from a thread."""
        return "text"

    @get("/response")
    async def response(self) -> Response[str]:
        """Respond with a response."""
        return Response("response", headers={"x-one": "own"})

    @get("/given")
    async def given(self) -> Response[str]:
        """Respond with one object for all requests."""
        return GIVEN

    @get("/stock")
    async def stock(self) -> web.Response:
        """Respond with a response of aiohttp's."""
        return web.Response(text="stock", headers={"X-Two": "own"})

    @get("/stream")
    async def stream(self) -> AsyncIterator[int]:
        """Stream."""
        yield 1

    @get("/tagged", etag=True)
    async def tagged(self) -> str:
        """Respond with a version."""
        return "tagged"

    @get("/late", timeout=5)
    async def late(self) -> str:
        """Respond in time."""
        return "late"

    @get("/found")
    async def found(self) -> str:
        """Raise a redirect of aiohttp's."""
        raise web.HTTPFound("/json")

    @get("/lost")
    async def lost(self) -> str:
        """Fail."""
        raise KeyError

    @get("/old", deprecated=Deprecation(since=date(2026, 1, 31)))
    async def old(self) -> str:
        """Be deprecated."""
        return "old"

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str]) -> None:
        """Say nothing."""


EXPECTED: Any = [
    ("/json", 200, ["1"], ["2"]),
    ("/none", 204, ["1"], ["2"]),
    ("/text", 200, ["1"], ["2"]),
    ("/response", 200, ["own"], ["2"]),
    ("/given", 200, ["1"], ["2"]),
    ("/stock", 200, ["1"], ["own"]),
    ("/stream", 200, ["1"], ["2"]),
    ("/tagged", 200, ["1"], ["2"]),
    ("/late", 200, ["1"], ["2"]),
    ("/found", 302, ["1"], ["2"]),
    ("/lost", 500, ["1"], ["2"]),
    ("/old", 200, ["1"], ["2"]),
    ("/talk", 426, ["1"], ["2"]),
    ("/nowhere", 404, ["1"], ["2"]),
    ("/%ff", 400, ["1"], ["2"]),
]


async def check_all(server: TestServer, prefix: str = "") -> None:
    """Ask for everything twice, and compare the headers."""
    for path, status, one, two in [*EXPECTED, *EXPECTED]:
        answer = await ask(server, "GET", prefix + path)
        headers = answer.headers
        assert (path, answer.status, headers.getall("X-One"), headers.getall("X-Two")) == (path, status, one, two)
    for method, status in (("HEAD", 200), ("OPTIONS", 204), ("PUT", 405), ("REPORT", 501)):
        answer = await ask(server, method, f"{prefix}/json")
        assert (answer.status, answer.headers.getall("X-One"), answer.headers["X-Two"]) == (status, ["1"], "2")


@pytest.mark.both_loops
@pytest.mark.parametrize(
    "middlewares",
    [
        [FIXED],
        [FIXED, called("own", [])],
        [called("own", []), FIXED],
        [Fixed({"X-One": "outer", "X-Two": "2"}), Fixed({"x-one": "1"})],
        [Fixed({"X-One": "outer", "X-Two": "2"}), called("own", []), Fixed({"X-One": "1"})],
    ],
)
async def test_every_response_has_them(serve: Serve, middlewares: list[Any]) -> None:
    """Values, responses of any kind, streams, errors, and what no handler responds to; inner layers win."""
    await check_all(await serve(app_of(Shop, middlewares=middlewares)))


async def test_in_other_applications(serve: Serve) -> None:
    """As a sub-application, and attached beside a native route and a middleware of aiohttp's."""
    outer = web.Application()
    outer.add_subapp("/api", app_of(Shop, middlewares=[FIXED]).build())
    await check_all(await serve(outer), "/api")

    seen: list[str] = []

    @web.middleware
    async def see(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.path)
        return await handler(request)  # type: ignore[no-any-return]  # aiohttp's own shape

    async def native(_: web.Request) -> web.Response:
        return web.Response(text="native")

    application = web.Application(middlewares=[see])
    application.router.add_get("/native", native)
    app_of(Shop, middlewares=[FIXED]).attach(application)
    server = await serve(application)
    await check_all(server)
    assert "X-One" not in (await ask(server, "GET", "/native")).headers
    assert seen


async def test_a_conditional_request_has_them(serve: Serve) -> None:
    """304 has them like 200."""
    server = await serve(app_of(Shop, middlewares=[FIXED]))
    tag = (await ask(server, "GET", "/tagged")).headers["ETag"]
    answer = await ask(server, "GET", "/tagged", headers={"If-None-Match": tag})
    assert (answer.status, answer.headers.getall("X-One"), answer.headers.getall("X-Two")) == (304, ["1"], ["2"])


async def test_files_have_them(serve: Serve, tmp_path: Path) -> None:
    """A folder has a header of its own, which stays as it is."""
    (tmp_path / "a.txt").write_text("a")
    files = StaticFiles("/files", tmp_path)
    server = await serve(App([files], openapi=None, middlewares=[Fixed({"X-Content-Type-Options": "x", "X-One": "1"})]))
    answer = await ask(server, "GET", "/files/a.txt")
    assert (answer.body, answer.headers["X-One"]) == (b"a", "1")
    assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]


async def test_a_refused_handshake_has_them(serve: Serve) -> None:
    """An accepted one is past all middlewares."""
    server = await serve(app_of(Shop, middlewares=[FIXED]))
    refused = await shake_hands(server, "/talk", Origin="https://evil.example")
    assert (refused.status, refused.headers["X-One"]) == (403, "1")
    assert (await shake_hands(server, "/talk")).status == 101


async def test_the_nearest_counts(serve: Serve) -> None:
    """Of several instances of one class the innermost applies, for what all routes share as well."""

    class Inner(Controller):
        path = "/inner"
        middlewares = (Nearest("controller"),)

        @get("/a", middlewares=(Nearest("route"),))
        async def first(self) -> str:
            return "a"

        @get("/b")
        async def second(self) -> str:
            return "b"

    server = await serve(app_of(Shop, Router("/r", [Inner]), middlewares=[Nearest("app")]))
    for method, path, name in [
        ("GET", "/json", "app"),
        ("GET", "/nowhere", "app"),
        ("GET", "/r/inner/a", "route"),
        ("GET", "/r/inner/b", "controller"),
        ("GET", "/r/inner/c", "app"),
        ("PUT", "/r/inner/a", "route"),
        ("PUT", "/r/inner/b", "controller"),
    ]:
        assert (await ask(server, method, path)).headers.getall("X-Nearest") == [name]


async def test_a_middleware_of_ones_own_has_the_last_word(serve: Serve) -> None:
    """It sees the headers of what is inside of it, and may take them out."""
    seen: list[str | None] = []

    async def strip(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        seen.append(response.headers.popone("X-One", None))
        return response

    server = await serve(app_of(Shop, middlewares=[strip, FIXED]))
    for path in ("/json", "/response", "/nowhere"):
        assert "X-One" not in (await ask(server, "GET", path)).headers
    assert seen == ["1", "own", "1"]


@pytest.mark.skipif(not SUPPORTED, reason="aiohttp's own path has no prepared heads")
async def test_they_are_in_the_prepared_head(serve: Serve) -> None:
    """A value is sent without a look at its headers: nobody has made them when the response goes out."""
    seen: list[Any] = []

    async def look(request: Request, call_next: CallNext) -> web.StreamResponse:
        response: Any = await call_next(request)
        seen.append((response._touched, response._head.headers["X-Two"]))  # noqa: SLF001  what is tested
        return response  # type: ignore[no-any-return]  # what the rest gave

    server = await serve(app_of(Shop, middlewares=[FIXED, look]))
    assert (await ask(server, "GET", "/json")).headers["X-One"] == "1"
    assert seen == [(0, "2")]
