"""Packages made for aiohttp's server work in controllers as they do by hand."""

import asyncio
import warnings
from typing import Any

import aiohttp_jinja2
import aiohttp_remotes
import aiohttp_security
import aiohttp_session
import aiojobs.aiohttp
import jinja2
import pytest
from aiohttp import web
from aiohttp_security.abc import AbstractAuthorizationPolicy
from aiohttp_sse import sse_response

from framework import Controller, HTTPError, Request, get, post
from tests.neighbours.shapes import Serve, data_of, heads, sites_of

# Packages keep what is theirs in requests under strings; aiohttp recommends keys of its own.
pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")


class Taken(HTTPError, status=409, title="Taken"):
    """An error."""


def _sessions(site: web.Application) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that this storage is for tests
        aiohttp_session.setup(site, aiohttp_session.SimpleCookieStorage())


async def _count(request: web.Request) -> int:
    session = await aiohttp_session.get_session(request)
    session["visits"] = session.get("visits", 0) + 1
    visits: int = session["visits"]
    return visits


async def test_sessions(serve_both: Serve) -> None:
    """A session is read, written and stored in a cookie, also where the handler raises an error."""

    class Visits(Controller):
        @get("/visits")
        async def count(self, request: Request) -> dict[str, int]:
            return {"visits": await _count(request)}

        @get("/taken")
        async def taken(self, request: Request) -> None:
            await _count(request)
            raise Taken

    async def count(request: web.Request) -> web.Response:
        return web.json_response({"visits": await _count(request)})

    async def taken(request: web.Request) -> web.Response:
        await _count(request)
        raise web.HTTPConflict

    ask = await serve_both(sites_of([web.get("/visits", count), web.get("/taken", taken)], Visits), _sessions)

    for path in ("/visits", "/taken"):
        by_hand, controllers = await ask("GET", path)
        assert heads(controllers)[0] == heads(by_hand)[0]
        first = [one.headers["Set-Cookie"].partition("; ")[0] for one in (by_hand, controllers)]
        assert "visits" in first[0]
        assert "visits" in first[1]
        by_hand, controllers = await ask("GET", "/visits", {"Cookie": first[1]})
        assert data_of(controllers) == data_of(by_hand) == {"visits": 2}


async def test_templates(serve_both: Serve) -> None:
    """Pages are rendered by a call and by the decorator, with context processors and URLs of named routes."""

    def switch_on(site: web.Application) -> None:
        pages = {"page.html": "{{ title }} {{ user }} {{ request.path }} {{ url('page', name='ada') }}"}
        processors = [aiohttp_jinja2.request_processor, _user]
        aiohttp_jinja2.setup(site, loader=jinja2.DictLoader(pages), context_processors=processors)

    class Pages(Controller):
        @get("/pages/{name}", name="page")
        async def page(self, request: Request, name: str) -> web.Response:
            return aiohttp_jinja2.render_template("page.html", request, {"title": name})

        @get("/decorated")
        @aiohttp_jinja2.template("page.html")
        async def decorated(self, request: Request) -> web.Response:
            context: Any = {"title": "decorated " + request.path}
            return context  # type: ignore[no-any-return]  # the decorator makes it a response

    async def page(request: web.Request) -> web.Response:
        return aiohttp_jinja2.render_template("page.html", request, {"title": request.match_info["name"]})

    @aiohttp_jinja2.template("page.html")
    async def decorated(request: web.Request) -> Any:
        return {"title": "decorated " + request.path}

    routes = [web.get("/pages/{name}", page, name="page"), web.get("/decorated", decorated)]
    ask = await serve_both(sites_of(routes, Pages), switch_on)

    for path in ("/pages/lamp", "/decorated"):
        by_hand, controllers = await ask("GET", path)
        assert (
            heads(controllers, "Content-Type") == heads(by_hand, "Content-Type") == [200, ["text/html; charset=utf-8"]]
        )
        assert controllers.body == by_hand.body


async def _user(_: web.Request) -> dict[str, str]:
    return {"user": "Grace"}


class _Everybody(AbstractAuthorizationPolicy):
    async def authorized_userid(self, identity: str) -> str | None:
        return identity

    async def permits(self, identity: str | None, permission: Any, context: Any = None) -> bool:  # noqa: ARG002
        return identity == "ada" and permission == "sell"


class _Members(Controller):
    @post("/login/{name}")
    async def login(self, request: Request, name: str) -> web.Response:
        return await _login(request, name)

    @post("/logout")
    async def logout(self, request: Request) -> web.Response:
        return await _logout(request)

    @get("/me")
    async def me(self, request: Request) -> str:
        return await aiohttp_security.check_authorized(request)

    @get("/sell")
    async def sell(self, request: Request) -> str:
        await aiohttp_security.check_permission(request, "sell")
        return "sold"


async def _login_by_hand(request: web.Request) -> web.Response:
    return await _login(request, request.match_info["name"])


async def _me(request: web.Request) -> web.Response:
    return web.Response(text=await aiohttp_security.check_authorized(request))


async def _sell(request: web.Request) -> web.Response:
    await aiohttp_security.check_permission(request, "sell")
    return web.Response(text="sold")


async def _login(request: web.Request, name: str) -> web.Response:
    response = web.Response()
    await aiohttp_security.remember(request, response, name)
    return response


