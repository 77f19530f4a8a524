"""Deprecated routes: what their answers and the document say."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web
from msgspec import Struct

from framework import App, Controller, Deprecation, Request, Router, get, post
from framework.typedefs import CallNext
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

OLD = Deprecation(since=date(2026, 1, 1), sunset=date(2027, 1, 31), link="https://example.com/v2")
HEADERS = {
    "Deprecation": "@1767225600",
    "Sunset": "Sun, 31 Jan 2027 00:00:00 GMT",
    "Link": '<https://example.com/v2>; rel="deprecation", <https://example.com/v2>; rel="sunset"',
}


class Order(Struct):
    """A body."""

    number: int


class Orders(Controller):
    """Says nothing of itself."""

    path = "/orders"

    @get()
    async def search(self) -> list[int]:
        """Answer."""
        return [1]

    @get("/crash")
    async def crash(self) -> str:
        """Fail."""
        raise ValueError

    @get("/own", deprecated=Deprecation(since=datetime(2026, 5, 1, 2, tzinfo=timezone(timedelta(hours=2)))))
    async def own(self) -> str:
        """Say something else than the router."""
        return ""

    @get("/current", deprecated=False)
    async def current(self) -> str:
        """Be none of the deprecated."""
        return ""

    @get("/plain", deprecated=True)
    async def plain(self) -> str:
        """Say no more than that."""
        return ""

    @get("/response")
    async def response(self, request: Request) -> web.StreamResponse:
        """Answer with headers of its own."""
        return web.Response(text=request.path, headers={"Link": '</>; rel="home"', "Sunset": "never"})

    @post()
    async def create(self, order: Order) -> Order:
        """Take a body."""
        return order


class OldOrders(Orders):
    """Deprecated as a whole."""

    path = "/old"
    deprecated = OLD


async def turn_away(request: web.Request, call_next: CallNext) -> web.StreamResponse:
    """Answer before the route does."""
    return web.Response(status=418) if "tea" in request.query else await call_next(request)


def said(answer: Any) -> dict[str, str]:
    """Return what an answer says of deprecation."""
    return {name: ", ".join(answer.headers.getall(name)) for name in HEADERS if name in answer.headers}


APP = app_of(Router("/v1", [Orders], deprecated=OLD), Router("/v2", [Orders, OldOrders]), middlewares=[turn_away])


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "/v1/orders", None, 200),
        ("HEAD", "/v1/orders", None, 200),
        ("GET", "/v1/orders/crash", None, 500),
        ("POST", "/v1/orders", {"number": "x"}, 422),
        ("POST", "/v1/orders", b"{", 400),
        ("GET", "/v1/orders?tea", None, 418),
        ("GET", "/v2/old", None, 200),
    ],
)
async def test_every_answer_of_a_deprecated_route_says_so(
    serve: Serve, method: str, target: str, body: Any, status: int
) -> None:
    """Errors, crashes and the answers of middlewares have the headers too."""
    answer = await ask(await serve(APP), method, target, body=body)
    assert answer.status == status
    assert said(answer) == HEADERS


@pytest.mark.parametrize("target", ["/v2/orders", "/v1/orders/current", "/v1/orders/plain", "/v1/nothing"])
async def test_others_say_nothing(serve: Serve, target: str) -> None:
    """Neither routes that are not deprecated, nor those of which no date is known, nor what is not a route."""
    assert said(await ask(await serve(APP), "GET", target)) == {}


async def test_what_stands_nearer_counts(serve: Serve) -> None:
    """A route says otherwise than its router; a moment of another zone is the same second."""
    answer = await ask(await serve(APP), "GET", "/v1/orders/own")
    seconds = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())
    assert said(answer) == {"Deprecation": f"@{seconds}"}


async def test_headers_of_the_handler_stay(serve: Serve) -> None:
    """Its links stand beside ours, and what else it has set counts."""
    answer = await ask(await serve(APP), "GET", "/v1/orders/response")
    assert said(answer) == {**HEADERS, "Link": f'</>; rel="home", {HEADERS["Link"]}', "Sunset": "never"}


def test_explain_names_it() -> None:
    """The headers are the outermost stage, and other routes have no such code."""
    assert "1. headers of a deprecated route: Deprecation, Sunset, Link\n" in APP.explain("GET", "/v1/orders")
    assert "deprecated" not in APP.explain("GET", "/v2/orders")


async def test_in_the_document(serve: Serve) -> None:
    """The operation is deprecated, and its answer has the headers."""
    app = App([Router("/v1", [Orders], deprecated=OLD), Router("/v2", [Orders])])
    paths = (await ask(await serve(app), "GET", "/openapi.json")).json["paths"]
    old, new = paths["/v1/orders"]["get"], paths["/v2/orders"]["get"]
    assert old["deprecated"] is True
    assert set(old["responses"]["200"]["headers"]) == {"Deprecation", "Sunset", "Link", "Vary"}
    assert "deprecated" not in new
    for one in (new, paths["/v1/orders/plain"]["get"]):
        assert not {"Deprecation", "Sunset", "Link"} & set(one["responses"]["200"].get("headers", {}))
    assert paths["/v1/orders/plain"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/v1/orders/current"]["get"]
