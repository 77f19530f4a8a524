"""aiohttp-debugtoolbar stands beside controllers."""

import re

import aiohttp_debugtoolbar
import pytest
from aiohttp import web

from framework import App, Controller, get
from tests.neighbours.shapes import Serve, Sites

# Packages keep what is theirs in requests under strings; aiohttp recommends keys of its own.
pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")


class Pages(Controller):
    """Pages."""

    @get("/page/{name}")
    async def page(self, name: str) -> web.Response:
        """Return a page."""
        return web.Response(text=f"<html><body>{name}</body></html>", content_type="text/html")

    @get("/data")
    async def data(self) -> list[int]:
        """Return data."""
        return [1]

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise LookupError("broken on purpose")

    @get("/moved")
    async def moved(self) -> str:
        """Redirect."""
        raise web.HTTPFound("/data")


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=f"<html><body>{request.match_info['name']}</body></html>", content_type="text/html")


async def _data(_: web.Request) -> web.Response:
    return web.json_response([1])


async def _broken(_: web.Request) -> web.Response:
    raise LookupError("broken on purpose")


async def _moved(_: web.Request) -> web.Response:
    raise web.HTTPFound("/data")


def _sites() -> Sites:
    by_hand = web.Application()
    by_hand.router.add_get("/page/{name}", _page)
    by_hand.router.add_get("/data", _data)
    by_hand.router.add_get("/broken", _broken)
    by_hand.router.add_get("/moved", _moved)
    return Sites(by_hand, App(controllers=[Pages]).build())


async def test_the_toolbar_is_put_into_pages(serve_both: Serve) -> None:
    """Pages get the toolbar, data does not; an exception is a page with its traceback; a redirect is shown."""
    ask = await serve_both(_sites(), aiohttp_debugtoolbar.setup)

    for path, marks in (
        ("/page/lamp", (b"lamp", b"pDebug")),
        ("/data", (b"[1]",)),
        ("/broken", (b"LookupError: broken on purpose",)),
        ("/moved", (b"/data", b"pDebug")),
    ):
        by_hand, controllers = await ask("GET", path)
        assert controllers.status == by_hand.status
        for mark in marks:
            assert mark in by_hand.body
            assert mark in controllers.body
    assert (await ask("GET", "/unknown"))[1].problem["status"] == 404


async def test_the_toolbar_shows_the_routes(serve_both: Serve) -> None:
    """The toolbar's own pages are served, and list the routes of controllers with their source."""
    ask = await serve_both(_sites(), aiohttp_debugtoolbar.setup)
    await ask("GET", "/page/lamp")

    by_hand, controllers = await ask("GET", "/_debugtoolbar")
    assert controllers.status == by_hand.status == 200
    shown = []
    for response in (by_hand, controllers):
        assert b"/page/{name}" in response.body
        shown.append(set(re.findall(rb"&#39;(?:path|formatter)&#39;, &#39;(/[^&]*)&#39;", response.body)))
    assert shown[0] <= shown[1]
