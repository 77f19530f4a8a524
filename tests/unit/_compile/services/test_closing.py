"""Closing by itself: the order, what each finalizer sees, which error stands, and what is logged."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from framework._serve.services.closing import (
    Finalizer,
    close,
    finish_async_context,
    finish_async_generator,
    finish_context,
    finish_generator,
)
from framework.http_errors import Gone

Seen = list[BaseException | None]


def finalizer(seen: Seen, raised: BaseException | None = None) -> Finalizer:
    """Return a finalizer that notes what it sees and may raise something."""

    async def finish(_: object, error: BaseException | None) -> None:
        seen.append(error)
        if raised is not None:
            raise raised

    return finish, None


async def test_nothing_to_close() -> None:
    """The error that there was is the error that there is."""
    error = KeyError()
    assert await close([], None) is None
    assert await close([], error) is error


async def test_each_sees_the_error_that_stands() -> None:
    """A finalizer sees what was raised before it, by the handler or by a later service."""
    seen: Seen = []
    error = OSError()
    opened = [finalizer(seen), finalizer(seen, error), finalizer(seen)]
    assert await close(opened, None) is error
    assert seen == [None, None, error]
    assert opened == []


async def test_an_error_after_an_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The first error stands, and the second is not lost."""
    seen: Seen = []
    first, second = KeyError("first"), OSError("second")
    with caplog.at_level(logging.ERROR, "framework"):
        assert await close([finalizer(seen), finalizer(seen, second)], first) is first
    assert seen == [first, first]
    (record,) = caplog.records
    assert record.getMessage() == "A service failed to close after KeyError('first')"
    assert record.exc_info is not None
    assert record.exc_info[1] is second


def caused(error: BaseException) -> Exception:
    """Return an error that was raised from another."""
    other = OSError("caused")
    other.__cause__ = error
    return other


@pytest.mark.parametrize(
    "make", [lambda _: Gone("http"), caused, lambda _: asyncio.CancelledError(), lambda _: SystemExit()]
)
async def test_errors_that_replace_an_error(
    make: Callable[[BaseException], BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """An HTTPError, one raised from the first, and what is not an Exception at all."""
    seen: Seen = []
    first = KeyError("first")
    second = make(first)
    assert await close([finalizer(seen), finalizer(seen, second)], first) is second
    assert seen == [first, second]
    assert caplog.records == []


@pytest.mark.parametrize("make", [lambda _: Gone("http"), caused, lambda _: OSError()])
async def test_nothing_replaces_a_cancellation(make: Callable[[BaseException], BaseException]) -> None:
    """Who cancelled a request waits for its end, and gets it."""
    seen: Seen = []
    first = asyncio.CancelledError()
    assert await close([finalizer(seen), finalizer(seen, make(first))], first) is first
    assert seen == [first, first]


async def test_nothing_is_swallowed() -> None:
    """A generator that catches the error and a context manager that returns True change nothing."""

    def swallowing() -> Iterator[None]:
        with contextlib.suppress(KeyError):
            yield

    async def swallowing_later() -> AsyncIterator[None]:
        with contextlib.suppress(KeyError):
            yield

    generator, async_generator = swallowing(), swallowing_later()
    next(generator)
    await anext(async_generator)
    context = contextlib.suppress(KeyError)
    context.__enter__()
    async_context = contextlib.asynccontextmanager(swallowing_later)()
    await async_context.__aenter__()
    opened: list[Finalizer] = [
        (finish_generator, generator),
        (finish_async_generator, async_generator),
        (finish_context, context),
        (finish_async_context, async_context),
    ]
    error = KeyError()
    assert await close(opened, error) is error


async def test_a_second_yield_is_an_error() -> None:
    """A generator that goes on is closed, and its name is told."""
    closed: list[str] = []

    def twice() -> Iterator[None]:
        try:
            yield
            yield
        finally:
            closed.append("twice")

    async def twice_later() -> AsyncIterator[None]:
        try:
            yield
            yield
        finally:
            closed.append("twice later")

    generator, async_generator = twice(), twice_later()
    next(generator)
    await anext(async_generator)
    error = await close([(finish_generator, generator)], None)
    assert isinstance(error, RuntimeError)
    assert str(error) == "The provider twice yielded more than once"
    error = await close([(finish_async_generator, async_generator)], None)
    assert isinstance(error, RuntimeError)
    assert str(error) == "The provider twice_later yielded more than once"
    assert closed == ["twice", "twice later"]
