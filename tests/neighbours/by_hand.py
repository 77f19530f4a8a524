"""The site of the comparison, by hand on plain aiohttp."""

import json

from aiohttp import web

__all__ = ("make_site",)


class Conflict(Exception):
    """A client error."""


class Busy(Exception):
    """A server error."""


class Admin:
    """Handlers below ``/admin``."""

    async def show_user(self, request: web.Request) -> web.Response:
        """Return a user."""
        return web.json_response({"name": request.match_info["name"]})

    async def broken(self, _: web.Request) -> web.Response:
        """Fail."""
        raise LookupError("broken below admin")


class Shop:
    """Handlers of the site."""

    async def hello(self, _: web.Request) -> web.Response:
        """Return text."""
        return web.Response(text="hello")

    async def show_item(self, request: web.Request) -> web.Response:
        """Return an item; the number is checked by hand."""
        try:
            number = int(request.match_info["item_id"])
        except ValueError:
            # The phrase of RFC 9110, as the framework has it; aiohttp's is older.
            raise web.HTTPUnprocessableEntity(reason="Unprocessable Content") from None
        return web.json_response({"item_id": number})

    async def create_item(self, request: web.Request) -> web.Response:
        """Create an item."""
        return web.json_response({"name": json.loads(await request.text())["name"]}, status=201)

    async def broken(self, _: web.Request) -> web.Response:
        """Fail."""
        raise ValueError("broken on purpose")

    async def conflict(self, _: web.Request) -> web.Response:
        """Refuse with a client error of the site's own."""
        try:
            raise Conflict("409 Conflict")  # noqa: TRY301  as a service would
        except Conflict as error:
            raise web.HTTPConflict from error

    async def busy(self, _: web.Request) -> web.Response:
        """Refuse with a server error of the site's own."""
        try:
            raise Busy("503 Service Unavailable")  # noqa: TRY301  as above
        except Busy as error:
            raise web.HTTPServiceUnavailable from error

    async def gone(self, _: web.Request) -> web.Response:
        """Refuse with an exception of aiohttp's."""
        raise web.HTTPGone

    async def moved(self, _: web.Request) -> web.Response:
        """Redirect with an exception of aiohttp's."""
        raise web.HTTPFound("/hello")

    async def lines(self, request: web.Request) -> web.StreamResponse:
        """Stream JSON lines."""
        response = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
        await response.prepare(request)
        for number in range(3):
            await response.write(b"%d\n" % number)
        await response.write_eof()
        return response

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Stream server-sent events."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(3):
            await response.write(b"data: %d\n\n" % number)
        await response.write_eof()
        return response

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """Send messages back."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.data == "break":
                await socket.close(code=1011)
                raise RuntimeError("broken socket")
            await socket.send_str(message.data)
        return socket


def make_site(prefix: str = "") -> web.Application:
    """Make the site, inside another application where a prefix is given."""
    shop, admin = Shop(), Admin()
    site = web.Application()
    site.router.add_get("/hello", shop.hello)
    site.router.add_get("/items/{item_id}", shop.show_item)
    site.router.add_post("/items", shop.create_item)
    site.router.add_get("/broken", shop.broken)
    site.router.add_get("/conflict", shop.conflict)
    site.router.add_get("/busy", shop.busy)
    site.router.add_get("/gone", shop.gone)
    site.router.add_get("/moved", shop.moved)
    site.router.add_get("/lines", shop.lines)
    site.router.add_get("/feed", shop.feed)
    site.router.add_get("/talk", shop.talk)
    below = web.Application()
    below.router.add_get("/users/{name}", admin.show_user)
    below.router.add_get("/broken", admin.broken)
    site.add_subapp("/admin", below)
    return _mounted(site, prefix)


def _mounted(site: web.Application, prefix: str) -> web.Application:
    if not prefix:
        return site
    parent = web.Application()
    parent.add_subapp(prefix, site)
    return parent
