"""UnresolvedAnnotationError: an annotation names what cannot be found."""

from framework import Controller, get
from framework.errors import UnresolvedAnnotationError
from tests.startup.expected import mistakes, mistakes_of, place

HINT = "  Hint: import the name at module level, not under TYPE_CHECKING, where the function is defined."


def test_a_handlers_parameter_and_return_type() -> None:
    """A name that only a type checker knows cannot be resolved at run time."""

    class Orders(Controller):
        @get("/{order_id}")
        async def show(self, order_id: "OrderId") -> str:  # type: ignore[name-defined]
            return str(order_id)

        @get()
        async def search(self) -> "OrderList":  # type: ignore[name-defined]
            return None

    assert mistakes(Orders) == [
        (
            UnresolvedAnnotationError,
            f"Orders.show ({place(Orders.show)}): "
            f"its annotations cannot be resolved (name 'OrderId' is not defined).\n{HINT}",
        ),
        (
            UnresolvedAnnotationError,
            f"Orders.search ({place(Orders.search)}): "
            f"its annotations cannot be resolved (name 'OrderList' is not defined).\n{HINT}",
        ),
    ]


def test_a_controllers_constructor() -> None:
    """A constructor is told once, however many handlers the controller has."""

    class Orders(Controller):
        def __init__(self, clock: "Clock") -> None:  # type: ignore[name-defined]
            self.clock = clock

        @get("/a")
        async def first(self) -> str:
            return ""

        @get("/b")
        async def second(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            UnresolvedAnnotationError,
            f"Orders.__init__ ({place(Orders.__init__)}): "
            f"its annotations cannot be resolved (name 'Clock' is not defined).\n{HINT}",
        )
    ]


def test_a_provider() -> None:
    """A factory's annotations are resolved where the factory is defined."""

    class Clock:
        """Something to provide."""

    def make_clock(zone: "Zone") -> Clock:  # type: ignore[name-defined]
        raise NotImplementedError(zone)

    assert mistakes_of(lambda container: container.add_scoped(Clock, make_clock)) == [
        (
            UnresolvedAnnotationError,
            f"make_clock ({place(make_clock)}): "
            f"its annotations cannot be resolved (name 'Zone' is not defined).\n{HINT}",
        )
    ]


def test_text_that_is_no_type() -> None:
    """A text that is not an annotation at all is told with Python's own reason."""

    class Orders(Controller):
        @get()
        async def search(self) -> "list[":  # type: ignore[valid-type]
            raise NotImplementedError

    assert mistakes(Orders) == [
        (
            UnresolvedAnnotationError,
            f"Orders.search ({place(Orders.search)}): its annotations cannot be resolved "
            f"(Forward reference must be an expression -- got 'list[').\n{HINT}",
        )
    ]
