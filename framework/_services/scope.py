"""Closing services: strictly last in, first out, whatever happens."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeAlias

from framework._inspect.names import callable_name
from framework.http_errors import HTTPError

__all__ = (
    "Finalizer",
    "close",
    "finish_async_context",
    "finish_async_generator",
    "finish_context",
    "finish_generator",
)

_LOGGER = logging.getLogger("framework")

Finalizer: TypeAlias = tuple[Callable[[Any, BaseException | None], Awaitable[None]], Any]
"""How to finish a service, and what to finish: a generator or a context manager."""


async def close(opened: list[Finalizer], error: BaseException | None) -> BaseException | None:
    """Finish what was opened, the last first, and return the error to raise, if any.

    Each finalizer sees the error of the handler, or of a finalizer before it. None of them can swallow it. One that
    fails stops no other: its own error counts when there was none before, when it is an HTTPError, when it was raised
    ``from`` the first, or when it is a cancellation; otherwise it is logged and the first stands. Nothing replaces a
    cancellation.
    """
    while opened:
        finish, service = opened.pop()
        try:
            await finish(service, error)
        except BaseException as raised:  # noqa: BLE001  the caller raises it
            error = _later(error, raised)
    return error


def _later(error: BaseException | None, raised: BaseException) -> BaseException:
    if error is None or raised is error:
        return raised
    counts = isinstance(raised, HTTPError) or not isinstance(raised, Exception) or raised.__cause__ is error
    if counts and isinstance(error, Exception):
        return raised
    _LOGGER.error("A service failed to close after %r", error, exc_info=raised)
    return error


async def finish_async_generator(generator: AsyncGenerator[Any, None], error: BaseException | None) -> None:
    """Run an async generator to its end, or throw the error into it."""
    try:
        if error is None:
            await anext(generator)
        else:
            await generator.athrow(error)
    except StopAsyncIteration:
        return
    await generator.aclose()
    raise RuntimeError(_TWICE.format(callable_name(generator)))


async def finish_generator(generator: Generator[Any, None, None], error: BaseException | None) -> None:
    """Run a generator to its end, or throw the error into it."""
    try:
        if error is None:
            next(generator)
        else:
            generator.throw(error)
    except StopIteration:
        return
    generator.close()
    raise RuntimeError(_TWICE.format(callable_name(generator)))


_TWICE = "The provider {} yielded more than once"


async def finish_async_context(context: AbstractAsyncContextManager[Any], error: BaseException | None) -> None:
    """Leave an async context manager."""
    await context.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)


async def finish_context(context: AbstractContextManager[Any], error: BaseException | None) -> None:
    """Leave a context manager."""
    context.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