async def _logout(request: web.Request) -> web.Response:
    response = web.Response()
    await aiohttp_security.forget(request, response)
    return response


async def test_security(serve_both: Serve) -> None:
    """A user is remembered, recognised and forgotten; who is unknown or not permitted is refused."""

    def switch_on(site: web.Application) -> None:
        _sessions(site)
        aiohttp_security.setup(site, aiohttp_security.SessionIdentityPolicy(), _Everybody())

    routes = [
        web.post("/login/{name}", _login_by_hand),
        web.post("/logout", _logout),
        web.get("/me", _me),
        web.get("/sell", _sell),
    ]
    ask = await serve_both(sites_of(routes, _Members), switch_on)

    for name, status in (("ada", 200), ("bob", 403)):
        by_hand, controllers = await ask("POST", f"/login/{name}")
        assert controllers.status == by_hand.status == 200
        cookie = {"Cookie": controllers.headers["Set-Cookie"].partition("; ")[0]}
        by_hand, controllers = await ask("GET", "/me", cookie)
        assert controllers.body == by_hand.body == name.encode()
        by_hand, controllers = await ask("GET", "/sell", cookie)
        assert controllers.status == by_hand.status == status
        by_hand, controllers = await ask("POST", "/logout", cookie)
        assert controllers.status == by_hand.status == 200
    for path in ("/me", "/sell"):
        by_hand, controllers = await ask("GET", path)
        assert controllers.status == by_hand.status == 401


async def test_remotes(serve_both: Serve) -> None:
    """A proxy's headers decide about the address, scheme and host that a handler sees; the refusals are the same."""

    async def switch_on(site: web.Application) -> None:
        tools = (
            aiohttp_remotes.AllowedHosts({"shop.example"}),
            aiohttp_remotes.XForwardedRelaxed(),
            aiohttp_remotes.BasicAuth("ada", "secret", "shop"),
            aiohttp_remotes.Secure(),
        )
        await aiohttp_remotes.setup(site, *tools)

    class Seen(Controller):
        @get("/seen/{name}")
        async def seen(self, request: Request, name: str) -> list[str | None]:
            return [name, request.remote, request.scheme, request.host]

    async def seen(request: web.Request) -> web.Response:
        return web.json_response([request.match_info["name"], request.remote, request.scheme, request.host])

    ask = await serve_both(sites_of([web.get("/seen/{name}", seen)], Seen), switch_on)
    good = {
        "Host": "shop.example",
        "X-Forwarded-For": "10.1.2.3",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
        "Authorization": "Basic YWRhOnNlY3JldA==",
    }

    by_hand, controllers = await ask("GET", "/seen/x", good)
    assert data_of(controllers) == data_of(by_hand) == ["x", "10.1.2.3", "https", "shop.example"]
    names = ("Strict-Transport-Security", "X-Frame-Options", "X-XSS-Protection", "WWW-Authenticate", "Location")
    for path, headers in (
        ("/seen/x", good),
        ("/unknown", good),
        ("/seen/x", {**good, "Authorization": "Basic bm9ib2R5OnNlY3JldA=="}),
        ("/seen/x", {**good, "X-Forwarded-Proto": "http"}),
        ("/seen/x", {**good, "Host": "evil.example"}),
    ):
        by_hand, controllers = await ask("GET", path, headers)
        assert heads(controllers, *names) == heads(by_hand, *names)


async def test_server_sent_events(serve_both: Serve) -> None:
    """An event stream of the package's is sent as it is."""

    async def send(request: web.Request) -> web.StreamResponse:
        async with sse_response(request) as response:
            await response.send("one", id="1", event="number")
            await response.send("two\nlines")
        return response

    class Events(Controller):
        @get("/events")
        async def events(self, request: Request) -> web.StreamResponse:
            return await send(request)

    ask = await serve_both(sites_of([web.get("/events", send)], Events), lambda _: None)
    by_hand, controllers = await ask("GET", "/events", {"Connection": "close"})

    assert heads(controllers, "Content-Type", "Cache-Control") == heads(by_hand, "Content-Type", "Cache-Control")
    assert controllers.body == by_hand.body
    assert b"event: number" in by_hand.body


async def test_jobs(serve_both: Serve) -> None:
    """A job runs beyond its request, shielded work is waited for, and the application closes the scheduler."""
    done: list[str] = []

    async def work(name: str) -> str:
        await asyncio.sleep(0)
        done.append(name)
        return name

    async def spawn(request: web.Request) -> str:
        job = await aiojobs.aiohttp.spawn(request, work("spawned"))
        shielded = await aiojobs.aiohttp.shield(request, work("shielded"))
        return f"{await job.wait()} {shielded}"

    class Jobs(Controller):
        @post("/jobs")
        async def spawn(self, request: Request) -> str:
            return await spawn(request)

    async def by_hand_spawn(request: web.Request) -> web.Response:
        return web.Response(text=await spawn(request))

    ask = await serve_both(sites_of([web.post("/jobs", by_hand_spawn)], Jobs), aiojobs.aiohttp.setup)
    by_hand, controllers = await ask("POST", "/jobs")

    assert controllers.body == by_hand.body == b"spawned shielded"
    assert sorted(done) == ["shielded", "shielded", "spawned", "spawned"]
