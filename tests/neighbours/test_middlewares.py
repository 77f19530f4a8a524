"""Middlewares and signals of aiohttp see the same of controllers as of handlers by hand."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import Controller, HTTPError, Request, get
from framework.http_errors import NotFound
from tests.neighbours.shapes import Serve, Sites, heads, sites_of


class Sold(HTTPError, status=409, title="Sold"):
    """An error of the site's own."""

    sku: str


class Shop(Controller):
    """The site as a controller."""

    @get("/items/{item_id}")
    async def show(self, item_id: int) -> dict[str, int]:
        """Return an item."""
        return {"item_id": item_id}

    @get("/slash/")
    async def slash(self) -> str:
        """Return text at a path with a slash at its end."""
        return "slash"

    @get("/missing")
    async def missing(self) -> str:
        """Raise an error of the framework's."""
        raise NotFound("no such lamp")

    @get("/missing-too")
    async def missing_too(self) -> str:
        """Raise an exception of aiohttp's."""
        raise web.HTTPNotFound

    @get("/sold")
    async def sold(self) -> str:
        """Raise an error of the site's own."""
        raise Sold(sku="A-1")

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise LookupError("broken")

    @get("/stream")
    async def stream(self, request: Request) -> web.StreamResponse:
        """Stream by hand."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"some")
        return response


def _compact(value: Any) -> str:
    """Return JSON as the framework writes it."""
    return json.dumps(value, separators=(",", ":"))


def _sites() -> Sites:
    async def show(request: web.Request) -> web.Response:
        text = request.match_info["item_id"]
        if not text.isdigit():
            raise web.HTTPUnprocessableEntity
        return web.json_response({"item_id": int(text)}, dumps=_compact)

    async def slash(_: web.Request) -> web.Response:
        return web.Response(text="slash")

    async def missing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    async def sold(_: web.Request) -> web.Response:
        raise web.HTTPConflict

    async def broken(_: web.Request) -> web.Response:
        raise LookupError("broken")

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"some")
        return response

    routes = [
        web.get("/items/{item_id}", show),
        web.get("/slash/", slash),
        web.get("/missing", missing),
        web.get("/missing-too", missing),
        web.get("/sold", sold),
        web.get("/broken", broken),
        web.get("/stream", stream),
    ]
    return sites_of(routes, Shop)


_PATHS = ("/items/7", "/items/x", "/unknown", "/missing", "/missing-too", "/sold", "/broken", "/stream")


async def test_normalize_path_middleware_redirects(serve_both: Serve) -> None:
    """Paths with a slash too many or too few are redirected; others are not found."""
    ask = await serve_both(_sites(), lambda site: site.middlewares.append(web.normalize_path_middleware()))

    for path, location in (("/slash", "/slash/"), ("/slash?a=1", "/slash/?a=1"), ("//items//7", "/items/7")):
        by_hand, controllers = await ask("GET", path)
        assert heads(controllers, "Location") == heads(by_hand, "Location") == [308, [location]]
    for path in ("/slash/", "/items/7", "/nothing", "/nothing/"):
        by_hand, controllers = await ask("GET", path)
        assert heads(controllers, "Location") == heads(by_hand, "Location")


async def test_a_middleware_catches_http_not_found(serve_both: Serve) -> None:
    """Unknown paths, aiohttp's exception and the framework's error are an HTTPNotFound to a middleware."""

    @web.middleware
    async def own_page(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.Response(text="nothing here", status=404)

    ask = await serve_both(_sites(), lambda site: site.middlewares.append(own_page))

    for path in ("/unknown", "/missing", "/missing-too"):
        by_hand, controllers = await ask("GET", path)
        assert heads(controllers, "Content-Type") == heads(by_hand, "Content-Type")
        assert controllers.body == by_hand.body == b"nothing here"
    for path in ("/items/7", "/items/x", "/sold", "/broken"):
        by_hand, controllers = await ask("GET", path)
        assert controllers.status == by_hand.status


async def test_a_problem_that_no_middleware_handles_is_sent_as_it_is(serve_both: Serve) -> None:
    """A middleware that lets exceptions pass leaves the problems alone."""

    @web.middleware
    async def passing(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    ask = await serve_both(_sites(), lambda site: site.middlewares.append(passing))

    assert (await ask("GET", "/unknown"))[1].problem["status"] == 404
    assert (await ask("GET", "/missing"))[1].problem["detail"] == "no such lamp"
    assert (await ask("GET", "/sold"))[1].problem["sku"] == "A-1"
    assert (await ask("GET", "/items/x"))[1].problem["errors"][0]["pointer"] == "/item_id"
    assert (await ask("GET", "/broken"))[1].problem == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": "/broken",
    }


async def test_a_transaction_is_rolled_back_by_an_exception(serve_both: Serve) -> None:
    """A middleware that commits after a response and rolls back after an exception does the same here."""
    done: dict[web.Application, list[str]] = {}

    @web.middleware
    async def transaction(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Exception as error:
            kind = next(one for one in type(error).__mro__ if one.__module__ in {"aiohttp.web_exceptions", "builtins"})
            done.setdefault(request.app, []).append(f"{request.path} rolled back: {kind.__name__}")
            raise
        done.setdefault(request.app, []).append(f"{request.path} committed")
        return response

    sites = _sites()
    ask = await serve_both(sites, lambda site: site.middlewares.append(transaction))
    for path in _PATHS:
        by_hand, controllers = await ask("GET", path)
        assert controllers.status == by_hand.status

    assert done[sites.controllers] == done[sites.by_hand]
    assert done[sites.by_hand][-2:] == ["/broken rolled back: LookupError", "/stream committed"]


async def test_a_middleware_turns_exceptions_into_responses(serve_both: Serve) -> None:
    """A middleware that answers every exception in its own format is not passed by."""

    @web.middleware
    async def own_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.json_response({"code": error.status}, status=error.status)
        except Exception as error:  # noqa: BLE001  as such middlewares do
            return web.json_response({"code": repr(error)}, status=500)

    ask = await serve_both(_sites(), lambda site: site.middlewares.append(own_errors))

    for path in _PATHS:
        by_hand, controllers = await ask("GET", path)
        assert [controllers.status, controllers.body] == [by_hand.status, by_hand.body]


@pytest.mark.parametrize("moment", ["on_startup", "before"])
async def test_a_response_signal_is_sent_for_every_response(serve_both: Serve, moment: str) -> None:
    """A signal's receiver sees every response, also where it is added while the application starts."""

    async def sign(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signed"] = "yes"

    async def add(site: web.Application) -> None:
        site.on_response_prepare.append(sign)

    def switch_on(site: web.Application) -> Any:
        if moment == "on_startup":
            site.on_startup.append(add)
        else:
            site.on_response_prepare.append(sign)

    ask = await serve_both(_sites(), switch_on)

    for path in _PATHS:
        by_hand, controllers = await ask("GET", path)
        assert heads(controllers, "X-Signed") == heads(by_hand, "X-Signed")
        assert by_hand.headers["X-Signed"] == "yes"
