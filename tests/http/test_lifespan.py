"""What stands around serving: when it is entered and left, and what happens when it fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Self

import pytest
from aiohttp import web

from framework import App, BackgroundTasks, Container, Controller, get
from tests.http.events import EVENTS
from tests.http.raw import connect, make_request
from tests.http.shapes import Serve, app_of, logged

pytestmark = pytest.mark.usefixtures("no_events")


class Engine:
    """A singleton."""


async def open_engine() -> AsyncIterator[Engine]:
    """Tell when it is opened and closed."""
    EVENTS.append("engine")
    yield Engine()
    EVENTS.append("engine closed")


def container_of() -> Container:
    """Return a container with an engine."""
    container = Container()
    container.add_singleton(Engine, open_engine)
    return container


async def open_bus(engine: Engine) -> AsyncIterator[None]:
    """Be an async generator."""
    EVENTS.append(f"bus {type(engine).__name__}")
    yield
    EVENTS.append("bus closed")


@asynccontextmanager
async def open_pool() -> AsyncIterator[None]:
    """Be an async context manager."""
    EVENTS.append("pool")
    yield
    EVENTS.append("pool closed")


@contextmanager
def open_file() -> Iterator[None]:
    """Be a context manager."""
    EVENTS.append("file")
    yield
    EVENTS.append("file closed")


class Registry:
    """Be a class of context managers."""

    async def __aenter__(self) -> Self:
        EVENTS.append("registry")
        return self

    async def __aexit__(self, *_: object) -> None:
        EVENTS.append("registry closed")


def make_registry() -> AbstractAsyncContextManager[Registry]:
    """Return a context manager."""
    return Registry()


class Orders(Controller):
    """Leaves a task behind."""

    @get("/orders")
    async def search(self, tasks: BackgroundTasks) -> str:
        """Leave a task that takes a moment."""
        tasks.add(work)
        return "ok"


async def work(engine: Engine) -> None:
    """Take a moment."""
    EVENTS.append("task")
    await asyncio.sleep(0.05)
    EVENTS.append(f"task done with {type(engine).__name__}")


async def run(app: App) -> None:
    """Start and stop an app without serving it."""
    runner = web.AppRunner(app.build())
    try:
        await runner.setup()
    finally:
        await runner.cleanup()


async def test_around_serving_inside_the_singletons(serve: Serve) -> None:
    """Entered in their order after the singletons, left in reverse before them; background tasks end first."""
    server = await serve(
        app_of(Orders, container=container_of(), lifespan=[open_bus, open_pool, open_file, Registry, make_registry])
    )
    opened = ["engine", "bus Engine", "pool", "file", "registry", "registry"]
    assert opened == EVENTS
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/orders"))).body == b"ok"
    await server.close()
    assert EVENTS[len(opened) :] == [
        "task", "task done with Engine",
        "registry closed", "registry closed", "file closed", "pool closed", "bus closed", "engine closed",
    ]  # fmt: skip


async def test_an_error_at_the_start_unwinds() -> None:
    """What was entered is left again, and the app does not start."""

    async def broken(engine: Engine | None) -> AsyncIterator[None]:
        if engine is not None:
            raise RuntimeError(f"no bus for {type(engine).__name__}")
        yield

    seen: list[BaseException] = []

    @asynccontextmanager
    async def watch() -> AsyncIterator[None]:
        try:
            yield
        except RuntimeError as error:
            seen.append(error)
            raise

    with pytest.raises(RuntimeError, match="no bus for Engine") as caught:
        await run(app_of(Orders, container=container_of(), lifespan=[open_pool, watch, broken, open_bus]))
    assert EVENTS == ["engine", "pool"]
    assert seen == [caught.value]


async def test_an_error_at_the_stop_is_told() -> None:
    """It stops nothing else from being closed."""

    async def broken() -> AsyncIterator[None]:
        yield
        raise RuntimeError("cannot stop")

    with pytest.raises(RuntimeError, match="cannot stop"):
        await run(app_of(Orders, container=container_of(), lifespan=[open_pool, broken, open_file]))
    assert EVENTS == ["engine", "pool", "file", "file closed"]


async def test_tasks_are_cancelled_at_the_limit(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A task that does not end in time is cancelled with its scope closed, and told with those that were not run."""

    class Session:
        """A scoped service."""

    async def open_session() -> AsyncIterator[Session]:
        try:
            yield Session()
        except asyncio.CancelledError:
            EVENTS.append("rolled back")
            raise

    async def hang(session: Session) -> None:
        EVENTS.append(type(session).__name__)
        await asyncio.Event().wait()

    class Hanging(Controller):
        @get("/hang")
        async def leave(self, tasks: BackgroundTasks) -> str:
            tasks.add(hang)
            tasks.add(work)
            return "ok"

    container = container_of()
    container.add_scoped(Session, open_session)
    server = await serve(app_of(Hanging, container=container, shutdown_timeout=0.1))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/hang"))).body == b"ok"
    await server.close()
    assert EVENTS == ["engine", "Session", "rolled back", "engine closed"]
    assert logged(caplog) == [
        f"The background task hang ({line_of(hang)}), of GET /hang was cancelled: the app stops",
        f"The background task work ({line_of(work)}), of GET /hang was not run: the app stops",
    ]


def line_of(function: Any) -> str:
    """Return where a function stands."""
    return f"tests/http/test_lifespan.py:{function.__code__.co_firstlineno}"
