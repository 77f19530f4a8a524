"""DuplicateRouteError: two handlers answer one method on one path."""

import pytest

from framework import App, Controller, OpenAPI, Router, get, head, options, post, route
from framework.errors import DuplicateRouteError
from tests.startup.expected import mistakes, place, told

HINT = "  Hint: change the path or the method of one of them."


def test_placeholder_names_do_not_count() -> None:
    """{id} and {user_id} match the same paths; the other path is named beside the other handler."""

    class Users(Controller):
        @get("/users/{id}")
        async def by_id(self, id: int) -> str:  # noqa: A002  the placeholder's name
            return str(id)

        @get("/users/{user_id}")
        async def by_user(self, user_id: int) -> str:
            return str(user_id)

    assert mistakes(Users) == [
        (
            DuplicateRouteError,
            f"Users.by_user ({place(Users.by_user)}): GET /users/{{user_id}} is also handled by "
            f"Users.by_id ({place(Users.by_id)}) as /users/{{id}}.\n{HINT}",
        )
    ]


def test_across_controllers_and_routers() -> None:
    """Paths are compared whole, however they were joined."""

    class First(Controller):
        path = "/v1/orders"

        @get("/")
        async def search(self) -> str:
            return ""

    class Second(Controller):
        @get("orders")
        async def list_all(self) -> str:
            return ""

    assert mistakes(First, Router("/v1/", [Second])) == [
        (
            DuplicateRouteError,
            f"Second.list_all ({place(Second.list_all)}): GET /v1/orders is also handled by "
            f"First.search ({place(First.search)}).\n{HINT}",
        )
    ]


def test_one_handler_twice() -> None:
    """A path given twice, a decorator stacked twice and a controller mounted twice are duplicates too."""

    class Orders(Controller):
        @get("/a", "/a")
        async def first(self) -> str:
            return ""

        @get("/b")
        @get("/b")
        async def second(self) -> str:
            return ""

    class Items(Controller):
        @get("/items")
        async def search(self) -> str:
            return ""

    assert mistakes(Orders, Items, Items) == [
        (
            DuplicateRouteError,
            f"{where}: GET {path} is also handled by itself: its controller is given twice, or it has two decorators "
            "for one path.\n"
            "  Hint: take one of them out, or give the controller below two Routers with paths of their own.",
        )
        for where, path in (
            (f"Orders.first ({place(Orders.first)})", "/a"),
            (f"Orders.second ({place(Orders.second)})", "/b"),
            (f"Items.search ({place(Items.search)})", "/items"),
        )
    ]


def test_the_document_s_own_path() -> None:
    """A handler on the path of the document is told as the mistake, not the framework's own handler."""

    class Documents(Controller):
        @get("/openapi.json")
        async def show(self) -> str:
            return ""

    ((kind, text),) = told(App([Documents], openapi=OpenAPI()))
    assert kind is DuplicateRouteError
    assert text.startswith(
        f"Documents.show ({place(Documents.show)}): GET /openapi.json is also handled by OpenAPIController.document ("
    )
    assert text.endswith(f").\n{HINT}")


@pytest.mark.parametrize(
    ("openapi", "own"),
    [
        (OpenAPI(docs_path="/page"), "SwaggerUIController"),
        (OpenAPI(redoc_path="/page"), "ReDocController"),
        (OpenAPI(scalar_path="/page"), "ScalarController"),
    ],
)
def test_a_page_s_own_path(openapi: OpenAPI, own: str) -> None:
    """A handler on the path of a page is told as the mistake, too."""

    class Pages(Controller):
        @get("/page")
        async def show(self) -> str:
            return ""

    ((kind, text),) = told(App([Pages], openapi=openapi))
    assert kind is DuplicateRouteError
    assert text.startswith(f"Pages.show ({place(Pages.show)}): GET /page is also handled by {own}.index (")
    assert text.endswith(f").\n{HINT}")


def test_what_is_no_duplicate() -> None:
    """Methods differ, affixes differ, and handlers of one's own for HEAD and OPTIONS replace the automatic ones."""

    class Orders(Controller):
        @get("/{order_id}")
        async def show(self, order_id: int) -> str:
            return str(order_id)

        @get("/{order_id}.pdf")
        async def download(self, order_id: int) -> str:
            return str(order_id)

        @post("/{order_id}")
        async def change(self, order_id: int) -> str:
            return str(order_id)

        @head("/{order_id}")
        async def look(self, order_id: int) -> None:
            raise NotImplementedError(order_id)

        @options("/{order_id}")
        async def ask(self, order_id: int) -> None:
            raise NotImplementedError(order_id)

        @route("/{order_id:path}", methods=("GET", "get"))
        async def rest(self, order_id: str) -> str:
            return order_id

    assert mistakes(Orders) == []
