"""Answers over the life of a connection: pipelining, big bodies, deadlines, clients that leave."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated

import pytest
from aiohttp import web

from framework import App, Body, Container, Controller, Limits, Request, Response, Router, get, post
from tests.http.items import JSON
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, logged, problem

BIG = 5 * 2**20


class Answers(Controller):
    """Answers of several kinds and sizes."""

    @get("/number/{number}")
    async def number(self, number: int) -> dict[str, int]:
        """Answer at once."""
        return {"number": number}

    @get("/slow/{number}")
    async def slow(self, number: int) -> dict[str, int]:
        """Answer after some rounds of the loop."""
        for _ in range(5):
            await asyncio.sleep(0)
        return {"number": number}

    @get("/rich/{number}")
    async def rich(self, number: int) -> Response[dict[str, int]]:
        """Answer with a header."""
        return Response({"number": number}, headers={"X-Number": str(number)})

    @get("/big")
    async def big(self) -> bytes:
        """Answer 5 MiB."""
        return b"x" * BIG

    @get("/big/rich")
    async def big_rich(self) -> Response[bytes]:
        """Answer 5 MiB with a header."""
        return Response(b"x" * BIG, headers={"X-Big": "yes"})

    @get("/big/json")
    async def big_json(self) -> list[str]:
        """Answer more than 5 MiB of JSON."""
        return ["x" * 1024] * (BIG // 1024)

    @post("/count", body_limit=2 * BIG)
    async def count(self, body: Annotated[list[str], Body()]) -> int:
        """Answer how much came."""
        return sum(map(len, body))


async def test_pipelined_requests_are_answered_in_their_order(serve: Serve) -> None:
    """Requests that are sent without waiting are answered one after the other, whatever kind each is."""
    server = await serve(app_of(Answers))
    paths = [f"/{kind}/{number}" for number in range(10) for kind in ("slow", "number", "rich")]
    async with connect(server) as connection:
        await connection.send(b"".join(make_request("GET", path) for path in paths))
        for path in paths:
            assert (await connection.receive()).json == {"number": int(path.rpartition("/")[2])}
        assert await connection.is_open()


async def test_pipelined_requests_of_all_kinds(serve: Serve) -> None:
    """Errors, HEAD and bodies among pipelined requests leave the framing whole."""
    server = await serve(app_of(Answers))
    requests = [
        ("GET", make_request("GET", "/number/x"), 422),
        ("HEAD", make_request("HEAD", "/number/1"), 200),
        ("GET", make_request("GET", "/nowhere"), 404),
        ("POST", make_request("POST", "/count", headers=JSON, body=b'["ab"]'), 200),
        ("POST", make_request("POST", "/count", headers=JSON, body=b"{"), 400),
        ("POST", make_request("POST", "/number/1", headers=JSON, body=b"ignored"), 405),
        ("OPTIONS", make_request("OPTIONS", "/count"), 204),
        ("GET", make_request("GET", "/number/1", headers={"Connection": "close"}), 200),
    ]
    async with connect(server) as connection:
        await connection.send(b"".join(data for _, data, _ in requests))
        for method, _, status in requests:
            assert (await connection.receive(method=method)).status == status
        assert await connection.rest() == b""


@pytest.mark.parametrize("path", ["/big", "/big/rich", "/big/json"])
async def test_big_answer_arrives_whole(serve: Serve, path: str) -> None:
    """5 MiB arrive at a client that reads slowly, and the connection goes on."""
    server = await serve(app_of(Answers))
    async with connect(server) as connection:
        await connection.send(make_request("GET", path) + make_request("GET", "/number/1"))
        await asyncio.sleep(0.05)
        answer = await connection.receive()
        assert len(answer.body) == int(answer.headers["Content-Length"]) >= BIG
        assert (await connection.receive()).json == {"number": 1}


async def test_big_request_is_read_whole(serve: Serve) -> None:
    """A body of 5 MiB is read where the route's limit admits it."""
    server = await serve(app_of(Answers))
    assert (await ask(server, "POST", "/count", body=["x" * 1024] * (BIG // 1024))).json == BIG


async def test_many_connections_at_once(serve: Serve) -> None:
    """Requests of many clients do not get each other's answers."""
    server = await serve(app_of(Answers))
    answers = await asyncio.gather(*(ask(server, "GET", f"/slow/{number}") for number in range(100)))
    assert [one.json for one in answers] == [{"number": number} for number in range(100)]


class Resource:
    """A scoped service that tells what happens to it."""


class Waiting(Controller):
    """Handlers that wait for what does not come."""

    @get("/wait", timeout=0.05)
    async def wait(self, resource: Resource) -> str:  # noqa: ARG002  opened and closed is all
        """Wait longer than the route allows."""
        await asyncio.sleep(60)
        return "never"

    @get("/inner", timeout=30)
    async def inner(self) -> str:
        """Meet a deadline of one's own."""
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
        return "never"

    @get("/quick", timeout=30)
    async def quick(self, resource: Resource) -> str:  # noqa: ARG002  as above
        """Be in time."""
        return "quick"

    @get("/forever")
    async def forever(self, resource: Resource, request: Request) -> str:  # noqa: ARG002  as above
        """Wait until the client leaves."""
        request.app[STARTED].set()
        await asyncio.sleep(60)
        return "never"


STARTED = web.AppKey("STARTED", asyncio.Event)


def watched() -> tuple[Container, list[str], asyncio.Event]:
    """Return a container whose service notes how it ends, its notes, and an event for the end."""
    events: list[str] = []
    closed = asyncio.Event()

    async def open_resource() -> AsyncIterator[Resource]:
        events.append("opened")
        try:
            yield Resource()
        except BaseException as error:
            events.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            events.append("closed")
            closed.set()

    container = Container()
    container.add_scoped(Resource, open_resource)
    return container, events, closed


async def test_deadline_of_a_route_is_503(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that is too slow is cancelled, its services are closed, and the answer is a 503."""
    container, events, _ = watched()
    server = await serve(app_of(Waiting, container=container))
    assert (await ask(server, "GET", "/wait")).problem == problem(503, "/wait", "No response within 0.05 s")
    assert events == ["opened", "CancelledError", "closed"]
    assert logged(caplog) == []


async def test_deadline_of_the_app_is_that_of_its_routes(serve: Serve) -> None:
    """Limits(timeout=) counts for routes without one of their own."""
    container, events, _ = watched()
    server = await serve(app_of(Waiting, Answers, container=container, limits=Limits(timeout=0.05)))
    assert (await ask(server, "GET", "/number/1")).json == {"number": 1}
    assert (await ask(server, "GET", "/quick")).body == b"quick"
    assert (await ask(server, "GET", "/wait")).status == 503
    assert events == ["opened", "closed", "opened", "CancelledError", "closed"]


async def test_timeout_error_of_a_handler_is_a_crash(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A TimeoutError that the handler met itself is not a deadline of the route."""
    container, _, _ = watched()
    server = await serve(app_of(Waiting, container=container))
    assert (await ask(server, "GET", "/inner")).problem == problem(500, "/inner")
    assert logged(caplog) == ["GET /inner failed"]


async def test_client_that_leaves_cancels_the_handler(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """With handler_cancellation the handler is cancelled when its client has gone, and services are closed once."""
    container, events, closed = watched()
    application = app_of(Waiting, container=container).build()
    application[STARTED] = asyncio.Event()
    server = await serve(application)
    async with asyncio.timeout(20):
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/forever"))
            await application[STARTED].wait()
        await closed.wait()
    assert events == ["opened", "CancelledError", "closed"]
    assert logged(caplog) == []


async def test_client_that_leaves_during_a_big_answer_is_no_crash(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that goes while its answer is written leaves no line in the log, and others are served."""
    server = await serve(app_of(Answers))
    for _ in range(3):
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/big") * 3)
    assert (await ask(server, "GET", "/number/1")).json == {"number": 1}
    assert logged(caplog) == []


async def test_date_is_in_english_and_of_now(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Date header is written as RFC 9110 wants it, whatever language the process speaks."""
    monkeypatch.setattr(time, "strftime", lambda *_: "Dienstag")
    answer = await ask(await serve(app_of(Answers)), "GET", "/number/1")
    written = parsedate_to_datetime(answer.headers["Date"])
    assert format_datetime(written, usegmt=True) == answer.headers["Date"]
    assert abs(written.timestamp() - time.time()) < 60


class Narrow(Controller):
    """Takes bodies of few bytes."""

    path = "/narrow"
    limits = Limits(body=10)

    @post("/controller")
    async def by_controller(self, texts: Annotated[list[str], Body()]) -> int:
        """Count texts."""
        return len(texts)

    @post("/route", limits=Limits(body=30))
    async def by_route(self, texts: Annotated[list[str], Body()]) -> int:
        """Count texts."""
        return len(texts)

    @post("/short", body_limit=40, limits=Limits(body=30))
    async def by_short_form(self, texts: Annotated[list[str], Body()]) -> int:
        """Count texts."""
        return len(texts)


class Inherited(Controller):
    """Says nothing of limits."""

    @post("/inherited")
    async def count(self, texts: Annotated[list[str], Body()]) -> int:
        """Count texts."""
        return len(texts)


@pytest.mark.parametrize(
    ("path", "limit"), [("/inherited", 20), ("/narrow/controller", 10), ("/narrow/route", 30), ("/narrow/short", 40)]
)
async def test_nearest_level_limits(serve: Serve, path: str, limit: int) -> None:
    """Of app, router, controller and route the nearest that says something counts."""
    router = Router("", [Narrow, Inherited], limits=Limits(body=20))
    server = await serve(App(controllers=[router], limits=Limits(body=5)))
    fits, exceeds = (json.dumps(["x" * (limit - 4 + more)]).encode() for more in (0, 1))
    assert (await ask(server, "POST", path, body=fits, headers=JSON)).status == 200
    refused = await ask(server, "POST", path, body=exceeds, headers=JSON)
    assert (refused.status, refused.problem["detail"]) == (413, f"The body exceeds {limit} bytes")
