"""Controllers that serve the OpenAPI document and Swagger UI, made for one app."""

from msgspec import Struct

from framework._openapi.settings import OpenAPI
from framework._openapi.ui import CONTENT_SECURITY_POLICY, Asset, assets_version, initializer, load_assets, page
from framework._responses.response import Response
from framework.controller import Controller
from framework.http_errors import NotFound
from framework.routing import get

__all__ = ("DocumentHolder", "documentation_controllers")

_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"


class DocumentHolder(Struct):
    """The encoded document, which exists only when all routes are planned."""

    body: bytes = b""
    policy: str = CONTENT_SECURITY_POLICY


def documentation_controllers(settings: OpenAPI, holder: DocumentHolder) -> list[type[Controller]]:
    """Return the controllers for ``/openapi.json`` and, unless it is off, ``/docs``."""

    class OpenAPIController(Controller):
        guards = settings.guards
        middlewares = settings.middlewares

        @get(settings.path, in_document=False)
        async def document(self) -> Response[bytes]:
            return Response(holder.body, media_type="application/json", headers={"Cache-Control": _REVALIDATE})

    if settings.docs_path is None:
        return [OpenAPIController]
    return [OpenAPIController, _page_controller(settings, settings.docs_path, holder)]


def _page_controller(settings: OpenAPI, docs_path: str, holder: DocumentHolder) -> type[Controller]:
    # Relative to the page, so that it works under any prefix.
    base = f"{docs_path.rpartition('/')[2]}/assets/{assets_version()}"
    start = f"{docs_path}/assets/{assets_version()}"
    document = "../" * (docs_path.count("/") - 1) + settings.path.lstrip("/")
    html = page(settings.title, base)
    script = initializer(document, base)

    class SwaggerUIController(Controller):
        guards = settings.guards
        middlewares = settings.middlewares

        @get(docs_path, in_document=False)
        async def index(self) -> Response[bytes]:
            return _guarded(Response(html, media_type="text/html; charset=utf-8"), _REVALIDATE, holder)

        @get(f"{start}/initializer.js", in_document=False)
        async def initializer(self) -> Response[bytes]:
            return _guarded(Response(script, media_type="text/javascript; charset=utf-8"), _REVALIDATE, holder)

        @get(f"{start}/{{name}}", in_document=False)
        async def asset(self, name: str) -> Response[bytes]:
            found = load_assets().get(name)
            if found is None:
                raise NotFound
            return _guarded(_asset_response(found), _IMMUTABLE, holder)

    return SwaggerUIController


def _asset_response(asset: Asset) -> Response[bytes]:
    response = Response(asset.body, media_type=asset.media_type)
    if asset.gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _guarded(response: Response[bytes], cache_control: str, holder: DocumentHolder) -> Response[bytes]:
    response.headers["Cache-Control"] = cache_control
    response.headers["Content-Security-Policy"] = holder.policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
