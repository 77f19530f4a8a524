"""How a service factory creates its service, and the type that it returns."""

import collections.abc
import contextlib
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

from framework._inspect.names import constructor_of
from framework._inspect.signatures import MISSING, is_async

__all__ = ("FactoryShape", "factory_shape", "is_abstract", "misuse_of", "product_of")

FactoryShape = typing.Literal["call", "async_call", "generator", "async_generator", "context", "async_context"]

_CONTEXTS: dict[Any, FactoryShape] = {
    contextlib.AbstractContextManager: "context",
    contextlib.AbstractAsyncContextManager: "async_context",
}
_ITERATORS = (
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
    collections.abc.Iterator,
    collections.abc.Generator,
)
_PRODUCERS = (*_ITERATORS, *_CONTEXTS)


def factory_shape(factory: Callable[..., Any], returns: Any) -> FactoryShape:
    """Return how a factory creates its service; ``returns`` is its return annotation."""
    function = _function_of(factory)
    if isinstance(function, type):
        return _class_shape(function)
    written = getattr(function, "__wrapped__", function)
    # contextlib's decorators leave a plain function that wraps the generator function.
    managed = function is not written and function.__globals__.get("__name__") == contextlib.__name__
    if inspect.isasyncgenfunction(written):
        return "async_context" if managed else "async_generator"
    if inspect.isgeneratorfunction(written):
        return "context" if managed else "generator"
    if is_async(factory):
        return "async_call"
    return _CONTEXTS.get(typing.get_origin(returns), "call")


def _function_of(factory: Any) -> Any:
    while isinstance(factory, functools.partial):
        factory = factory.func
    return factory if isinstance(factory, type) or hasattr(factory, "__code__") else getattr(type(factory), "__call__")  # noqa: B004, B009  the method of the class


def _class_shape(factory: type) -> FactoryShape:
    if hasattr(factory, "__aenter__") and hasattr(factory, "__aexit__"):
        return "async_context"
    if hasattr(factory, "__enter__") and hasattr(factory, "__exit__"):
        return "context"
    return "call"


def misuse_of(factory: Callable[..., Any], returns: Any) -> tuple[str, str] | None:
    """Return what is wrong with how a factory creates its service, and the hint; ``None`` if nothing is wrong."""
    if isinstance(factory, type):
        if inspect.iscoroutinefunction(constructor_of(factory)):
            return "a constructor cannot be async", "write a plain __init__, and await in an async factory"
        return None
    shape = factory_shape(factory, returns)
    origin = typing.get_origin(returns)
    if origin in _ITERATORS and shape in {"call", "async_call"}:
        return "it is annotated as a generator and never yields", "yield the service, or annotate what is returned"
    if origin in _CONTEXTS and shape == "async_call":
        return "it is async and returns a context manager", "write it as a plain def, or yield the service from it"
    return None


def product_of(returns: Any) -> Any:
    """Return the type that a factory creates, by its return annotation: ``AsyncIterator[Engine]`` -> ``Engine``."""
    if returns is MISSING:
        return MISSING
    arguments = typing.get_args(returns)
    return arguments[0] if typing.get_origin(returns) in _PRODUCERS and arguments else returns


def is_abstract(factory: Any) -> bool:
    """Return whether a class cannot be instantiated: it has abstract methods, or is a protocol."""
    return inspect.isabstract(factory) or (isinstance(factory, type) and getattr(factory, "_is_protocol", False))
