"""Pages: the parameters, the bodies and the links to the other parts."""

from typing import Annotated, Any

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import App, Controller, Query, Response, get
from framework.http_errors import UnprocessableContent
from framework.pagination import Cursor, CursorPaging, Page, Paging, decode_cursor, encode_cursor
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, fault, invalid

SECRET = b"a secret of the test"


class Item(Struct, frozen=True):
    """One of a list."""

    number: int


LIST = [Item(number) for number in range(45)]


class ItemController(Controller):
    """Lists items in parts."""

    @get("/items")
    async def page(self, paging: Annotated[Paging, Query()], only: tuple[str, ...] = ()) -> Page[Item]:
        """Return a page."""
        assert isinstance(only, tuple)
        return paging.page(LIST[paging.offset : paging.offset + paging.limit], len(LIST))

    @get("/empty")
    async def empty(self, paging: Annotated[Paging, Query()]) -> Page[Item] | None:
        """Return a page of nothing, or nothing."""
        return paging.page([], 0) if paging.offset == 0 else None

    @get("/wrapped")
    async def wrapped(self, paging: Annotated[Paging, Query()]) -> Response[Page[Item]]:
        """Return a page in a response."""
        return Response(paging.page(LIST[:1], 1), headers={"Link": '</>; rel="home"'})

    @get("/cursor")
    async def cursor(self, paging: Annotated[CursorPaging, Query()], only: str = "") -> Cursor[Item]:
        """Return what follows a number."""
        assert isinstance(only, str)
        after = paging.after(int, secret=SECRET)
        start = 0 if after is None else after + 1
        items = LIST[start : start + paging.limit]
        more = start + paging.limit < len(LIST)
        return Cursor(items=items, next=encode_cursor(items[-1].number, secret=SECRET) if more else None)


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the controller."""
    return await serve(app_of(ItemController))


def links(answer: Any) -> dict[str, str]:
    """Return the targets of a Link header by their relations."""
    parts = [one.split("; ") for one in ", ".join(answer.headers.getall("Link")).split(", ")]
    return {relation.removeprefix('rel="').removesuffix('"'): target[1:-1] for target, relation in parts}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"first": (20, 0), "next": (20, 20), "last": (20, 40)}),
        ("?offset=20", {"first": (20, 0), "prev": (20, 0), "next": (20, 40), "last": (20, 40)}),
        ("?offset=40", {"first": (20, 0), "prev": (20, 20), "last": (20, 40)}),
        ("?limit=45", {"first": (45, 0), "last": (45, 0)}),
        ("?limit=15", {"first": (15, 0), "next": (15, 15), "last": (15, 30)}),
        ("?limit=20&offset=5", {"first": (20, 0), "prev": (20, 0), "next": (20, 25), "last": (20, 25)}),
        ("?limit=20&offset=1000", {"first": (20, 0), "prev": (20, 40), "last": (20, 40)}),
    ],
)
async def test_links_to_the_other_parts(server: TestServer, query: str, expected: dict[str, tuple[int, int]]) -> None:
    """First and last always, prev and next where there is one."""
    answer = await ask(server, "GET", f"/items{query}")
    assert links(answer) == {
        relation: f"/items?limit={limit}&offset={offset}" for relation, (limit, offset) in expected.items()
    }


async def test_the_body(server: TestServer) -> None:
    """The items, and where they stand in the whole."""
    answer = await ask(server, "GET", "/items?limit=2&offset=44")
    assert answer.json == {"items": [{"number": 44}], "total": 45, "limit": 2, "offset": 44}


async def test_other_parameters_are_kept(server: TestServer) -> None:
    """Repeated and escaped ones as well; what could end the header or the URL stays escaped."""
    answer = await ask(server, "GET", "/items?only=a%20b&offset=20&only=%3E%22%0D%0A&only=%C3%A9&limit=40")
    first = links(answer)["first"]
    assert first.startswith("/items?only=a+b&only=")
    assert not set('<>"\r\n ') & set(first)
    again = await ask(server, "GET", first)
    assert again.status == 200
    assert again.json["offset"] == 0


async def test_an_empty_list_and_none(server: TestServer) -> None:
    """There is one part, with nothing in it; null has no links."""
    answer = await ask(server, "GET", "/empty")
    assert links(answer) == {"first": "/empty?limit=20&offset=0", "last": "/empty?limit=20&offset=0"}
    assert "Link" not in (await ask(server, "GET", "/empty?offset=1")).headers


async def test_in_a_response(server: TestServer) -> None:
    """The links stand beside those that the handler has set."""
    answer = await ask(server, "GET", "/wrapped")
    assert links(answer) == {"home": "/", "first": "/wrapped?limit=20&offset=0", "last": "/wrapped?limit=20&offset=0"}


async def test_head_has_the_links(server: TestServer) -> None:
    """HEAD answers with the headers of GET."""
    answer = await ask(server, "HEAD", "/items")
    assert answer.body == b""
    assert set(links(answer)) == {"first", "next", "last"}


async def test_the_limits_of_the_parameters(server: TestServer) -> None:
    """No more than 100 items, no negative offset."""
    answer = await ask(server, "GET", "/items?limit=101&offset=-1")
    assert answer.problem == invalid(
        "/items",
        fault("query", "/limit", "constraint", "Expected `int` <= 100"),
        fault("query", "/offset", "constraint", "Expected `int` >= 0"),
    )


async def test_a_list_by_cursors(server: TestServer) -> None:
    """Following next visits everything once; prev is not known here."""
    seen: list[int] = []
    target = "/cursor?limit=20&only=x"
    while target:
        answer = await ask(server, "GET", target)
        seen += [one["number"] for one in answer.json["items"]]
        known = links(answer)
        assert known["first"] == "/cursor?limit=20&only=x"
        target = known.get("next", "")
    assert seen == [one.number for one in LIST]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        "",
        "e30",
        "é",
        encode_cursor(3),
        encode_cursor(3, secret=b"another"),
        encode_cursor("text", secret=SECRET),
        encode_cursor(3, secret=SECRET) + "=",
        encode_cursor(3, secret=SECRET)[:-1],
        "A" * 1024,
    ],
)
async def test_a_cursor_that_nobody_gave(server: TestServer, cursor: str) -> None:
    """A forged, broken or foreign cursor is a fault at its parameter."""
    answer = await ask(server, "GET", f"/cursor?cursor={cursor.replace('é', '%C3%A9')}")
    assert answer.problem == invalid("/cursor", fault("query", "/cursor", "value", "Expected a cursor of this list"))


def test_cursors_hold_any_value() -> None:
    """What JSON can hold goes round, signed or not, without a character that a URL would escape."""
    for secret in (None, SECRET):
        for value in ([1, "ü"], {"a": None}, "x" * 100, 3.5):
            text = encode_cursor(value, secret=secret)
            assert text.replace("-", "").replace("_", "").isalnum()
            assert decode_cursor(text, type(value), secret=secret) == value
    with pytest.raises(UnprocessableContent):
        decode_cursor(encode_cursor([1]), int)


async def test_in_the_document(serve: Serve) -> None:
    """A component for each kind of page, the parameters with their limits, and the header."""
    server = await serve(App([ItemController]))
    document = (await ask(server, "GET", "/openapi.json")).json
    for path, name in (("/items", "PageOfItem"), ("/cursor", "CursorOfItem"), ("/wrapped", "PageOfItem")):
        success = document["paths"][path]["get"]["responses"]["200"]
        schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        assert success["content"] == {"application/json": schema, "application/msgpack": schema}
        assert success["headers"]["Link"] == {
            "description": "The other parts of the list, each a URL with its relation (RFC 8288).",
            "schema": {"type": "string"},
        }
    assert set(document["components"]["schemas"]["PageOfItem"]["properties"]) == {"items", "total", "limit", "offset"}
    parameters = {one["name"]: one["schema"] for one in document["paths"]["/items"]["get"]["parameters"]}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
