"""The controller that serves a folder of static files."""

import asyncio
from urllib.parse import quote

from aiohttp import hdrs, web

from framework._serve.files.folder import Folder, Found, NeedsSlash
from framework._serve.files.names import media_type_of
from framework._serve.files.response import FileResponse
from framework._serve.responses.constant import add_vary
from framework._serve.responses.negotiation import names_media_type
from framework._serve.responses.redirects import Redirect
from framework.caching import CacheControl
from framework.controller import Controller
from framework.http_errors import NotFound
from framework.routing import RouteOptions, get
from framework.static import StaticFiles

__all__ = ("static_controller",)

_IMMUTABLE = CacheControl(max_age=31_536_000, public=True, immutable=True)
# The policy of the fallback file, instead of that of other files: browsers must revalidate it.
_FALLBACK = CacheControl(no_cache=True)


def static_controller(files: StaticFiles) -> type[Controller]:
    """Return the controller of a folder whose declaration is valid."""
    folder = Folder(files.directory, files.precompressed, files.immutable)
    named: RouteOptions = {"in_document": False} if files.name is None else {"in_document": False, "name": files.name}

    class StaticController(Controller):
        path = files.path
        __public__ = files.public
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
    # Relative, so that it stays on this host, whatever the prefix is.
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
        add_vary(response.headers, hdrs.ACCEPT_ENCODING)
    if is_fallback:
        # A client that does not accept HTML gets a 404.
        add_vary(response.headers, hdrs.ACCEPT)
    return response
