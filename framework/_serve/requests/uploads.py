"""Uploaded files: small files in memory, large files in temporary files, which are read and written in threads."""

import asyncio
import io
import os
import re
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO

__all__ = ("MEMORY", "Spool", "UploadFile", "base_name")

MEMORY = 1_048_576
"""Up to this many bytes of a request's files stay in memory; the rest is spooled to temporary files."""

# Written in one call, so that a large file needs few calls in a thread.
_BLOCK = 262_144
# A chunk of at least this many bytes is kept as it is: an object for each byte would take forty times the memory.
_WHOLE = 4096
_NAME_LENGTH = 255
# Also the characters that change the direction of text (Unicode's UAX 9): they can hide the real suffix of a name.
_CONTROLS = r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


class Spool:
    """The memory that the files of one request may still use."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MEMORY


class _Chunks:
    """The bytes that have arrived, in chunks; small chunks are joined."""

    # PERF: a growing buffer took 0.2 ms for 1 MiB, which most handlers never read as a whole.
    __slots__ = ("_chunks", "size")

    def __init__(self) -> None:
        self._chunks: list[bytes | bytearray] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Add a chunk at the end."""
        self.size += len(chunk)
        if len(chunk) >= _WHOLE:
            self._chunks.append(chunk)
        elif self._chunks and isinstance(self._chunks[-1], bytearray):
            self._chunks[-1] += chunk
        else:
            self._chunks.append(bytearray(chunk))

    def take(self) -> bytes:
        """Return all bytes, and clear the buffer."""
        data = b"".join(self._chunks)
        self.clear()
        return data

    def clear(self) -> None:
        """Clear the buffer."""
        self._chunks.clear()
        self.size = 0


class UploadFile:
    """A file that was uploaded in a form.

    It exists until the response of its request is made, or sent if the response is a stream; then it is closed and
    deleted, also after an error. Background work that outlives the request must read it first. Reading begins at the
    start. After ``close`` it raises ValueError.
    """

    __module__ = "framework.requests"

    def __init__(self, filename: str, headers: Mapping[str, str], spool: Spool | None = None) -> None:
        self.filename = filename
        """The base name from the client, without control and bidi characters, at most 255 characters; may be empty."""
        self.headers = headers
        """The headers of its part, with case-insensitive names."""
        self.size = 0
        """In bytes."""
        self._spool = Spool() if spool is None else spool
        self._chunks = _Chunks()
        self._memory: io.BytesIO | None = None
        self._disk: IO[bytes] | None = None
        self._on_disk = False
        self._closed = False
        # Held in threads while they use the file, so that it is not closed at the same time.
        self._lock = threading.Lock()

    @property
    def content_type(self) -> str:
        """The Content-Type from the client, default ``application/octet-stream``."""
        return self.headers.get("Content-Type", "application/octet-stream")

    async def read(self, size: int = -1, /) -> bytes:
        """Return the next ``size`` bytes, the rest if ``size`` is negative, and ``b""`` at the end."""
        self._check_open()
        if not self._on_disk:
            return self._in_memory().read(size)
        return await asyncio.to_thread(self._read, size)

    async def seek(self, offset: int, /) -> None:
        """Continue reading at this number of bytes from the start."""
        self._check_open()
        if not self._on_disk:
            self._in_memory().seek(offset)
        else:
            await asyncio.to_thread(self._seek, offset)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the file in chunks, from the current position."""
        while chunk := await self.read(_BLOCK):
            yield chunk

    async def save_to(self, path: str | os.PathLike[str]) -> None:
        """Write the whole file to a path, in a thread; an existing file is overwritten."""
        self._check_open()
        if self._on_disk:
            await asyncio.to_thread(self._save, Path(path))
        else:
            await asyncio.to_thread(Path(path).write_bytes, self._in_memory().getvalue())

    async def close(self) -> None:
        """Close and delete the file; may be called more than once."""
        self.discard()

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r}, {self.content_type}, {self.size} bytes>"

    # Filled and discarded by the framework; not for handlers.

    async def write(self, chunk: bytes) -> None:
        """Add a chunk at the end."""
        self.size += len(chunk)
        if not self._on_disk:
            if len(chunk) <= self._spool.left:
                self._spool.left -= len(chunk)
                self._chunks.add(chunk)
                return
            self._spool.left += self._chunks.size
            self._on_disk = True
        self._chunks.add(chunk)
        if self._chunks.size >= _BLOCK:
            await asyncio.to_thread(self._write_pending)

    async def finish(self) -> None:
        """Prepare it for reading."""
        if self._on_disk:
            await asyncio.to_thread(self._rewind)

    def discard(self) -> None:
        """Close and delete it now, or as soon as the thread that uses it is done."""
        if self._closed:
            return
        self._closed = True
        if not self._on_disk:
            self._spool.left += self.size
            self._chunks.clear()
            self._memory = None
        elif self._lock.acquire(blocking=False):
            self._drop()
        else:
            asyncio.get_running_loop().run_in_executor(None, self._drop_later)

    def _drop_later(self) -> None:
        self._lock.acquire()
        self._drop()

    def _drop(self) -> None:
        self._chunks.clear()
        if self._disk is not None:
            self._disk.close()
        self._lock.release()

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError(
                f"The upload {self.filename!r} is closed, since its request has ended; read before what is needed later"
            )

    def _in_memory(self) -> io.BytesIO:
        if self._memory is None:
            self._memory = io.BytesIO(self._chunks.take())
        return self._memory

    def _file(self) -> IO[bytes]:
        self._check_open()
        if self._disk is None:
            # Without a name, so that it is deleted when it is closed, or when the process ends.
            self._disk = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  discard() closes it
        return self._disk

    def _write_pending(self) -> None:
        with self._lock:
            file, data = self._file(), memoryview(self._chunks.take())
            while data:
                data = data[file.write(data) :]

    def _rewind(self) -> None:
        self._write_pending()
        self._seek(0)

    def _seek(self, offset: int) -> None:
        with self._lock:
            self._file().seek(offset)

    def _read(self, size: int) -> bytes:
        with self._lock:
            return self._file().read(size)

    def _save(self, path: Path) -> None:
        with self._lock, path.open("wb") as target:
            source = self._file()
            place = source.tell()
            source.seek(0)
            shutil.copyfileobj(source, target, _BLOCK)
            source.seek(place)


def base_name(filename: str) -> str:
    r"""Return the part of a client's file name that is safe to show and use: ``../../etc/x`` and ``C:\x`` -> ``x``."""
    name = re.sub(_CONTROLS, "", re.split(r"[/\\]", filename)[-1]).strip()
    return "" if name in {".", ".."} else name[:_NAME_LENGTH]
