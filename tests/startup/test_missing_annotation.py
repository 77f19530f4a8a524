"""MissingAnnotationError: a parameter that must be filled says no type."""

from framework import Controller, get
from framework.errors import MissingAnnotationError
from tests.startup.expected import mistakes, mistakes_of, place


class Clock:
    """Something to provide."""


def test_a_handlers_parameter() -> None:
    """A handler's parameter without a type cannot be bound."""

    class Orders(Controller):
        @get("/{order_id}")
        async def show(self, order_id) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(order_id)

    assert mistakes(Orders) == [
        (
            MissingAnnotationError,
            f"Orders.show ({place(Orders.show)}), parameter 'order_id': it has no type annotation.\n"
            "  Hint: annotate it, for example order_id: int.",
        )
    ]


def test_a_handlers_parameter_with_a_default() -> None:
    """A default says nothing of the type that a request's text should become."""

    class Orders(Controller):
        @get()
        async def search(self, limit=20) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(limit)

    assert mistakes(Orders) == [
        (
            MissingAnnotationError,
            f"Orders.search ({place(Orders.search)}), parameter 'limit': it has no type annotation.\n"
            "  Hint: annotate it, for example limit: int.",
        )
    ]


def test_the_request() -> None:
    """A parameter that means the request is told what the request's type is."""

    class Orders(Controller):
        @get()
        async def search(self, request) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(request)

    assert mistakes(Orders) == [
        (
            MissingAnnotationError,
            f"Orders.search ({place(Orders.search)}), parameter 'request': it has no type annotation.\n"
            "  Hint: annotate it, for example request: Request.",
        )
    ]


def test_a_controllers_constructor() -> None:
    """A constructor is injected by types."""

    class Orders(Controller):
        def __init__(self, clock) -> None:  # type: ignore[no-untyped-def]  # the mistake
            self.clock = clock

        @get()
        async def search(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            MissingAnnotationError,
            f"Orders.__init__ ({place(Orders.__init__)}), parameter 'clock': it has no type annotation.\n"
            "  Hint: annotate it, for example clock: int.",
        )
    ]


def test_a_provider() -> None:
    """A factory's parameters are injected by types."""

    def make_clock(zone) -> Clock:  # type: ignore[no-untyped-def]  # the mistake
        raise NotImplementedError(zone)

    assert mistakes_of(lambda container: container.add_scoped(Clock, make_clock)) == [
        (
            MissingAnnotationError,
            f"make_clock ({place(make_clock)}), parameter 'zone': it has no type annotation.\n"
            "  Hint: annotate it, for example zone: int.",
        )
    ]


def test_a_default_will_do_for_a_provider() -> None:
    """What a factory or constructor has a default for, nobody has to provide."""

    def make_clock(zone="UTC") -> Clock:  # type: ignore[no-untyped-def]  # nothing asks for its type
        raise NotImplementedError(zone)

    assert mistakes_of(lambda container: container.add_scoped(Clock, make_clock)) == []
