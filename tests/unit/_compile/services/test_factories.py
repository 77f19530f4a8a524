"""Every kind of factory, for a request and for the process: made, entered, given and closed."""

import contextlib
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Self

import pytest

from framework import Container
from tests.unit._compile.services.asking import Asking

events: list[str] = []


class Clock:
    """A service without needs."""


class Service:
    """What all factories make."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Managed(Service):
    """A class that is entered and left."""

    def __enter__(self) -> Self:
        events.append("open")
        return self

    def __exit__(self, *_: object) -> None:
        events.append("close")


class AsyncManaged(Service):
    """A class that is entered and left, later."""

    async def __aenter__(self) -> Self:
        events.append("open")
        return self

    async def __aexit__(self, *_: object) -> None:
        events.append("close")


class BothManaged(AsyncManaged):
    """A class that is entered in the async way where it knows both."""

    def __enter__(self) -> Self:
        raise AssertionError

    def __exit__(self, *_: object) -> None:
        raise AssertionError


class Callables:
    """Methods and an object that make a service."""

    def method(self, clock: Clock) -> Service:
        """Make one."""
        return Service(clock)

    @classmethod
    def of_class(cls, clock: Clock) -> Service:
        """Make one."""
        return Service(clock)

    @staticmethod
    def static(clock: Clock) -> Service:
        """Make one."""
        return Service(clock)

    @contextlib.contextmanager
    def managed(self, clock: Clock) -> Iterator[Service]:
        """Make one and close it."""
        yield from generator(clock)

    async def __call__(self, clock: Clock) -> Service:
        """Make one later."""
        return Service(clock)


def function(clock: Clock) -> Service:
    """Make one."""
    return Service(clock)


async def async_function(clock: Clock) -> Service:
    """Make one later."""
    return Service(clock)


def with_more(clock: Clock, /, name: str, *, times: int = 1) -> Service:
    """Take arguments that are given in other ways."""
    assert (name, times) == ("given", 2)
    return Service(clock)


def generator(clock: Clock) -> Iterator[Service]:
    """Make one and close it."""
    events.append("open")
    yield Service(clock)
    events.append("close")


def long_generator(clock: Clock) -> Generator[Service, None, None]:
    """Make one and close it, with the long annotation."""
    yield from generator(clock)


async def async_generator(clock: Clock) -> AsyncIterator[Service]:
    """Make one and close it later."""
    events.append("open")
    yield Service(clock)
    events.append("close")


async def long_async_generator(clock: Clock) -> AsyncGenerator[Service, None]:
    """Make one and close it later, with the long annotation."""
    events.append("open")
    yield Service(clock)
    events.append("close")


class Named(Managed):
    """A class with an argument of another kind."""

    def __init__(self, clock: Clock, name: str) -> None:
        super().__init__(clock)
        assert name == "given"


class Generating:
    """An object whose call is a generator."""

    def __call__(self, clock: Clock) -> Iterator[Service]:
        """Make one and close it."""
        yield from generator(clock)


@functools.wraps(generator)
def wrapped(clock: Clock) -> Iterator[Service]:
    """Return the generator of another."""
    return generator(clock)


def gives_context(clock: Clock) -> AbstractContextManager[Service]:
    """Return a context manager."""
    return contextlib.contextmanager(generator)(clock)


def gives_async_context(clock: Clock) -> AbstractAsyncContextManager[Service]:
    """Return an async context manager."""
    return contextlib.asynccontextmanager(async_generator)(clock)


PLAIN: list[Callable[..., Any]] = [
    Service,
    function,
    async_function,
    Callables().method,
    Callables.of_class,
    Callables.static,
    Callables(),
    functools.partial(with_more, name="given", times=2),
]
CLOSING: list[Callable[..., Any]] = [
    Managed,
    AsyncManaged,
    BothManaged,
    generator,
    long_generator,
    async_generator,
    long_async_generator,
    contextlib.contextmanager(generator),
    contextlib.asynccontextmanager(async_generator),
    gives_context,
    gives_async_context,
    functools.partial(generator),
    functools.partial(Named, name="given"),
    functools.partial(contextlib.contextmanager(generator)),
    functools.partial(contextlib.asynccontextmanager(async_generator)),
    Callables().managed,
    Generating(),
    wrapped,
]


@pytest.mark.parametrize("factory", [*PLAIN, *CLOSING])
async def test_of_a_request(factory: Callable[..., Any]) -> None:
    """A scoped service is made with what it needs, and closed when its request is over."""
    events.clear()
    container = Container()
    container.add_singleton(Clock)
    container.add_scoped(Service, factory)
    async with Asking(container, service=Service, clock=Clock) as app:
        assert events == []
        given = await app.ask()
        assert events == (["open", "close"] if factory in CLOSING else [])
        other = await app.ask()
    assert isinstance(given["service"], Service)
    assert given["service"].clock is given["clock"]
    assert given["service"] is not other["service"]
    assert events == (["open", "close"] * 2 if factory in CLOSING else [])


@pytest.mark.parametrize("factory", [*PLAIN, *CLOSING])
async def test_of_the_process(factory: Callable[..., Any]) -> None:
    """A singleton is opened when the app starts and closed when it stops."""
    events.clear()
    container = Container()
    container.add_singleton(Clock)
    container.add_singleton(Service, factory)
    async with Asking(container, service=Service, clock=Clock) as app:
        assert events == (["open"] if factory in CLOSING else [])
        given, other = await app.ask(), await app.ask()
        assert events == (["open"] if factory in CLOSING else [])
    assert given["service"] is other["service"]
    assert given["service"].clock is given["clock"]
    assert events == (["open", "close"] if factory in CLOSING else [])


@pytest.mark.parametrize("factory", CLOSING)
async def test_of_a_consumer(factory: Callable[..., Any]) -> None:
    """A transient is closed with the request as often as it was made."""
    events.clear()
    container = Container()
    container.add_singleton(Clock)
    container.add_transient(Service, factory)
    async with Asking(container, first=Service, second=Service) as app:
        given = await app.ask()
    assert given["first"] is not given["second"]
    assert events == ["open", "open", "close", "close"]


async def test_parameters_of_every_kind() -> None:
    """Positional-only, keyword-only and defaulted parameters are filled; the rest is left to Python."""

    class Wide:
        def __init__(
            self, first: Clock, /, second: Clock, *rest: Clock, third: Clock, zone: str = "UTC", **others: Clock
        ) -> None:
            self.given = (first, second, third, zone, rest, others)

    container = Container()
    container.add_singleton(Clock)
    container.add_scoped(Wide)
    async with Asking(container, wide=Wide, clock=Clock) as app:
        given = await app.ask()
    clock = given["clock"]
    assert given["wide"].given == (clock, clock, clock, "UTC", (), {})
