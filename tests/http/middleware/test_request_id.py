"""RequestID: the rows R1 to R8 of its specification."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from aiohttp.typedefs import Handler

from framework import App, BackgroundTasks, Controller, Request, Response, Router, WebSocket, get, post, websocket
from framework.middleware import RequestID
from framework.request_ids import RequestIDFilter, current_request_id, request_id, set_request_id
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.startup.expected import told

MADE = re.compile(r"[0-9a-f]{32}")
LOGGER = logging.getLogger("shop")


class Orders(Controller):
    """Logs, in every place that a request has."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: int) -> str:
        """Log in the handler."""
        LOGGER.warning("order %d", order_id)
        return current_request_id() or ""

    @post()
    async def create(self, tasks: BackgroundTasks, *, fails: bool = False) -> None:
        """Log in a background task."""
        tasks.add(_notify, fails=fails)

    @get("/thread/one")
    def thread(self, request: Request) -> str:
        """Log in a thread."""
        LOGGER.warning("thread")
        return str(request_id(request) == current_request_id())

    @get("/broken/one")
    async def broken(self) -> None:
        """Raise."""
        raise KeyError("secret")

    @get("/stream/one")
    async def stream(self) -> AsyncIterator[int]:
        """Log while a stream is sent."""
        for number in range(2):
            await asyncio.sleep(0)
            LOGGER.warning("item %d", number)
            yield number

    @get("/raw/one")
    async def raw(self) -> web.Response:
        """Return a response of aiohttp's that has an id already."""
        return web.Response(text="raw", headers={"X-Request-ID": "of-the-handler"})

    @get("/own/one")
    async def own(self) -> Response[str]:
        """Return a response with headers and a cookie."""
        return Response("own", headers={"X-Own": "yes", "x-request-id": "of-the-handler"}, cookies={"a": "b"})

    @get("/slow/{number}")
    async def slow(self, number: int) -> str:
        """Wait, and return the id."""
        await asyncio.sleep(number % 7 / 1000)
        LOGGER.warning("slow")
        return current_request_id() or ""

    @websocket("/feed")
    async def feed(self, socket: WebSocket[str, str]) -> None:
        """Send the id."""
        await socket.send(current_request_id() or "")


