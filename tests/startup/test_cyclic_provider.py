"""CyclicProviderError: providers that need each other."""

from framework import Container, Controller, get
from framework.errors import CyclicProviderError
from tests.startup.expected import mistakes_of, place

HINT = "  Hint: let one of them take what it needs as a method argument, or move what both need to a third service."


class First:
    """Needs the second."""

    def __init__(self, second: "Second") -> None:
        self.second = second


class Second:
    """Needs the third."""

    def __init__(self, third: "Third") -> None:
        self.third = third


class Third:
    """Needs the first."""

    def __init__(self, first: First) -> None:
        self.first = first


class Own:
    """Needs itself."""

    def __init__(self, own: "Own") -> None:
        self.own = own


def test_of_three() -> None:
    """A circle is told once, from the same place, whoever is registered or asked for first."""

    class Orders(Controller):
        @get()
        async def search(self, third: Third) -> str:
            return str(third)

    def register(container: Container) -> None:
        container.add_singleton(Third)
        container.add_singleton(First)
        container.add_singleton(Second)

    def register_scoped(container: Container) -> None:
        container.add_scoped(Second)
        container.add_transient(Third)
        container.add_scoped(First)

    cycle = [
        (
            CyclicProviderError,
            f"First.__init__ ({place(First.__init__)}): the provider of First needs itself.\n"
            f"  Needed by: First -> Second -> Third -> First\n{HINT}",
        )
    ]
    assert mistakes_of(register, Orders) == cycle
    assert mistakes_of(register_scoped, Orders) == cycle


def test_of_one() -> None:
    """A service that needs its own type is a circle too."""
    assert mistakes_of(lambda container: container.add_scoped(Own)) == [
        (
            CyclicProviderError,
            f"Own.__init__ ({place(Own.__init__)}): the provider of Own needs itself.\n  Needed by: Own -> Own\n{HINT}",
        )
    ]


def test_of_several_lifetimes() -> None:
    """A circle is told as one, also where its services would not live equally long."""

    def register(container: Container) -> None:
        container.add_scoped(First)
        container.add_singleton(Second)
        container.add_transient(Third)

    assert mistakes_of(register) == [
        (
            CyclicProviderError,
            f"First.__init__ ({place(First.__init__)}): the provider of First needs itself.\n"
            f"  Needed by: First -> Second -> Third -> First\n{HINT}",
        )
    ]


def test_a_decorator_is_none() -> None:
    """A provider of a qualified registration may need the plain one of the same type."""

    class Clock:
        """Something to provide."""

    def make_slow(clock: Clock) -> Clock:
        return clock

    def register(container: Container) -> None:
        container.add_singleton(Clock)
        container.add_singleton(Clock, make_slow, qualifier="slow")

    assert mistakes_of(register) == []
