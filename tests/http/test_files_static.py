"""StaticFiles: what lies in a folder is served, and nothing else."""

import gzip
import os
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from framework import App, Controller, Request, Router, get
from framework.caching import CacheControl
from framework.http_errors import Unauthorized
from framework.static import StaticFiles
from tests.http.raw import ask, exchange, make_request
from tests.http.shapes import Serve, problem

SCRIPT, PAGE, SECRET = b"let a = 1;\n" * 50, b"<p>page", b"do not tell"
PROBE = make_request("GET", "/assets/app.js")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with all that one may find in such a folder, beside a secret."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "one.txt").write_bytes(SECRET)
    root = tmp_path / "root"
    (root / "docs" / "deep").mkdir(parents=True)
    (root / "docs" / "index.html").write_bytes(PAGE)
    (root / "bare").mkdir()
    (root / "index.html").write_bytes(PAGE)
    (root / "app.js").write_bytes(SCRIPT)
    (root / "app.js.gz").write_bytes(gzip.compress(SCRIPT))
    (root / "app.js.br").write_bytes(b"as if brotli")
    (root / "app.js.zst").symlink_to(tmp_path / "secret.txt")
    (root / "index-BqZ8aXyz.css").write_bytes(b"p {}")
    (root / "größe 1.txt").write_bytes(b"large")
    (root / ".env").write_bytes(SECRET)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(SECRET)
    (root / "%2e%2e").write_bytes(b"escaped")
    (root / "inside.js").symlink_to(root / "app.js")
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "out").symlink_to(tmp_path / "secrets")
    (root / "hidden").symlink_to(root / ".env")
    (root / "loop").symlink_to(root / "loop")
    (root / "dead").symlink_to(root / "nothing")
    os.mkfifo(root / "pipe")
    return root


class Items(Controller):
    """A handler beside files."""

    @get("/api/items")
    async def items(self) -> list[int]:
        """Return items."""
        return [1]


@pytest.fixture
async def server(serve: Serve, folder: Path) -> TestServer:
    """Serve the folder at a path, with an index, and as a single-page application at the root."""
    cache = CacheControl(max_age=60, public=True)
    return await serve(
        App([
            Items,
            StaticFiles("/assets", folder, cache_control=cache, immutable=("*-????????.css",)),
            StaticFiles("/site", str(folder), index="index.html", precompressed=()),
            Router("/v1", [StaticFiles("/files", folder)]),
            StaticFiles("/", folder, index="index.html", fallback="index.html"),
        ])
    )  # fmt: skip


async def test_file_of_a_folder(server: TestServer) -> None:
    """A file comes with its type, version, and what caches may do; its parts and versions can be asked for."""
    answer = await ask(server, "GET", "/assets/app.js")
    assert (answer.status, answer.body, answer.media_type) == (200, SCRIPT, "text/javascript; charset=utf-8")
    assert answer.headers["Cache-Control"] == "max-age=60, public"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    tag = answer.headers["ETag"]
    part = await ask(server, "GET", "/assets/app.js", headers={"Range": "bytes=4-4"})
    assert (part.status, part.body) == (206, b"a")
    same = await ask(server, "GET", "/assets/app.js", headers={"If-None-Match": tag})
    assert (same.status, same.headers["ETag"], same.headers["Cache-Control"]) == (304, tag, "max-age=60, public")
    assert same.headers["Vary"] == "Accept-Encoding"
    head = await ask(server, "HEAD", "/assets/app.js")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(SCRIPT)))
    other = await ask(server, "POST", "/assets/app.js")
    assert (other.status, other.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/assets/inside.js", SCRIPT),
        ("/assets/gr%C3%B6%C3%9Fe%201.txt", b"large"),
        ("/assets/%252e%252e", b"escaped"),
        ("/v1/files/docs/index.html", PAGE),
        ("/site/", PAGE),
        ("/site/docs/", PAGE),
        ("/", PAGE),
        ("/app.js", SCRIPT),
        ("/api/items", b"[1]"),
    ],
)
async def test_what_is_served(server: TestServer, target: str, body: bytes) -> None:
    """Names with any characters, links inside the folder, and the index of a folder; routes come first."""
    answer = await ask(server, "GET", target)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.usefixtures("few_lines")
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/none",
        "/docs",
        "/docs/",
        "/bare/",
        "/app.js/",
        "/app.js/x",
        "/.env",
        "/.git/config",
        "/docs/../.env",
        "/%2eenv",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..%5c..%5cetc%5cpasswd",
        "/docs/..%2f..%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "//etc/passwd",
        "//app.js",
        "/docs//index.html",
        "/%2fetc%2fpasswd",
        "/./app.js",
        "/docs/./index.html",
        "/c:/x",
        "/app.js::$DATA",
        "/out.txt",
        "/out/one.txt",
        "/hidden",
        "/loop",
        "/dead",
        "/pipe",
        "/" + "a" * 3000,
        "/" + "a/" * 1500,
    ],
)
async def test_what_is_not_served(server: TestServer, path: str) -> None:
    """Ways out of the folder, links out of it, dotfiles, folders, pipes and names that cannot be are all 404."""
    target = f"/assets{path}"
    answer = await exchange(server, make_request("GET", target), probe=PROBE)
    assert (answer.status, answer.problem["title"]) == (404, "Not Found")
    assert SECRET not in answer.body


