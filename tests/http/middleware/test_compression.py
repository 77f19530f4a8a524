"""Compression: for each input (the rows of the specification are the ids) what is sent, and in which coding."""

import asyncio
import sys
import threading
import time
import zlib
from typing import Any

import pytest
from aiohttp import web

from framework import App, Controller, OpenAPI, Request, Response, Router, get, put
from framework.caching import Preconditions
from framework.errors import InvalidOptionError
from framework.http_errors import HTTPError
from framework.middleware import CORS, Compression
from framework.middleware.codings import Coding, installed
from tests.http.middleware.coded import BODY, VARY, K, accept, coded, decoded, fetch, seen, zstd
from tests.http.raw import Answer
from tests.http.shapes import Serve, app_of, problem
from tests.startup.expected import mistakes, place


class TooMuch(HTTPError, status=409):
    """An error with a long text."""


class Things(Controller):
    """Answers with bodies of all kinds."""

    path = "/things"

    @get()
    async def text(self) -> str:
        """Return 600 bytes."""
        return BODY.decode()

    @get("/json")
    async def json(self) -> list[str]:
        """Return 600 bytes of JSON."""
        return ["0123456789" * 59 + "123456"]

    @get("/sized/{size}")
    async def sized(self, size: int) -> str:
        """Return some bytes."""
        return "x" * size

    @get("/typed")
    async def typed(self, media_type: str) -> Response[bytes]:
        """Return 600 bytes of a media type."""
        return Response(BODY, media_type=media_type)

    @get("/problem")
    async def problem(self) -> None:
        """Fail with a long text."""
        raise TooMuch("x" * 600)

    @get("/said")
    async def said(self, name: str, value: str) -> Response[str]:
        """Set a header."""
        return Response(BODY.decode(), headers={name: value})

    @get("/nothing")
    async def nothing(self) -> None:
        """Return nothing."""

    @get("/tagged", etag=lambda _: "v1")
    async def tagged(self) -> str:
        """Have a version."""
        return BODY.decode()

    @get("/weak", etag=lambda _: "W/v1")
    async def weak(self) -> str:
        """Have a weak version."""
        return BODY.decode()

    @get("/suffixed", etag=lambda _: "a-gzip")
    async def suffixed(self) -> str:
        """Have a version that looks like a coded one."""
        return BODY.decode()

    @put("/tagged")
    async def replace(self, preconditions: Preconditions) -> str:
        """Replace that version."""
        preconditions.check("v1", required=True)
        return "replaced"

    @get("/bytes", ranges=True, media_type="text/plain")
    async def data(self) -> bytes:
        """Send parts."""
        return BODY

    @get("/secret", middlewares=(Compression(types=None),))
    async def secret(self) -> str:
        """Keep a secret beside what the client sent."""
        return BODY.decode()

    @get("/digest")
    async def digest(self, name: str) -> Response[str]:
        """Have a digest of the body."""
        return Response(BODY.decode(), headers={name: "sha-256=:AAAA:"})

    @get("/native")
    async def native(self) -> web.Response:
        """Return a response of aiohttp's."""
        return web.Response(text=BODY.decode(), headers={"ETag": '"v1"'})

    @get("/native/compressed")
    async def native_compressed(self) -> web.Response:
        """Return a response that aiohttp compresses."""
        response = web.Response(text=BODY.decode())
        response.enable_compression(web.ContentCoding.gzip)
        return response

    @get("/sent")
    async def sent(self, request: Request) -> web.StreamResponse:
        """Send the response in the handler."""
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(BODY)
        return response

    @get("/shared")
    async def shared(self) -> Response[str]:
        """Return one response again and again."""
        return SHARED


SHARED: Response[str] = Response(BODY.decode(), headers={"ETag": '"v1"'})


def things(**settings: Any) -> App:
    """Return the app of the rows."""
    return app_of(Things, middlewares=[K], **settings)


