"""When an unhandled exception is logged: once, and not before aiohttp's middlewares and tracers have seen it."""

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import App, Controller, Request, WebSocket, get, websocket
from framework.typedefs import CallNext
from tests.http.frames import client_frame, handshake, raw_socket
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem


class Broken(Controller):
    """Handlers that fail."""

    @get("/broken")
    async def broken(self) -> None:
        """Fail."""
        raise LookupError("broken")

    @get("/begun")
    async def begun(self, request: Request) -> web.StreamResponse:
        """Fail after a response has begun."""
        await web.StreamResponse().prepare(request)
        raise LookupError("broken")

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str, str]) -> None:
        """Fail at the first message."""
        async for _ in socket:
            raise LookupError("broken")


class _Seen:
    """A middleware of aiohttp's that notes exceptions, and what was logged before."""

    def __init__(self, caplog: pytest.LogCaptureFixture, *, swallow: bool = False) -> None:
        self.found: list[tuple[str, list[str]]] = []
        self._caplog = caplog
        self._swallow = swallow

    def around(self, app: App) -> web.Application:
        """Return the application inside of the middleware."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except Exception as error:
                self.found.append((repr(error), logged(self._caplog)))
                if self._swallow:
                    return web.Response(text="swallowed")
                raise

        application = app.build()
        application.middlewares.append(note)
        return application


@pytest.mark.both_loops
async def test_a_middleware_sees_an_exception_before_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The exception passes aiohttp's middlewares, is logged once, and becomes a problem."""
    seen = _Seen(caplog)
    server = await serve(seen.around(app_of(Broken)))

    assert (await ask(server, "GET", "/broken")).problem == problem(500, "/broken")
    assert seen.found == [("LookupError('broken')", [])]
    assert logged(caplog) == ["GET /broken failed"]


@pytest.mark.both_loops
async def test_what_a_middleware_answers_is_not_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """As on plain aiohttp, an exception that a middleware of aiohttp's answers is its own business."""
    seen = _Seen(caplog, swallow=True)
    server = await serve(seen.around(app_of(Broken)))

    assert (await ask(server, "GET", "/broken")).body == b"swallowed"
    assert seen.found == [("LookupError('broken')", [])]
    assert logged(caplog) == []


async def test_an_exception_behind_another_response_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A middleware of the framework's that answers instead of a 500 does not hide what happened."""

    async def replace(request: web.Request, call_next: CallNext) -> web.StreamResponse:
        await call_next(request)
        return web.Response(text="replaced")

    seen = _Seen(caplog)
    server = await serve(seen.around(app_of(Broken, middlewares=[replace])))

    assert (await ask(server, "GET", "/broken")).body == b"replaced"
    assert seen.found == []
    assert logged(caplog) == ["GET /broken failed"]


@pytest.mark.both_loops
async def test_an_exception_of_a_socket_is_seen(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The socket is closed with 1011, the middleware sees the exception, and it is logged once."""
    seen = _Seen(caplog)
    server = await serve(seen.around(app_of(Broken)))

    async with raw_socket(server, handshake("/talk")) as socket:
        await socket.send(client_frame(b"hello"))
        opcode, payload = await socket.frame()
        assert (opcode, payload[:2]) == (8, (1011).to_bytes(2, "big"))
        await socket.send(client_frame(payload, 8))
        await socket.ended()

    assert seen.found == [("LookupError('broken')", [])]
    assert logged(caplog) == ["GET /talk failed"]


@pytest.mark.both_loops
async def test_an_exception_amid_a_response_is_seen(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The connection is cut, the middleware sees the exception, and it is logged once."""
    seen = _Seen(caplog)
    server = await serve(seen.around(app_of(Broken)))

    with pytest.raises(EOFError):
        await ask(server, "GET", "/begun")

    assert seen.found == [("LookupError('broken')", [])]
    assert logged(caplog) == ["GET /begun failed after its response had begun"]
