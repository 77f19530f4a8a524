"""Marks an object as a coroutine function, as gunicorn's workers of aiohttp ask for factories."""

import asyncio.coroutines
import inspect
from typing import Any

__all__ = ("mark_as_coroutine_function",)


def mark_as_coroutine_function(target: Any) -> None:
    """Let ``iscoroutinefunction`` hold an object whose ``__call__`` is async for a coroutine function."""
    mark: Any = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(target)
    else:  # Python 3.11
        vars(target)["_is_coroutine"] = vars(asyncio.coroutines)["_is_coroutine"]
