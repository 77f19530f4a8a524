"""CORS in a real browser: pages of two origins ask one application, with credentials and without."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from aiohttp import web
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpServer

from framework import App, Controller, Request, Response, get, post, put
from framework.layers import Layer, Steps
from framework.middleware import CORS
from framework.routing import RouteInfo

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, open_browser  # noqa: E402  needs selenium

pytestmark = IN_BROWSER

# Errors of fetch() say nothing more to a page than that there is one.
_FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(
  async (response) => done([response.status, await response.text(), response.headers.get("X-Total-Count")]),
  (error) => done(error.name),
);
"""


class Song(Struct):
    """Something to be sung."""

    title: str


class Log(Layer):
    """Notes what arrives."""

    rank: ClassVar[int | None] = None

    def __init__(self) -> None:
        self.lines: list[str] = []

    def compile(self, route: RouteInfo | None) -> Steps:
        """Look at every request."""
        del route
        return Steps(before=self.note)

    def note(self, request: web.Request) -> None:
        """Write down the method and the path."""
        self.lines.append(f"{request.method} {request.path}")


class Songs(Controller):
    """Keeps songs, and knows who asks."""

    @get("/songs")
    async def search(self, request: Request) -> Response[str]:
        """Return who asks."""
        return Response(request.cookies.get("user", "nobody"), headers={"X-Total-Count": "7", "X-Hidden": "1"})

    @post("/login")
    async def login(self) -> Response[None]:
        """Give the browser a cookie."""
        return Response(None, status=204, cookies={"user": "ann"})

    @put("/songs/{number}")
    async def replace(self, number: int, song: Song) -> Song:
        """Replace a song."""
        del number
        return song

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise RuntimeError


class Page(Controller):
    """A page without a script of its own."""

    @get("/", media_type="text/html")
    async def show(self) -> str:
        """Return the page."""
        return "<!doctype html><title>A page</title><link rel=icon href='data:,'>"


@dataclass
class Pages:
    """A page of an origin that is allowed, and one of an origin that is not."""

    driver: Any
    allowed: str
    foreign: str
    api: str

    def fetch(self, path: str, **options: Any) -> Any:
        """Fetch something from the page: status, text and a header, or the name of the error."""
        return self.driver.execute_async_script(_FETCH, f"{self.api}{path}", options)

    def put(self, path: str, title: str) -> Any:
        """Send JSON, which needs a preflight."""
        headers = {"Content-Type": "application/json"}
        return self.fetch(path, method="PUT", headers=headers, body=f'{{"title":"{title}"}}', credentials="include")


def use(pages: Pages) -> Iterator[tuple[str, Any]]:
    """Do what pages do, and yield what they get."""
    pages.driver.get(pages.allowed)
    yield "without credentials", pages.fetch("/songs")
    yield "login", pages.fetch("/login", method="POST", credentials="include")
    yield "with credentials", pages.fetch("/songs", credentials="include")
    yield "omitted", pages.fetch("/songs", credentials="omit")
    yield "put", pages.put("/songs/1", "Blackbird")
    yield "put again", pages.put("/songs/1", "Michelle")
    yield "other method", pages.fetch("/songs/1", method="DELETE", credentials="include")
    yield "not found", pages.fetch("/nowhere", credentials="include")
    yield "broken", pages.fetch("/broken", credentials="include")
    pages.driver.get(pages.foreign)
    yield "foreign", pages.fetch("/songs")
    yield "foreign with credentials", pages.fetch("/songs", credentials="include")
    yield "foreign put", pages.put("/songs/2", "Help!")


async def test_two_origins(aiohttp_server: AiohttpServer) -> None:
    """An allowed page reads all responses, errors included; a foreign page reads none, and changes nothing."""
    allowed, foreign = [await aiohttp_server(App([Page], openapi=None).build(), host="127.0.0.1") for _ in range(2)]
    origin = str(allowed.make_url("")).rstrip("/")
    log = Log()
    policy = CORS(origins=(origin,), credentials=True, expose=("X-Total-Count",), max_age=600)
    api = await aiohttp_server(App([Songs], openapi=None, middlewares=[log, policy]).build(), host="127.0.0.1")

    def run() -> dict[str, Any]:
        with open_browser() as driver:
            pages = Pages(driver, f"{origin}/", str(foreign.make_url("/")), str(api.make_url("")).rstrip("/"))
            return dict(use(pages))

    found = await asyncio.to_thread(run)

    problem = '{"type":"about:blank","title":"%s","status":%d,"instance":"%s"}'
    assert found == {
        "without credentials": [200, "nobody", "7"],
        "login": [204, "", None],
        "with credentials": [200, "ann", "7"],
        "omitted": [200, "nobody", "7"],
        "put": [200, '{"title":"Blackbird"}', None],
        "put again": [200, '{"title":"Michelle"}', None],
        "other method": "TypeError",
        "not found": [404, problem % ("Not Found", 404, "/nowhere"), None],
        "broken": [500, problem % ("Internal Server Error", 500, "/broken"), None],
        "foreign": "TypeError",
        "foreign with credentials": "TypeError",
        "foreign put": "TypeError",
    }
    # One preflight for two PUTs; the browser refused after that for DELETE, the policy that of the foreign page.
    assert [line for line in log.lines if not line.startswith("GET ")] == [
        "POST /login",
        "OPTIONS /songs/1",
        "PUT /songs/1",
        "PUT /songs/1",
        "OPTIONS /songs/1",
        "OPTIONS /songs/2",
    ]
