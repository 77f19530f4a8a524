"""BodyNotAllowedError: a body on a method that has none."""

from typing import Annotated

from msgspec import Struct

from framework import Body, Controller, Patch, get, head, route
from framework.errors import BodyNotAllowedError
from tests.startup.expected import mistakes, place


class Page(Struct):
    """What a search is told."""

    number: int = 1


def test_a_struct_on_get() -> None:
    """A type with fields is a body, and GET has none; its fields can be spread over the query."""

    class Orders(Controller):
        @get()
        async def search(self, page: Page) -> str:
            return str(page)

    assert mistakes(Orders) == [
        (
            BodyNotAllowedError,
            f"Orders.search ({place(Orders.search)}), parameter 'page': "
            "Page would be the request body, and GET has none.\n"
            "  Hint: spread its fields over the query with Annotated[Page, Query()], "
            "or register the type in the container.",
        )
    ]


def test_other_types() -> None:
    """What else would be a body is answered with what it could be in the query, or not at all."""

    class Orders(Controller):
        @head("/a")
        async def marked(self, limit: Annotated[int, Body()]) -> None:
            raise NotImplementedError(limit)

        @get("/b")
        async def mapping(self, where: dict[str, int]) -> str:
            return str(where)

        @get("/c")
        async def rows(self, pages: list[Page]) -> str:
            return str(pages)

    assert mistakes(Orders) == [
        (
            BodyNotAllowedError,
            f"Orders.marked ({place(Orders.marked)}), parameter 'limit': "
            "int would be the request body, and HEAD has none.\n"
            "  Hint: read it from the query with Annotated[int, Query()].",
        ),
        (
            BodyNotAllowedError,
            f"Orders.mapping ({place(Orders.mapping)}), parameter 'where': "
            "dict[str, int] would be the request body, and GET has none.\n"
            '  Hint: read it from the query with Annotated[dict[str, int], Query(style="deepObject")].',
        ),
        (
            BodyNotAllowedError,
            f"Orders.rows ({place(Orders.rows)}), parameter 'pages': "
            "list[Page] would be the request body, and GET has none.\n"
            "  Hint: serve POST, PUT, PATCH or DELETE.",
        ),
    ]


def test_patch_is_no_query() -> None:
    """The class of a patch cannot be written, so that no marker is named for it."""

    class Orders(Controller):
        @get()
        async def search(self, change: Patch[Page]) -> str:
            return str(change)

    assert mistakes(Orders) == [
        (
            BodyNotAllowedError,
            f"Orders.search ({place(Orders.search)}), parameter 'change': "
            "PatchOfPage would be the request body, and GET has none.\n"
            "  Hint: serve PATCH.",
        )
    ]


def test_one_method_of_several() -> None:
    """A handler for several methods is told for those that have no body."""

    class Orders(Controller):
        @route(methods=("GET", "POST"))
        async def search(self, page: Page) -> str:
            return str(page)

    assert mistakes(Orders) == [
        (
            BodyNotAllowedError,
            f"Orders.search ({place(Orders.search)}), parameter 'page': "
            "Page would be the request body, and GET has none.\n"
            "  Hint: spread its fields over the query with Annotated[Page, Query()], "
            "or register the type in the container.",
        )
    ]
