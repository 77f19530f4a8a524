"""Forms with files, and with parts that are values of their own."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct

from framework import BackgroundTasks, Controller, File, Form, Limits, UploadFile, post
from tests.http.forms import MULTIPART, URLENCODED, multipart, part, send_parts
from tests.http.raw import ask, connect, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem

LARGE = 3_000_000
KEPT: list[UploadFile] = []
"""Files that handlers did not let go."""


class Line(Struct):
    """A line."""

    sku: str
    count: Annotated[int, Meta(ge=1)] = 1


class Meta_(Struct):  # noqa: N801  Meta is msgspec's
    """What is said of a picture."""

    title: str
    lines: list[Line] = []


class Picture(Struct, forbid_unknown_fields=True):
    """A form with a file, a part and a text."""

    image: UploadFile
    meta: Meta_
    views: dict[str, int] = {}
    more: list[UploadFile] = []
    note: str | None = None
    mask: UploadFile | None = None


async def told(file: UploadFile | None) -> Any:
    """Return all that a file tells."""
    return None if file is None else (file.filename, file.content_type, file.size, (await file.read())[:20])


class Uploads(Controller):
    """Takes files."""

    @post("/one")
    async def one(self, photo: UploadFile, title: Annotated[str, Form()] = "") -> str:
        """Answer one file and a field."""
        return repr((await told(photo), title))

    @post("/many")
    async def many(self, photos: Annotated[list[UploadFile], File(name="photo")]) -> str:
        """Answer several files of one name."""
        return repr([await told(one) for one in photos])

    @post("/maybe")
    async def maybe(self, photo: UploadFile | None = None) -> str:
        """Answer a file that may be absent."""
        return repr(await told(photo))

    @post("/model")
    async def model(self, picture: Annotated[Picture, Form()]) -> str:
        """Answer a model with files and parts."""
        files = [await told(one) for one in (picture.image, *picture.more, picture.mask)]
        return repr((files, picture.meta, picture.views, picture.note))

    @post("/meta")
    async def meta(
        self,
        photo: UploadFile,
        meta: Annotated[Meta_, Form(embed=True)],
        lines: Annotated[list[Line], Form()] = [],  # noqa: B006  requests do not share it
    ) -> str:
        """Answer values beside a file."""
        return repr((photo.size, meta, lines))

    @post("/reading")
    async def reading(self, photo: UploadFile) -> str:
        """Read a file in all ways."""
        first, rest = await photo.read(4), await photo.read()
        await photo.seek(2)
        chunks = [chunk async for chunk in photo]
        return repr((first, len(rest), len(b"".join(chunks)), await photo.read(), photo.headers["x-own"]))

    @post("/saving")
    async def saving(self, photo: UploadFile, target: Annotated[str, Form()]) -> int:
        """Save a file, then go on reading it."""
        await photo.read(1)
        await photo.save_to(target)
        return len(await photo.read())

    @post("/streamed")
    async def streamed(self, photo: UploadFile) -> AsyncIterator[bytes]:
        """Read a file while the answer is sent."""
        KEPT.append(photo)
        yield b"<"
        await asyncio.sleep(0)
        async for chunk in photo:
            yield chunk
        yield b">"

    @post("/payload")
    async def payload(self, photo: UploadFile) -> web.StreamResponse:
        """Read a file in a body that aiohttp reads when it sends it."""
        KEPT.append(photo)
        return web.Response(body=self.streamed(photo))

    @post("/broken")
    async def broken(self, photo: UploadFile) -> web.StreamResponse:
        """Fail where another would send a file."""
        KEPT.append(photo)
        raise RuntimeError

    @post("/left")
    async def left(self, photo: UploadFile, how: Annotated[str, Form()], tasks: BackgroundTasks) -> None:
        """Leave a file to a task."""
        tasks.add(use_later, photo, how)

    @post("/kept")
    async def kept(self, photo: UploadFile, title: Annotated[str, Form()] = "") -> int:
        """Keep a file beyond the request."""
        KEPT.append(photo)
        if title == "fail":
            raise RuntimeError(title)
        if title == "wait":
            await asyncio.sleep(30)
        return photo.size


async def use_later(photo: UploadFile, how: str) -> None:
    """Use a file when its request has ended."""
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "read": photo.read,
        "seek": lambda: photo.seek(0),
        "save": lambda: photo.save_to("never"),
    }
    await ways[how]()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files lie in a folder of their own, so that they can be told from others."""
    KEPT.clear()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the uploads."""
    return await serve(app_of(Uploads, limits=Limits(body=2 * LARGE)))


def temporary_files() -> list[str]:
    """Return the deleted files that this process holds open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.endswith("(deleted)") and target.startswith(tempfile.gettempdir()):
            found.append(target)
    return found


