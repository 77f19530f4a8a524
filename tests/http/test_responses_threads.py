"""Handlers that are no coroutines: they run in worker threads, and otherwise like all others."""

import asyncio
import threading
from contextvars import ContextVar

import pytest
from aiohttp import web

from framework import Controller, Request, Response, get
from framework.typedefs import CallNext
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem

USER: ContextVar[str] = ContextVar("USER", default="nobody")


class Threads(Controller):
    """Handlers that are no coroutines."""

    def __init__(self) -> None:
        self.released = threading.Event()

    @get("/block")
    def block(self) -> str:
        """Wait for another request."""
        return "released" if self.released.wait(20) else "never"

    @get("/release")
    async def release(self) -> str:
        """Let the blocked one go on."""
        self.released.set()
        return "ok"

    @get("/where/{number}")
    def where(self, number: int, request: Request, *, factor: int = 2) -> dict[str, str | int | bool]:
        """Answer what a worker thread sees."""
        main = threading.current_thread() is threading.main_thread()
        return {"main": main, "user": USER.get(), "number": number * factor, "path": request.path}

    @get("/fail")
    def fail(self) -> str:
        """Fail."""
        raise ValueError("secret")

    @get("/status", status=201)
    def status(self) -> Response[str]:
        """Answer with a status."""
        return Response("made", headers={"X-Thread": "yes"})


async def test_plain_function_does_not_block_the_loop(serve: Serve) -> None:
    """A handler that is a plain def runs in a worker thread; other requests are served meanwhile."""
    server = await serve(app_of(Threads))
    async with asyncio.timeout(30):
        blocked, released = await asyncio.gather(ask(server, "GET", "/block"), ask(server, "GET", "/release"))
    assert (blocked.body, released.body) == (b"released", b"ok")


async def test_plain_function_sees_context_and_arguments(serve: Serve) -> None:
    """A worker thread has the context variables of the request, and the same arguments as a coroutine."""

    async def set_user(request: Request, call_next: CallNext) -> web.StreamResponse:
        USER.set(request.headers["X-User"])
        return await call_next(request)

    server = await serve(app_of(Threads, middlewares=[set_user]))
    answer = await ask(server, "GET", "/where/4?factor=3", headers={"X-User": "ann"})
    assert answer.json == {"main": False, "user": "ann", "number": 12, "path": "/where/4"}


async def test_plain_function_answers_and_fails_like_a_coroutine(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """What a plain def returns or raises is treated in the same way."""
    server = await serve(app_of(Threads))
    answer = await ask(server, "GET", "/status")
    assert (answer.status, answer.body, answer.headers["X-Thread"]) == (201, b"made", "yes")
    assert (await ask(server, "GET", "/fail")).problem == problem(500, "/fail")
    assert logged(caplog) == ["GET /fail failed"]
