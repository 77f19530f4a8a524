"""UnboundPlaceholderError: nobody takes a placeholder of the path."""

from typing import Annotated

from framework import Container, Controller, Path, Query, get
from framework.errors import UnboundPlaceholderError
from tests.startup.expected import mistakes, place


def test_no_parameter() -> None:
    """A placeholder without a parameter of its name is a mistake; each is told."""

    class Orders(Controller):
        path = "/customers/{customer}"

        @get("/orders/{order_id}")
        async def show(self) -> str:
            return ""

    what = "no parameter takes the placeholder {%s} of the path '/customers/{customer}/orders/{order_id}'"
    assert mistakes(Orders) == [
        (
            UnboundPlaceholderError,
            f"Orders.show ({place(Orders.show)}): {what % 'customer'}.\n"
            "  Hint: add a parameter named 'customer', or take the placeholder out of the path.",
        ),
        (
            UnboundPlaceholderError,
            f"Orders.show ({place(Orders.show)}): {what % 'order_id'}.\n"
            "  Hint: add a parameter named 'order_id', or take the placeholder out of the path.",
        ),
    ]


def test_a_parameter_that_is_marked_otherwise() -> None:
    """A parameter of the right name that is read elsewhere is told by its marker."""

    class Orders(Controller):
        @get("/{order_id}")
        async def show(self, order_id: Annotated[int, Query()]) -> str:
            return str(order_id)

    assert mistakes(Orders) == [
        (
            UnboundPlaceholderError,
            f"Orders.show ({place(Orders.show)}): no parameter takes the placeholder {{order_id}} "
            "of the path '/{order_id}'.\n"
            "  Hint: take Query() from the parameter 'order_id', or take the placeholder out of the path.",
        )
    ]


def test_one_path_of_several() -> None:
    """A placeholder of one path only, whose parameter has no default on the other, is told for the other."""

    class Orders(Controller):
        @get("/{order_id}", "/of/{customer}")
        async def show(self, order_id: int = 0) -> str:
            return str(order_id)

    assert mistakes(Orders) == [
        (
            UnboundPlaceholderError,
            f"Orders.show ({place(Orders.show)}): no parameter takes the placeholder {{customer}} "
            "of the path '/of/{customer}'.\n"
            "  Hint: add a parameter named 'customer', or take the placeholder out of the path.",
        )
    ]


def test_a_provider_takes_it() -> None:
    """A placeholder that a provider takes is taken."""

    class Tenant:
        """Who asks."""

    def find_tenant(tenant: Annotated[str, Path()]) -> Tenant:
        raise NotImplementedError(tenant)

    class Orders(Controller):
        path = "/{tenant}"

        @get("/orders")
        async def search(self, owner: Tenant) -> str:
            return str(owner)

    container = Container()
    container.add_scoped(Tenant, find_tenant)
    assert mistakes(Orders, container=container) == []
