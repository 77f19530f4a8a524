"""Folders whose files are served as they are."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from framework.caching import CacheControl
from framework.limits import Limits
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("StaticFiles",)


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Serves the files below a folder; it stands among the controllers of an app or a router.

    ``StaticFiles("/assets", "build/assets", cache_control=CacheControl(max_age=3_600))``. Only GET and HEAD are
    answered. Folders are never listed, names that begin with a dot are not served, nor links that lead out of the
    folder. It does not stand in the document.
    """

    path: str
    directory: str | os.PathLike[str]
    name: str | None = field(default=None, kw_only=True)
    """The route's name for ``App.url_for(name, path="app.js")``."""
    index: str | None = field(default=None, kw_only=True)
    """The file that stands for a folder whose path ends with a slash: ``index.html``."""
    fallback: str | None = field(default=None, kw_only=True)
    """The file for whatever is not there, where a page is asked for: a single-page application's ``index.html``."""
    precompressed: Sequence[str] = field(default=("zstd", "br", "gzip"), kw_only=True)
    """The encodings in which files may lie beside each other (``app.js.zst``, ``app.js.br``, ``app.js.gz``), the best
    one first."""
    cache_control: CacheControl | None = field(default=None, kw_only=True)
    immutable: Sequence[str] = field(default=(), kw_only=True)
    """Patterns (``*-????????.js``, ``fonts/*``) of files that never change under their names; browsers keep them for a
    year and do not ask again."""
    guards: Guards = field(default=(), kw_only=True)
    middlewares: Middlewares = field(default=(), kw_only=True)
    exception_handlers: ExceptionHandlers = field(default_factory=dict, kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)
