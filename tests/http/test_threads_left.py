"""Plain functions that run in a thread when nobody waits for them any more: their services stay open to their end."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from framework import BackgroundTasks, Container, Controller, HTTPError, get
from framework.background import Periodic
from framework.security import APIKey
from tests.http.frames import plain_server, until
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import app_of, logged, problem


class Refused(HTTPError, status=409):
    """Raised in a thread."""


class Trace:
    """What happened, and a gate at which threads wait."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.started = threading.Event()
        self.gate = threading.Event()

    def work(self, session: "Session", how: str = "return") -> str:
        """Work with a session until the gate opens."""
        self.events.append("begins")
        self.started.set()
        assert self.gate.wait(20)
        self.events.append(f"{how} with a session that is {'open' if session.is_open else 'closed'}")
        match how:
            case "raise":
                raise KeyError(how)
            case "http":
                raise Refused
            case "stop":
                raise StopIteration
        return how


class Session:
    """A scoped service."""

    is_open = True


@pytest.fixture
def trace() -> Iterator[Trace]:
    """Return a trace, whose gate is open in the end."""
    trace = Trace()
    yield trace
    trace.gate.set()


def container_of(trace: Trace) -> Container:
    """Return a container with scoped sessions and a singleton that note how they end."""

    async def open_session(trace: Trace) -> AsyncIterator[Session]:
        session = Session()
        try:
            yield session
        except BaseException as error:
            trace.events.append(f"closed by {type(error).__name__}")
            raise
        else:
            trace.events.append("closed")
        finally:
            session.is_open = False

    async def open_engine(trace: Trace) -> AsyncIterator[Engine]:
        yield Engine()
        trace.events.append("engine closed")

    container = Container()
    container.add_instance(Trace, trace)
    container.add_scoped(Session, open_session)
    container.add_singleton(Engine, open_engine)
    return container


class Engine:
    """A singleton."""


class Verifier:
    """Verifies keys with a session."""

    def __init__(self, session: Session, trace: Trace) -> None:
        self._session = session
        self._trace = trace

    def __call__(self, key: str) -> str:
        """Take its time."""
        return self._trace.work(self._session, key)