@pytest.mark.parametrize("path", ["/%00", "/app.js%00.txt", "/%ff"])
async def test_path_that_is_no_text(server: TestServer, path: str) -> None:
    """A NUL and bytes that are not UTF-8 are a 400, as on every route."""
    answer = await exchange(server, make_request("GET", f"/assets{path}"), probe=PROBE)
    assert answer.problem["status"] == 400


async def test_folder_without_its_slash(server: TestServer) -> None:
    """A folder with an index is found below its slash, so that relative links in it lead on."""
    for target, location in (("/site/docs", "./docs/"), ("/site/docs?a=1", "./docs/?a=1")):
        answer = await ask(server, "GET", target)
        assert (answer.status, answer.headers["Location"]) == (307, location)
        assert (await ask(server, "GET", str(URL(target).join(URL(location)).path))).body == PAGE
    assert (await ask(server, "GET", "/site/bare")).status == 404


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("*", "br"),
        ("*, br;q=0", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("deflate", None),
        ("", None),
    ],
)
async def test_file_in_another_encoding(server: TestServer, accepted: str, encoding: str | None) -> None:
    """What lies beside a file in another encoding is sent to those that read it, with a version of its own."""
    plain = await ask(server, "GET", "/assets/app.js")
    answer = await ask(server, "GET", "/assets/app.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert (answer.media_type, answer.headers["Vary"]) == ("text/javascript; charset=utf-8", "Accept-Encoding")
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is (encoding is None)
    bodies = {None: SCRIPT, "br": b"as if brotli", "gzip": gzip.compress(SCRIPT)}
    assert len(answer.body) == len(bodies[encoding])
    if encoding is not None:
        again = {"Accept-Encoding": accepted, "If-None-Match": answer.headers["ETag"]}
        assert (await ask(server, "GET", "/assets/app.js", headers=again)).status == 304


async def test_encodings_that_are_off(server: TestServer) -> None:
    """With precompressed=() a file is sent as it is, and nothing varies."""
    answer = await ask(server, "GET", "/site/app.js", headers={"Accept-Encoding": "br"})
    assert (answer.body, answer.headers.get("Vary"), answer.headers.get("Cache-Control")) == (SCRIPT, None, None)
    packed = await ask(server, "GET", "/site/app.js.gz")
    assert (packed.media_type, gzip.decompress(packed.body)) == ("application/gzip", SCRIPT)


async def test_file_that_never_changes(server: TestServer) -> None:
    """Files with a hash in their names are kept for a year."""
    answer = await ask(server, "GET", "/assets/index-BqZ8aXyz.css")
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"


async def test_single_page_application(server: TestServer) -> None:
    """Whoever asks for a page gets the application's; whoever asks for anything else learns that it is not there."""
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for target in ("/orders/7", "/orders", "/api/nothing", "/assets-not/x"):
        page = await ask(server, "GET", target, headers=browser)
        assert (page.status, page.body, page.media_type) == (200, PAGE, "text/html; charset=utf-8")
        assert (page.headers["Cache-Control"], page.headers["Vary"]) == ("no-cache", "Accept")
        for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "text/html;q=0"}):
            assert (await ask(server, "GET", target, headers=headers)).problem == problem(404, target)
    assert (await ask(server, "GET", "/assets/none", headers=browser)).status == 404
    assert (await ask(server, "GET", "/../secret.txt", headers=browser)).body == PAGE


async def test_layers_and_names(serve: Serve, folder: Path) -> None:
    """Guards stand before a folder, its URLs can be asked for, and it is not in the document."""

    async def require_user(request: Request) -> None:
        if "X-User" not in request.headers:
            raise Unauthorized

    app = App([Router("/v1", [StaticFiles("/files", folder, name="files", guards=[require_user])])])
    server = await serve(app)
    assert str(app.url_for("files", path="docs/größe 1.txt")) == "/v1/files/docs/gr%C3%B6%C3%9Fe%201.txt"
    assert (await ask(server, "GET", "/v1/files/app.js")).status == 401
    assert (await ask(server, "GET", "/v1/files/app.js", headers={"X-User": "a"})).body == SCRIPT
    assert (await ask(server, "GET", "/openapi.json")).json["paths"] == {}
