"""DuplicateProviderError: one type is registered twice under one qualifier."""

from framework import Container
from framework.errors import DuplicateProviderError
from tests.startup.expected import after, mistakes_of

HINT = "  Hint: drop one of the registrations, or tell them apart with qualifier=."


class Clock:
    """Something to provide."""


def test_twice() -> None:
    """The second registration is told where it stands, with the place of the first; lifetimes do not count."""

    def register(container: Container) -> None:
        container.add_singleton(Clock)
        container.add_scoped(Clock, lambda: Clock())
        container.add_instance(Clock, Clock())

    first = after(register, 1)
    assert mistakes_of(register) == [
        (
            DuplicateProviderError,
            f"{after(register, 2)}: Clock is registered more than once (first at {first}).\n{HINT}",
        ),
        (
            DuplicateProviderError,
            f"{after(register, 3)}: Clock is registered more than once (first at {first}).\n{HINT}",
        ),
    ]


def test_under_one_qualifier() -> None:
    """A qualifier tells registrations apart, and is taken once as well."""

    def register(container: Container) -> None:
        container.add_singleton(Clock)
        container.add_singleton(Clock, qualifier="slow")
        container.add_singleton(Clock, qualifier="slow")

    assert mistakes_of(register) == [
        (
            DuplicateProviderError,
            f"{after(register, 3)}: Clock is registered more than once with qualifier 'slow' "
            f"(first at {after(register, 2)}).\n{HINT}",
        )
    ]


def test_an_override_is_none() -> None:
    """An override stands in the place of a registration, not beside it."""
    container = Container()
    container.add_singleton(Clock)

    def register(_: Container) -> None:
        """Leave the container as it is."""

    with container.override(Clock, instance=Clock()), container.override(Clock, lambda: Clock()):
        assert len(container.registrations()) == 1
    assert mistakes_of(register) == []
