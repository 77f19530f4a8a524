"""What layers and handlers share: context variables, the request, and cancellation."""

import asyncio
from contextvars import ContextVar

from aiohttp import web

from framework import Controller, Request, Response, get, post
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of

USER: ContextVar[str] = ContextVar("USER", default="nobody")
ROUTE: ContextVar[str] = ContextVar("ROUTE", default="none")
NAME = web.RequestKey("NAME", str)
STARTED = web.AppKey("STARTED", asyncio.Event)


class Context(Controller):
    """Reads and sets context variables."""

    @get("/context/{number}")
    async def read(self, number: int) -> str:
        """Read what the middleware has set, and set something itself."""
        ROUTE.set(f"read {number}")
        return USER.get()

    @get("/timed/{number}", timeout=30)
    async def timed(self, number: int) -> str:
        """Do the same under a deadline."""
        ROUTE.set(f"timed {number}")
        await asyncio.sleep(0)
        return USER.get()

    @get("/forever")
    async def forever(self, request: Request) -> None:
        """Wait until the client leaves."""
        request.app[STARTED].set()
        await asyncio.sleep(60)

    @get("/request/{name}")
    async def look(self, request: Request, name: str) -> dict[str, str | None]:  # noqa: ARG002  read below as well
        """Answer what the request says of itself."""
        return {
            "key": request[NAME],
            "match": request.match_info["name"],
            "handler": request.match_info.route.name,
            "url": str(request.url.path),
            "method": request.method,
        }

    @post("/echo")
    async def echo(self, request: Request, body: dict[str, int]) -> dict[str, int]:
        """Answer the body, which anybody may read again."""
        assert await request.json() == body
        assert await request.text() == (await request.read()).decode()
        return body


async def set_user(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Set a variable on the way in, and read one on the way out."""
    USER.set(request.headers.get("X-User", "none"))
    response = await call_next(request)
    response.headers["X-Route"] = ROUTE.get()
    return response


async def test_context_variables_reach_the_handler_and_come_back(serve: Serve) -> None:
    """What a middleware sets is seen by the handler, and what the handler sets by the middleware."""
    server = await serve(app_of(Context, middlewares=[set_user]))
    for path, route in (("/context/1", "read 1"), ("/timed/2", "timed 2")):
        answer = await ask(server, "GET", path, headers={"X-User": "ann"})
        assert (answer.body, answer.headers["X-Route"]) == (b"ann", route)


async def test_context_variables_do_not_leak(serve: Serve) -> None:
    """Requests on one connection, and requests at the same time, have contexts of their own."""
    server = await serve(app_of(Context, middlewares=[set_user]))
    async with connect(server) as connection:
        await connection.exchange(make_request("GET", "/context/1", headers={"X-User": "ann"}))
        missing = await connection.exchange(make_request("GET", "/nowhere", headers={"X-User": "bob"}))
        assert missing.headers["X-Route"] == "none"
    users = [f"user-{number}" for number in range(50)]
    answers = await asyncio.gather(*(ask(server, "GET", "/timed/1", headers={"X-User": one}) for one in users))
    assert [one.body.decode() for one in answers] == users


async def set_name(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Leave something on the request."""
    request[NAME] = "left by a middleware"
    return await call_next(request)


async def test_request_is_that_of_aiohttp(serve: Serve) -> None:
    """Layers and handlers get one and the same request, with its match and what layers leave on it."""
    server = await serve(app_of(Context, middlewares=[set_name]))
    assert (await ask(server, "GET", "/request/a%20b")).json == {
        "key": "left by a middleware",
        "match": "a b",
        "handler": "Context.look",
        "url": "/request/a b",
        "method": "GET",
    }


async def test_body_may_be_read_by_everybody(serve: Serve) -> None:
    """A middleware may read the body before the handler gets it, and the handler may read it again."""
    seen: list[bytes] = []

    async def audit(request: Request, call_next: CallNext) -> web.StreamResponse:
        seen.append(await request.read())
        response = await call_next(request)
        seen.append(await request.read())
        return response

    for middlewares in ([], [audit]):
        server = await serve(app_of(Context, middlewares=middlewares))
        assert (await ask(server, "POST", "/echo", body=b'{"a": 1}')).json == {"a": 1}
    assert seen == [b'{"a": 1}'] * 2


async def test_middleware_may_pass_another_request_on(serve: Serve) -> None:
    """A clone with other headers is what the handler and its parameters see."""

    async def impersonate(request: Request, call_next: CallNext) -> web.StreamResponse:
        return await call_next(request.clone(headers={**request.headers, "X-User": "eve"}))

    server = await serve(app_of(Context, middlewares=[impersonate, set_user]))
    assert (await ask(server, "GET", "/context/1", headers={"X-User": "ann"})).body == b"eve"


async def test_cancellation_passes_through(serve: Serve) -> None:
    """When the client leaves, middlewares and guards see CancelledError, and nothing answers it."""
    seen: list[str] = []
    ended = asyncio.Event()

    async def watch(request: Request, call_next: CallNext) -> web.StreamResponse:
        try:
            return await call_next(request)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        except BaseException as error:
            seen.append(repr(error))
            raise
        finally:
            ended.set()

    async def answer(_: Request, error: Exception) -> web.StreamResponse:
        seen.append(f"handler of {error!r}")
        return Response(status=299)

    application = app_of(Context, middlewares=[watch], exception_handlers={Exception: answer}).build()
    application[STARTED] = asyncio.Event()
    server = await serve(application)
    async with asyncio.timeout(20):
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/forever"))
            await application[STARTED].wait()
        await ended.wait()
    assert seen == ["cancelled"]