class Threads(Controller):
    """Plain functions."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    @get("/timeout/{how}", timeout=0.1)
    def late(self, how: str, session: Session) -> str:
        """Take longer than allowed."""
        return self._trace.work(session, how)

    @get("/left/{how}")
    def left(self, how: str, session: Session) -> str:
        """Take longer than the client waits."""
        return self._trace.work(session, how)

    @get("/verified", timeout=0.1)
    async def verified(self, user: Annotated[str, APIKey(Verifier, header="X-Key")]) -> str:
        """Be verified in a thread."""
        return user

    @get("/task")
    async def task(self, tasks: BackgroundTasks) -> str:
        """Leave a task behind."""
        tasks.add(self._trace.work)
        return "left"

    @get("/stop")
    def stop(self) -> str:
        """Raise what no future takes."""
        return next(iter(()))


ENDS = [
    ("return", "return with a session that is open", 0),
    ("raise", "raise with a session that is open", 1),
    ("http", "http with a session that is open", 0),
    ("stop", "stop with a session that is open", 1),
]


@pytest.mark.both_loops
@pytest.mark.parametrize(("how", "event", "lines"), ENDS)
async def test_a_timeout(trace: Trace, caplog: pytest.LogCaptureFixture, how: str, event: str, lines: int) -> None:
    """The client gets its 503 at once; the scope is closed, and rolled back, when the thread has ended.

    What a thread raises then is logged, unless it is an HTTPError.
    """
    async with plain_server(app_of(Threads, container=container_of(trace))) as server:
        answer = await ask(server, "GET", f"/timeout/{how}")
        assert answer.problem == problem(503, f"/timeout/{how}", "No response within 0.1 s")
        assert trace.events == ["begins"]
        trace.gate.set()
        await until(lambda: len(trace.events) > 2)
        assert trace.events == ["begins", event, "closed by CancelledError"]
    failures = [line.partition(" (")[0] + line.rpartition(")")[2] for line in logged(caplog)]
    assert failures == ["Threads.late failed after its caller had gone"] * lines


@pytest.mark.both_loops
async def test_a_client_that_leaves(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    """Where a client that leaves cancels its handler, the scope is closed when the thread has ended."""
    app = app_of(Threads, container=container_of(trace))
    async with plain_server(app, handler_cancellation=True) as server:
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/left/return"))
            await until(trace.started.is_set)
        await asyncio.sleep(0.1)
        assert trace.events == ["begins"]
        trace.gate.set()
        await until(lambda: len(trace.events) > 2)
        assert trace.events == ["begins", ENDS[0][1], "closed by CancelledError"]
    assert logged(caplog) == []


@pytest.mark.both_loops
async def test_credentials_that_are_verified_in_a_thread(trace: Trace) -> None:
    """What a plain verifier works with stays open to its end as well."""
    async with plain_server(app_of(Threads, container=container_of(trace))) as server:
        answer = await ask(server, "GET", "/verified", headers={"X-Key": "return"})
        assert answer.status == 503
        assert trace.events == ["begins"]
        trace.gate.set()
        await until(lambda: len(trace.events) > 2)
        assert trace.events == ["begins", ENDS[0][1], "closed by CancelledError"]


@pytest.mark.both_loops
async def test_a_stop_waits_for_the_thread(trace: Trace) -> None:
    """A stop waits for a thread whose request has ended, within shutdown_timeout; singletons are closed after it."""
    async with plain_server(app_of(Threads, container=container_of(trace))) as server:
        assert (await ask(server, "GET", "/timeout/return")).status == 503
        stopping = asyncio.create_task(server.runner.cleanup())
        await asyncio.sleep(0.3)
        assert trace.events == ["begins"]
        trace.gate.set()
        await stopping
    assert trace.events == ["begins", ENDS[0][1], "closed by CancelledError", "engine closed"]


@pytest.mark.both_loops
async def test_a_stop_does_not_wait_for_ever(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    """A thread that goes on behind shutdown_timeout is logged; its services are never closed under it."""
    app = app_of(Threads, container=container_of(trace), shutdown_timeout=0.2)
    async with plain_server(app) as server:
        assert (await ask(server, "GET", "/timeout/return")).status == 503
        await server.runner.cleanup()
        assert trace.events == ["begins", "engine closed"]
        # The loop of the test, unlike that of an app, waits for its threads.
        trace.gate.set()
    (line,) = logged(caplog)
    assert line.startswith("Threads.late (")
    assert line.endswith(") still runs in a thread: its services are not closed, as the app stops")


@pytest.mark.both_loops
@pytest.mark.parametrize("repeated", [False, True])
async def test_a_task_in_a_thread(trace: Trace, caplog: pytest.LogCaptureFixture, *, repeated: bool) -> None:
    """A background task, or a periodic one, that is cancelled by a stop keeps its services to the end of its thread."""
    periodic: Any = [Periodic(trace.work, every=60, run_at_start=True)] if repeated else []
    app = app_of(Threads, container=container_of(trace), shutdown_timeout=0.1, periodic=periodic)
    async with plain_server(app) as server:
        if not repeated:
            assert (await ask(server, "GET", "/task")).status == 200
        await until(trace.started.is_set)
        stopping = asyncio.create_task(server.runner.cleanup())
        await until(lambda: any("was cancelled" in line for line in logged(caplog)))
        assert trace.events == ["begins"]
        trace.gate.set()
        await stopping
    assert trace.events == ["begins", ENDS[0][1], "closed by CancelledError", "engine closed"]


@pytest.mark.both_loops
async def test_a_call_that_has_not_begun(trace: Trace) -> None:
    """What waits for a free thread when its time is over is never called, and its scope is closed at once."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with plain_server(app_of(Threads, container=container_of(trace))) as server, asyncio.TaskGroup() as clients:
        clients.create_task(ask(server, "GET", "/left/return"))
        await until(trace.started.is_set)
        assert (await ask(server, "GET", "/timeout/return")).status == 503
        assert trace.events == ["begins", "closed by CancelledError"]
        trace.gate.set()
    assert trace.events == ["begins", "closed by CancelledError", ENDS[0][1], "closed", "engine closed"]


async def test_a_plain_function_that_raises_stop_iteration(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    """StopIteration, which no future takes, is an unhandled exception as any other."""
    async with plain_server(app_of(Threads, container=container_of(trace))) as server:
        assert (await ask(server, "GET", "/stop")).problem == problem(500, "/stop")
    assert logged(caplog) == ["GET /stop failed"]
