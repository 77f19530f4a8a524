"""What is nearly an error of a new user, and none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypeVar

import pytest
from msgspec import Meta, Struct

from framework import App, Container, Controller, Query, get, post
from tests.startup.expected import told

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Url = NewType("Url", str)


class Animal:
    """A service."""


class Dog(Animal):
    """An implementation."""


class Reads(Protocol[T_co]):
    """A protocol with an attribute, which a constructor may set."""

    name: str

    def read(self) -> T_co:
        """Read something."""
        ...


class Reader:
    """Implements the protocol."""

    def __init__(self) -> None:
        self.name = ""

    def read(self) -> int:
        """Read a number."""
        return 1


class Anything:
    """May have any method."""

    def __getattr__(self, name: str) -> Any:
        return name


class Repository(Generic[T]):
    """A generic service."""


class Dogs(Repository[Dog]):
    """A repository of one type."""


async def open_dog() -> AsyncIterator[Dog]:
    """Make a subclass, and close it."""
    yield Dog()


@contextmanager
def managed_dog() -> Iterator[Dog]:
    """Make a subclass in a context manager."""
    yield Dog()


def maybe_dog() -> Dog | None:
    """Make it perhaps."""
    return None


def dog_or_text() -> Dog | str:
    """Make what may be right."""
    return Dog()


def any_repository() -> Repository[Any]:
    """Say nothing of the argument."""
    return Repository()


def text() -> str:
    """Make the value of a NewType."""
    return ""


@pytest.mark.parametrize(
    ("key", "factory"),
    [
        (Animal, Dog),
        (Animal, open_dog),
        (Animal, managed_dog),
        (Animal, maybe_dog),
        (Animal, dog_or_text),
        (Reads, Reader),
        (Reads[int], Reader),
        (Reads, Anything),
        (Repository[Dog], Dogs),
        (Repository[Animal], Dogs),
        (Repository[Dog], any_repository),
        (Url, text),
    ],
)
def test_factories_of_what_they_are_registered_for(key: Any, factory: Any) -> None:
    """Subclasses, implementations of a protocol, generics of a subclass, generators and context managers."""
    container = Container()
    container.add_singleton(key, factory)
    assert told(App(container=container)) == []


class Frozen(Struct, frozen=True):
    """Has a hash."""

    name: str


class ByIdentity(Struct, eq=False):
    """Has a hash too."""

    name: str


class Items(Controller):
    """Takes sets, and literals, that can be."""

    @post("/items")
    async def create(self, tags: set[Frozen], kind: Literal["a", 1] = "a") -> frozenset[tuple[int, str]]:
        """Make one."""
        raise AssertionError(tags, kind)

    @post("/others")
    async def other(
        self, tags: set[ByIdentity], limit: Annotated[int, Meta(le=2**63 - 1), Query()] = 1
    ) -> Literal[True]:
        """Make another."""
        raise AssertionError(tags, limit)

    @get("/items")
    async def here(self) -> str:
        """Return its own URL."""
        return str(app.url_for(self.here))


app = App([Items])


def test_sets_and_literals_that_can_be() -> None:
    """Frozen Structs are items of sets, and JSON has True."""
    assert told(app) == []


def test_the_url_of_a_method() -> None:
    """A handler asks for its own, and a controller for another's."""
    assert str(app.url_for(Items().here)) == "/items"
    assert str(app.url_for(Items.here)) == "/items"
