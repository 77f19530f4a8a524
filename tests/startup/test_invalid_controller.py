"""InvalidControllerError: what stands among the controllers cannot be built or answers nothing."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from framework import App, Controller, Router, get
from framework.errors import InvalidControllerError
from tests.startup.expected import after, mistakes, place, told

T = TypeVar("T")
SOME: Any = (3, "Orders", None)


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Answer."""
        return ""


def make_orders() -> Orders:
    """Make a controller by hand."""
    return Orders()


FUNCTION = "  Hint: write it as a method of a Controller, and give that class."
HINT = "  Hint: give the class of a controller; its constructor is injected."


def test_what_is_no_class() -> None:
    """An instance, a function and other values are told with the place of the app."""

    def make() -> App:
        return App([Orders(), make_orders, *SOME], openapi=None)  # type: ignore[list-item]  # the mistake

    where = f"App ({after(make, 1)})"
    assert told(make()) == [
        (InvalidControllerError, f"{where}: an instance of Orders stands among the controllers.\n{HINT}"),
        (InvalidControllerError, f"{where}: the function make_orders stands among the controllers.\n{FUNCTION}"),
        (InvalidControllerError, f"{where}: 3 stands among the controllers.\n{HINT}"),
        (InvalidControllerError, f"{where}: 'Orders' stands among the controllers.\n{HINT}"),
        (InvalidControllerError, f"{where}: None stands among the controllers.\n{HINT}"),
    ]


def test_below_a_router() -> None:
    """What a router holds is told with the router."""
    assert mistakes(Router("/v1", [Orders()])) == [  # type: ignore[list-item]  # the mistake
        (InvalidControllerError, f"Router('/v1'): an instance of Orders stands among the controllers.\n{HINT}")
    ]


def test_a_class_that_is_no_controller() -> None:
    """A class with handlers needs the base class too."""

    class Items:
        @get("/items")
        async def search(self) -> str:
            return ""

    assert mistakes(Items) == [
        (
            InvalidControllerError,
            f"Items ({place(Items)}): it is not a Controller.\n  Hint: write class Items(Controller).",
        )
    ]


def test_an_abstract_controller() -> None:
    """A controller whose methods are missing cannot be built."""

    class Resource(Controller, ABC):
        @get()
        async def search(self) -> str:
            return self.name() + self.kind()

        @abstractmethod
        def name(self) -> str: ...

        @abstractmethod
        def kind(self) -> str: ...

    assert mistakes(Resource) == [
        (
            InvalidControllerError,
            f"Resource ({place(Resource)}): it is abstract (without kind, name).\n"
            "  Hint: give a subclass that implements what is missing.",
        )
    ]


def test_an_open_generic() -> None:
    """What a controller's type variables stand for, a class that is derived from it says."""

    class Resource(Controller, Generic[T]):
        @get()
        async def search(self, key: T) -> T:
            return key

    class Numbers(Resource[int]):
        """What fills it in."""

    def make() -> App:
        return App([Resource, Resource[int], Numbers], openapi=None)

    assert told(make()) == [
        (
            InvalidControllerError,
            f"Resource ({place(Resource)}): it is generic (over T).\n"
            "  Hint: derive a class from Resource[…] and give that.",
        ),
        (
            InvalidControllerError,
            f"App ({after(make, 1)}): Resource[int] stands among the controllers.\n"
            "  Hint: derive a class from Resource[int] and give that.",
        ),
    ]


def test_a_controller_without_handlers() -> None:
    """A controller that answers nothing lacks its decorators; a constructor of its own changes nothing."""

    class Empty(Controller):
        path = "/empty"

    class Undecorated(Controller):
        def __init__(self) -> None:
            self.answer = ""

        async def search(self) -> str:
            return self.answer

    hint = "  Hint: decorate a method with @get(), @post() or another route."
    assert mistakes(Empty, Undecorated) == [
        (InvalidControllerError, f"Empty ({place(Empty)}): it has no handler.\n{hint}"),
        (InvalidControllerError, f"Undecorated ({place(Undecorated)}): it has no handler.\n{hint}"),
    ]


def test_one_mistake_hides_no_other() -> None:
    """The controllers beside a wrong one are still looked at."""

    class Empty(Controller):
        """Nothing."""

    assert [kind for kind, _ in mistakes(Empty, Orders, 3, Router("/v1", [Empty]))] == [
        InvalidControllerError,
        InvalidControllerError,
    ]
