"""MissingReturnAnnotationError: a handler does not say what it answers."""

from framework import Controller, get
from framework.errors import MissingReturnAnnotationError
from tests.startup.expected import mistakes, mistakes_of, place


def test_a_handler() -> None:
    """The return annotation chooses the encoder, so it must be there."""

    class Orders(Controller):
        @get()
        async def search(self, limit: int = 20):  # type: ignore[no-untyped-def]  # the mistake
            return limit

    assert mistakes(Orders) == [
        (
            MissingReturnAnnotationError,
            f"Orders.search ({place(Orders.search)}): it has no return annotation.\n"
            "  Hint: annotate the return type, for example -> Order, or -> None for 204 No Content.",
        )
    ]


def test_a_lambda_as_factory_needs_none() -> None:
    """A factory is registered for a type already."""

    class Clock:
        """Something to provide."""

    assert mistakes_of(lambda container: container.add_singleton(Clock, lambda: Clock())) == []