async def _notify(*, fails: bool) -> None:
    await asyncio.sleep(0)
    LOGGER.warning("notified")
    if fails:
        raise KeyError("task")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Collect log records that have passed the filter."""
    added = RequestIDFilter()
    caplog.handler.addFilter(added)
    yield caplog
    caplog.handler.removeFilter(added)


def _app(**settings: Any) -> App:
    return app_of(Orders, **{"middlewares": [RequestID()], **settings})


_SENT: list[Any] = [
    pytest.param([], None, id="R1"),
    pytest.param(["abc-DEF_1.2"], "abc-DEF_1.2", id="R2"),
    pytest.param(["x"], "x", id="R2-one"),
    pytest.param(["x" * 128], "x" * 128, id="R2-longest"),
    pytest.param(["x" * 129], None, id="R3-129"),
    pytest.param(["x" * 200], None, id="R3"),
    pytest.param([""], None, id="R4-empty"),
    pytest.param(["a b"], None, id="R4-space"),
    pytest.param(["<x>"], None, id="R4-markup"),
    pytest.param(["a,b"], None, id="R4-comma"),
    pytest.param(["a;b"], None, id="R4-semicolon"),
    pytest.param(["a\tb"], None, id="R4-tab"),
    pytest.param(["é"], None, id="R4-non-ASCII"),
    pytest.param([b"\xff"], None, id="R4-not-UTF-8"),
    pytest.param(["%0a"], None, id="R4-escape"),
    pytest.param(["one", "two"], None, id="R5"),
    pytest.param(["one", "one"], None, id="R5-same"),
]


@pytest.mark.both_loops
@pytest.mark.parametrize(("sent", "kept"), _SENT)
async def test_an_id_is_kept_or_replaced(serve: Serve, sent: list[str | bytes], kept: str | None) -> None:
    """Never refused; what is made has 128 random bits. Handler and response have the same."""
    fields = [one if isinstance(one, bytes) else one.encode() for one in sent]
    lines = b"".join(b"x-request-id: %s\r\n" % one for one in fields)
    async with connect(await serve(_app())) as connection:
        answer = await connection.exchange(b"GET /orders/1 HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
    assert answer.status == 200
    (found,) = answer.headers.getall("X-Request-ID")
    assert found == answer.body.decode()
    assert found == kept if kept else MADE.fullmatch(found)


async def test_r4_an_escape_character_never_gets_here(serve: Serve) -> None:
    """The parser refuses it: no id is logged or sent."""
    async with connect(await serve(_app())) as connection:
        answer = await connection.exchange(b"GET /orders/1 HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\x1b[31m\r\n\r\n")
    assert answer.status == 400
    assert "X-Request-ID" not in answer.headers


async def test_r1_no_two_requests_have_the_same(serve: Serve) -> None:
    """On one connection and on several."""
    server = await serve(_app())
    async with connect(server) as connection:
        found = [(await connection.exchange(make_request("GET", "/orders/1"))).body for _ in range(50)]
    found += [(await ask(server, "GET", "/orders/1")).body for _ in range(5)]
    assert len(set(found)) == 55


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/nowhere", problem(404, "/nowhere")),
        ("DELETE", "/orders", problem(405, "/orders")),
        (
            "GET",
            "/orders/x",
            problem(
                422,
                "/orders/x",
                "1 error in the request",
                errors=[
                    {
                        "location": "path",
                        "pointer": "/order_id",
                        "code": "type",
                        "detail": "Expected `int`, got `str`",
                    }
                ],
            ),
        ),
        ("GET", "/orders/broken/one", problem(500, "/orders/broken/one")),
        (
            "GET",
            "/orders/feed",
            problem(426, "/orders/feed", "This is a web socket"),
        ),
    ],
)
async def test_r6_errors_have_the_id_in_header_problem_and_log(
    serve: Serve,
    method: str,
    target: str,
    expected: dict[str, Any],
    log: pytest.LogCaptureFixture,
) -> None:
    """The member ``request_id``; the log line of an unhandled exception has it, too."""
    server = await serve(_app())
    answer = await ask(server, method, target, headers={"X-Request-ID": "id-1"})
    assert answer.problem == {**expected, "request_id": "id-1"}
    assert answer.headers.getall("X-Request-ID") == ["id-1"]
    ours = [vars(one)["request_id"] for one in log.records if one.name == "framework"]
    assert ours == (["id-1"] if answer.status == 500 else [])


@pytest.mark.parametrize("target", ["/orders/raw/one", "/orders/own/one"])
async def test_the_id_of_the_request_stands_in_every_response(serve: Serve, target: str) -> None:
    """Once, whatever the handler has set, and beside its headers and cookies."""
    answer = await ask(await serve(_app()), "GET", target, headers={"X-Request-ID": "id-1"})
    assert answer.status == 200
    assert answer.headers.getall("X-Request-ID") == ["id-1"]
    assert answer.headers.get("X-Own") == ("yes" if "own" in target else None)
    assert ("Set-Cookie" in answer.headers) is ("own" in target)


@pytest.mark.both_loops
async def test_r6_a_stream_has_it(serve: Serve, log: pytest.LogCaptureFixture) -> None:
    """In its head, and in what is logged until its end."""
    answer = await ask(await serve(_app()), "GET", "/orders/stream/one", headers={"X-Request-ID": "id-1"})
    assert (answer.headers["X-Request-ID"], answer.body) == ("id-1", b"0\n1\n")
    assert [(one.getMessage(), vars(one)["request_id"]) for one in log.records if one.name == "shop"] == [
        ("item 0", "id-1"),
        ("item 1", "id-1"),
    ]


async def test_a_socket_knows_it(serve: Serve) -> None:
    """Its handler does; the head of an accepted handshake is the protocol's own."""
    import aiohttp

    server = await serve(_app())
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.make_url("/orders/feed"), headers={"X-Request-ID": "id-1"}) as socket,
    ):
        assert await socket.receive_str() == "id-1"


