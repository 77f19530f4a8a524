"""FileResponse: whole files and parts of them, versions and names."""

from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, HTTPError, Request, Response, get
from framework.http_errors import NotFound
from framework.responses import FileResponse
from framework.typedefs import CallNext
from tests.http.disk import BIG, HUGE, SMALL, files_app, fill, until_closed
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of all sizes."""
    return fill(tmp_path)


@pytest.fixture
async def server(serve: Serve, folder: Path) -> TestServer:
    """Serve the folder's files, by their names."""
    return await serve(files_app(folder))


@pytest.mark.parametrize(
    ("name", "body", "media_type"),
    [
        ("small.txt", SMALL, "text/plain; charset=utf-8"),
        ("empty.css", b"", "text/css; charset=utf-8"),
        ("big.mp4", BIG, "video/mp4"),
        ("huge.bin", bytes(HUGE), "application/octet-stream"),
    ],
)
async def test_whole_file(server: TestServer, folder: Path, name: str, body: bytes, media_type: str) -> None:
    """A file of any size comes whole, with its type, length, version and date; HEAD says the same."""
    for method in ("GET", "HEAD"):
        answer = await ask(server, method, f"/{name}")
        assert (answer.status, answer.body) == (200, body if method == "GET" else b"")
        assert (answer.media_type, answer.headers["Content-Length"]) == (media_type, str(len(body)))
        assert list(answer.headers)[1:5] == ["Etag", "Last-Modified", "Accept-Ranges", "Content-Length"]
        assert "Server" not in answer.headers
    await until_closed(folder / name)


@pytest.mark.parametrize("name", ["small.txt", "big.mp4"])
@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-", 0, None),
        ("bytes=7-", 7, None),
        ("bytes=-3", -3, None),
        ("bytes=-99999999999999999999999", 0, None),
        ("bytes=0-1", 0, 2),
        ("bytes=2-2", 2, 3),
        ("bytes=2-99999999999999999999999", 2, None),
        ("BYTES=2-", 2, None),
        ("bytes= 2-3 ", 2, 4),
    ],
)
async def test_part_of_a_file(server: TestServer, name: str, header: str, start: int, stop: int | None) -> None:
    """A single range gives a 206 with just these bytes, as video players and curl -C ask for them."""
    whole = SMALL if name == "small.txt" else BIG
    part = whole[start:stop]
    first = start % len(whole)
    answer = await ask(server, "GET", f"/{name}", headers={"Range": header})
    assert (answer.status, answer.body) == (206, part)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(whole)}"


@pytest.mark.parametrize("name", ["small.txt", "big.mp4"])
@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0", "bytes=1048576-1048577"])
async def test_part_that_there_is_not(server: TestServer, name: str, header: str) -> None:
    """A range behind the end is a 416 that says how long the file is."""
    answer = await ask(server, "GET", f"/{name}", headers={"Range": header})
    assert answer.problem == problem(416, f"/{name}")
    assert answer.headers["Content-Range"] == f"bytes */{len(SMALL if name == 'small.txt' else BIG)}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "lines=1-2"},
        {"Range": "bytes"},
        {"Range": "bytes=a-b"},
        {"Range": "bytes=-"},
        {"Range": "bytes=5-2"},
        {"Range": "bytes=0-1,4-5"},
        {"Range": "bytes=" + ",".join(f"{one}-{one}" for one in range(1000))},
        {"Range": "bytes=0-1", "If-Range": "garbage"},
        {"Range": "bytes=0-1", "If-Range": '"other"'},
        {"Range": "bytes=0-1", "If-Range": "Fri, 01 May 1998 12:00:00 GMT"},
        {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 01 May 2099 12:00:00 GMT"},
    ],
)
async def test_whole_file_where_no_part_can_be_told(server: TestServer, headers: dict[str, str]) -> None:
    """Foreign units, many ranges, what cannot be read, and an If-Range of another version give the whole file."""
    answer = await ask(server, "GET", "/small.txt", headers=headers)
    assert (answer.status, answer.body) == (200, SMALL)


async def test_resuming(server: TestServer, folder: Path) -> None:
    """A download goes on where it stopped while the file is the same, and begins again where it is not."""
    first = await ask(server, "GET", "/big.mp4")
    for version in (first.headers["ETag"], first.headers["Last-Modified"]):
        rest = await ask(server, "GET", "/big.mp4", headers={"Range": "bytes=1000-", "If-Range": version})
        assert (rest.status, rest.body) == (206, BIG[1000:])
    (folder / "new").write_bytes(SMALL)
    (folder / "new").replace(folder / "big.mp4")
    again = await ask(server, "GET", "/big.mp4", headers={"Range": "bytes=5-", "If-Range": first.headers["ETag"]})
    assert (again.status, again.body) == (200, SMALL)


async def test_version_of_a_file(server: TestServer) -> None:
    """Who has the file gets 304; who means another version gets 412."""
    first = await ask(server, "GET", "/small.txt")
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f"W/{tag}"}, {"If-Modified-Since": date}):
        answer = await ask(server, "GET", "/small.txt", headers={**headers, "Range": "bytes=0-1"})
        assert (answer.status, answer.headers["ETag"], answer.headers["Last-Modified"]) == (304, tag, date)
        assert not answer.headers.keys() & {"Content-Type", "Content-Length", "Accept-Ranges", "Content-Range"}
    for headers in ({"If-Match": '"other"'}, {"If-Unmodified-Since": "Fri, 01 May 1998 12:00:00 GMT"}):
        answer = await ask(server, "GET", "/small.txt", headers=headers)
        assert answer.problem == problem(412, "/small.txt", "The file is not in the state that the request names")


