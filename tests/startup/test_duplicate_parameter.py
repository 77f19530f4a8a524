"""DuplicateParameterError: one name of the request is read with two types."""

from typing import Annotated

from msgspec import Struct

from framework import Container, Controller, Header, Query, get
from framework.errors import DuplicateParameterError
from tests.startup.expected import mistakes, place

HINT = "  Hint: give both the same type, or one of them another name on the wire."


class Page(Struct):
    """A model that reads ``number`` and ``size``."""

    number: int = 1
    size: int | None = None


class Tenant:
    """Who asks."""


def test_two_parameters_of_a_handler() -> None:
    """A name on the wire has one type on a route."""

    class Orders(Controller):
        @get()
        async def search(self, first: Annotated[int, Query(name="x")], second: Annotated[str, Query(name="x")]) -> str:
            return f"{first} {second}"

    assert mistakes(Orders) == [
        (
            DuplicateParameterError,
            f"Orders.search ({place(Orders.search)}): "
            f"the query parameter 'x' is read with different types: int, str.\n{HINT}",
        )
    ]


def test_a_handler_and_a_provider() -> None:
    """A provider's header and the handler's are the same header, whatever their case."""

    def find_tenant(tenant: Annotated[str, Header(name="X-Tenant")]) -> Tenant:
        raise NotImplementedError(tenant)

    class Orders(Controller):
        @get()
        async def search(self, x_tenant: Annotated[int, Header()], owner: Tenant) -> str:
            return f"{x_tenant} {owner}"

    container = Container()
    container.add_scoped(Tenant, find_tenant)
    assert mistakes(Orders, container=container) == [
        (
            DuplicateParameterError,
            f"Orders.search ({place(Orders.search)}): "
            f"the header parameter 'x-tenant' is read with different types: int, str.\n{HINT}",
        )
    ]


def test_a_model_and_a_parameter() -> None:
    """A model's field and a parameter of its name are compared by their own types."""

    class Orders(Controller):
        @get()
        async def search(self, page: Annotated[Page, Query()], number: str) -> str:
            return f"{page} {number}"

    assert mistakes(Orders) == [
        (
            DuplicateParameterError,
            f"Orders.search ({place(Orders.search)}): "
            f"the query parameter 'number' is read with different types: a field of Page, str.\n{HINT}",
        )
    ]


def test_what_is_no_contradiction() -> None:
    """The same type twice, optional or not, alone or in a model, is read twice."""

    class Orders(Controller):
        @get()
        async def search(
            self,
            page: Annotated[Page, Query()],
            number: int,
            size: int | None = None,
            again: Annotated[int | None, Query(name="number")] = None,
            number_in_header: Annotated[str, Header(name="number")] = "",
        ) -> str:
            return f"{page} {number} {size} {again} {number_in_header}"

    assert mistakes(Orders) == []
