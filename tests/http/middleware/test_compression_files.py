"""Compression of files: while they are read, and never of a part."""

import zlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from framework import App, Controller, Request, get
from framework.responses import FileResponse
from framework.static import StaticFiles
from tests.http.middleware.coded import BODY, VARY, K, accept, coded, decoded, fetch, seen
from tests.http.raw import connect
from tests.http.shapes import Serve, app_of


class Files(Controller):
    """Sends files."""

    @get("/file/{name}")
    async def file(self, name: str) -> FileResponse:
        """Send a file of the working directory."""
        return FileResponse(name)


LARGE_FILE = b"A line of a large file.\n" * 50_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of files the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.txt").write_bytes(BODY)
    (tmp_path / "tiny.txt").write_bytes(b"x" * 499)
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "large.txt").write_bytes(LARGE_FILE)
    (tmp_path / "picture.png").write_bytes(BODY)
    (tmp_path / "with.txt").write_bytes(BODY)
    (tmp_path / "with.txt.gz").write_bytes(zlib.compress(BODY, wbits=31))
    return tmp_path


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize(("name", "content"), [("small.txt", BODY), ("large.txt", LARGE_FILE)])
@pytest.mark.both_loops
async def test_a_file(serve: Serve, folder: Path, coding: str, name: str, content: bytes) -> None:
    """Files are compressed while they are read; each coding has a tag of its own, by which the file is known again."""
    del folder
    server = await serve(app_of(Files, middlewares=[K]))

    plain = await fetch(server, f"/file/{name}")
    tag = f'{plain.headers["ETag"][:-1]}-{coding}"'
    answer = await fetch(server, f"/file/{name}", *accept(coding))
    as_head = await fetch(server, f"/file/{name}", *accept(coding), method="HEAD")
    same = await fetch(server, f"/file/{name}", *accept(coding), f"If-None-Match: {tag}".encode())
    part = await fetch(server, f"/file/{name}", *accept(coding), b"Range: bytes=2-5")

    assert seen(plain) == {**VARY, "ETag": plain.headers["ETag"], "Accept-Ranges": "bytes"}
    assert seen(answer) == coded(coding, ETag=tag)
    assert decoded(answer) == content
    assert (seen(as_head), as_head.headers.get("Content-Length")) == (seen(answer), None)
    assert (same.status, seen(same)) == (304, {**VARY, "ETag": tag})
    assert (part.status, part.body) == (206, content[2:6])
    assert seen(part) == seen(plain)


@pytest.mark.parametrize("name", ["tiny.txt", "empty.txt", "picture.png"])
async def test_a_file_that_is_not_compressed(serve: Serve, folder: Path, name: str) -> None:
    """Small files, and files of other types, are sent as they are."""
    server = await serve(app_of(Files, middlewares=[K]))

    answer = await fetch(server, f"/file/{name}", *accept("gzip"))

    assert "Content-Encoding" not in answer.headers
    assert answer.body == (folder / name).read_bytes()


async def test_a_file_without_chunks(serve: Serve, folder: Path) -> None:
    """In HTTP/1.0 a file keeps its length, and no coding could."""
    server = await serve(app_of(Files, middlewares=[K]))
    async with connect(server) as connection:
        await connection.send(b"GET /file/large.txt HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
        head, _, body = (await connection.rest()).partition(b"\r\n\r\n")

    assert b"Content-Encoding" not in head
    assert f"Content-Length: {len(LARGE_FILE)}".encode() in head
    assert b'-gzip"' not in head
    assert body == (folder / "large.txt").read_bytes()


@pytest.mark.parametrize("name", ["small.txt", "large.txt"])
async def test_a_file_that_is_replaced(serve: Serve, folder: Path, name: str) -> None:
    """A file that is another one when it is opened is sent as it is, with its own tag."""

    async def replace_file(request: Request, call_next: Any) -> web.StreamResponse:
        response: web.StreamResponse = await call_next(request)
        (folder / "new").write_bytes(b"new" * 1000)
        (folder / "new").replace(folder / name)
        return response

    server = await serve(app_of(Files, middlewares=[replace_file, K]))

    answer = await fetch(server, f"/file/{name}", *accept("gzip"))

    assert answer.body == b"new" * 1000
    assert "Content-Encoding" not in answer.headers
    assert not answer.headers["ETag"].endswith('-gzip"')


async def test_static_files(serve: Serve, folder: Path) -> None:
    """A file that lies there in a coding is sent as it lies there; others are compressed."""
    server = await serve(App([StaticFiles("/static", folder)], openapi=None, middlewares=[K]))

    lying = await fetch(server, "/static/with.txt", *accept("gzip, br"))
    made = await fetch(server, "/static/small.txt", *accept("gzip, br"))

    assert (lying.headers["Content-Encoding"], decoded(lying)) == ("gzip", BODY)
    assert lying.headers["Vary"] == "Accept-Encoding"
    assert lying.body == (folder / "with.txt.gz").read_bytes()
    assert (made.headers["Content-Encoding"], decoded(made)) == ("br", BODY)
