"""The controller that a folder of static files becomes."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

from framework._inspect.names import value_name
from framework._responses.completion import add_vary
from framework._responses.files import FileResponse
from framework._responses.folder import SUFFIXES, Folder, Found, NeedsSlash
from framework._responses.names import media_type_of
from framework._responses.negotiation import names_media_type
from framework._responses.redirects import Redirect
from framework.caching import CacheControl
from framework.controller import Controller
from framework.errors import DefinitionError, InvalidOptionError
from framework.http_errors import NotFound
from framework.routing import RouteOptions, get
from framework.static import StaticFiles

__all__ = ("static_controller", "static_mistakes")

_IMMUTABLE = CacheControl(max_age=31_536_000, public=True, immutable=True)
# Not the answer for other files, of which browsers would ask in vain what changed.
_FALLBACK = CacheControl(no_cache=True)


def static_controller(files: StaticFiles) -> type[Controller]:
    """Return the controller of a folder without mistakes."""
    folder = Folder(files.directory, files.precompressed, files.immutable)
    named: RouteOptions = {"in_document": False} if files.name is None else {"in_document": False, "name": files.name}

    class StaticController(Controller):
        path = files.path
        guards = files.guards
        middlewares = files.middlewares
        exception_handlers = files.exception_handlers
        limits = files.limits

        @get("/{path:path}", **named)
        async def serve(self, request: web.Request, path: str) -> FileResponse | Redirect:
            accepted = ",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ()))
            try:
                found = await asyncio.to_thread(folder.find, path, files.index, accepted)
            except NeedsSlash:
                return _with_slash(request, path)
            except NotFound:
                if files.fallback is None or not _asks_for_a_page(request):
                    raise
                found = await asyncio.to_thread(folder.find, files.fallback, None, accepted)
            return _response(files, folder, found)

    return StaticController


def _asks_for_a_page(request: web.Request) -> bool:
    return names_media_type(",".join(request.headers.getall(hdrs.ACCEPT, ())), "text/html")


def _with_slash(request: web.Request, path: str) -> Redirect:
    # Relative, so that it leads nowhere else, whatever stands before the path.
    query = request.rel_url.raw_query_string
    return Redirect(f"./{quote(path.rpartition('/')[2])}/{'?' if query else ''}{query}", status=307)


def _response(files: StaticFiles, folder: Folder, found: Found) -> FileResponse:
    is_fallback = found.name == files.fallback
    control = _FALLBACK if is_fallback else files.cache_control
    if folder.is_immutable(found.name):
        control = _IMMUTABLE
    response = FileResponse(found.path, media_type=media_type_of(found.name), cache_control=control)
    response.known = found.state
    response.headers["X-Content-Type-Options"] = "nosniff"
    if found.encoding is not None:
        response.headers[hdrs.CONTENT_ENCODING] = found.encoding
    if found.varies:
        add_vary(response, hdrs.ACCEPT_ENCODING)
    if is_fallback:
        # Whoever does not ask for a page gets a 404 there.
        add_vary(response, hdrs.ACCEPT)
    return response


def static_mistakes(files: StaticFiles, where: str) -> Iterator[DefinitionError]:
    """Yield what is wrong with a folder and its settings."""
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
