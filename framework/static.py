"""Folders whose files are served unchanged."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from framework._inspect.calls import explained_class
from framework.caching import CacheControl
from framework.limits import Limits
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("StaticFiles",)


@explained_class("StaticFiles", 'StaticFiles("/static", "static")')
@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Serves the files of a folder; an item of ``controllers=`` of an app or a router.

    ``StaticFiles("/assets", "build/assets", cache_control=CacheControl(max_age=3_600))``. Only GET and HEAD are
    served. Folders are never listed. Names that begin with a dot and links that lead out of the folder are not served.
    The files are not in the OpenAPI document.
    """

    path: str
    directory: str | os.PathLike[str]
    name: str | None = field(default=None, kw_only=True)
    """The route's name for ``App.url_for(name, path="app.js")``."""
    index: str | None = field(default=None, kw_only=True)
    """The file that is served for a folder, if the path ends with a slash: ``index.html``."""
    fallback: str | None = field(default=None, kw_only=True)
    """The file for unknown paths, if a page is requested: the ``index.html`` of a single-page application."""
    precompressed: Sequence[str] = field(default=("zstd", "br", "gzip"), kw_only=True)
    """The encodings of compressed siblings (``app.js.zst``, ``app.js.br``, ``app.js.gz``), in order of
    preference."""
    cache_control: CacheControl | None = field(default=None, kw_only=True)
    immutable: Sequence[str] = field(default=(), kw_only=True)
    """Patterns (``*-????????.js``, ``fonts/*``) of files whose content never changes; browsers cache them for a year
    without revalidation."""
    public: bool = field(default=False, kw_only=True)
    """Whether the files are open to everybody in an app with a ``default_guard``."""
    guards: Guards = field(default=(), kw_only=True)
    middlewares: Middlewares = field(default=(), kw_only=True)
    exception_handlers: ExceptionHandlers = field(default_factory=dict, kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)
