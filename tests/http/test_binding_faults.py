"""All faults of a request in one answer, their cap, and which status comes first."""

from typing import Annotated

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct

from framework import Controller, Cookie, Header, Query, Request, post
from framework.http_errors import Forbidden
from tests.http.items import JSON
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem


class Numbers(Struct):
    """A body that can have any number of faults."""

    values: list[int] = []


class Page(Struct):
    """Parameters of the query."""

    limit: Annotated[int, Meta(le=100)]


async def deny(request: Request) -> None:
    """Refuse who asks to be refused."""
    if "X-Deny" in request.headers:
        raise Forbidden("Not you")


class Everything(Controller):
    """Reads from every source."""

    guards = (deny,)

    @post("/all/{number}", body_limit=1000)
    async def create(
        self,
        number: int,
        page: Annotated[Page, Query()],
        body: Numbers,
        x_depth: Annotated[int, Header()],
        session: Annotated[str, Cookie(name="sid"), Meta(min_length=2)],
        *,
        flag: bool = False,
    ) -> None:
        """Answer nothing."""

    @post("/tags")
    async def tag(self, tags: list[int], body: Numbers) -> None:
        """Answer nothing."""


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the controller."""
    return await serve(app_of(Everything))


async def test_faults_of_all_sources_are_told_at_once(server: TestServer) -> None:
    """Path, query, header, cookie and body are checked together, in the order of the parameters, the body last."""
    answer = await ask(
        server,
        "POST",
        "/all/x?limit=101&flag=maybe",
        headers={"X-Depth": "deep", "Cookie": "sid=a"},
        body={"values": [1, "2", None]},
    )
    assert answer.problem == invalid(
        "/all/x",
        fault("path", "/number", "type", "Expected `int`, got `str`"),
        fault("query", "/limit", "constraint", "Expected `int` <= 100"),
        fault("header", "/x-depth", "type", "Expected `int`, got `str`"),
        fault("cookie", "/sid", "constraint", "Expected `str` of length >= 2"),
        fault("query", "/flag", "type", "Expected `bool`, got `str`"),
        fault("body", "/values/1", "type", "Expected `int`, got `str`"),
        fault("body", "/values/2", "type", "Expected `int`, got `null`"),
    )
    assert answer.headers["Content-Length"] == str(len(answer.body))


async def test_all_that_is_missing_is_told_at_once(server: TestServer) -> None:
    """What is missing in every source is told together."""
    answer = await ask(server, "POST", "/all/1", body={})
    assert answer.problem == invalid(
        "/all/1",
        fault("query", "/limit", "missing", "Field required"),
        fault("header", "/x-depth", "missing", "Field required"),
        fault("cookie", "/sid", "missing", "Field required"),
    )


@pytest.mark.parametrize(("query", "body"), [(0, 101), (60, 60), (101, 0), (100, 1), (150, 150)])
async def test_faults_beyond_a_hundred_are_dropped(server: TestServer, query: int, body: int) -> None:
    """The first hundred faults are told, and that there are more."""
    target = "/tags?" + "&".join(["tags=x"] * query + ["tags=1"])
    answer = await ask(server, "POST", target, body={"values": ["x"] * body})
    in_query = min(query, 100)
    faults = [("query", f"/tags/{one}") for one in range(in_query)]
    faults += [("body", f"/values/{one}") for one in range(100 - in_query)]
    assert answer.problem == problem(
        422,
        "/tags",
        "More than 100 errors in the request; the first 100 are listed",
        errors=[fault(*one, "type", "Expected `int`, got `str`") for one in faults],
    )


@pytest.mark.parametrize(("query", "body"), [(0, 100), (40, 60), (100, 0)])
async def test_hundred_faults_are_all_told(server: TestServer, query: int, body: int) -> None:
    """A hundred faults are not too many."""
    target = "/tags?" + "&".join(["tags=x"] * query + ["tags=1"])
    answer = await ask(server, "POST", target, body={"values": ["x"] * body})
    assert answer.problem["detail"] == "100 errors in the request"
    assert len(answer.problem["errors"]) == 100


async def test_key_of_the_client_is_cut(serve: Serve) -> None:
    """A pointer repeats no more than 100 characters of a key that the client has made up."""

    class Closed(Struct, forbid_unknown_fields=True):
        pass

    class Strict(Controller):
        @post("/strict")
        async def create(self, page: Annotated[Closed, Query()], body: Closed) -> None: ...

    answer = await ask(await serve(app_of(Strict)), "POST", f"/strict?{'k' * 5000}=1", body={"b" * 5000: 1})
    assert answer.problem == invalid(
        "/strict",
        fault("query", "/" + "k" * 100, "unknown", "Unknown field"),
        fault("body", "/" + "b" * 100, "unknown", "Unknown field"),
    )


TOO_LARGE = b"x" * 1001


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        pytest.param({"X-Deny": "1", "Content-Type": "text/plain"}, TOO_LARGE, 403, id="guards come first"),
        pytest.param({"Content-Type": "text/plain"}, TOO_LARGE, 413, id="413 before 415"),
        pytest.param({"Content-Type": "text/plain"}, b"{", 415, id="415 before 400"),
        pytest.param({"Content-Encoding": "foo"}, b"{", 415, id="415 before 400, by coding"),
        pytest.param({}, b"{", 400, id="400 before 422"),
        pytest.param({}, b'{"values": ["x", ', 400, id="400 before a type fault of the same body"),
        pytest.param({}, b"", 400, id="400 for an empty body before 422"),
        pytest.param({}, b"{}", 422, id="422"),
    ],
)
async def test_stages_answer_in_their_order(
    server: TestServer, headers: dict[str, str], body: bytes, status: int
) -> None:
    """Guards, limits, Content-Type, parsing and validation answer one after the other, the first alone."""
    answer = await ask(server, "POST", "/all/x?limit=101", headers=headers, body=body)
    assert answer.problem["status"] == status


@pytest.mark.parametrize(
    "target", [pytest.param("/nowhere", id="404"), pytest.param("/all/x/y", id="404 below a placeholder")]
)
async def test_routing_comes_before_everything(server: TestServer, target: str) -> None:
    """Neither guards nor limits are asked on a path that does not exist."""
    headers = {"X-Deny": "1", "Content-Type": "text/plain"}
    answer = await ask(server, "POST", target, headers=headers, body=TOO_LARGE)
    assert answer.problem == problem(404, target)


async def test_header_that_is_no_text_comes_before_validation(server: TestServer) -> None:
    """A declared header that cannot be parsed is 400 although other parameters are invalid."""
    data = make_request("POST", "/all/x", headers={**JSON, "X-Depth": b"\xff"}, body=b"{}")
    async with connect(server) as connection:
        answer = await connection.exchange(data)
    expected = fault("header", "/x-depth", "syntax", "Not valid UTF-8")
    assert answer.problem == problem(400, "/all/x", "The request is not valid UTF-8", errors=[expected])


async def test_oversize_in_chunks_comes_before_parsing(server: TestServer) -> None:
    """A body without a length is 413 as soon as it is too long, before it is parsed."""
    head = make_request("POST", "/all/x", headers={**JSON, "Transfer-Encoding": "chunked"})
    async with connect(server) as connection:
        answer = await connection.exchange(head + b"3e9\r\n" + TOO_LARGE + b"\r\n0\r\n\r\n")
    assert answer.problem == problem(413, "/all/x", "The body exceeds 1000 bytes")
