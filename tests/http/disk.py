"""Files of all sizes, and an app that answers them by their names."""

import asyncio
import os
from pathlib import Path

from framework import App, Controller, Limits, Response, get
from framework.caching import CacheControl
from framework.responses import FileResponse
from tests.http.shapes import app_of

__all__ = ("BIG", "HUGE", "SHORT", "SMALL", "files_app", "fill", "until_closed")

SMALL = b"0123456789"
BIG = bytes(range(256)) * 4096
HUGE = 1 << 26
SHORT = Limits(write_timeout=0.3)


def fill(folder: Path) -> Path:
    """Fill a folder with files of all sizes, and what is not a file."""
    (folder / "small.txt").write_bytes(SMALL)
    (folder / "empty.css").touch()
    (folder / "big.mp4").write_bytes(BIG)
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(HUGE)
    os.mkfifo(folder / "pipe")
    (folder / "inner").mkdir()
    return folder


def files_app(folder: Path) -> App:
    """Return an app that answers the files of a folder."""

    class Files(Controller):
        @get("/{name}")
        async def show(self, name: str) -> FileResponse:
            return FileResponse(folder / name)

        @get("/slow/{name}", limits=SHORT)
        async def slow(self, name: str) -> FileResponse:
            return FileResponse(folder / name)

        @get("/patient/{name}", limits=Limits(write_timeout=1.5))
        async def patient(self, name: str) -> FileResponse:
            return FileResponse(folder / name)

        @get("/bytes", limits=SHORT)
        async def bytes(self) -> bytes:
            return bytes(HUGE)

        @get("/named/{name}")
        async def named(self, name: str, inline: bool = False) -> FileResponse:  # noqa: FBT002
            cache = CacheControl(no_store=True)
            return FileResponse(folder / "small.txt", filename=name, inline=inline, cache_control=cache)

        @get("/failing", status=202)
        async def failing(self) -> Response[None] | FileResponse:
            return FileResponse(folder / "small.txt", headers={"X-Own": "1"}, cookies={"a": "1"}, media_type="text/x")

    return app_of(Files)


def opened(path: Path) -> int:
    """Return how many descriptors of this process have a file open."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        try:
            found += one.readlink() == path
        except OSError:
            continue
    return found


async def until_closed(path: Path) -> None:
    """Wait until nobody has a file open."""
    async with asyncio.timeout(20):
        while opened(path):  # noqa: ASYNC110  nobody tells when a descriptor is closed
            await asyncio.sleep(0.01)
