"""LayerOrderError: a middleware of the catalogue that stands too far in."""

from typing import Any, ClassVar

from aiohttp import web

from framework import App, Controller, Router, get
from framework.errors import LayerOrderError
from framework.layers import Layer, Steps
from framework.routing import RouteInfo
from tests.startup.expected import after, mistakes, place, told


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Respond."""
        return ""


class First(Layer):
    """The outermost."""

    rank: ClassVar[int | None] = 10

    def compile(self, _: RouteInfo | None) -> Steps | None:
        """Do nothing."""
        return None


class Second(First):
    """Further in."""

    rank = 20


class Third(First):
    """The innermost."""

    rank = 30


class Anywhere(First):
    """Has no place."""

    rank = None


async def own(request: web.Request, call_next: Any) -> web.StreamResponse:
    """Be a middleware of one's own."""
    raise NotImplementedError


def test_the_order_on_one_level() -> None:
    """Each that stands too far in is reported, with the one that it must be outside of and the right order."""

    def make() -> App:
        return App([Orders], openapi=None, middlewares=[Third(), Anywhere(), First(), own, Second(), Third()])

    where = f"App ({after(make, 1)})"
    hint = "  Hint: give them in this order, from the outside in: First, Second, Third."
    assert told(make()) == [
        (LayerOrderError, f"{where}: the middleware First is inside Third.\n{hint}"),
        (LayerOrderError, f"{where}: the middleware Second is inside Third.\n{hint}"),
    ]


def test_the_order_across_levels() -> None:
    """The whole stack of each route counts; an error is reported once for all routes."""

    class Inner(Orders):
        path = "/inner"
        middlewares = (First(),)

        @get("/more", middlewares=(Second(),))
        async def more(self) -> str:
            return ""

    order = "  Hint: give them in this order, from the outside in:"
    assert mistakes(Router("/v1", [Inner], middlewares=[Third()])) == [
        (
            LayerOrderError,
            f"Inner ({place(Inner)}): the middleware First is inside Third (router /v1).\n{order} First, Third.",
        ),
        (
            LayerOrderError,
            f"Inner.more ({place(Inner.more)}): the middleware Second is inside Third (router /v1).\n"
            f"{order} First, Second, Third.",
        ),
    ]


def test_the_order_without_routes() -> None:
    """What stands around 404 is checked as well."""

    def make() -> App:
        return App([], openapi=None, middlewares=[Second(), First()])

    hint = "  Hint: give them in this order, from the outside in: First, Second."
    what = f"App ({after(make, 1)}): the middleware First is inside Second.\n{hint}"
    assert told(make()) == [(LayerOrderError, what)]


def test_right_orders() -> None:
    """Equal ranks may follow each other, and layers without one stand anywhere."""

    class Inner(Orders):
        middlewares = (Second(), Anywhere(), own, Third())

    assert mistakes(Inner, middlewares=[Anywhere(), First(), First(), own, Second(), Anywhere()]) == []