async def eventually_none() -> list[str]:
    """Return the temporary files that are still open after threads had time to close them."""
    for _ in range(200):
        if not temporary_files():
            return []
        await asyncio.sleep(0.01)
    return temporary_files()


PNG = part("photo", b"\x89PNG\r\n", filename="a.png", media_type="image/png")
PROBE = make_request("POST", "/one", headers=MULTIPART, body=multipart(PNG))


async def test_file_and_field_together(server: TestServer) -> None:
    """A type of UploadFile is a file of the form without any marker."""
    answer = await send_parts(server, "/one", part("title", "A"), PNG, part("other", "x", filename="dropped"))
    assert answer.body.decode() == repr((("a.png", "image/png", 6, b"\x89PNG\r\n"), "A"))


async def test_several_files(server: TestServer) -> None:
    """Files of one name are a list, in their order; one is a list of one."""
    other = part("photo", b"", filename="empty.bin")
    answer = await send_parts(server, "/many", PNG, other)
    png = ("a.png", "image/png", 6, b"\x89PNG\r\n")
    assert answer.body.decode() == repr([png, ("empty.bin", "application/octet-stream", 0, b"")])
    assert (await send_parts(server, "/many", PNG)).body.decode() == repr([png])


async def test_optional_file(server: TestServer) -> None:
    """A file that was not chosen is none: browsers send it without a name and without content."""
    unchosen = part("photo", b"", filename="", media_type="application/octet-stream")
    assert (await send_parts(server, "/maybe", unchosen)).body == b"None"
    assert (await send_parts(server, "/maybe", part("x", "y"))).body == b"None"
    assert (await ask(server, "POST", "/maybe")).body == b"None"
    assert (await send_parts(server, "/maybe", PNG)).body.startswith(b"('a.png'")
    missing = await send_parts(server, "/one", unchosen)
    assert missing.problem == invalid("/one", fault("form", "/photo", "missing", "Field required"))


async def test_text_is_no_file_and_file_no_text(server: TestServer) -> None:
    """What was sent as the other kind is a fault of its type."""
    wrong = part("title", "x", filename="x.txt")
    answer = await send_parts(server, "/one", part("photo", "null"), wrong)
    assert answer.problem == invalid(
        "/one",
        fault("form", "/photo", "type", "Expected `file`, got `str`"),
        fault("form", "/title", "type", "Expected `str`, got `file`"),
    )
    answer = await send_parts(server, "/one", PNG, PNG)
    assert answer.problem == invalid("/one", fault("form", "/photo", "type", "Given 2 times, expected once"))


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\\\dir\\\\x.png", "x.png"),
        ("..\\\\..\\\\x", "x"),
        ("a/", ""),
        ("..", ""),
        ("x%0D%0AY: z\x1b", "xY: z"),
        ("gr\u00fcn.png", "gr\u00fcn.png"),
        ("x" * 300, "x" * 255),
        (" .bashrc ", ".bashrc"),
        ("a\u2028b", "ab"),
    ],
)
async def test_names_of_files_are_base_names(server: TestServer, sent: str, name: str) -> None:
    """Row 32: of a name that a client gives the last part is left, without control characters."""
    answer = await send_parts(server, "/one", part("photo", "x", filename=sent))
    assert answer.body.decode() == repr(((name, "application/octet-stream", 1, b"x"), ""))


@pytest.mark.parametrize("size", [0, 10, LARGE])
async def test_file_is_read_in_pieces(server: TestServer, size: int) -> None:
    """A file can be read, sought and iterated, in memory and on the disk."""
    answer = await send_parts(server, "/reading", part("photo", b"x" * size, filename="a", X_Own="1"))
    expected = (b"x" * min(4, size), max(size - 4, 0), max(size - 2, 0), b"", "1")
    assert answer.body.decode() == repr(expected)


@pytest.mark.parametrize("size", [10, LARGE])
async def test_file_is_saved(server: TestServer, size: int, tmp_path: Path) -> None:
    """save_to writes the whole file, wherever reading stands, and leaves it there."""
    content = os.urandom(size)
    target = tmp_path / "saved"
    answer = await send_parts(server, "/saving", part("photo", content, filename="a"), part("target", str(target)))
    assert answer.json == size - 1
    assert target.read_bytes() == content


# Parts

JSON_PART = "application/json"
META = msgspec.json.encode(Meta_("A", [Line("a", 2)]))


