"""An upload service: files of any size are streamed to disk, named by their content, and sent with ranges."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from framework import App, BodyStream, Container, Controller, HTTPError, Limits, OpenAPI, Response, get, put
from framework.responses import FileResponse

__all__ = ("Folder", "app", "create_app")

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content")]
_MOST = 2 * 1024**3


class Stored(Struct):
    """A file as it was stored."""

    digest: str
    size: int


class FileNotStored(HTTPError, status=404, title="File not stored"):
    """There is no file with this content."""


class DigestMismatch(HTTPError, status=409, title="Digest mismatch"):
    """The content has another digest than its path."""

    digest: str


class Folder:
    """The folder of the files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def place_of(self, digest: str) -> Path:
        """Return where a file is stored."""
        return self._path / digest

    async def write(self, digest: str, content: BodyStream) -> Stored:
        """Write a file, which appears when it is complete. Raises DigestMismatch."""
        found, size = hashlib.sha256(), 0
        with tempfile.TemporaryDirectory(dir=self._path) as folder:
            incoming = Path(folder) / "incoming"
            with incoming.open("wb") as file:
                async for chunk in content:
                    found.update(chunk)
                    size += file.write(chunk)
            if found.hexdigest() != digest:
                raise DigestMismatch(digest=found.hexdigest())
            incoming.replace(self.place_of(digest))
        return Stored(digest, size)


class FileController(Controller):
    """Stores and sends files."""

    path = "/files"
    tags = ("files",)

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    @put("/{digest}", status=201, body_limit=_MOST, raises=(DigestMismatch,))
    async def store(self, digest: Digest, content: BodyStream) -> Response[Stored]:
        """Store a file. A client that sends slowly is read slowly, and memory stays small."""
        stored = await self._folder.write(digest, content)
        return Response(stored, headers={"Location": f"/files/{digest}"})

    @get("/{digest}", raises=(FileNotStored,))
    async def show(self, digest: Digest) -> FileResponse:
        """Send a file, or the requested part of it."""
        place = self._folder.place_of(digest)
        if not place.is_file():
            raise FileNotStored
        return FileResponse(place)


def create_app(folder: Path) -> App:
    """Return the app over a folder."""
    container = Container()
    container.add_instance(Folder, Folder(folder))
    return App([FileController], container=container, limits=Limits(body=_MOST), openapi=OpenAPI(title="Uploads"))


app = create_app(Path(os.environ.get("UPLOADS", tempfile.gettempdir())) / "uploads")
