"""An app with handlers of every kind, and what is sent to it, byte by byte, to compare two ways of serving it."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from aiohttp import web
from aiohttp.typedefs import Handler

from framework import Body, Controller, Request, Response, get, post, route
from tests.http.raw import make_request

__all__ = ("EXCHANGES", "PAUSE", "Everything", "talk", "unsettled")

PAUSE = b""
"""In the place of bytes: wait until the server has nothing more to say."""

# How long a server may be silent before it counts as waiting; all exchanges run at once, so it may be long.
_SILENCE = 0.7
_LOOKS = 8
_PATIENCE = 30.0


_STATE = web.RequestKey("state", str)


class Everything(Controller):
    """Handlers that answer in every way that aiohttp knows."""

    @get("/text")
    async def text(self) -> str:
        """Answer at once."""
        return "text"

    @get("/slow")
    async def slow(self, seconds: float = 0.01) -> str:
        """Answer later."""
        await asyncio.sleep(seconds)
        return "slow"

    @get("/big")
    async def big(self) -> bytes:
        """Answer more than a socket takes at once."""
        return b"x" * 3_000_000

    @get("/nothing")
    async def nothing(self) -> None:
        """Answer 204."""

    @get("/rich")
    async def rich(self) -> Response[str]:
        """Answer with a header and a cookie."""
        return Response("rich", headers={"X-Rich": "yes"}, cookies={"a": "b"})

    @post("/echo")
    async def echo(self, body: Annotated[dict[str, int], Body()]) -> dict[str, int]:
        """Answer what came."""
        return body

    @post("/unread")
    async def unread(self) -> str:
        """Leave the body where it is."""
        return "unread"

    @post("/piece")
    async def piece(self, request: Request) -> str:
        """Read some of the body."""
        return (await request.content.read(3)).decode()

    @get("/crash")
    async def crash(self) -> str:
        """Fail."""
        raise ZeroDivisionError

    @get("/cancelled")
    async def cancelled(self) -> str:
        """Be cancelled by nobody but itself."""
        raise asyncio.CancelledError

    @get("/late")
    async def late(self) -> str:
        """Run out of a time of its own."""
        raise TimeoutError

    @get("/native")
    async def native(self) -> web.Response:
        """Answer as aiohttp does."""
        return web.Response(text="native", headers={"X-Native": "yes"})

    @get("/closing")
    async def closing(self) -> web.Response:
        """Close the connection after the answer."""
        response = web.Response(text="closing")
        response.force_close()
        return response

    @get("/zipped")
    async def zipped(self) -> web.Response:
        """Compress."""
        response = web.Response(text="z" * 3000)
        response.enable_compression(web.ContentCoding.deflate)
        return response

    @get("/file")
    async def file(self) -> web.FileResponse:
        """Send a file."""
        return web.FileResponse(Path(__file__).with_name("raw.py"))

    @get("/stream")
    async def stream(self, request: Request) -> web.StreamResponse:
        """Send chunks."""
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b"one", b"two"):
            await response.write(part)
            await asyncio.sleep(0)
        return response

    @get("/broken")
    async def broken(self, request: Request) -> web.StreamResponse:
        """Fail in the midst of a stream."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        raise ZeroDivisionError

    @get("/writer")
    async def writer(self, request: Request) -> str:
        """Write an interim answer by hand."""
        await request.writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        return "writer"

    @get("/redirect")
    async def redirect(self) -> str:
        """Raise an exception of aiohttp's."""
        raise web.HTTPFound("/text")

    @get("/socket")
    async def socket(self, request: Request) -> web.StreamResponse:
        """Echo the messages of a socket."""
        response = web.WebSocketResponse()
        await response.prepare(request)
        async for message in response:
            await response.send_str(message.data)
        return response

    @route("/facts", methods=("GET", "POST"))
    async def facts(self, request: Request) -> str:
        """Answer what a request knows of itself."""
        known: list[Any] = [request.version, request.secure, request.scheme, request.host, request.remote]
        known += [
            str(request.url),
            request.path_qs,
            request.keep_alive,
            request.content.is_eof(),
            request.can_read_body,
        ]
        known += [request.client_max_size, len(request), dict(request.match_info), request.writer.output_size]
        request[_STATE] = repr(request)
        known += [request[_STATE], request.clone(method="PUT").method, request.transport is not None]
        # The port is of the server alone.
        return re.sub(r"127\.0\.0\.1:\d+", "address", repr(known))


