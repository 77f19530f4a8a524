"""Finds files below a folder, safely for every path."""

import fnmatch
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from framework._serve.files.disk import FileState, is_absent, state_of
from framework._serve.responses.negotiation import best_encoding
from framework.http_errors import NotFound

__all__ = ("SUFFIXES", "Folder", "Found", "NeedsSlash")

SUFFIXES = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
"""Content codings (RFC 9110, section 8.4.1) and the suffixes of their files."""

# On some systems they separate paths, or name a drive or a stream.
_FOREIGN = ("\\", ":", "\0")


class NeedsSlash(Exception):
    """A folder with an index was requested without the slash."""


class Found(Struct, frozen=True, kw_only=True):
    """A file that may be served."""

    name: str
    """The requested path below the folder, which decides the media type."""
    path: str
    """The real path, without links."""
    state: FileState
    encoding: str | None = None
    varies: bool = False
    """Whether it also exists in another encoding."""


class Folder:
    """A folder whose files are served; all of its methods read the disk, so they run in worker threads."""

    def __init__(self, directory: str | os.PathLike[str], encodings: Sequence[str], immutable: Sequence[str]) -> None:
        self._root = os.path.realpath(directory)
        self._encodings = tuple(encodings)
        self._immutable = tuple(immutable)

    def find(self, name: str, index: str | None, accepted: str | None) -> Found:
        """Return the file for a path below the folder, in the encoding that the client prefers.

        Raises NotFound, and NeedsSlash for a folder with an index.
        """
        *folders, last = name.split("/")
        if not all(map(_is_served, [*folders, last] if last else folders)) or not (last or index):
            raise NotFound
        if last:
            return self._file(name, accepted, index)
        return self._file(f"{name}{index}", accepted, None)

    def _file(self, name: str, accepted: str | None, index: str | None) -> Found:
        path = self._resolve(name)
        if index is not None and os.path.isdir(path):  # noqa: PTH112  PERF: half the time
            self._file(f"{name}/{index}", None, None)
            raise NeedsSlash
        found = Found(name=name, path=path, state=state_of(path))
        siblings = self._siblings(path)
        if not siblings:
            return found
        encoding = best_encoding(accepted, tuple(siblings))
        if encoding is None:
            return replace(found, varies=True)
        encoded = path + SUFFIXES[encoding]
        return Found(name=name, path=encoded, state=siblings[encoding], encoding=encoding, varies=True)

    def _siblings(self, path: str) -> dict[str, FileState]:
        """Return the encodings in which a file also exists, without links."""
        known: dict[str, FileState] = {}
        for encoding in self._encodings:
            try:
                known[encoding] = state_of(path + SUFFIXES[encoding], follow=False)
            except NotFound:
                continue
        return known

    def _resolve(self, name: str) -> str:
        """Return the real path of a name; raises NotFound if it is outside or hidden."""
        try:
            path = os.path.realpath(f"{self._root}/{name}", strict=True)
        except (ValueError, OSError) as error:
            if is_absent(error):
                raise NotFound from None
            raise
        below = Path(path).relative_to(self._root) if Path(path).is_relative_to(self._root) else None
        if below is None or not all(map(_is_served, below.parts)):
            raise NotFound
        return path

    def is_immutable(self, name: str) -> bool:
        """Return whether a file never changes under its name."""
        return any(fnmatch.fnmatchcase(name, one) for one in self._immutable)


def _is_served(part: str) -> bool:
    """Return whether a part of a path is allowed: a name that is not hidden and does not lead elsewhere."""
    return part != "" and not part.startswith(".") and not any(one in part for one in _FOREIGN)