@pytest.mark.parametrize("name", ["none", "inner", "pipe", "a" * 3000, "small.txt%20"])
async def test_file_that_there_is_not(server: TestServer, name: str) -> None:
    """What is missing, no regular file, or cannot be a name is a 404, at once."""
    assert (await ask(server, "GET", f"/{name}")).problem == problem(404, f"/{name}")


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("a b.pdf", 'attachment; filename="a b.pdf"'),
        ("größe.pdf", "attachment; filename=\"gr__e.pdf\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.pdf"),
        ('say "hi"', "attachment; filename=\"say _hi_\"; filename*=UTF-8''say%20%22hi%22"),
        ("50%25", "attachment; filename=\"50_\"; filename*=UTF-8''50%25"),
        ("..%2f..%2fetc%2fpasswd", 'attachment; filename="passwd"'),
        ("c:%5cwindows%5cx.txt", 'attachment; filename="x.txt"'),
        ("a%0d%0ab%e2%80%ae.txt", 'attachment; filename="ab.txt"'),
        ("%0d", 'attachment; filename="file"'),
    ],
)
async def test_name_under_which_a_file_is_saved(server: TestServer, name: str, disposition: str) -> None:
    """In ASCII for all, in UTF-8 where it needs more; without folders and control characters (RFC 6266)."""
    name = quote(name, safe="%")
    answer = await ask(server, "GET", f"/named/{name}")
    assert answer.headers["Content-Disposition"] == disposition
    shown = await ask(server, "GET", f"/named/{name}?inline=true")
    assert shown.headers["Content-Disposition"] == disposition.replace("attachment", "inline")
    assert shown.headers["Cache-Control"] == "no-store"


async def test_file_with_more_around_it(server: TestServer) -> None:
    """Headers, cookies, a media type and the route's status stay."""
    answer = await ask(server, "GET", "/failing", headers={"Range": "bytes=0-1", "Host": "example.com"})
    assert (answer.status, answer.body, answer.media_type, answer.headers["X-Own"]) == (202, SMALL, "text/x", "1")
    assert answer.headers["Set-Cookie"] == "a=1; HttpOnly; Path=/; SameSite=Lax; Secure"


async def test_connection_stays_usable(server: TestServer) -> None:
    """Files, parts, refusals and small answers follow each other on one connection, pipelined as well."""
    requests = [
        ("/big.mp4", {}, 200, BIG),
        ("/small.txt", {}, 200, SMALL),
        ("/big.mp4", {"Range": "bytes=1-900000"}, 206, BIG[1:900_001]),
        ("/none", {}, 404, None),
        ("/big.mp4", {"Range": "bytes=9999999-"}, 416, None),
        ("/small.txt", {}, 200, SMALL),
    ]
    async with connect(server) as connection:
        await connection.send(
            b"".join(make_request("GET", target, headers=headers) for target, headers, *_ in requests)
        )
        for _, _, status, body in requests:
            answer = await connection.receive()
            assert answer.status == status
            assert body is None or answer.body == body


async def test_file_from_a_middleware_and_an_exception_handler(serve: Serve, folder: Path) -> None:
    """Whoever answers a file, it is looked at: parts, versions and a missing file."""

    class Files(Controller):
        @get("/middleware")
        async def middleware(self) -> None:
            pass

        @get("/handler")
        async def handler(self) -> None:
            raise NotFound

        @get("/missing")
        async def missing(self) -> None:
            raise KeyError

        @get("/value")
        async def value(self) -> Response[str]:
            return FileResponse(folder / "small.txt")  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    async def middleware(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        return FileResponse(folder / "big.mp4") if request.path == "/middleware" else response

    async def not_found(_: Request, __: HTTPError) -> web.StreamResponse:
        return FileResponse(folder / "small.txt", status=404)

    async def missing(_: Request, __: KeyError) -> web.StreamResponse:
        return FileResponse(folder / "none")

    server = await serve(
        app_of(Files, middlewares=[middleware], exception_handlers={404: not_found, KeyError: missing})
    )

    async def part(target: str) -> Answer:
        return await ask(server, "GET", target, headers={"Range": "bytes=0-1"})

    assert ((await part("/middleware")).status, (await part("/middleware")).body) == (206, BIG[:2])
    assert ((await part("/handler")).status, (await part("/handler")).body) == (404, SMALL)
    assert (await part("/missing")).problem == problem(404, "/missing")
    assert ((await part("/value")).status, (await part("/value")).body) == (206, SMALL[:2])


async def test_one_response_for_many_requests(serve: Serve, folder: Path) -> None:
    """A FileResponse that was made once answers each request for itself."""
    kept = FileResponse(folder / "small.txt")

    class Files(Controller):
        @get("/kept")
        async def kept(self) -> FileResponse:
            return kept

    server = await serve(app_of(Files))
    for header, status, body in (("bytes=0-1", 206, SMALL[:2]), ("x=1", 200, SMALL), ("bytes=99-", 416, None)) * 2:
        answer = await ask(server, "GET", "/kept", headers={"Range": header})
        assert answer.status == status
        assert body is None or (answer.body == body and answer.headers.get("Content-Range") in {None, "bytes 0-1/10"})


async def test_header_that_would_split_the_answer(serve: Serve, folder: Path) -> None:
    """A line break in a header is a 500 without injection, for small files and large ones."""

    class Files(Controller):
        @get("/{name}")
        async def show(self, name: str) -> FileResponse:
            return FileResponse(folder / name, headers={"X-Own": "a\r\nX-Bad: 1"})

    server = await serve(app_of(Files))
    for name in ("small.txt", "big.mp4"):
        answer = await ask(server, "GET", f"/{name}")
        assert answer.problem == problem(500, f"/{name}")
        assert "X-Bad" not in answer.headers
    await until_closed(folder / "big.mp4")
