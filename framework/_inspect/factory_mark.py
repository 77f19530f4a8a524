"""Marks an object as a coroutine function: aiohttp's gunicorn workers only accept factories that are."""

import asyncio.coroutines
import inspect
from typing import Any

__all__ = ("mark_as_coroutine_function",)


def mark_as_coroutine_function(target: Any) -> None:
    """Make ``iscoroutinefunction`` return true for an object whose ``__call__`` is async."""
    mark: Any = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(target)
    else:  # Python 3.11
        vars(target)["_is_coroutine"] = vars(asyncio.coroutines)["_is_coroutine"]
