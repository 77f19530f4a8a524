import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from a2wsgi import WSGIMiddleware
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError, web

from framework import App, Controller, DefinitionError, Router, get
from framework.asgi import ASGIApp, Mount
from framework.limits import Limits
from tests.http.asgi.calls import call, http_scope
from tests.http.shapes import Serve, app_of
from tests.waiting import until


class Old:
    """An ASGI application that reports what it gets."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a connection."""
        await getattr(self, scope["type"])(scope, receive, send)

    async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        """Note the start and the end."""
        while True:
            kind = (await receive())["type"]
            self.log.append(kind)
            scope["state"]["began"] = True
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        """Respond by the last segment of the path."""
        name = scope["path"].rpartition("/")[2]
        if name == "fail":
            raise RuntimeError("old failure")
        if name == "silent":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if message["type"] == "http.disconnect":
            self.log.append("disconnected")
            return
        headers = [(b"content-type", b"application/json"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 203, "headers": headers})
        await getattr(self, f"send_{name}", self.send_scope)(scope, body, receive, send)

    async def send_scope(self, scope: Any, body: bytes, _: Any, send: Any) -> None:
        """Return the scope."""
        shown = {name: scope[name] for name in ("method", "scheme", "path", "root_path", "http_version", "state")}
        shown["raw_path"], shown["query"] = scope["raw_path"].decode(), scope["query_string"].decode()
        shown["names"] = sorted({name.decode() for name, _ in scope["headers"]} & {"content-encoding", "x-one"})
        shown["body"] = len(body)
        await send({"type": "http.response.body", "body": json.dumps(shown).encode()})

    async def send_stream(self, _: Any, __: bytes, receive: Any, send: Any) -> None:
        """Send parts until the client has gone, or four."""
        for number in range(4):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
        await send({"type": "http.response.body"})
        assert (await receive())["type"] == "http.disconnect"
        self.log.append("streamed")

    async def send_endless(self, _: Any, __: bytes, receive: Any, send: Any) -> None:
        """Send until the client has gone."""
        watching = asyncio.ensure_future(receive())
        while not watching.done():
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0.01)
        self.log.append(watching.result()["type"])

    async def send_broken(self, _: Any, __: bytes, ___: Any, send: Any) -> None:
        """Fail in the middle."""
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise RuntimeError("old failure")

    async def websocket(self, scope: Any, receive: Any, send: Any) -> None:
        """Send messages back; the path may refuse."""
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"].endswith("refused"):
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["path"].endswith("paid"):
            await send({"type": "websocket.http.response.start", "status": 402, "headers": [(b"x-one", b"1")]})
            await send({"type": "websocket.http.response.body", "body": b"pay"})
            return
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0], "headers": [(b"x-one", b"1")]})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await send({"type": "websocket.close", "code": 3001, "reason": "bye"})
            elif message.get("text") == "fail":
                raise RuntimeError("old failure")
            else:
                await send({**message, "type": "websocket.send"})
        self.log.append(f"closed {message['code']}")


class New(Controller):
    """A route beside the old ones."""

    @get("/old/new")
    async def new(self) -> str:
        """Return a text."""
        return "new"


@pytest.fixture
def old() -> Old:
    """Return an ASGI application."""
    return Old()


@pytest.fixture
async def client(serve: Serve, old: Old) -> AsyncIterator[ClientSession]:
    """Serve it below a path."""
    server = await serve(app_of(New, Mount("/old", old, limits=Limits(body=2_000_000))))  # type: ignore[arg-type]  # beside classes
    async with ClientSession(server.make_url("/")) as session:
        yield session


