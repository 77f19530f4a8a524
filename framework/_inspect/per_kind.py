"""Remembers what is known about a type, as msgspec describes it."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from msgspec import inspect

__all__ = ("per_kind",)

_T = TypeVar("_T")

# Kinds are made at start-up, so this is never reached; it limits the memory of a caller that makes kinds at run time.
_REMEMBERED_KINDS = 10_000


def per_kind(work: Callable[[inspect.Type], _T]) -> Callable[[inspect.Type], _T]:
    """Cache a result for a kind by identity, because kinds are not hashable."""
    memory: dict[int, tuple[inspect.Type, _T]] = {}

    @wraps(work)
    def remembered(kind: inspect.Type) -> _T:
        known = memory.get(id(kind))
        if known is None:
            if len(memory) >= _REMEMBERED_KINDS:
                memory.clear()
            known = memory[id(kind)] = (kind, work(kind))
        return known[1]

    return remembered
