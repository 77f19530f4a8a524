"""Periodic tasks: when they run, in what scope, and how they stop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest

from framework import App, BackgroundTasks, Container, Periodic
from tests.http.events import EVENTS, seen
from tests.http.shapes import Serve, app_of, logged

pytestmark = pytest.mark.usefixtures("no_events")
SET: ContextVar[int] = ContextVar("SET", default=0)


class Session:
    """A scoped service."""

    number = 0


async def open_session() -> AsyncIterator[Session]:
    """Tell when it is opened and closed."""
    Session.number += 1
    EVENTS.append("open")
    yield Session()
    EVENTS.append("close")


def app_with(*periodic: Periodic, **settings: Any) -> App:
    """Return an app with periodic tasks."""
    container = Container()
    container.add_scoped(Session, open_session)
    return app_of(container=container, periodic=periodic, **settings)


async def refresh(session: Session) -> None:
    """Use a scoped service."""
    EVENTS.append(type(session).__name__)


async def test_each_run_has_a_scope_of_its_own(serve: Serve) -> None:
    """Services are opened and closed by each run, which starts with the first interval."""
    server = await serve(app_with(Periodic(refresh, every=timedelta(milliseconds=20), jitter=0.005)))
    assert EVENTS == []
    assert (await seen(6))[:6] == ["open", "Session", "close"] * 2
    await server.close()
    count = len(EVENTS)
    assert count % 3 == 0
    await asyncio.sleep(0.06)
    assert len(EVENTS) == count


async def test_the_first_run_may_be_at_the_start(serve: Serve) -> None:
    """With run_at_start nobody waits for the interval; the next run is one interval later."""
    await serve(app_with(Periodic(refresh, every=3600, run_at_start=True)))
    assert await seen(3) == ["open", "Session", "close"]


async def test_never_two_at_once(serve: Serve) -> None:
    """A run that takes longer than the interval is not overtaken, and what it misses is left out."""
    running = 0
    most = 0

    async def slow() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        EVENTS.append("done")

    await serve(app_with(Periodic(slow, every=0.01, run_at_start=True)))
    await seen(4)
    assert most == 1


async def test_a_failure_is_logged_and_the_next_run_comes(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A run that raises stops nothing; the function may be a plain one, which runs in a thread."""

    def fail() -> None:
        EVENTS.append(str(threading.current_thread() is threading.main_thread()))
        if len(EVENTS) == 1:
            raise ValueError("broken")

    await serve(app_with(Periodic(fail, every=0.01)))
    assert (await seen(2))[:2] == ["False", "False"]
    where = f"tests/http/test_periodic.py:{fail.__code__.co_firstlineno}"
    assert logged(caplog) == [f"The periodic task fail ({where}) failed"]


async def test_what_a_run_sets_is_not_seen_by_the_next(serve: Serve) -> None:
    """Each run has a context of its own."""

    async def count() -> None:
        SET.set(SET.get() + 1)
        EVENTS.append(str(SET.get()))

    await serve(app_with(Periodic(count, every=0.01)))
    assert (await seen(3))[:3] == ["1", "1", "1"]


async def test_a_run_is_awaited_at_the_stop(serve: Serve) -> None:
    """What runs when the app stops comes to its end, with the tasks that it leaves."""

    async def work(tasks: BackgroundTasks) -> None:
        EVENTS.append("started")
        tasks.add(refresh)
        await asyncio.sleep(0.05)
        EVENTS.append("ended")

    server = await serve(app_with(Periodic(work, every=0.01, run_at_start=True)))
    await seen(1)
    await server.close()
    assert EVENTS == ["started", "ended", "open", "Session", "close"]


async def test_a_run_is_cancelled_at_the_limit(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """What does not end in time is cancelled and told."""

    async def hang(session: Session) -> None:
        EVENTS.append(type(session).__name__)
        await asyncio.Event().wait()

    server = await serve(app_with(Periodic(hang, every=0.01), shutdown_timeout=0.05))
    await seen(2)
    await server.close()
    assert EVENTS == ["open", "Session"]
    where = f"tests/http/test_periodic.py:{hang.__code__.co_firstlineno}"
    assert logged(caplog) == [f"The periodic task hang ({where}) was cancelled: the app stops"]
