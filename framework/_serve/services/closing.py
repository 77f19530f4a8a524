"""Closes services: strictly last in, first out, also after errors."""

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
"""How to close a service, and the generator or context manager to close."""


async def close(opened: list[Finalizer], error: BaseException | None) -> BaseException | None:
    """Close the opened services, the last first, and return the error to raise, if any.

    Each cleanup gets the error of the handler, or of the cleanup before it, and cannot suppress it. One that fails
    does not stop the others: its error is raised if there was none before, if it is an HTTPError, if it was raised
    ``from`` the first, or if it is a cancellation; otherwise it is logged and the first error is raised. A cancellation
    is never replaced.
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
    """Exit an async context manager."""
    await context.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)


async def finish_context(context: AbstractContextManager[Any], error: BaseException | None) -> None:
    """Exit a context manager."""
    context.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
