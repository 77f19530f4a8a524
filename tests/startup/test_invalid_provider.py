"""InvalidProviderError: a registration that cannot make what it is for."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

import pytest

from framework import Container, Controller, get
from framework.errors import InvalidProviderError
from tests.startup.expected import Told, after, mistakes_of, place

T = TypeVar("T")


class Clock:
    """Something to provide."""


class FastClock(Clock):
    """A kind of it."""


class Calendar:
    """Something else."""


class Runner(Protocol):
    """A protocol of methods that cannot be asked for its subclasses."""

    def run(self) -> None:
        """Run."""


class Store(Generic[T]):
    """An open generic."""


class AbstractStore(ABC, Generic[T]):
    """An open generic that cannot be made."""

    @abstractmethod
    def get(self) -> T:
        """Return something."""


def wrong(where: str, what: str, hint: str) -> Told:
    """Return the one mistake as it is told."""
    return [(InvalidProviderError, f"{where}: {what}.\n  Hint: {hint}.")]


def make_calendar() -> Calendar:
    """Make something else."""
    return Calendar()


async def await_calendar() -> Calendar:
    """Make something else later."""
    return Calendar()


def open_calendar() -> Iterator[Calendar]:
    """Make something else and close it."""
    yield Calendar()


async def open_calendar_later() -> AsyncIterator[Calendar]:
    """Make something else later and close it."""
    yield Calendar()


@contextlib.contextmanager
def managed_calendar() -> Iterator[Calendar]:
    """Make something else and leave it."""
    yield Calendar()


def enter_calendar() -> AbstractContextManager[Calendar]:
    """Return a context manager of something else."""
    return managed_calendar()


def make_clock() -> Clock:
    """Make less than is wanted."""
    return Clock()


def make_nothing() -> None:
    """Make nothing."""


def make_calendars() -> list[Calendar]:
    """Make several."""
    return []


@pytest.mark.parametrize(
    "factory",
    [make_calendar, await_calendar, open_calendar, open_calendar_later, managed_calendar, enter_calendar],
)
def test_a_factory_of_something_else(factory: Any) -> None:
    """Whatever the kind of a factory, its return annotation says what it makes."""
    assert mistakes_of(lambda container: container.add_scoped(Clock, factory)) == wrong(
        f"{factory.__name__} ({place(factory)})",
        "it makes Calendar and is registered for Clock",
        "register it for what it makes, or correct its return annotation",
    )


def test_a_factory_of_less() -> None:
    """A base class, None and a list are not what is asked for."""
    hint = "register it for what it makes, or correct its return annotation"

    def register(container: Container) -> None:
        container.add_scoped(FastClock, make_clock)
        container.add_scoped(Clock, make_nothing)
        container.add_scoped(Calendar, make_calendars)

    assert mistakes_of(register) == [
        *wrong(f"make_clock ({place(make_clock)})", "it makes Clock and is registered for FastClock", hint),
        *wrong(f"make_nothing ({place(make_nothing)})", "it makes None and is registered for Clock", hint),
        *wrong(
            f"make_calendars ({place(make_calendars)})",
            "it makes list[Calendar] and is registered for Calendar",
            hint,
        ),
    ]


def test_a_class_of_something_else() -> None:
    """A class makes itself, with and without a constructor of its own."""

    class Own:
        def __init__(self) -> None:
            self.zone = ""

    def register(container: Container) -> None:
        container.add_singleton(Clock, Calendar)
        container.add_scoped(Store[int], Own)

    hint = "register it for what it makes, or correct its return annotation"
    assert mistakes_of(register) == [
        *wrong(f"Calendar.__init__ ({place(Calendar)})", "it makes Calendar and is registered for Clock", hint),
        *wrong(f"Own.__init__ ({place(Own.__init__)})", "it makes Own and is registered for Store[int]", hint),
    ]


def test_what_cannot_be_made() -> None:
    """An abstract class and a protocol need somebody who implements them."""

    def register(container: Container) -> None:
        container.add_scoped(Runner)
        container.add_singleton(AbstractStore[int])

    assert mistakes_of(register) == [
        *wrong(
            f"Runner ({place(Runner)})",
            "Runner is abstract and cannot be made",
            "register what implements it: container.add_scoped(Runner, …)",
        ),
        *wrong(
            f"AbstractStore ({place(AbstractStore)})",
            "AbstractStore is abstract and cannot be made",
            "register what implements it: container.add_singleton(AbstractStore, …)",
        ),
    ]


def test_what_cannot_be_called() -> None:
    """An instance in the place of a factory has a method of its own, even one that is false."""
    empty: Any = {}
    clock: Any = Clock()

    def register(container: Container) -> None:
        container.add_scoped(Clock, clock)
        container.add_scoped(Calendar, empty)

    hint = "give a class or a function, or use add_instance for something that exists already"
    assert mistakes_of(register) == [
        *wrong(after(register, 1), "the factory of Clock cannot be called", hint),
        *wrong(after(register, 2), "the factory of Calendar cannot be called", hint),
    ]


def test_what_has_no_signature() -> None:
    """A builtin does not say what it takes."""
    assert mistakes_of(lambda container: container.add_scoped(slice)) == wrong(
        "slice.__init__ (module builtins)",
        "its parameters cannot be read",
        "give a function with annotated parameters that calls it",
    )


def test_an_async_constructor() -> None:
    """Python cannot await a constructor, of a service or of a controller."""

    class Later:
        async def __init__(self) -> None:  # type: ignore[misc]  # the mistake
            self.zone = ""

    class Orders(Controller):
        async def __init__(self) -> None:  # type: ignore[misc]  # the mistake
            self.zone = ""

        @get()
        async def search(self) -> str:
            return self.zone

    hint = "write a plain __init__, and await in an async factory"
    assert mistakes_of(lambda container: container.add_scoped(Later), Orders) == [
        *wrong(f"Later.__init__ ({place(Later.__init__)})", "a constructor cannot be async", hint),
        *wrong(f"Orders.__init__ ({place(Orders.__init__)})", "a constructor cannot be async", hint),
    ]


def test_a_generator_that_never_yields() -> None:
    """An annotation of a generator on a function that returns hands out the wrong thing."""

    def plain() -> Iterator[Clock]:
        return iter((Clock(),))

    async def later() -> AsyncIterator[Clock]:
        raise NotImplementedError

    def register(container: Container) -> None:
        container.add_scoped(Clock, plain)
        container.add_singleton(Clock, later, qualifier="later")

    what = "it is annotated as a generator and never yields"
    hint = "yield the service, or annotate what is returned"
    assert mistakes_of(register) == [
        *wrong(f"plain ({place(plain)})", what, hint),
        *wrong(f"later ({place(later)})", what, hint),
    ]


def test_an_async_factory_of_a_context_manager() -> None:
    """What an async factory returns is the service itself, and nobody would enter it."""

    async def later() -> AbstractAsyncContextManager[Clock]:
        raise NotImplementedError

    assert mistakes_of(lambda container: container.add_scoped(Clock, later)) == wrong(
        f"later ({place(later)})",
        "it is async and returns a context manager",
        "write it as a plain def, or yield the service from it",
    )


def test_a_method_without_its_object() -> None:
    """A factory's method is registered of an instance."""

    class Factory:
        def make(self) -> Clock:
            return Clock()

    assert mistakes_of(lambda container: container.add_singleton(Clock, Factory.make)) == wrong(
        f"Factory.make ({place(Factory.make)})",
        "it is a method without its object",
        "register the method of an instance",
    )
    assert mistakes_of(lambda container: container.add_singleton(Clock, Factory().make)) == []
