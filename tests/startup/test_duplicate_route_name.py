"""DuplicateRouteNameError: two handlers share one route name."""

from framework import Controller, Router, get
from framework.errors import DuplicateRouteNameError
from tests.startup.expected import mistakes, place

HINT = "  Hint: give one of them another name=."


def test_two_handlers() -> None:
    """A name asks for one handler's URL."""

    class Orders(Controller):
        @get("/a", name="orders")
        async def first(self) -> str:
            return ""

        @get("/b", name="orders")
        async def second(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            DuplicateRouteNameError,
            f"Orders.second ({place(Orders.second)}): the route name 'orders' is also that of "
            f"Orders.first ({place(Orders.first)}).\n{HINT}",
        )
    ]


def test_a_name_that_another_handler_has_by_default() -> None:
    """A handler's default name is taken too."""

    class Orders(Controller):
        @get("/a")
        async def first(self) -> str:
            return ""

        @get("/b", name="Orders.first")
        async def second(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            DuplicateRouteNameError,
            f"Orders.second ({place(Orders.second)}): the route name 'Orders.first' is also that of "
            f"Orders.first ({place(Orders.first)}).\n{HINT}",
        )
    ]


def test_what_is_no_duplicate() -> None:
    """The paths of one handler share its name, and routers tell two mounts of one controller apart."""

    class Orders(Controller):
        @get("/a", "/b", name="orders")
        async def search(self) -> str:
            return ""

    assert mistakes(Router("/v1", [Orders], name="v1"), Router("/v2", [Orders], name="v2")) == []
