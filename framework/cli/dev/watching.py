"""Which files ``framework dev`` watches."""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import watchfiles
from watchfiles import Change

from framework.cli.dev.failures import INSTALLED

__all__ = ("SUFFIXES", "changed_files", "is_watched")

SUFFIXES = frozenset({".css", ".env", ".htm", ".html", ".j2", ".jinja", ".jinja2", ".js", ".py", ".toml"})
"""A file with another suffix may be data that the app writes itself."""
_IGNORED = frozenset({"__pycache__", "build", "dist", "node_modules"})
# Milliseconds: an editor writes a file in several steps, which are one change.
_STEP = 20
_LONGEST = 200


async def changed_files(folders: Sequence[str], stopping: "watchfiles.main.AnyEvent") -> AsyncIterator[list[str]]:
    """Yield the paths of files that have changed together, until the event is set. Raises OSError."""

    def matters(_: Change, path: str) -> bool:
        return is_watched(path, folders)

    watch = watchfiles.awatch(
        *folders,
        watch_filter=matters,
        step=_STEP,
        debounce=_LONGEST,
        stop_event=stopping,
        ignore_permission_denied=True,
    )
    async for changes in watch:
        yield sorted({path for _, path in changes})


def is_watched(path: str, folders: Sequence[str]) -> bool:
    """Return whether a change of a file is a change of the app."""
    inside = next((one for one in folders if path.startswith(f"{one}{os.sep}")), None)
    if inside is None or path.startswith(INSTALLED):
        return False
    *parents, name = Path(path).relative_to(inside).parts
    if any(one.startswith(".") or one in _IGNORED for one in parents):
        return False
    if name.startswith((".env", "flycheck_")):
        return name.startswith(".env")
    return not name.startswith(".") and Path(name).suffix in SUFFIXES