@pytest.mark.both_loops
async def test_r7_handlers_tasks_and_threads_log_the_id(serve: Serve, log: pytest.LogCaptureFixture) -> None:
    """Each the one of its request; outside of requests there is none."""
    server = await serve(_app())
    await ask(server, "GET", "/orders/7", headers={"X-Request-ID": "id-1"})
    thread = await ask(server, "GET", "/orders/thread/one", headers={"X-Request-ID": "id-2"})
    await ask(server, "POST", "/orders?fails=true", headers={"X-Request-ID": "id-3"})
    LOGGER.warning("outside")
    async with asyncio.timeout(10):
        while not any("background task" in one.getMessage() for one in log.records):  # noqa: ASYNC110  it is a log
            await asyncio.sleep(0.005)

    assert thread.body == b"True"
    found = {one.getMessage(): vars(one)["request_id"] for one in log.records if one.name in {"shop", "framework"}}
    failed = next(one for one in found if "background task" in one)
    assert failed.endswith(", of POST /orders [id-3] failed")
    assert found == {"order 7": "id-1", "thread": "id-2", "notified": "id-3", failed: "id-3", "outside": "-"}


@pytest.mark.both_loops
async def test_r8_a_thousand_requests_at_once_keep_their_own(serve: Serve, log: pytest.LogCaptureFixture) -> None:
    """None is mixed up with another."""
    server = await serve(_app())

    async def talk(client: int) -> None:
        async with connect(server) as connection:
            for number in range(25):
                known = f"{client}-{number}"
                sent = make_request("GET", f"/orders/slow/{number}", headers={"X-Request-ID": known})
                answer = await connection.exchange(sent)
                assert (answer.body.decode(), answer.headers["X-Request-ID"]) == (known, known)

    await asyncio.gather(*map(talk, range(40)))
    logged = sorted(vars(one)["request_id"] for one in log.records if one.getMessage() == "slow")
    assert logged == sorted(f"{client}-{number}" for client in range(40) for number in range(25))


async def test_requests_in_a_pipeline_keep_their_own(serve: Serve) -> None:
    """Sent at once on one connection."""
    async with connect(await serve(_app())) as connection:
        requests = [make_request("GET", "/orders/1", headers={"X-Request-ID": f"id-{one}"}) for one in range(10)]
        await connection.send(b"".join(requests))
        assert [(await connection.receive()).body.decode() for _ in range(10)] == [f"id-{one}" for one in range(10)]


async def test_ids_of_clients_need_not_be_accepted(serve: Serve) -> None:
    """With accept=False every request gets a new one, under a header of another name if need be."""
    server = await serve(_app(middlewares=[RequestID(header="X-Correlation-ID", accept=False)]))
    answer = await ask(server, "GET", "/orders/1", headers={"X-Correlation-ID": "id-1"})
    assert MADE.fullmatch(answer.headers["X-Correlation-ID"])
    assert answer.headers["X-Correlation-ID"] == answer.body.decode()
    assert "X-Request-ID" not in answer.headers


async def test_without_the_piece_there_is_no_id(serve: Serve) -> None:
    """Neither in problems nor for handlers."""
    server = await serve(app_of(Orders))
    answer = await ask(server, "GET", "/nowhere", headers={"X-Request-ID": "id-1"})
    assert answer.problem == problem(404, "/nowhere")
    assert "X-Request-ID" not in answer.headers
    assert (await ask(server, "GET", "/orders/1")).body == b""


async def test_a_middleware_of_ones_own_may_give_the_id(serve: Serve) -> None:
    """Problems and logs have it then."""

    async def identify(request: Request, call_next: CallNext) -> web.StreamResponse:
        assert request_id(request) is None
        set_request_id(request, "mine")
        assert request_id(request) == "mine"
        return await call_next(request)

    server = await serve(app_of(Orders, middlewares=[identify]))
    assert (await ask(server, "GET", "/orders/1")).body == b"mine"
    assert (await ask(server, "GET", "/nowhere")).problem == problem(404, "/nowhere") | ({"request_id": "mine"})


