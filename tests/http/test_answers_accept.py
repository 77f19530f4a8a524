"""Accept: which answer a client gets of those that there are, and 406 before anything is done."""

from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import Controller, Response, get, post
from framework.formats import JSON, MSGPACK
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem


class Order(Struct):
    """An order."""

    number: int


PLACED: list[int] = []
JSON_TYPE, MSGPACK_TYPE = "application/json", "application/msgpack"


class Orders(Controller):
    """Answers in every way."""

    @get("/order")
    async def show(self) -> Order:
        """Return an order."""
        return Order(1)

    @post("/order", status=201)
    async def place(self, order: Order) -> Response[Order]:
        """Place an order."""
        PLACED.append(order.number)
        return Response(order, headers={"X-Own": "1"})

    @get("/text")
    async def text(self) -> str:
        """Return a text."""
        return "text"

    @get("/page", media_type="text/html")
    async def page(self) -> str:
        """Return a page."""
        return "<p>text"

    @get("/icon", media_type="image/svg+xml")
    async def icon(self) -> bytes:
        """Return a picture."""
        return b"<svg/>"

    @get("/table")
    async def table(self) -> Response[str]:
        """Return a text of a type that nothing was said of."""
        return Response("a,b", media_type="text/csv")

    @get("/vendor", media_type="application/vnd.shop+json")
    async def vendor(self) -> Order | None:
        """Return an order in a type of our own."""
        return None

    @get("/either", media_type=("application/vnd.shop.v2+json", "application/json", "application/x-msgpack"))
    async def either(self) -> Order:
        """Return an order in one of three types."""
        return Order(2)

    @get("/own")
    async def own(self) -> Response[Order]:
        """Return an order as JSON, whatever the client likes."""
        return Response(Order(3), media_type="application/hal+json", headers={"Vary": "Origin"})

    @get("/nothing")
    async def nothing(self) -> None:
        """Return nothing."""


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the orders."""
    return await serve(app_of(Orders))


async def accepting(server: TestServer, target: str, *accept: str) -> Answer:
    """Ask with some Accept headers."""
    lines = "".join(f"Accept: {one}\r\n" for one in accept)
    data = make_request("GET", target).replace(b"\r\n\r\n", f"\r\n{lines}\r\n".encode())
    async with connect(server) as connection:
        return await connection.exchange(data)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ((), JSON_TYPE),
        (("",), JSON_TYPE),
        (("*/*",), JSON_TYPE),
        (("application/json",), JSON_TYPE),
        (("APPLICATION/JSON",), JSON_TYPE),
        (("application/json; charset=utf-8",), JSON_TYPE),
        (("application/*",), JSON_TYPE),
        (("application/msgpack",), MSGPACK_TYPE),
        (("application/x-msgpack",), "application/x-msgpack"),
        (("application/msgpack, application/json",), JSON_TYPE),
        (("application/msgpack, application/json;q=0.9",), MSGPACK_TYPE),
        (("application/msgpack;q=0.9,application/json;q=0.8",), MSGPACK_TYPE),
        (("*/*;q=0.1, application/msgpack",), MSGPACK_TYPE),
        (("*/*, application/json;q=0",), MSGPACK_TYPE),
        (("application/*;q=0.2, application/json;q=0.1",), MSGPACK_TYPE),
        (("*/*", "application/json;q=0"), MSGPACK_TYPE),
        (("text/html", "application/msgpack"), MSGPACK_TYPE),
        (("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",), JSON_TYPE),
        (("text/html;level=1;q=0.3, application/msgpack ; q=0.001",), MSGPACK_TYPE),
        (('text/x;a="b,application/json;q=1", application/msgpack',), MSGPACK_TYPE),
        # What is malformed is not there.
        (("json",), JSON_TYPE),
        (("application/json;q=2, application/msgpack;q=0.1",), MSGPACK_TYPE),
        (("application/json;q=-1, application/msgpack;q=0.1",), MSGPACK_TYPE),
        (("application/json garbage, application/msgpack;q=0.1",), MSGPACK_TYPE),
        (("*/json, application/msgpack;q=0.1",), MSGPACK_TYPE),
        ((",,,",), JSON_TYPE),
        (("a" * 300 + "/b, application/msgpack",), MSGPACK_TYPE),
    ],
)
async def test_the_client_chooses(server: TestServer, accept: tuple[str, ...], media_type: str) -> None:
    """Weights, wildcards, precision and order as RFC 9110, section 12.5.1, has them; the second time as the first."""
    for _ in range(2):
        answer = await accepting(server, "/order", *accept)
        decode: Any = JSON.decoder if media_type == JSON_TYPE else MSGPACK.decoder
        assert (answer.status, answer.media_type) == (200, media_type)
        assert decode(Order)(answer.body) == Order(1)
        assert answer.headers.getall("Vary") == ["Accept"]


@pytest.mark.parametrize(
    ("target", "accept", "media_type"),
    [
        ("/text", "text/*", "text/plain; charset=utf-8"),
        ("/text", "text/plain;charset=UTF-8", "text/plain; charset=utf-8"),
        ("/page", "text/html", "text/html; charset=utf-8"),
        ("/icon", "image/*", "image/svg+xml"),
        ("/table", "image/png", "text/csv"),
        ("/vendor", "application/vnd.shop+json", "application/vnd.shop+json"),
        ("/own", "application/msgpack", "application/hal+json"),
    ],
)
async def test_an_answer_of_one_type(server: TestServer, target: str, accept: str, media_type: str) -> None:
    """Texts, bytes and types of the route's own answer whoever accepts them."""
    answer = await accepting(server, target, accept)
    assert (answer.status, answer.media_type) == (200, media_type)


