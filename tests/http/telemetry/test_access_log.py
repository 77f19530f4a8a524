"""AccessLog: the rows L1 to L10 of its specification, and log injection of the bad inputs."""

import asyncio
import logging
import logging.handlers
import queue
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import App, Controller, Response, WebSocket, get, post, websocket
from framework.health import Health
from framework.middleware import ProxyHeaders, RequestID
from framework.request_ids import request_id
from framework.telemetry import AccessLog
from tests.http.raw import IN_PYTHON, ask, connect, make_request
from tests.http.shapes import Serve, app_of
from tests.startup.expected import told

FIELDS = (
    "remote", "method", "target", "path", "query", "route", "status", "bytes", "duration", "user_agent", "request_id",
    "aborted", "error", "close_code",
)  # fmt: skip


class Orders(Controller):
    """Ends in every way."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: str) -> str:
        """Return a text."""
        return order_id

    @post("/login")
    async def login(self) -> Response[str]:
        """Set a cookie."""
        return Response("in", cookies={"session": "secret-cookie"})

    @get("/broken/one")
    async def broken(self) -> None:
        """Raise."""
        raise KeyError("secret")

    @get("/cached/one", etag=True)
    async def cached(self) -> str:
        """Return what has a version."""
        return "cached"

    @get("/items/one")
    async def items(self, *, fails: bool = False) -> AsyncIterator[int]:
        """Send items."""
        yield 1
        await asyncio.sleep(0.01)
        if fails:
            raise KeyError("secret")
        yield 2

    @get("/endless/one")
    async def endless(self) -> AsyncIterator[str]:
        """Send items without an end."""
        while True:
            yield "x" * 65_536
            await asyncio.sleep(0)

    @websocket("/feed")
    async def feed(self, socket: WebSocket[str, str]) -> None:
        """Send one message."""
        await socket.send("hello")


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "framework.access")


async def records(caplog: pytest.LogCaptureFixture, count: int = 1) -> list[logging.LogRecord]:
    """Wait until so many requests are logged, and no more; return their records."""
    async with asyncio.timeout(10):
        while len(found := [one for one in caplog.records if one.name == "framework.access"]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)
    assert len([one for one in caplog.records if one.name == "framework.access"]) == count
    return found


async def record_of(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the fields of the only record."""
    (record,) = await records(caplog)
    return {name: vars(record)[name] for name in FIELDS}


async def served(serve: Serve, *middlewares: Any, **options: Any) -> Any:
    """Serve the app with an access log."""
    return await serve(app_of(Orders, middlewares=middlewares, observers=[AccessLog(**options)]))


class Probed(Controller):
    """Is requested by load balancers."""

    @get("/ping", metadata={"probe": True})
    async def ping(self) -> None:
        """Respond."""


@pytest.mark.parametrize(
    ("options", "logged"),
    [({}, ["/orders/7", "/nowhere"]), ({"probes": True}, ["/health/live", "/ping", "/orders/7", "/nowhere"])],
    ids=["usual", "probes"],
)
async def test_probes_are_left_out(
    serve: Serve, caplog: pytest.LogCaptureFixture, options: dict[str, Any], logged: list[str]
) -> None:
    """Health routes, and routes with ``probe`` in their metadata; a path without a route is another request."""
    app = app_of(Orders, Probed, Health(), observers=[AccessLog(format="%(path)s", **options)])
    async with connect(await serve(app)) as connection:
        for path in ("/health/live", "/ping", "/orders/7", "/nowhere"):
            await connection.exchange(make_request("GET", path))

    assert [one.getMessage() for one in await records(caplog, len(logged))] == logged