@pytest.mark.parametrize("media_type", [JSON_PART, "application/msgpack", "application/vnd.x+json"])
async def test_part_is_decoded_by_its_own_type(server: TestServer, media_type: str) -> None:
    """What is not a scalar is a part that the formats of the app read, also where it has a name of a file."""
    packed = msgspec.msgpack if media_type.endswith("msgpack") else msgspec.json
    meta = part("meta", packed.encode(Meta_("A", [Line("a", 2)])), filename="blob", media_type=media_type)
    lines = part("lines", packed.encode([Line("b")]), media_type=media_type)
    answer = await send_parts(server, "/meta", meta, PNG, lines)
    assert answer.body.decode() == repr((6, Meta_("A", [Line("a", 2)]), [Line("b")]))


async def test_model_with_files_and_parts(server: TestServer) -> None:
    """A model may hold files, parts and texts."""
    image = part("image", "i", filename="i.png")
    answer = await send_parts(
        server,
        "/model",
        image,
        part("meta", META, media_type=JSON_PART),
        part("views", '{"a": 1}', media_type=JSON_PART),
        part("more", "m", filename="m.png"),
        part("note", "n"),
    )
    stream = "application/octet-stream"
    files = [("i.png", stream, 1, b"i"), ("m.png", stream, 1, b"m"), None]
    assert answer.body.decode() == repr((files, Meta_("A", [Line("a", 2)]), {"a": 1}, "n"))


async def test_faults_of_parts_and_files_are_told_together(server: TestServer) -> None:
    """Parts are as strict as bodies; their faults stand beside those of texts and files."""
    answer = await send_parts(
        server,
        "/model",
        part("image", "no file"),
        part("meta", '{"title": 1, "lines": [{"sku": "a", "count": 0}, {}]}', media_type=JSON_PART),
        part("views", "text"),
        part("x", "unknown", filename="x"),
    )
    expected = "Expected a part of type `application/json` or `application/msgpack`"
    assert answer.problem == invalid(
        "/model",
        fault("form", "/meta/title", "type", "Expected `str`, got `int`"),
        fault("form", "/meta/lines/0/count", "constraint", "Expected `int` >= 1"),
        fault("form", "/meta/lines/1/sku", "missing", "Field required"),
        fault("form", "/views", "type", expected),
        fault("form", "/image", "type", "Expected `file`, got `str`"),
        fault("form", "/x", "unknown", "Unknown field"),
    )


async def test_parts_that_are_none(server: TestServer) -> None:
    """A part of another type or twice is a fault, a missing one too, and one that does not parse is 400."""
    for wrong in (part("meta", META), part("meta", META, media_type="text/plain"), part("meta", META, filename="x")):
        answer = await send_parts(server, "/meta", PNG, wrong)
        expected = "Expected a part of type `application/json` or `application/msgpack`"
        assert answer.problem == invalid("/meta", fault("form", "/meta", "type", expected))
    good = part("meta", META, media_type=JSON_PART)
    answer = await send_parts(server, "/meta", PNG, good, good)
    assert answer.problem == invalid("/meta", fault("form", "/meta", "type", "Given 2 times, expected once"))
    answer = await send_parts(server, "/meta")
    assert answer.problem == invalid(
        "/meta",
        fault("form", "/photo", "missing", "Field required"),
        fault("form", "/meta", "missing", "Field required"),
    )
    for content, detail in (("{", "Input data was truncated"), ("", "The body is empty")):
        broken = part("meta", content, media_type=JSON_PART)
        answer = await send_parts(server, "/meta", PNG, broken, probe=PROBE)
        expected_fault = fault("form", "/meta", "syntax", detail)
        assert answer.problem == problem(400, "/meta", "The form cannot be parsed", errors=[expected_fault])


# Limits


async def test_urlencoded_form_has_no_files(server: TestServer) -> None:
    """A route with files reads multipart alone."""
    answer = await exchange(server, make_request("POST", "/one", headers=URLENCODED, body=b"photo=a"), probe=PROBE)
    read = "multipart/form-data is read here"
    assert answer.problem == problem(415, "/one", f"The Content-Type is not supported; {read}")
    assert answer.headers["Accept"] == "multipart/form-data"


async def test_file_has_a_limit(serve: Serve) -> None:
    """A file beyond its limit is 413; a file is not a field."""
    server = await serve(app_of(Uploads, limits=Limits(file=10, field=2)))
    assert (await send_parts(server, "/one", part("photo", "x" * 10, filename="a"))).status == 200
    answer = await send_parts(server, "/one", part("photo", "x" * 11, filename="a"))
    assert answer.problem == problem(413, "/one", "The file 'photo' exceeds 10 bytes")
    assert answer.headers["Connection"] == "close"
    answer = await send_parts(server, "/one", part("title", "xyz"))
    assert answer.problem == problem(413, "/one", "The field 'title' exceeds 2 bytes")