async def test_scope(client: ClientSession) -> None:
    """The application sees the path with its prefix as root path, and the body decoded."""
    async with client.post("/old/a%20b/c?q=%20", data=b"123", headers={"X-One": "1"}) as response:
        assert (response.status, response.headers.getall("Set-Cookie")) == (203, ["a=1", "b=2"])
        assert await response.json() == {
            "method": "POST",
            "scheme": "http",
            "path": "/old/a b/c",
            "root_path": "/old",
            "http_version": "1.1",
            "state": {"began": True},
            "raw_path": "/old/a%20b/c",
            "query": "q=%20",
            "names": ["x-one"],
            "body": 3,
        }
    async with client.get("/old") as response:
        shown = await response.json()
        assert (shown["path"], shown["root_path"]) == ("/old", "/old")
    async with client.get("/old/new") as response:
        assert await response.text() == "new"
    packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K\xc4\x00\x00\x1d\x80\xbc\x55\x00\x00\x00"  # not whole
    async with client.post("/old/x", data=packed, headers={"Content-Encoding": "gzip"}) as response:
        assert response.status == 400


async def test_body_limit(client: ClientSession, old: Old) -> None:
    """A body beyond the limit of the mount is a 413, declared or not."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield bytes(100_000)

    async with client.post("/old/x", data=BytesIO(bytes(1_900_000))) as response:
        assert (await response.json())["body"] == 1_900_000
    async with client.post("/old/x", data=BytesIO(bytes(3_000_000))) as response:
        assert response.status == 413
    assert old.log == ["lifespan.startup"]
    async with client.post("/old/x", data=chunks()) as response:
        assert response.status == 413
    assert old.log == ["lifespan.startup", "disconnected"]


async def test_streams(client: ClientSession, old: Old) -> None:
    """A stream is sent as it is made, and learns when its client disconnects."""
    async with client.get("/old/stream") as response:
        assert (response.headers["Transfer-Encoding"], await response.read()) == ("chunked", b"0123")
    await until(lambda: "streamed" in old.log)
    async with client.get("/old/endless") as response:
        assert await response.content.read(1) == b"x"
        response.close()
    await until(lambda: "http.disconnect" in old.log)


async def test_failures(client: ClientSession) -> None:
    """A failure before the response is a 500; later the response is cut off."""
    for name in ("fail", "silent"):
        async with client.get(f"/old/{name}") as response:
            assert (response.status, response.content_type) == (500, "application/problem+json")
    with pytest.raises(aiohttp.ClientPayloadError):
        async with client.get("/old/broken") as response:
            await response.read()


async def test_sockets(client: ClientSession, old: Old) -> None:
    """Web sockets are accepted with a protocol and headers, or refused with any response."""
    async with client.ws_connect("/old/socket", protocols=("one", "two")) as socket:
        assert socket.protocol == "one"
        await socket.send_str("text")
        assert await socket.receive_str() == "text"
        await socket.send_bytes(b"bytes")
        assert await socket.receive_bytes() == b"bytes"
        await socket.send_str("bye")
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 3001
    async with client.ws_connect("/old/socket", protocols=("one",)) as socket:
        await socket.close(code=3002)
    async with client.ws_connect("/old/socket", protocols=("one",)) as socket:
        await socket.send_str("fail")
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 1011
    await until(lambda: "closed 3002" in old.log)
    for name, status in (("refused", 403), ("paid", 402)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"/old/{name}")
        assert refused.value.status == status


async def test_shutdown_ends_what_waits(serve: Serve, old: Old) -> None:
    """When the server stops, sockets are closed with 1001, endless streams learn it, and the application stops last."""
    server = await serve(app_of(Mount("/old", old)))  # type: ignore[arg-type]  # beside classes
    async with (
        ClientSession(server.make_url("/")) as client,
        client.ws_connect("/old/s", protocols=("one",)) as socket,
        client.get("/old/endless") as response,
    ):
        assert await response.content.read(1) == b"x"
        closing = asyncio.create_task(server.close())
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 1001
        await closing
    assert sorted(old.log[1:-1]) == ["closed 1001", "http.disconnect"]
    assert (old.log[0], old.log[-1]) == ("lifespan.startup", "lifespan.shutdown")


async def test_guards_and_layers(serve: Serve, old: Old) -> None:
    """``default_guard`` and layers cover a mount, unless it is public."""

    async def refuse(_: web.Request) -> None:
        raise web.HTTPForbidden

    async def mark(request: web.Request, call_next: Callable[[web.Request], Any]) -> web.StreamResponse:
        response: web.StreamResponse = await call_next(request)
        response.headers["X-Marked"] = "1"
        return response

    entries: list[Any] = [
        Mount("/closed", old),
        Router("/v1", controllers=[Mount("/open", old, public=True, middlewares=[mark])]),
    ]
    server = await serve(App(entries, openapi=None, default_guard=refuse))
    async with ClientSession(server.make_url("/")) as client:
        async with client.get("/closed/x") as response:
            assert response.status == 403
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/closed/x", protocols=("one",))
        assert refused.value.status == 403
        async with client.get("/v1/open/x") as response:
            assert (response.status, response.headers["X-Marked"]) == (203, "1")
            assert (await response.json())["root_path"] == "/v1/open"
        async with client.get("/v1/open/stream") as response:
            assert (response.headers["X-Marked"], await response.read()) == ("1", b"0123")
    assert old.log.count("lifespan.startup") == 2


async def test_application_of_wsgi(serve: Serve) -> None:
    """a2wsgi makes an ASGI application of one of WSGI."""

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        body = environ["wsgi.input"].read()
        yield f"{environ['REQUEST_METHOD']} {environ['SCRIPT_NAME']} {environ['PATH_INFO']} ".encode()
        yield body

    mounted: Any = WSGIMiddleware(application)
    server = await serve(app_of(Mount("/wsgi", mounted)))  # type: ignore[arg-type]  # beside classes
    async with ClientSession(server.make_url("/")) as client, client.post("/wsgi/a/b", data=b"body") as response:
        assert (response.status, await response.text()) == (200, "POST /wsgi /a/b body")


async def test_app_below_an_app() -> None:
    """A mount knows the root path of the server, and an App may be mounted as any ASGI application."""
    inner = ASGIApp(app_of(New))
    app = ASGIApp(app_of(Mount("/sub", inner)))  # type: ignore[arg-type]  # beside classes
    reply = await call(app, http_scope("GET", "/api/sub/old/new", root_path="/api"))
    assert (reply.status, reply.body) == (200, b"new")
    reply = await call(app, http_scope("GET", "/api/sub/none", root_path="/api"))
    assert (reply.status, b'"instance":"/api/sub/none"' in reply.body) == (404, True)


async def test_application_that_does_not_start(serve: Serve) -> None:
    """If a mounted application reports that it cannot start, the app does not start."""

    async def broken(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start: no database"):
        await serve(app_of(Mount("/old", broken)))  # type: ignore[arg-type]  # beside classes
    server = await serve(app_of(Mount("/old", broken, with_lifespan=False)))  # type: ignore[arg-type]  # beside classes
    assert server.started


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        (
            Mount("/old", 5),  # type: ignore[arg-type]  # wrong
            "Mount('/old'): application=5 is not an ASGI application.\n"
            "  Hint: write it as application=old_application.",
        ),
        (
            Mount("/old", Old),  # type: ignore[arg-type]  # wrong
            "Mount('/old'): application=Old is not an ASGI application.\n"
            "  Hint: write it as application=old_application.",
        ),
        (
            Mount("/old", Old(), with_lifespan="off"),  # type: ignore[arg-type]  # wrong
            "Mount('/old'): with_lifespan='off' is not True or False.\n  Hint: write it as with_lifespan=False.",
        ),
    ],
)
def test_wrong_options(mount: Any, message: str) -> None:
    """Wrong options are found when the app is built."""
    with pytest.raises(ExceptionGroup) as errors:
        app_of(mount).build()
    assert list(map(str, errors.value.exceptions)) == [message]
    assert isinstance(errors.value.exceptions[0], DefinitionError)