TEXT, SMALL = "/things", "/things/sized/40"
NEGOTIATED = [
    ("G1", TEXT, [], VARY),
    ("G1-empty", TEXT, accept(""), VARY),
    ("G2", TEXT, accept("gzip"), coded("gzip")),
    ("G2-json", "/things/json", accept("gzip"), coded("gzip") | {"Vary": "Accept, Accept-Encoding"}),
    ("G2-br", TEXT, accept("br"), coded("br")),
    ("G2-zstd", TEXT, accept("zstd"), coded("zstd")),
    ("G3", TEXT, accept("gzip;q=0"), VARY),
    ("G3-point", TEXT, accept("gzip; q=0.0"), VARY),
    ("G4", TEXT, accept("GZIP"), coded("gzip")),
    ("G4-x", TEXT, accept("x-gzip"), coded("gzip")),
    ("G5", TEXT, accept("xgzip"), VARY),
    ("G5-longer", TEXT, accept("gzipped"), VARY),
    ("G6", TEXT, accept("*"), coded("zstd")),
    ("G7", TEXT, accept("*;q=0.1, zstd;q=0, br;q=0"), coded("gzip")),
    ("G8", TEXT, accept("gzip;q=0.5, br"), coded("br")),
    ("G9", TEXT, accept("gzip, br, zstd"), coded("zstd")),
    ("G9-reversed", TEXT, accept("zstd, br, gzip"), coded("zstd")),
    ("G9-browser", TEXT, accept("gzip, deflate, br"), coded("br")),
    ("G10", TEXT, accept("identity, gzip;q=0.5"), VARY),
    ("G10-equal", TEXT, accept("identity, gzip"), coded("gzip")),
    ("G11", SMALL, accept("identity;q=0, gzip"), coded("gzip")),
    ("G11-star", SMALL, accept("*;q=0, gzip"), coded("gzip")),
    ("G11-allowed", SMALL, accept("gzip"), {}),
    ("G12", TEXT, accept("identity;q=0"), VARY),
    ("G12-star", TEXT, accept("*;q=0"), VARY),
    ("G13-weight", TEXT, accept("gzip;q=2"), VARY),
    ("G13-text", TEXT, accept("gzip;q=x"), VARY),
    ("G13-nothing", TEXT, accept(";;,"), VARY),
    ("G13-rest", TEXT, accept("gzip;q=x, br;;, zstd; q=0.9"), coded("zstd")),
    ("G14", TEXT, accept("gzip;q=0.5", "br"), coded("br")),
    ("G15", "/things/sized/500", accept("gzip"), coded("gzip")),
    ("G15-less", "/things/sized/499", accept("gzip"), {}),
    *(
        (f"G16-{media_type}", f"/things/typed?media_type={media_type}", accept("gzip"), {})
        for media_type in ("image/png", "application/zip", "video/mp4", "font/woff2", "text/event-stream")
    ),
    *(
        (f"G17-{media_type}", f"/things/typed?media_type={media_type.replace('+', '%2B')}", accept("gzip"), expected)
        for media_type, expected in (
            ("image/svg+xml", coded("gzip")),
            ("application/json;%20charset=utf-8", coded("gzip")),
            ("TEXT/HTML", coded("gzip")),
            ("application/vnd.api+json", coded("gzip")),
        )
    ),
    ("G19", "/things/said?name=Cache-Control&value=No-Transform", accept("gzip"), {}),
    ("G19-among", "/things/said?name=Cache-Control&value=private,no-transform,max-age=1", accept("gzip"), {}),
    ("G19-other", "/things/said?name=Cache-Control&value=x-no-transform", accept("gzip"), coded("gzip")),
    ("G22", "/things/tagged", accept("gzip"), coded("gzip", ETag='"v1-gzip"')),
    ("G22-identity", "/things/tagged", [], {**VARY, "ETag": '"v1"'}),
    ("G22-weak", "/things/weak", accept("gzip"), coded("gzip", ETag='W/"v1"')),
    ("G22-native", "/things/native", accept("gzip"), coded("gzip", ETag='"v1-gzip"')),
    ("G25-whole", "/things/bytes", accept("gzip"), coded("gzip", ETag='"1dad1bd0a0b1ee1d-gzip"')),
    *((f"G31-{name}", f"/things/digest?name={name}", accept("gzip"), {}) for name in (
        "Content-Digest", "Repr-Digest", "Digest", "Content-MD5"
    )),
    ("G32", "/things/secret", accept("gzip"), {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "lines", "expected"), [pytest.param(*row, id=number) for number, *row in NEGOTIATED]
)
async def test_a_response(serve: Serve, target: str, lines: list[bytes], expected: dict[str, str]) -> None:
    """The client's weights decide, then the order of the server; the body stays the same."""
    server = await serve(things())
    plain = await fetch(server, target)

    answer = await fetch(server, target, *lines)
    as_head = await fetch(server, target, *lines, method="HEAD")

    if "ETag" in expected and target.endswith("bytes"):
        expected = {**expected, "ETag": f'{plain.headers["ETag"][:-1]}-gzip"'}
    assert (answer.status, seen(answer)) == (200, expected)
    assert decoded(answer) == plain.body
    # G21
    for name in ("Content-Encoding", "Vary", "ETag", "Content-Length"):
        assert as_head.headers.get(name) == answer.headers.get(name)


async def test_small_bodies_of_clients_that_say_more(serve: Serve) -> None:
    """What one client says in two lines does not decide about another one that says the first of them alone (G11)."""
    server = await serve(things())
    both = await fetch(server, SMALL, *accept("identity;q=0, gzip", "identity;q=0.5"))
    alone = await fetch(server, SMALL, *accept("identity;q=0, gzip"))

    assert (seen(both), seen(alone)) == ({}, coded("gzip"))


async def test_a_problem(serve: Serve) -> None:
    """Errors are compressed as anything else (G17)."""
    answer = await fetch(await serve(things()), "/things/problem", *accept("gzip"))

    assert (answer.status, seen(answer)) == (409, coded("gzip"))
    plain = Answer(head=b"", version="", status=409, reason="", headers=answer.headers, body=decoded(answer))
    assert plain.problem == problem(409, "/things/problem", "x" * 600)


async def test_coded_by_the_handler(serve: Serve) -> None:
    """What has a coding is left alone, and so is what it varies by (G18)."""
    server = await serve(things())
    answer = await fetch(server, "/things/said?name=Content-Encoding&value=br", *accept("gzip"))
    native = await fetch(server, "/things/native/compressed", *accept("gzip"))

    assert seen(answer) == {"Content-Encoding": "br"}
    assert answer.body == BODY
    assert seen(native) == {"Content-Encoding": "gzip"}
    assert decoded(native) == BODY


async def test_without_a_body(serve: Serve) -> None:
    """There is nothing to compress in a 204 or a 304 (G20)."""
    server = await serve(things())
    nothing = await fetch(server, "/things/nothing", *accept("gzip"))
    same = await fetch(server, "/things/tagged", *accept("gzip"), b'If-None-Match: "v1-gzip"')

    assert (nothing.status, seen(nothing), nothing.body) == (204, {}, b"")
    assert (same.status, seen(same), same.body) == (304, {**VARY, "ETag": '"v1-gzip"'}, b"")


@pytest.mark.parametrize(
    ("encodings", "held", "status", "tag"),
    [
        pytest.param("gzip", '"v1-gzip"', 304, '"v1-gzip"', id="G23"),
        pytest.param("gzip", 'W/"v1-gzip"', 304, '"v1-gzip"', id="G23-weakened"),
        pytest.param("gzip", '"v0", "v1-gzip"', 304, '"v1-gzip"', id="G23-list"),
        pytest.param("gzip, br", '"v1-gzip"', 304, '"v1-gzip"', id="G23-another-liked-more"),
        pytest.param("gzip, br", '"v1", "v1-gzip", "v1-br"', 304, '"v1-br"', id="G23-all-held"),
        pytest.param("gzip", '"v1"', 304, '"v1"', id="G23-plain"),
        pytest.param("gzip", "*", 304, '"v1"', id="G23-any"),
        pytest.param("br", '"v1-gzip"', 200, '"v1-br"', id="G23-not-accepted"),
        pytest.param("", '"v1-gzip"', 200, '"v1"', id="G23-no-longer-accepted"),
        pytest.param("gzip", '"v0-gzip"', 200, '"v1-gzip"', id="G23-old"),
        pytest.param("gzip", '"v1-xz"', 200, '"v1-gzip"', id="G23-unknown"),
    ],
)
async def test_held_by_the_client(serve: Serve, encodings: str, held: str, status: int, tag: str) -> None:
    """A coded version is known again, and named as the client knows it."""
    server = await serve(things())

    answer = await fetch(server, "/things/tagged", *accept(encodings), f"If-None-Match: {held}".encode())

    assert (answer.status, answer.headers["ETag"]) == (status, tag)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        pytest.param('If-Match: "v1-gzip"', 200, id="G24"),
        pytest.param('If-Match: "v1-br"', 200, id="G24-other-coding"),
        pytest.param('If-Match: "v1"', 200, id="G24-plain"),
        pytest.param('If-Match: "v0-gzip"', 412, id="G24-old"),
        pytest.param('If-Match: W/"v1-gzip"', 412, id="G24-weak"),
        pytest.param('If-None-Match: "v1-gzip"', 412, id="G24-none-match"),
        pytest.param("If-Match: *", 200, id="G24-any"),
    ],
)
async def test_writing_what_was_read(serve: Serve, condition: str, status: int) -> None:
    """Whoever has read a coded version may replace it, whatever it accepts now."""
    answer = await fetch(await serve(things()), "/things/tagged", condition.encode(), method="PUT")

    assert answer.status == status


