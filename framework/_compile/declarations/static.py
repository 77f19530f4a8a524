"""Checks the folders of static files."""

import os
from collections.abc import Iterator
from pathlib import Path

from framework._inspect.names import value_name
from framework._serve.files.folder import SUFFIXES
from framework.errors import DefinitionError, InvalidOptionError
from framework.static import StaticFiles

__all__ = ("static_errors",)


def static_errors(files: StaticFiles, where: str) -> Iterator[DefinitionError]:
    """Yield the errors in a folder and its settings."""
    root = Path(files.directory)
    if not root.is_dir():
        yield InvalidOptionError(
            where,
            f"directory={value_name(os.fspath(files.directory))} is not a folder",
            hint=f"make it, or give the path of one; a relative path begins at {Path.cwd()}",
        )
    elif files.fallback is not None and not (root / files.fallback).is_file():
        yield InvalidOptionError(
            where,
            f"fallback={files.fallback!r} is not a file in {os.fspath(files.directory)!r}",
            hint="make it, or name one that is there",
        )
    unknown = [one for one in files.precompressed if one not in SUFFIXES]
    if unknown:
        yield InvalidOptionError(
            where,
            f"precompressed= names {', '.join(map(repr, unknown))}",
            hint=f"use {', '.join(map(repr, SUFFIXES))}, or () for none",
        )
    if files.cache_control is not None and (mistake := files.cache_control.mistake()) is not None:
        yield InvalidOptionError(where, f"cache_control= is not a policy: {mistake}", hint="keep what is meant")
