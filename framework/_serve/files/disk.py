"""Checks and opens files in worker threads."""

import asyncio
import errno
import os
import stat
from datetime import UTC, datetime

from msgspec import Struct

from framework.caching import ETag
from framework.http_errors import NotFound

__all__ = ("FileState", "OpenedFile", "is_absent", "open_part", "state_of")

# Read as a whole and sent with the head in one write.
_SMALL = 65_536
# A file without read permission, or an impossible path, is reported as a missing file.
_ABSENT = frozenset({
    errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENXIO,
})  # fmt: skip


class FileState(Struct, frozen=True):
    """The state of a file, which identifies its version."""

    size: int
    modified: int
    """In nanoseconds."""
    number: int
    """Of its inode: it also changes if a file is replaced within one tick of the clock."""

    @property
    def etag(self) -> ETag:
        """The strong tag of this version."""
        return ETag(f"{self.modified:x}-{self.size:x}-{self.number:x}")

    @property
    def moment(self) -> datetime:
        """The time of its last change."""
        return datetime.fromtimestamp(self.modified // 1_000_000_000, tz=UTC)


def state_of(path: str | os.PathLike[str] | int, *, follow: bool = True) -> FileState:
    """Return the state of a regular file, by its path or descriptor; raises NotFound. Blocks."""
    try:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116  it may be a descriptor
    except (ValueError, OSError) as error:
        if is_absent(error):
            raise NotFound from None
        raise
    if not stat.S_ISREG(found.st_mode):
        raise NotFound
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def is_absent(error: Exception) -> bool:
    """Return whether an error means that there is no such file: a NUL in its path raises ValueError."""
    return not isinstance(error, OSError) or error.errno in _ABSENT


def _open(path: str) -> tuple[int, FileState]:
    """Open a regular file for reading, without waiting for the other end of a pipe; raises NotFound."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (ValueError, OSError) as error:
        if is_absent(error):
            raise NotFound from None
        raise
    try:
        return descriptor, state_of(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


class OpenedFile:
    """An open file: a small part of it, or its descriptor, which the caller must close."""

    __slots__ = ("_descriptor", "data", "state")

    def __init__(self, state: FileState, descriptor: int | None, data: bytes | None) -> None:
        self.state = state
        self.data = data
        self._descriptor = descriptor

    def take(self) -> int:
        """Return the descriptor, which the caller must close."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            raise ValueError("nothing is open")
        return descriptor

    def close(self) -> None:
        """Close the descriptor if it was not taken."""
        if self._descriptor is not None:
            os.close(self.take())


async def open_part(path: str, part: range) -> OpenedFile:
    """Open a file in a worker thread, and read the part if it is small; close it if the caller is cancelled."""
    work = asyncio.get_running_loop().run_in_executor(None, _open_now, path, part)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        work.add_done_callback(_close_result)
        raise


def _close_result(work: "asyncio.Future[OpenedFile]") -> None:
    if not work.cancelled() and work.exception() is None:
        work.result().close()


def _open_now(path: str, part: range) -> OpenedFile:
    descriptor, state = _open(path)
    if len(part) > _SMALL:
        return OpenedFile(state, descriptor, None)
    try:
        return OpenedFile(state, None, _read(descriptor, part))
    finally:
        os.close(descriptor)


def _read(descriptor: int, part: range) -> bytes:
    """Read a small part, or what is left of it if the file has changed."""
    data = bytearray()
    while len(data) < len(part):
        piece = os.pread(descriptor, len(part) - len(data), part.start + len(data))
        if not piece:
            break
        data += piece
    return bytes(data)