@pytest.mark.both_loops
async def test_a_record_has_all_fields(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """And a message of one line; L10: the template is a field of its own."""
    server = await served(serve, RequestID())
    sent = {"User-Agent": "curl/8.5.0", "X-Request-ID": "id-1"}
    await ask(server, "GET", "/orders/seven?page=2", headers=sent)

    found = await record_of(caplog)
    (record,) = await records(caplog)
    duration = found.pop("duration")
    assert 0 < duration < 10
    assert found == {
        "remote": "127.0.0.1",
        "method": "GET",
        "target": "/orders/seven?page=2",
        "path": "/orders/seven",
        "query": "page=2",
        "route": "/orders/{order_id}",
        "status": 200,
        "bytes": 5,
        "user_agent": "curl/8.5.0",
        "request_id": "id-1",
        "aborted": False,
        "error": None,
        "close_code": None,
    }
    assert record.getMessage() == f'127.0.0.1 "GET /orders/seven?page=2" 200 5 {duration:.6f} "curl/8.5.0" id-1'
    assert (record.levelno, record.exc_info, record.stack_info) == (logging.INFO, None, None)


async def test_every_record_is_as_logging_makes_it(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Also those that are copied from the first: time, process, thread and level are their own."""
    async with connect(await served(serve, format="%(path)s %(route)s")) as connection:
        for target in ("/orders/a", "/orders/b", "/nowhere"):
            await connection.exchange(make_request("GET", target))
    first, second, third = await records(caplog, 3)
    usual = logging.LogRecord("framework.access", logging.INFO, "", 0, "", (), None)
    moments = ("created", "msecs", "relativeCreated")
    written = {"asctime", "message"}  # by the handler
    for one in (first, second, third):
        assert vars(one).keys() - written == {*vars(usual), *FIELDS}
    for name in ("name", "levelno", "levelname", "thread", "threadName", "process", "processName"):
        assert {vars(one)[name] for one in (first, second, third)} == {vars(usual)[name]}
    for name in moments[::2]:
        assert vars(first)[name] < vars(second)[name] < vars(third)[name] < vars(usual)[name]
    assert all(0 <= one.msecs < 1000 for one in (first, second, third))
    assert abs(second.created % 1 * 1000 - second.msecs) <= 1
    messages = ["/orders/a /orders/{order_id}", "/orders/b /orders/{order_id}", "/nowhere -"]
    assert [one.getMessage() for one in (first, second, third)] == messages
    written_out = logging.Formatter("%(asctime)s %(message)s").format(third)
    assert written_out.endswith(f",{int(third.msecs):03} /nowhere -")


_PYTHON_ONLY = pytest.mark.skipif(not IN_PYTHON, reason="the parser in C refuses it")
_PATHS: list[Any] = [
    pytest.param(b"/orders/%0d%0aFAKE", "/orders/%0d%0aFAKE", id="L1-line"),
    pytest.param(b"/orders/%1b[31m", "/orders/%1b[31m", id="L1-escape"),
    pytest.param(b"/orders/%E2%80%AE", "/orders/%E2%80%AE", id="L1-bidi"),
    pytest.param(b"/orders/a?x=%0aFAKE", "/orders/a?x=%0aFAKE", id="L1-query"),
    pytest.param("/orders/\u202e".encode(), "/orders/\\u202e", id="L1-raw-bidi", marks=_PYTHON_ONLY),
    pytest.param(b'/orders/"x"', '/orders/\\"x\\"', id="L1-quote"),
    pytest.param(b"/orders/a\\nb", "/orders/a\\\\nb", id="L1-backslash"),
    pytest.param(b"/" + b"x" * 2000, "/" + "x" * 1023 + "...", id="L1-long"),
]


@pytest.mark.parametrize(("target", "logged"), _PATHS)
async def test_l1_targets_are_one_line_of_printable_ascii(
    serve: Serve, caplog: pytest.LogCaptureFixture, target: bytes, logged: str
) -> None:
    """In the message and in the fields; long ones are cut."""
    await ask(await served(serve), "GET", target)  # type: ignore[arg-type]  # bytes as they are
    found = await record_of(caplog)
    (record,) = await records(caplog)
    allowed = {logged, logged.replace("\\u202e", "%E2%80%AE")}  # one of both parsers escapes it
    assert found["target"] in allowed
    assert f'"GET {found["target"]}"' in record.getMessage()
    assert all(isinstance(one, str) <= _is_plain(one) for one in found.values())
    assert _is_plain(record.getMessage())


def _is_plain(text: Any) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable()


@pytest.mark.parametrize(
    ("agent", "logged"),
    [
        pytest.param(b"a\tb", "a\\tb", id="L2"),
        pytest.param(b'"quoted" \\', '\\"quoted\\" \\\\', id="L2-quote"),
        pytest.param("\u202ebidi \u2028".encode(), "\\u202ebidi \\u2028", id="L2-bidi"),
        pytest.param(b"\xff", "\\udcff", id="L2-not-UTF-8"),
        pytest.param("é".encode(), "\\xe9", id="L2-letter"),
        pytest.param(b"x" * 2000, "x" * 1024 + "...", id="L2-long"),
        pytest.param(b"", "", id="L2-empty"),
    ],
)
async def test_l2_user_agents_are_escaped(
    serve: Serve, caplog: pytest.LogCaptureFixture, agent: bytes, logged: str
) -> None:
    """One line of printable ASCII."""
    async with connect(await served(serve)) as connection:
        await connection.exchange(make_request("GET", "/orders/a", headers={"User-Agent": agent}))
    assert (await record_of(caplog))["user_agent"] == logged
    (record,) = await records(caplog)
    assert f' "{logged}" -' in record.getMessage()


async def test_l3_credentials_are_never_written(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Neither those of the request nor the cookies of the response, in any attribute of the record."""
    secrets = {
        "Authorization": "Bearer secret-token",
        "Proxy-Authorization": "Basic secret-basic",
        "Cookie": "session=secret-sent",
        "X-API-Key": "secret-key",
        "Referer": "https://shop.example/?token=secret-referer",
    }
    server = await served(serve, RequestID())
    await ask(server, "POST", "http://secret-user:secret-password@localhost/orders/login", headers=secrets)
    (record,) = await records(caplog)
    assert vars(record)["status"] == 200
    assert "secret" not in repr({**vars(record), "message": record.getMessage()})


@pytest.mark.parametrize(
    ("query", "logged"),
    [
        pytest.param(
            "token=a&access_token=b&api_key=c&password=d&code=e&state=f",
            "token=***&access_token=***&api_key=***&password=***&code=***&state=***",
            id="L4",
        ),
        pytest.param("TOKEN=a&accessToken=b&Access-Token=c", "TOKEN=***&accessToken=***&Access-Token=***", id="case"),
        pytest.param(
            "%74oken=a&user[password]=b&a.secret=c", "%74oken=***&user[password]=***&a.secret=***", id="names"
        ),
        pytest.param("token=&page=2&token", "token=***&page=2&token", id="empty"),
        pytest.param("page=2;token=a", "page=2;token=***", id="semicolon"),
        pytest.param("pin-code=a&pincode=b&tokens=5", "pin-code=***&pincode=***&tokens=5", id="redact"),
        pytest.param("token=a=b=c", "token=***", id="more-signs"),
        pytest.param(
            "reset_token=a&newPassword=b&app-secret=c&id_token_hint=d&tokens=5",
            "reset_token=***&newPassword=***&app-secret=***&id_token_hint=***&tokens=5",
            id="ends",
        ),
    ],
)
async def test_l4_secrets_in_the_query_are_hidden(
    serve: Serve, caplog: pytest.LogCaptureFixture, query: str, logged: str
) -> None:
    """The names stay; ``redact=`` adds some."""
    await ask(await served(serve, redact=("PIN_code",)), "GET", f"/orders/a?{query}")
    found = await record_of(caplog)
    assert (found["query"], found["target"]) == (logged, f"/orders/a?{logged}")


@pytest.mark.parametrize("character", ["a", "[", "=", "&"])
async def test_long_queries_take_no_longer_than_others(
    serve: Serve, caplog: pytest.LogCaptureFixture, character: str
) -> None:
    """A name of 8 000 characters without a value took 0.3 s of the event loop, for one request."""
    server = await served(serve)
    begun = time.process_time()
    for _ in range(10):
        await ask(server, "GET", f"/orders/seven?{character * 8_000}")
    await records(caplog, 10)

    assert time.process_time() - begun < 1.5


async def test_a_queue_formats_the_message_once(serve: Serve) -> None:
    """A QueueHandler keeps the message in a copy of the record, in which nothing is replaced again."""
    received: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger = logging.getLogger("shop.queued")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.handlers.QueueHandler(received))
    await ask(await served(serve, logger="shop.queued", format="%(path)s 100%%"), "GET", "/orders/%41%25")
    async with asyncio.timeout(10):
        while received.empty():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    record = received.get()
    assert (record.getMessage(), vars(record)["path"]) == ("/orders/%41%25 100%", "/orders/%41%25")


@pytest.mark.both_loops
async def test_l5_an_unhandled_exception(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Has status, duration, id and class; its traceback is in the record of the error, not in this one."""
    answer = await ask(await served(serve, RequestID()), "GET", "/orders/broken/one")
    found = await record_of(caplog)
    (record,) = await records(caplog)
    assert (found["status"], found["error"], found["aborted"]) == (500, "KeyError", False)
    assert found["request_id"] == answer.headers["X-Request-ID"]
    assert found["duration"] > 0
    assert (record.exc_info, record.exc_text) == (None, None)
    assert "secret" not in repr(vars(record))


@pytest.mark.both_loops
@pytest.mark.parametrize(("query", "size", "error"), [("", 4, None), ("?fails=true", 2, "KeyError")])
async def test_l6_a_stream_is_logged_at_its_end(
    serve: Serve, caplog: pytest.LogCaptureFixture, query: str, size: int, error: str | None
) -> None:
    """With all its bytes and its whole duration, and with what ended it."""
    async with connect(await served(serve)) as connection:
        await connection.send(make_request("GET", f"/orders/items/one{query}"))
        await connection.rest() if error else await connection.receive()
    found = await record_of(caplog)
    assert (found["status"], found["bytes"], found["error"], found["aborted"]) == (200, size, error, False)
    assert found["duration"] >= 0.009


@pytest.mark.both_loops
async def test_l6_a_socket_is_logged_at_its_end(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """With its close code."""
    server = await served(serve, RequestID())
    async with aiohttp.ClientSession() as session, session.ws_connect(server.make_url("/orders/feed")) as socket:
        assert await socket.receive_str() == "hello"
        await socket.receive()
    found = await record_of(caplog)
    assert (found["status"], found["close_code"], found["route"]) == (101, 1000, "/orders/feed")
    assert (found["bytes"], found["aborted"], found["error"]) == (0, False, None)
    assert found["request_id"] is not None


@pytest.mark.both_loops
async def test_l7_a_client_that_leaves(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """One record with the status as sent; that is not an error."""
    async with connect(await served(serve)) as connection:
        await connection.send(make_request("GET", "/orders/endless/one"))
        await connection.read(100)
    found = await record_of(caplog)
    assert (found["status"], found["aborted"], found["error"]) == (200, True, None)
    assert [one for one in caplog.records if one.levelno > logging.INFO] == []


async def test_l8_the_address_is_that_of_the_client(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Where ProxyHeaders believes the proxy."""
    server = await served(serve, ProxyHeaders(trusted=("127.0.0.1",)))
    await ask(server, "GET", "/orders/a", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (await record_of(caplog))["remote"] == "203.0.113.9"


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("method", "headers", "status"), [("HEAD", {}, 200), ("GET", {"If-None-Match": "*"}, 304), ("OPTIONS", {}, 204)]
)
async def test_l9_responses_without_a_body(
    serve: Serve, caplog: pytest.LogCaptureFixture, method: str, headers: dict[str, str], status: int
) -> None:
    """Have no bytes, whatever their Content-Length."""
    await ask(await served(serve), method, "/orders/cached/one", headers=headers)
    found = await record_of(caplog)
    assert (found["method"], found["status"], found["bytes"]) == (method, status, 0)


async def test_l10_without_a_route_there_is_no_template(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """404 and 405 cannot make the number of routes explode."""
    server = await served(serve)
    await ask(server, "GET", "/nowhere")
    await ask(server, "PUT", "/orders/a")
    found = [(vars(one)["route"], vars(one)["status"], vars(one)["error"]) for one in await records(caplog, 2)]
    assert found == [(None, 404, "NotFound"), (None, 405, "MethodNotAllowed")]


async def test_the_message_has_a_format_of_its_own(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """With the same fields, a dash for what is not there; logger and level are settable, too."""
    caplog.set_level(logging.DEBUG, "shop.access")
    options = {
        "logger": "shop.access",
        "level": logging.DEBUG,
        "format": "%(method)s %(path)s %(route)s %(status)s %(user_agent)s %(aborted)s 100%%",
    }
    await ask(await served(serve, **options), "GET", "/nowhere?a=b")
    async with asyncio.timeout(10):
        while not (found := [one for one in caplog.records if one.name == "shop.access"]):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert [(one.levelno, one.getMessage()) for one in found] == [(logging.DEBUG, "GET /nowhere - 404 - False 100%")]


async def test_routes_may_be_left_out(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """By their templates."""
    server = await served(serve, exclude=("/orders/{order_id}",))
    await ask(server, "GET", "/orders/a")
    await ask(server, "GET", "/orders/broken/one")
    assert (await record_of(caplog))["path"] == "/orders/broken/one"


async def test_nothing_is_made_for_a_level_that_is_off(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Not even the fields."""
    caplog.set_level(logging.WARNING, "framework.access")
    server = await served(serve)
    assert (await ask(server, "GET", "/orders/a")).status == 200
    await asyncio.sleep(0.02)
    assert caplog.records == []


async def test_a_class_is_an_access_log_with_all_defaults(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Built by the container."""
    await ask(await serve(app_of(Orders, observers=[AccessLog])), "GET", "/orders/a")
    assert (await record_of(caplog))["status"] == 200


async def test_a_factory_of_records_may_have_set_a_field(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """That of the request counts."""
    usual = logging.getLogRecordFactory()

    def make(*args: Any, **keywords: Any) -> logging.LogRecord:
        record = usual(*args, **keywords)
        record.request_id = "of the factory"
        return record

    logging.setLogRecordFactory(make)
    try:
        await ask(await served(serve, RequestID()), "GET", "/orders/a", headers={"X-Request-ID": "id-1"})
        assert (await record_of(caplog))["request_id"] == "id-1"
    finally:
        logging.setLogRecordFactory(usual)


async def test_it_knows_the_id_on_the_protocol_of_aiohttp(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Where the context of the observer is another than that of the request."""

    @web.middleware
    async def outside(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        assert request_id(request) == "id-1"
        return response

    application = web.Application(middlewares=[outside])
    inner = app_of(Orders, middlewares=[RequestID()], observers=[AccessLog()]).build()
    application.add_subapp("/inner", inner)
    answer = await ask(await serve(application), "GET", "/inner/orders/a", headers={"X-Request-ID": "id-1"})
    assert answer.headers["X-Request-ID"] == "id-1"
    found = await record_of(caplog)
    assert (found["request_id"], found["route"], found["path"]) == (
        "id-1",
        "/inner/orders/{order_id}",
        "/inner/orders/a",
    )


_FIELDS = f"the fields are {', '.join(FIELDS)}"


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        (
            {"logger": ""},
            "AccessLog(logger='') is not the name of a logger",
            'write it as logger="shop.access"',
        ),
        ({"probes": 1}, "AccessLog(probes=1) is neither True nor False", "write probes=True to log them"),
        ({"level": "INFO"}, "AccessLog(level='INFO') is not a level", "write it as level=logging.INFO"),
        (
            {"format": ""},
            "AccessLog(format='') is not a format",
            'write it as format="%(method)s %(target)s %(status)s"',
        ),
        (
            {"format": "%(methd)s"},
            "the format of AccessLog() has a field 'methd', which no record has",
            _FIELDS,
        ),
        (
            {"format": "%(status)d"},
            "the format '%(status)d' of AccessLog() cannot be filled in "
            "(%d format: a real number is required, not str)",
            _FIELDS,
        ),
        (
            {"format": "%(status)"},
            "the format '%(status)' of AccessLog() cannot be filled in (incomplete format)",
            _FIELDS,
        ),
        ({"redact": "pin"}, "AccessLog(redact='pin') is not a sequence of strings", 'write it as redact=("pin",)'),
        (
            {"exclude": (1,)},
            "AccessLog(exclude=(1,)) is not a sequence of strings",
            'write it as exclude=("/health",)',
        ),
    ],
)
def test_wrong_options_are_reported(options: dict[str, Any], what: str, hint: str) -> None:
    """When the app is built."""
    ((_, text),) = told(App([Orders], openapi=None, observers=[AccessLog(**options)]))
    assert text.endswith(f": {what}.\n  Hint: {hint}.")
