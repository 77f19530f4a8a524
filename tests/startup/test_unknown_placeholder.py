"""UnknownPlaceholderError: a path parameter whose placeholder the path has not."""

from typing import Annotated

from framework import Container, Controller, Path, get
from framework.errors import UnknownPlaceholderError
from tests.startup.expected import mistakes, place


def test_a_marker_without_a_placeholder() -> None:
    """Path() names a placeholder, its own name or the parameter's."""

    class Orders(Controller):
        @get("/orders")
        async def show(
            self, order_id: Annotated[int, Path()], customer: Annotated[int, Path(name="customer-id")]
        ) -> str:
            return f"{order_id} {customer}"

    assert mistakes(Orders) == [
        (
            UnknownPlaceholderError,
            f"Orders.show ({place(Orders.show)}), parameter 'order_id': the path '/orders' "
            "has no placeholder {order_id}.\n"
            "  Hint: add {order_id} to the path, or drop the Path() marker.",
        ),
        (
            UnknownPlaceholderError,
            f"Orders.show ({place(Orders.show)}), parameter 'customer': the path '/orders' "
            "has no placeholder {customer-id}.\n"
            "  Hint: add {customer-id} to the path, or drop the Path() marker.",
        ),
    ]


def test_another_path_of_the_handler() -> None:
    """What one path of a handler has not needs a default there."""

    class Orders(Controller):
        @get("/orders/{order_id}", "/latest")
        async def show(self, order_id: int) -> str:
            return str(order_id)

    assert mistakes(Orders) == [
        (
            UnknownPlaceholderError,
            f"Orders.show ({place(Orders.show)}), parameter 'order_id': the path '/latest' "
            "has no placeholder {order_id}.\n"
            "  Hint: add {order_id} to the path, or give the parameter a default.",
        )
    ]


def test_a_provider_on_a_path_without_it() -> None:
    """A provider that reads a placeholder is told with the path of the route that needs it."""

    class Tenant:
        """Who asks."""

    def find_tenant(tenant: Annotated[str, Path()]) -> Tenant:
        raise NotImplementedError(tenant)

    class Orders(Controller):
        @get("/orders")
        async def search(self, owner: Tenant) -> str:
            return str(owner)

    container = Container()
    container.add_scoped(Tenant, find_tenant)
    assert mistakes(Orders, container=container) == [
        (
            UnknownPlaceholderError,
            f"find_tenant ({place(find_tenant)}), parameter 'tenant': "
            "the path '/orders' has no placeholder {tenant}.\n"
            "  Needed by: Orders.search -> Tenant\n"
            "  Hint: add {tenant} to the path, or drop the Path() marker.",
        )
    ]