async def test_types_of_a_route(server: TestServer) -> None:
    """A route's media types are written by the formats that read them, the first for who says nothing."""
    assert (await accepting(server, "/either")).media_type == "application/vnd.shop.v2+json"
    plain = await accepting(server, "/either", "application/json")
    assert (plain.media_type, plain.body) == (JSON_TYPE, b'{"number":2}')
    packed = await accepting(server, "/either", "application/x-msgpack")
    assert msgspec.msgpack.decode(packed.body) == {"number": 2}
    assert (await accepting(server, "/vendor")).body == b"null"


async def test_a_response_with_a_type_of_its_own_is_written_in_it(server: TestServer) -> None:
    """What a handler calls its answer decides how it is written; Vary keeps what it had."""
    answer = await accepting(server, "/own", "application/msgpack")
    assert (answer.body, answer.headers["Vary"]) == (b'{"number":3}', "Origin, Accept")


@pytest.mark.parametrize(
    ("target", "accept", "offered"),
    [
        ("/order", "text/html", "application/json or application/msgpack"),
        (
            "/order",
            "application/json;q=0, application/msgpack;q=0.000, application/x-msgpack;q=0",
            "application/json or application/msgpack",
        ),
        ("/order", "*/*;q=0", "application/json or application/msgpack"),
        ("/order", "application/json;version=2", "application/json or application/msgpack"),
        ("/order", "application/vnd.shop+json", "application/json or application/msgpack"),
        ("/text", "application/json", "text/plain; charset=utf-8"),
        ("/text", "text/plain;charset=latin-1", "text/plain; charset=utf-8"),
        ("/icon", "image/png", "image/svg+xml"),
        ("/vendor", "application/json", "application/vnd.shop+json"),
    ],
)
async def test_nothing_that_the_client_accepts(server: TestServer, target: str, accept: str, offered: str) -> None:
    """A 406 says what there is, as a problem, and varies by Accept."""
    answer = await accepting(server, target, accept)
    assert answer.problem == problem(406, target, f"The response is available as {offered}")
    assert answer.headers["Vary"] == "Accept"


async def test_what_is_not_acceptable_is_not_done(server: TestServer) -> None:
    """The client is refused before its body is read and the handler runs."""
    PLACED.clear()
    refused = await ask(server, "POST", "/order", headers={"Accept": "text/html"}, body=b"not even JSON")
    assert (refused.status, PLACED) == (406, [])
    taken = await ask(server, "POST", "/order", headers={"Accept": MSGPACK_TYPE}, body={"number": 7})
    assert (taken.status, taken.media_type, PLACED) == (201, MSGPACK_TYPE, [7])
    assert (taken.headers["X-Own"], taken.headers["Vary"]) == ("1", "Accept")


async def test_no_answer_needs_no_acceptance(server: TestServer) -> None:
    """Where there is no body, and where an error is told, nobody is asked."""
    assert (await accepting(server, "/nothing", "text/html")).status == 204
    assert (await accepting(server, "/nowhere", "text/html")).problem["status"] == 404


async def test_an_app_of_one_format(serve: Serve) -> None:
    """With one format there is no choice, and nothing varies."""
    server = await serve(app_of(Orders, formats=(MSGPACK, JSON)))
    assert (await accepting(server, "/order")).media_type == MSGPACK_TYPE

    class Plain(Controller):
        @get("/order")
        async def show(self) -> Order:
            return Order(1)

    server = await serve(app_of(Plain, formats=(JSON,)))
    assert "Vary" not in (await accepting(server, "/order")).headers
    assert (await accepting(server, "/order", MSGPACK_TYPE)).status == 406


async def test_many_texts_are_forgotten(server: TestServer) -> None:
    """However many texts clients send, each is answered, and those that come often stay right."""
    for number in range(200):
        assert (await accepting(server, "/order", f"text/x{number}, application/msgpack")).media_type == MSGPACK_TYPE
    assert (await accepting(server, "/order")).media_type == JSON_TYPE
    assert (await accepting(server, "/order", "*/*")).media_type == JSON_TYPE