async def test_a_tag_that_looks_coded(serve: Serve) -> None:
    """A tag of the application's own may end as coded ones do."""
    server = await serve(things())
    held = await fetch(server, "/things/suffixed", b'If-None-Match: "a-gzip"')
    coded_too = await fetch(server, "/things/suffixed", *accept("gzip"), b'If-None-Match: "a-gzip-gzip"')

    assert (held.status, held.headers["ETag"]) == (304, '"a-gzip"')
    assert (coded_too.status, coded_too.headers["ETag"]) == (304, '"a-gzip-gzip"')


async def test_a_range(serve: Serve) -> None:
    """Parts are those of the body as it is; a client that holds a coded part gets the whole (G25)."""
    server = await serve(things())
    part = await fetch(server, "/things/bytes", *accept("gzip"), b"Range: bytes=0-99")
    tag = part.headers["ETag"]
    again = f'If-Range: {tag[:-1]}-gzip"'.encode()
    whole = await fetch(server, "/things/bytes", *accept("gzip"), b"Range: bytes=100-", again)

    assert (part.status, part.body) == (206, BODY[:100])
    assert seen(part) == {**VARY, "ETag": tag, "Accept-Ranges": "bytes"}
    assert (whole.status, decoded(whole)) == (200, BODY)
    assert whole.headers["ETag"] == f'{tag[:-1]}-gzip"'


