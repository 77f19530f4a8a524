import json
from typing import Any

import pytest
from azure.functions import AsgiMiddleware, HttpRequest, HttpResponse

from framework.asgi import ASGIApp
from tests.http.asgi.asgi_shop import PICTURE, shop_app

_make: Any = AsgiMiddleware


class _Context:
    """What the runtime of Azure gives a function."""

    function_directory = "/home/site/wwwroot/shop"
    function_name = "shop"
    invocation_id = "1"
    thread_local_storage = None
    trace_context = None
    retry_context = None


def _request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> HttpRequest:
    given = {"host": "shop.example", **(headers or {})}
    return HttpRequest(method=method, url=f"https://shop.example{path}", headers=given, body=body)


class _Function:
    """A function that is called in the event loop of the runtime."""

    def __init__(self) -> None:
        self.log: list[str] = []
        # The package has no types.
        self._adapter: Any = _make(ASGIApp(shop_app(self.log)))

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        context: Any = _Context()
        response: HttpResponse = await self._adapter.handle_async(request, context)
        return response

    def call_in_a_loop_of_its_own(self, request: HttpRequest) -> HttpResponse:
        """Call the function as ``main = AsgiMiddleware(app).main`` does."""
        context: Any = _Context()
        response: HttpResponse = self._adapter.main(request, context)
        return response

    async def start(self) -> bool:
        """Tell the application that the host has started."""
        started: bool = await self._adapter.notify_startup()
        return started

    async def stop(self) -> None:
        """Tell the application that the host stops."""
        await self._adapter.notify_shutdown()


@pytest.fixture
def function() -> _Function:
    """Return a function."""
    return _Function()


async def test_urls_and_bodies(function: _Function) -> None:
    """Escaped characters, characters beyond ASCII, and bytes arrive; background tasks have run."""
    response = await function(_request("GET", "/shop/lines/a%20b%C3%A9%25?tag=x&tag=y&sort=%26"))
    assert json.loads(response.get_body()) == {"sku": "a bé%", "tag": ["x", "y"], "sort": "&"}
    headers = {"Content-Type": "application/json"}
    response = await function(_request("POST", "/shop/lines", b'{"sku":"a","count":2}', headers))
    assert (response.status_code, response.get_body()) == (201, b'{"sku":"a","count":2}')
    assert function.log == ["opened", "remembered a"]
    response = await function(_request("POST", "/shop/count", PICTURE))
    assert response.get_body() == b"32640"


async def test_responses(function: _Function) -> None:
    """Bytes, errors and redirects are those of any other server."""
    response = await function(_request("GET", "/shop/picture"))
    assert (response.get_body(), response.mimetype) == (PICTURE, "application/octet-stream")
    response = await function(_request("GET", "/shop/moved"))
    assert (response.status_code, response.headers["location"]) == (303, "/shop/picture")
    response = await function(_request("POST", "/shop/lines", b"{", {"Content-Type": "application/json"}))
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert json.loads(response.get_body())["instance"] == "/shop/lines"
    response = await function(_request("GET", "/shop/place"))
    assert json.loads(response.get_body()) == {
        "url": "https://shop.example/shop/place",
        "remote": None,
        "event": False,
        "function": "shop",
    }


async def test_lifespan(function: _Function) -> None:
    """The application starts and stops with the host, if that says so."""
    assert await function.start()
    assert function.log == ["opened"]
    assert (await function(_request("GET", "/shop/picture"))).status_code == 200
    await function.stop()
    assert function.log == ["opened", "closed"]


def test_loop_for_each_event(function: _Function) -> None:
    """If each event has an event loop of its own, the application starts in each."""
    for _ in range(2):
        assert function.call_in_a_loop_of_its_own(_request("GET", "/shop/picture")).status_code == 200
    assert function.log == ["opened", "opened"]