@web.middleware
async def unsettled(request: web.Request, handler: Handler) -> Any:
    """Misbehave as a query asks for, where only aiohttp's protocol can make an answer of it."""
    what = request.rel_url.raw_query_string
    if what == "after":
        await handler(request)
        raise ZeroDivisionError
    if what == "sent":
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise ZeroDivisionError
    if what in _ERRORS:
        error = _ERRORS[what]()
        raise error
    return _RESULTS[what] if what in _RESULTS else await handler(request)


_ERRORS: dict[str, Callable[[], BaseException]] = {
    "crash": ZeroDivisionError,
    "found": lambda: web.HTTPFound("/text"),
    "late": TimeoutError,
    "cancelled": asyncio.CancelledError,
    "lost": ConnectionResetError,
}
_RESULTS: dict[str, Any] = {"none": None, "number": 5}


def _request(method: str, target: str, *lines: str, body: bytes = b"", version: str = "1.1") -> bytes:
    head = "\r\n".join((f"{method} {target} HTTP/{version}", "Host: localhost", *lines))
    return f"{head}\r\n\r\n".encode() + body


def _get(target: str, *lines: str, version: str = "1.1") -> bytes:
    return _request("GET", target, *lines, version=version)


def _frame(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


_PLAIN = _get("/text")
_JSON = "Content-Type: application/json"
_SHORT = _request("POST", "/echo", _JSON, "Content-Length: 7", body=b'{"a":1}')
_CHUNKED = _request("POST", "/echo", _JSON, "Transfer-Encoding: chunked", body=b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n')
_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
_KEY = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
_SOCKET = _get("/socket", *_UPGRADE, *_KEY)
_CLOSE_FRAME = bytes((0x88, 0x82, 0, 0, 0, 0, 3, 232))
_KINDS = (
    *("text", "slow", "big", "nothing", "rich", "crash", "cancelled", "late"),
    *("native", "closing", "zipped", "file", "stream", "broken", "writer", "redirect"),
)

EXCHANGES: dict[str, Sequence[bytes]] = {
    **{f"/{kind}, then another": (_get(f"/{kind}"), PAUSE, _PLAIN) for kind in _KINDS},
    **{f"HEAD /{kind}": (_request("HEAD", f"/{kind}"), PAUSE, _PLAIN) for kind in _KINDS},
    **{f"/{kind} in HTTP/1.0": (_get(f"/{kind}", version="1.0"), PAUSE, _PLAIN) for kind in _KINDS},
    **{
        f"/{kind} in HTTP/1.0, kept": (_get(f"/{kind}", "Connection: keep-alive", version="1.0"), PAUSE, _PLAIN)
        for kind in _KINDS
    },
    **{f"/{kind}, Connection: close": (_get(f"/{kind}", "Connection: close"), PAUSE, _PLAIN) for kind in _KINDS},
    **{f"/{kind} in a pipeline": (_get(f"/{kind}") + _get("/slow") + _PLAIN,) for kind in _KINDS},
    **{
        f"unsettled: {what}": (_get(f"/text?{what}", "Accept: text/html"), PAUSE, _PLAIN)
        for what in ("after", "sent", *_ERRORS, *_RESULTS)
    },
    **{f"unsettled in a pipeline: {what}": (_get(f"/text?{what}") + _PLAIN,) for what in (*_ERRORS, *_RESULTS)},
    "nothing": (b"",),
    "half a head": (_PLAIN[:20],),
    "byte by byte": tuple(_PLAIN[i : i + 1] for i in range(len(_PLAIN))),
    "a head in two": (_PLAIN[:20], PAUSE, _PLAIN[20:], PAUSE, _PLAIN),
    "two and a half": (_PLAIN + _PLAIN + _PLAIN[:20], PAUSE, _PLAIN[20:]),
    "empty lines first": (b"\r\n\r\n" + _PLAIN,),
    "70 in a pipeline": (_get("/slow?seconds=0.2") + _PLAIN * 70,),
    "500 in a pipeline": (_PLAIN * 500,),
    "a pipeline behind a slow one, in pieces": (_get("/slow?seconds=0.2"), _PLAIN * 40, _SHORT * 40, _PLAIN),
    "a pipeline that ends": (_PLAIN + _get("/text", "Connection: close") + _PLAIN,),
    "unknown path": (_get("/nowhere"), PAUSE, _PLAIN),
    "other method": (_request("DELETE", "/text"), PAUSE, _PLAIN),
    "OPTIONS": (_request("OPTIONS", "/text"), PAUSE, _request("OPTIONS", "*"), PAUSE, _PLAIN),
    "unknown method": (_request("BREW", "/text"), PAUSE, _PLAIN),
    "facts": (_get("/facts?a=%20b"), PAUSE, _get("http://other/facts?x#y"), PAUSE, _get("//other/facts")),
    "facts of a POST": (_request("POST", "/facts", "Content-Length: 3", body=b"abc"), PAUSE, _PLAIN),
    "odd targets": (_get("/text#x"), PAUSE, _get("/text#x?y"), PAUSE, _get("/text?#"), PAUSE, _get("/te%78t")),
    "a body": (_SHORT, PAUSE, _SHORT, PAUSE, _PLAIN),
    "a body in two": (_SHORT[:-4], PAUSE, _SHORT[-4:], PAUSE, _PLAIN),
    "a body in chunks": (_CHUNKED, PAUSE, _CHUNKED[:-12], PAUSE, _CHUNKED[-12:], PAUSE, _PLAIN),
    "bodies in a pipeline": (_SHORT + _CHUNKED + _SHORT[:-3], PAUSE, _SHORT[-3:] + _PLAIN),
    "a broken body": (_request("POST", "/echo", _JSON, "Content-Length: 7", body=b'{"a":1]'), PAUSE, _PLAIN),
    "an unread body": (_request("POST", "/unread", "Content-Length: 3", body=b"abc"), PAUSE, _PLAIN),
    "an unread body that comes late": (_request("POST", "/unread", "Content-Length: 3"), PAUSE, b"abc", PAUSE, _PLAIN),
    "an unread body and a request behind": (_request("POST", "/unread", "Content-Length: 3"), PAUSE, b"abc" + _PLAIN),
    "an unread body that never comes": (_request("POST", "/unread", "Content-Length: 3"), PAUSE, b"ab"),
    "an unread body of chunks": (_CHUNKED.replace(b"echo", b"unread"), PAUSE, _PLAIN),
    "a body read in part": (_request("POST", "/piece", "Content-Length: 5", body=b"abcde"), PAUSE, _PLAIN),
    "a body read before it is whole": (
        _request("POST", "/piece", "Content-Length: 5", body=b"abcd"),
        PAUSE,
        b"e" + _PLAIN,
    ),
    "a body that is too large": (_request("POST", "/echo", _JSON, "Content-Length: 9999999"), PAUSE, b"x" * 2000),
    "Expect": (
        _request("POST", "/echo", _JSON, "Expect: 100-continue", "Content-Length: 7"),
        PAUSE,
        b'{"a":1}',
        PAUSE,
        _PLAIN,
    ),
    "another Expect": (_get("/text", "Expect: the-best"), PAUSE, _PLAIN),
    "no HTTP": (b"hello\r\n\r\n",),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",),
    "no Host": (b"GET /text HTTP/1.1\r\n\r\n", PAUSE, _PLAIN),
    "two Hosts": (_get("/text", "Host: other"), PAUSE, _PLAIN),
    "a bad header": (_get("/text", "no colon"), PAUSE, _PLAIN),
    "a head that is too large": (_get("/text", "X: " + "x" * 9000),),
    "too many headers": (_get("/text", *(f"X-{number}: 1" for number in range(200))),),
    "a bad version": (_get("/text", version="9.9"),),
    "a bad length": (_request("POST", "/echo", _JSON, "Content-Length: many"),),
    "two lengths": (_request("POST", "/echo", "Transfer-Encoding: chunked", "Content-Length: 3", body=b"abc"),),
    "a bad chunk": (_request("POST", "/unread", "Transfer-Encoding: chunked", body=b"zz\r\n"),),
    "a good request and a bad one": (_PLAIN + b"bad\r\n\r\n",),
    "a slow request and a bad one later": (_get("/slow?seconds=0.2"), b"bad\r\n\r\n"),
    "a good request, and later a bad one": (_PLAIN, PAUSE, b"bad\r\n\r\n"),
    "an upgrade declined": (_get("/text", *_UPGRADE), PAUSE, _PLAIN),
    "an upgrade declined, with a tail": (_get("/text", *_UPGRADE) + _PLAIN + _PLAIN, PAUSE, _PLAIN),
    "an upgrade declined slowly, with a tail": (_get("/slow?seconds=0.2", *_UPGRADE), _PLAIN * 40, PAUSE, _PLAIN),
    "an upgrade declined, with a bad tail": (_get("/text", *_UPGRADE) + b"bad\r\n\r\n",),
    "two upgrades declined": (_get("/text", *_UPGRADE) + _get("/text", *_UPGRADE) + _PLAIN, PAUSE, _PLAIN),
    "an upgrade declined behind others": (_PLAIN + _get("/slow") + _get("/text", *_UPGRADE) + _PLAIN,),
    "a socket": (_SOCKET, PAUSE, _frame(b"one"), PAUSE, _frame(b"two"), PAUSE, _CLOSE_FRAME),
    "a socket at once": (_SOCKET + _frame(b"one") + _frame(b"two"), PAUSE, _CLOSE_FRAME),
    "a socket behind others": (_PLAIN + _get("/slow") + _SOCKET + _frame(b"one"), PAUSE, _CLOSE_FRAME),
    "a socket that breaks": (_SOCKET, PAUSE, b"\xff\xff\xff\xff"),
    "no socket": (_get("/socket", *_UPGRADE), PAUSE, _PLAIN),
    "a made request": (make_request("GET", "/text"), PAUSE, make_request("GET", "/rich")),
}


async def talk(host: str, port: int, pieces: Sequence[bytes]) -> tuple[bytes, bool]:
    """Send the pieces one after the other; return what came back, and whether the connection is open after that."""
    reader, writer = await asyncio.open_connection(host, port)
    received = bytearray()
    is_open = True
    try:
        for piece in pieces:
            if piece:
                writer.write(piece)
                await asyncio.sleep(0.01)
            else:
                is_open = await _listen(reader, received)
        is_open = await _listen(reader, received)
    except ConnectionError:
        is_open = False
    finally:
        writer.close()
    return _without_time(bytes(received)), is_open


async def _listen(reader: asyncio.StreamReader, received: bytearray) -> bool:
    """Read until nothing comes for some time; return whether the connection is open."""
    silent = 0
    async with asyncio.timeout(_PATIENCE):
        # A process that stands still for a while looks once meanwhile, and not as often as this.
        while silent < _LOOKS:
            try:
                async with asyncio.timeout(_SILENCE / _LOOKS):
                    data = await reader.read(2**16)
            except TimeoutError:
                silent += 1
                continue
            if not data:
                return False
            silent = 0
            received += data
    return True


def _without_time(data: bytes) -> bytes:
    data = re.sub(rb"(Date|Last-Modified): [^\r]+", rb"\1: now", data)
    return re.sub(rb'Etag: "[^"]+"', b"Etag: same", data)