async def test_the_same_bytes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment is not part of the body: a strong tag stands for the same bytes (G28)."""
    server = await serve(things())
    first = await fetch(server, TEXT, *accept("gzip"))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2)
    second = await fetch(server, TEXT, *accept("gzip"))

    assert first.body == second.body
    assert first.body[4:8] == b"\0\0\0\0"


@pytest.mark.parametrize("size", [600, 30_000_000])
async def test_the_window(serve: Serve, size: int) -> None:
    """A browser need not keep more than 8 MiB of a body in zstd (G29)."""
    server = await serve(things())

    answer = await fetch(server, f"/things/sized/{size}", *accept("zstd"))

    assert zstd.get_frame_info(answer.body).decompressed_size == size
    options = {int(zstd.DecompressionParameter.window_log_max): 23}
    assert len(zstd.decompress(answer.body, options=options)) == size


async def test_the_window_of_streams() -> None:
    """Nor of a stream (G29)."""
    coder = installed()["zstd"].coder()
    options = {int(zstd.DecompressionParameter.window_log_max): 17}
    data = b"0123456789" * 100_000

    assert zstd.decompress(coder.code(data) + coder.finish(), options=options) == data


class Slow(Controller):
    """Ends the wait of what compresses."""

    @get("/release")
    async def release(self) -> None:
        """Let them be compressed."""
        RELEASED.set()


RELEASED = threading.Event()


async def test_others_have_their_turn(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 128 KiB on a body is compressed in a worker thread, while the loop responds to others (G30)."""
    threads: list[bool] = []

    def compress(data: bytes) -> bytes:
        in_main = threading.current_thread() is threading.main_thread()
        threads.append(in_main)
        assert in_main or RELEASED.wait(20)
        return zlib.compress(data, wbits=31)

    gzip = Coding("gzip", compress, installed()["gzip"].coder)
    monkeypatch.setattr("framework.middleware.compression.installed", lambda: {"gzip": gzip})
    RELEASED.clear()
    server = await serve(app_of(Things, Slow, middlewares=[K]))

    waiting = asyncio.create_task(fetch(server, "/things/sized/131072", *accept("gzip")))
    while not threads:  # noqa: ASYNC110  another thread begins
        await asyncio.sleep(0.001)
    small = await fetch(server, "/things/sized/131071", *accept("gzip"))
    await fetch(server, "/release")
    large = await waiting

    assert threads == [False, True]
    assert (len(decoded(small)), len(decoded(large))) == (131_071, 131_072)