async def test_five_thousand_files_are_too_many(server: TestServer) -> None:
    """Row 27: files count as parts."""
    parts = multipart(*[part("a", "1", filename="a")] * 5_000)
    answer = await exchange(server, make_request("POST", "/one", headers=MULTIPART, body=parts))
    assert answer.problem == problem(413, "/one", "The form has more than 1000 fields and files")


# Cleaning up


@pytest.mark.parametrize("size", [10, LARGE])
@pytest.mark.parametrize("title", ["", "fail"])
async def test_files_are_closed_with_the_request(server: TestServer, title: str, size: int) -> None:
    """After the answer a file is closed and deleted, also where the handler has failed or keeps it."""
    answer = await send_parts(server, "/kept", part("photo", b"x" * size, filename="a"), part("title", title))
    assert answer.status == (500 if title else 200)
    assert await eventually_none() == []
    with pytest.raises(ValueError, match="closed"):
        await KEPT[0].read()


@pytest.mark.parametrize("size", [10, LARGE])
@pytest.mark.parametrize("path", ["/streamed", "/payload"])
async def test_files_are_open_until_a_streamed_answer_ends(server: TestServer, path: str, size: int) -> None:
    """What is sent piece by piece may come from a file, which is closed and deleted when all is sent."""
    answer = await send_parts(server, path, part("photo", b"x" * size, filename="a"))
    assert (answer.status, answer.body) == (200, b"<" + b"x" * size + b">")
    assert await eventually_none() == []
    with pytest.raises(ValueError, match="closed"):
        await KEPT[0].read()


@pytest.mark.parametrize("size", [10, LARGE])
async def test_files_are_closed_where_no_answer_reads_them(server: TestServer, size: int) -> None:
    """A handler that fails leaves no file open, though it may have sent one."""
    assert (await send_parts(server, "/broken", part("photo", b"x" * size, filename="a"))).status == 500
    assert await eventually_none() == []
    with pytest.raises(ValueError, match="closed"):
        await KEPT[0].read()


@pytest.mark.parametrize("how", ["read", "seek", "save"])
@pytest.mark.parametrize("size", [10, LARGE])
async def test_background_task_finds_files_closed(
    server: TestServer, how: str, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What runs when the request has ended is told why it cannot read a file, and what to do."""
    parts = part("photo", b"x" * size, filename="a.png"), part("how", how)
    assert (await send_parts(server, "/left", *parts)).status == 204
    async with asyncio.timeout(20):
        while not caplog.records:  # noqa: ASYNC110  the log tells nobody that it was written
            await asyncio.sleep(0.01)
    assert str(caplog.records[0].exc_info[1]) == (  # type: ignore[index]  # it is there, or the test fails
        "The upload 'a.png' is closed, since its request has ended; read before what is needed later"
    )


async def test_files_lie_on_the_disk_while_they_are_large(server: TestServer) -> None:
    """Beyond 1 MiB of all files together a file has no place in memory, and no name on the disk."""
    half = b"x" * 600_000
    data = make_request(
        "POST",
        "/kept",
        headers=MULTIPART,
        body=multipart(part("photo", half + half, filename="a"), part("title", "wait")),
    )
    async with connect(server) as connection:
        await connection.send(data)
        while not KEPT:  # noqa: ASYNC110  the handler has no event to wait for
            await asyncio.sleep(0.01)
        assert len(temporary_files()) == 1


async def test_files_are_closed_when_the_request_is_refused(server: TestServer) -> None:
    """An invalid form, one that breaks off and one that is too large leave no file open."""
    large = part("photo", b"x" * LARGE, filename="a")
    assert (await send_parts(server, "/one", large, large)).status == 413
    assert (await send_parts(server, "/one", large, part("title", "", filename="x"))).status == 422
    cut = multipart(large)[:-20]
    assert (
        await exchange(server, make_request("POST", "/one", headers=MULTIPART, body=cut), probe=PROBE)
    ).status == 400
    assert await eventually_none() == []


async def test_files_are_closed_when_the_client_goes(server: TestServer) -> None:
    """A client that goes while it uploads leaves no file open."""
    body = multipart(part("photo", b"x" * LARGE, filename="a"))
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/one", headers={**MULTIPART, "Content-Length": "6000000"}) + body)
        while not temporary_files():  # noqa: ASYNC110  nothing tells that the server has begun to write
            await asyncio.sleep(0.01)
    assert await eventually_none() == []


async def test_files_are_closed_when_the_request_is_cancelled(serve: Serve) -> None:
    """A handler that is cancelled leaves no file open."""
    server = await serve(app_of(Uploads, limits=Limits(body=2 * LARGE, timeout=0.5)))
    parts = part("photo", b"x" * LARGE, filename="a"), part("title", "wait")
    assert (await send_parts(server, "/kept", *parts)).status == 503
    assert len(KEPT) == 1
    assert await eventually_none() == []
