"""InvalidPathError: a path template that cannot be read."""

from typing import Any

import pytest

from framework import Controller, Router, get
from framework.errors import InvalidPathError
from tests.startup.expected import mistakes, place

LIST: Any = ["/a", "/b"]
NONE: Any = None


@pytest.mark.parametrize(
    ("path", "reason", "hint"),
    [
        ("/{", "has a brace without its partner", "write placeholders as {name}"),
        ("/a}", "has a brace without its partner", "write placeholders as {name}"),
        ("/{{a}}", "has a brace without its partner", "write placeholders as {name}"),
        ("/{a}{b}", "has two placeholders in one segment ('{a}{b}')", "put a slash between them"),
        ("/{a}-{b}", "has two placeholders in one segment ('{a}-{b}')", "put a slash between them"),
        ("/{}", "has the placeholder {}, which is not a Python name", "use letters, digits and _"),
        ("/{1a}", "has the placeholder {1a}, which is not a Python name", "use letters, digits and _"),
        ("/{a b}", "has the placeholder {a b}, which is not a Python name", "use letters, digits and _"),
        ("/{a.b}", "has the placeholder {a.b}, which is not a Python name", "use letters, digits and _"),
        ("/{class}", "has the placeholder {class}, which is not a Python name", "use letters, digits and _"),
        (
            "/{a:int}",
            "has the placeholder {a:int}",
            "write {name}, or {name:path} as a whole last segment; the type comes from the handler's annotation",
        ),
        (
            "/x{a:path}",
            "has the placeholder {a:path}",
            "write {name}, or {name:path} as a whole last segment; the type comes from the handler's annotation",
        ),
        (
            "/{a:}",
            "has the placeholder {a:}",
            "write {name}, or {name:path} as a whole last segment; the type comes from the handler's annotation",
        ),
        ("/{a:path}/x", "goes on after its rest-of-path placeholder", "put {…:path} last"),
        ("/{a}/x/{a}", "has the placeholder {a} twice", "give each placeholder a name of its own"),
        ("/a?b=1", "holds '?' or '#', which end a path", "declare what follows as a parameter"),
        ("/{a}#b", "holds '?' or '#', which end a path", "declare what follows as a parameter"),
        ("/a%20b", "holds '%'", "write the character itself; paths are encoded when they are compared"),
        ("/a/../b", "holds the segment '..', which clients resolve", "write the intended path"),
        ("/a/./b", "holds the segment '.', which clients resolve", "write the intended path"),
        ("/orders/:id", "holds the segment ':id'", "write placeholders as {name}"),
        ("/orders/<int:id>", "holds the segment '<int:id>'", "write placeholders as {name}"),
        ("/a//b", "has an empty segment", "write the path alone, with single slashes"),
    ],
)
def test_a_template(path: str, reason: str, hint: str) -> None:
    """Every template that cannot be read, or that no request can meet, is told with what is wrong with it."""

    class Orders(Controller):
        @get(path)
        async def show(self) -> str:
            return ""

    shown = repr(path)
    assert mistakes(Orders) == [
        (
            InvalidPathError,
            f"Orders.show ({place(Orders.show)}): the path {shown} {reason}.\n  Hint: {hint}.",
        )
    ]


def test_all_paths_of_all_handlers() -> None:
    """One path that cannot be read hides no other, neither of its handler nor of its controller."""

    class Orders(Controller):
        path = "/orders"

        @get("/{", "/good", "/}")
        async def show(self) -> str:
            return ""

        @get("/{a}{b}")
        async def search(self) -> str:
            return ""

    where, other = f"Orders.show ({place(Orders.show)})", f"Orders.search ({place(Orders.search)})"
    hint = "  Hint: write placeholders as {name}."
    assert mistakes(Orders) == [
        (InvalidPathError, f"{where}: the path '/orders/{{' has a brace without its partner.\n{hint}"),
        (InvalidPathError, f"{where}: the path '/orders/}}' has a brace without its partner.\n{hint}"),
        (
            InvalidPathError,
            f"{other}: the path '/orders/{{a}}{{b}}' has two placeholders in one segment ('{{a}}{{b}}').\n"
            "  Hint: put a slash between them.",
        ),
    ]


def test_what_is_no_text() -> None:
    """Several paths are given one by one, not as a list."""

    class Orders(Controller):
        @get(LIST)
        async def show(self) -> str:
            return ""

        @get(NONE)
        async def search(self) -> str:
            return ""

    hint = '  Hint: give the paths one by one: @get("/a", "/b").'
    assert mistakes(Orders) == [
        (InvalidPathError, f"Orders.show ({place(Orders.show)}): the path ['/a', '/b'] is not text.\n{hint}"),
        (InvalidPathError, f"Orders.search ({place(Orders.search)}): the path None is not text.\n{hint}"),
    ]


def test_a_mistake_in_a_prefix() -> None:
    """A prefix that cannot be read is told by the handlers below it."""

    class Orders(Controller):
        path = "orders/{"

        @get("/{order_id}")
        async def show(self, order_id: int) -> str:
            return str(order_id)

    assert mistakes(Router("/v1", [Orders])) == [
        (
            InvalidPathError,
            f"Orders.show ({place(Orders.show)}): the path '/v1/orders/{{/{{order_id}}' "
            "has a brace without its partner.\n"
            "  Hint: write placeholders as {name}.",
        )
    ]