async def test_a_failing_coder(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is a 500, in a worker thread as well."""

    def compress(data: bytes) -> bytes:
        raise MemoryError(len(data))

    gzip = Coding("gzip", compress, installed()["gzip"].coder)
    monkeypatch.setattr("framework.middleware.compression.installed", lambda: {"gzip": gzip})
    server = await serve(things())

    for size in (600, 200_000):
        answer = await fetch(server, f"/things/sized/{size}", *accept("gzip"))
        assert answer.problem == problem(500, f"/things/sized/{size}")


@pytest.mark.parametrize(
    ("missing", "accepted", "coding"),
    [
        ((), "gzip, br, zstd", "zstd"),
        (("backports.zstd", "compression.zstd"), "gzip, br, zstd", "br"),
        (("backports.zstd", "compression.zstd", "brotli"), "gzip, br, zstd", "gzip"),
        (("brotli",), "br", None),
    ],
)
async def test_what_is_not_installed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], accepted: str, coding: str | None
) -> None:
    """A coding whose package is missing is not offered."""
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    installed.cache_clear()
    server = await serve(things())
    installed.cache_clear()

    answer = await fetch(server, TEXT, *accept(accepted))

    assert answer.headers.get("Content-Encoding") == coding
    assert decoded(answer) == BODY


async def test_one_response_for_many_requests(serve: Serve) -> None:
    """What one request gets in a coding the next one gets as it is."""
    server = await serve(things())

    for lines, expected in (
        (accept("gzip"), coded("gzip", ETag='"v1-gzip"')),
        ([], {**VARY, "ETag": '"v1"'}),
        (accept("br"), coded("br", ETag='"v1-br"')),
    ):
        answer = await fetch(server, "/things/shared", *lines)
        assert (seen(answer), decoded(answer)) == (expected, BODY)


async def test_sent_by_the_handler(serve: Serve) -> None:
    """A response that has begun is left alone."""
    answer = await fetch(await serve(things()), "/things/sent", *accept("gzip"))

    assert (seen(answer), answer.body) == ({}, BODY)


async def test_levels(serve: Serve) -> None:
    """The innermost one applies alone, on a router, a controller or a route; outside of it nothing is compressed."""

    class Controlled(Things):
        middlewares = (Compression(types=None),)

        @get("/on-again", middlewares=(Compression(minimum_size=5),))
        async def on_again(self) -> str:
            return "x" * 10

    server = await serve(app_of(Things, Router("/in", [Controlled], middlewares=[K])))

    for target, expected in (
        ("/things", {}),
        ("/in/things", {}),
        ("/in/things/on-again", coded("gzip")),
    ):
        assert seen(await fetch(server, target, *accept("gzip"))) == expected


async def test_beside_cors(serve: Serve) -> None:
    """Both say what a response depends on (C40)."""
    server = await serve(app_of(Things, middlewares=[CORS(origins=("https://app.example",)), K]))

    answer = await fetch(server, TEXT, *accept("gzip"), b"Origin: https://app.example")

    assert answer.headers["Vary"] == "Origin, Accept-Encoding"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert decoded(answer) == BODY


async def test_the_document() -> None:
    """Responses have the header in the document; those of routes without compression do not."""
    paths = App([Things], middlewares=[K], openapi=OpenAPI(title="Things")).document()["paths"]

    headers = paths["/things"]["get"]["responses"]["200"]["headers"]
    assert headers["Content-Encoding"]["description"] == "The coding of the body, if it has one: zstd, br, gzip"
    assert "headers" not in paths["/things/secret"]["get"]["responses"]["200"]


@pytest.mark.parametrize(
    ("piece", "what", "hint"),
    [
        pytest.param(
            Compression(minimum_size=size),  # type: ignore[arg-type]  # what is tested
            f"Compression(minimum_size={size!r}) is not a number of bytes",
            "write it as minimum_size=500",
            id=f"G33-{size}",
        )
        for size in (-1, 1.5, True, "500")
    ]
    + [
        pytest.param(
            Compression(types=types),  # type: ignore[arg-type]  # what is tested
            f"Compression(types={types!r}) does not list media types",
            'write it as types=("application/json",), or types=None to compress nothing',
            id=f"G34-{types}",
        )
        for types in ((), "text/html", 1)
    ]
    + [
        pytest.param(
            Compression(types=("text/html", wrong)),
            f"Compression(types=…): {wrong!r} is not a media type",
            'write it as "application/json", "text/*" or "*/*+json"',
            id=f"G34-{wrong}",
        )
        for wrong in ("json", "", "text/", "text/html; charset=utf-8", "text/h*", "*/json+*")
    ],
)
def test_wrong_options(piece: Compression, what: str, hint: str) -> None:
    """Options that cannot be met are reported when the app is built."""

    class Place(Controller):
        middlewares = (piece,)

        @get("/place")
        async def show(self) -> str:
            return ""

    where = f"Place ({place(Place)})"
    assert mistakes(Place) == [(InvalidOptionError, f"{where}: {what}.\n  Hint: {hint}.")]
