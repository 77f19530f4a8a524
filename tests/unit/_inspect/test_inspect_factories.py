"""What kind of thing a factory is, what it makes, and what is wrong with it."""

import contextlib
import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol

import pytest

from framework._inspect.factories import FactoryShape, factory_shape, is_abstract, misuse_of, product_of
from framework._inspect.signatures import MISSING, read_signature


class Clock:
    """A service."""

    def make(self) -> "Clock":
        """Make another."""
        return self


class Managed:
    """A context manager."""

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, *_: object) -> None:
        """Leave."""


class AsyncManaged:
    """An async context manager."""

    async def __aenter__(self) -> None:
        """Enter."""

    async def __aexit__(self, *_: object) -> None:
        """Leave."""


class HalfManaged:
    """A class that is entered and never left."""

    def __enter__(self) -> None:
        """Enter."""


class AsyncConstructed:
    """A class that cannot be made."""

    async def __init__(self) -> None:  # type: ignore[misc]  # what is tested
        """Wait."""


class Calling:
    """An object that is called later."""

    async def __call__(self) -> Clock:
        """Make one."""
        return Clock()


class Generating:
    """An object whose call is a generator."""

    def __call__(self) -> Iterator[Clock]:
        """Make one."""
        yield Clock()


def plain() -> Clock:
    """Make one."""
    return Clock()


async def later() -> Clock:
    """Make one later."""
    return Clock()


def generator() -> Iterator[Clock]:
    """Make one."""
    yield Clock()


async def async_generator() -> AsyncIterator[Clock]:
    """Make one later."""
    yield Clock()


@functools.wraps(generator)
def wrapped() -> Iterator[Clock]:
    """Return the generator of another."""
    return generator()


def gives_context() -> AbstractContextManager[Clock]:
    """Return a context manager."""
    return contextlib.contextmanager(generator)()


def gives_async_context() -> AbstractAsyncContextManager[Clock]:
    """Return an async context manager."""
    return contextlib.asynccontextmanager(async_generator)()


def never_yields() -> Generator[Clock, None, None]:
    """Return what is not a generator function's."""
    return (Clock() for _ in range(1))


async def never_yields_later() -> AsyncIterator[Clock]:
    """Return nothing of the kind."""
    raise NotImplementedError


async def gives_context_later() -> AbstractAsyncContextManager[Clock]:
    """Return a context manager later."""
    return gives_async_context()


@pytest.mark.parametrize(
    ("factory", "shape"),
    [
        (Clock, "call"),
        (Clock().make, "call"),
        (plain, "call"),
        (lambda: Clock().make(), "call"),
        (functools.partial(plain), "call"),
        (HalfManaged, "call"),
        (later, "async_call"),
        (Calling(), "async_call"),
        (functools.partial(later), "async_call"),
        (generator, "generator"),
        (Generating(), "generator"),
        (wrapped, "generator"),
        (functools.partial(generator), "generator"),
        (async_generator, "async_generator"),
        (Managed, "context"),
        (gives_context, "context"),
        (contextlib.contextmanager(generator), "context"),
        (functools.partial(Managed), "context"),
        (functools.partial(contextlib.contextmanager(generator)), "context"),
        (AsyncManaged, "async_context"),
        (gives_async_context, "async_context"),
        (contextlib.asynccontextmanager(async_generator), "async_context"),
    ],
)
def test_shapes(factory: Callable[..., Any], shape: FactoryShape) -> None:
    """Every kind of factory is told by what it is, and by its annotation only where that alone can tell."""
    returns = MISSING if isinstance(factory, type) else read_signature(factory).returns
    assert factory_shape(factory, returns) == shape
    assert misuse_of(factory, returns) is None


@pytest.mark.parametrize(
    ("factory", "what"),
    [
        (AsyncConstructed, "a constructor cannot be async"),
        (never_yields, "it is annotated as a generator and never yields"),
        (never_yields_later, "it is annotated as a generator and never yields"),
        (gives_context_later, "it is async and returns a context manager"),
    ],
)
def test_misuse(factory: Callable[..., Any], what: str) -> None:
    """What would hand out something else than a service is told."""
    wrong = misuse_of(factory, read_signature(factory).returns)
    assert wrong is not None
    assert wrong[0] == what


@pytest.mark.parametrize(
    ("returns", "product"),
    [
        (Clock, Clock),
        (Clock | None, Clock | None),
        (list[Clock], list[Clock]),
        (Iterator[Clock], Clock),
        (Generator[Clock, None, None], Clock),
        (AsyncIterator[Clock], Clock),
        (AsyncGenerator[Clock, None], Clock),
        (AbstractContextManager[Clock], Clock),
        (AbstractAsyncContextManager[Clock], Clock),
        (Iterator, Iterator),
        (MISSING, MISSING),
    ],
)
def test_products(returns: Any, product: Any) -> None:
    """What is made stands in the annotation, inside that of a generator or context manager."""
    assert product_of(returns) == product


def test_abstract_classes() -> None:
    """A class with abstract methods and a protocol cannot be made, what implements them can."""

    class Abstract(ABC):
        @abstractmethod
        def run(self) -> None: ...

    class Runner(Protocol):
        def run(self) -> None: ...

    class Concrete(Abstract, Runner):
        def run(self) -> None: ...

    assert [is_abstract(one) for one in (Abstract, Runner, Concrete, plain)] == [True, True, False, False]