async def test_it_works_below_middlewares_of_aiohttp(serve: Serve) -> None:
    """On aiohttp's own protocol, where a middleware may hand on a copy of the request."""

    @web.middleware
    async def copy(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(remote="203.0.113.9"))

    application = _app().build()
    application.middlewares.append(copy)
    answer = await ask(await serve(application), "GET", "/orders/1", headers={"X-Request-ID": "id-1"})
    assert (answer.body, answer.headers["X-Request-ID"]) == (b"id-1", "id-1")


@pytest.mark.parametrize("level", ["app", "router", "controller", "route"])
async def test_it_stands_on_every_level(serve: Serve, level: str) -> None:
    """What it covers is what stands below; of several the innermost counts."""
    inner = RequestID(header="X-Inner")

    class Below(Controller):
        middlewares = (inner,) if level == "controller" else ()

        @get("/below", middlewares=(inner,) if level == "route" else ())
        async def below(self) -> str:
            """Return the id."""
            return current_request_id() or ""

    router = Router("", controllers=[Below], middlewares=(inner,) if level == "router" else ())
    server = await serve(app_of(router, middlewares=[inner if level == "app" else RequestID()]))
    answer = await ask(server, "GET", "/below", headers={"X-Inner": "id-1", "X-Request-ID": "id-2"})
    assert (answer.body, answer.headers["X-Inner"]) == (b"id-1", "id-1")
    assert "X-Request-ID" not in answer.headers


async def test_ids_of_processes_and_of_many_requests_differ(serve: Serve) -> None:
    """Ids are drawn many at a time; a child process does not give away those of its parent."""
    server = await serve(_app(middlewares=[RequestID()]))
    found = [(await ask(server, "GET", "/orders/1")).headers["X-Request-ID"] for _ in range(300)]
    assert len(set(found)) == 300
    reading, writing = os.pipe()
    identify: Any = RequestID().compile(None).before
    pid = os.fork()
    if not pid:
        # The child: no code of pytest runs in it.
        made = []
        for _ in range(300):
            identify(request := make_mocked_request("GET", "/"))
            made.append(request_id(request) or "")
        os.write(writing, " ".join(made).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        of_child = pipe.read().split()
    await asyncio.to_thread(os.waitpid, pid, 0)
    found += [(await ask(server, "GET", "/orders/1")).headers["X-Request-ID"] for _ in range(300)]
    assert len({*found, *of_child}) == 900
    assert all(MADE.fullmatch(one) for one in of_child)


def test_the_document_has_both_headers() -> None:
    """The one that is read, and the one that every response has; none is read with accept=False."""
    operation = App([Orders], middlewares=[RequestID()]).document()["paths"]["/orders/{order_id}"]["get"]
    asked = [one for one in operation["parameters"] if one["in"] == "header"]
    assert asked == [
        {
            "name": "X-Request-ID",
            "in": "header",
            "description": "An id of the client's own for the request.",
            "schema": {"type": "string"},
        }
    ]
    described = {"description": "The id of the request.", "schema": {"type": "string"}}
    sent = {status: one["headers"]["X-Request-ID"] for status, one in operation["responses"].items()}
    assert sent == dict.fromkeys(operation["responses"], described)
    assert {"200", "422"} <= sent.keys()
    made = App([Orders], middlewares=[RequestID(accept=False)]).document()["paths"]["/orders/thread/one"]["get"]
    assert "parameters" not in made


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        (
            {"header": "X Request"},
            "RequestID(header='X Request') is not the name of a header",
            'write it as header="X-Request-ID"',
        ),
        ({"header": None}, "RequestID(header=None) is not the name of a header", 'write it as header="X-Request-ID"'),
        ({"accept": "no"}, "RequestID(accept='no') is neither True nor False", "leave it out to accept ids"),
    ],
)
def test_wrong_options_are_reported(options: dict[str, Any], what: str, hint: str) -> None:
    """When the app is built."""
    ((_, text),) = told(_app(middlewares=[RequestID(**options)]))
    assert text.endswith(f": {what}.\n  Hint: {hint}.")
