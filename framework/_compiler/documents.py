"""The OpenAPI documents of one app, and the controllers that serve them and their pages."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from aiohttp import hdrs, web

from framework._openapi.pages import PAGES
from framework._openapi.selection import select_routes
from framework._openapi.serving import Rendition, accepts_gzip, encode_yaml, has_yaml, is_known
from framework._openapi.settings import OpenAPI
from framework._openapi.ui import (
    INITIALIZER,
    NONCE,
    SCRIPT,
    Asset,
    Page,
    assets_version,
    content_security_policy,
    initializer,
    load_assets,
    markup,
)
from framework._plan import RoutePlan
from framework._responses.response import Response
from framework.controller import Controller
from framework.errors import DefinitionError
from framework.http_errors import NotFound
from framework.routing import get

__all__ = (
    "JSON",
    "YAML",
    "Content",
    "Document",
    "build_documents",
    "documentation_controllers",
    "is_own_route",
    "negotiated",
)

_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
# Where the controllers of documents are.
_OWN = frozenset({__name__, "framework._compiler.asyncapi"})
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
# Of documents that are kept, since a client might send anything as the prefix.
_MOST_PREFIXES = 16
JSON = "application/json"
# RFC 9512.
YAML = "application/yaml"


class Content:
    """What a document says, once all routes are planned, and its two formats."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}

    @cached_property
    def json(self) -> Rendition:
        """As JSON."""
        # Imported late: nothing of it is needed where the document is off.
        from framework._openapi.document import encode_document

        return Rendition(lambda: encode_document(self.content))

    @cached_property
    def yaml(self) -> Rendition:
        """As YAML."""
        return Rendition(lambda: encode_yaml(self.content))


class Document(Content):
    """One OpenAPI document, with the AsyncAPI document of the same routes."""

    def __init__(self, settings: OpenAPI) -> None:
        super().__init__()
        self.settings = settings
        self.policy = ""
        """The Content-Security-Policy of the files of its pages."""
        self.policies: Mapping[Page, str] = {}
        """And of the pages, with a place for the nonce where they need one."""
        self.asyncapi = Content()
        """Empty where there is nothing to stand in it."""
        self.mount: Callable[[], str] = str
        """Gives the prefix below which the application is mounted."""
        self._below: dict[str, Content] = {}

    def for_request(self, request: web.Request) -> Content:
        """Return the document as a client of this request needs it: ``servers`` says where the application is.

        Servers that were given by the user stay as they are.
        """
        prefix = self.mount()
        if self.settings.forwarded_prefix:
            prefix = _forwarded_prefix(request) + prefix
        if not prefix or self.settings.servers:
            return self
        known = self._below.get(prefix)
        if known is None:
            if len(self._below) == _MOST_PREFIXES:
                self._below.clear()
            known = self._below[prefix] = Content()
            head = {name: self.content[name] for name in ("openapi", "info")}
            known.content = {**head, "servers": [{"url": prefix}], **self.content}
        return known


def _forwarded_prefix(request: web.Request) -> str:
    """Return the prefix that a proxy took off the path; nothing if it is not a plain path."""
    said = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return said if _PLAIN_PATH.fullmatch(said) else ""


def build_documents(documents: Sequence[Document], routes: Sequence[RoutePlan]) -> None:
    """Fill the documents of an app from its plan.

    Raises an ExceptionGroup with the DefinitionErrors of all documents.
    """
    mistakes: dict[str, DefinitionError] = {}
    for one in documents:
        try:
            _fill(one, select_routes(one.settings, routes))
        except* DefinitionError as group:
            mistakes |= {str(error): error for error in _leaves(group)}
    if not mistakes and any(plan.links for plan in routes):
        from framework._openapi.links import links_nowhere

        lost = links_nowhere([select_routes(one.settings, routes) for one in documents])
        mistakes = {str(error): error for error in lost}
    if mistakes:
        raise ExceptionGroup("The OpenAPI document cannot be made", list(mistakes.values()))


def _fill(document: Document, routes: Sequence[RoutePlan]) -> None:
    from framework._openapi.document import build_document, describe_document

    settings = document.settings
    if settings.webhooks:
        from framework._compiler.callbacks import check_webhooks

        check_webhooks(settings.webhooks)
    described = describe_document(settings, routes)
    document.content = build_document(settings, routes, described)
    document.policy = content_security_policy(document.content)
    document.policies = {page: content_security_policy(document.content, page.allowed) for page in PAGES}
    # Encoded now, so that the first reader does not wait and what cannot be written is told at the start.
    _ = document.json.plain
    if described.channels and settings.asyncapi_path is not None:
        from framework._openapi.asyncapi import build_asyncapi

        document.asyncapi.content = build_asyncapi(settings, described)
        _ = document.asyncapi.json.plain


def _leaves(group: BaseExceptionGroup[DefinitionError]) -> list[DefinitionError]:
    return [
        leaf for one in group.exceptions for leaf in (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]


def documentation_controllers(document: Document) -> list[type[Controller]]:
    """Return the controllers for ``/openapi.json``, ``/openapi.yaml`` and the pages that are on, such as ``/docs``."""
    places = [(page, getattr(document.settings, page.setting)) for page in PAGES]
    shown = [_page_controller(document, page, path) for page, path in places if path is not None]
    return [_document_controller(document), *shown]


def is_own_route(plan: RoutePlan) -> bool:
    """Tell whether a route serves a document or one of its pages."""
    return plan.function.__module__ in _OWN


def _document_controller(document: Document) -> type[Controller]:
    settings = document.settings

    class OpenAPIController(Controller):
        guards = settings.guards
        middlewares = settings.middlewares

        @get(settings.path, in_document=False)
        async def document(self, request: web.Request) -> Response[bytes]:
            return negotiated(request, document.for_request(request).json, JSON)

        if settings.yaml and has_yaml():
            # A plain function, run beside the loop: YAML is slow to write.
            @get(settings.yaml_path, in_document=False)
            def document_as_yaml(self, request: web.Request) -> Response[bytes]:
                return negotiated(request, document.for_request(request).yaml, YAML)

    return OpenAPIController


def negotiated(request: web.Request, rendition: Rendition, media_type: str) -> Response[bytes]:
    """Answer in the coding that the client accepts, and with 304 where it has the document already."""
    is_gzipped = accepts_gzip(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())))
    encoded = rendition.gzipped if is_gzipped else rendition.plain
    headers = {"Cache-Control": _REVALIDATE, "ETag": encoded.etag, "Vary": hdrs.ACCEPT_ENCODING}
    if is_known(encoded, ",".join(request.headers.getall(hdrs.IF_NONE_MATCH, ()))):
        return Response(status=304, headers=headers)
    if is_gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(encoded.body, media_type=media_type, headers=headers)


def _page_controller(document: Document, page: Page, path: str) -> type[Controller]:
    settings = document.settings
    folder = f"assets/{assets_version(page)}"
    start = f"{path.rstrip('/')}/{folder}"
    # Relative to the page, so that it works under any prefix.
    base = f"{path.rpartition('/')[2]}/{folder}".lstrip("/")
    source = "../" * (path.count("/") - 1) + settings.path.lstrip("/")
    script = initializer(page, source, base)

    class PageController(Controller):
        guards = settings.guards
        middlewares = settings.middlewares

        @get(path, in_document=False)
        async def index(self) -> Response[bytes]:
            nonce = secrets.token_urlsafe(16)
            html = Response(markup(page, settings.title, base, nonce), media_type="text/html; charset=utf-8")
            return _guarded(html, _REVALIDATE, document.policies[page].replace(NONCE, nonce))

        @get(f"{start}/{INITIALIZER}", in_document=False)
        async def initializer(self) -> Response[bytes]:
            return _guarded(Response(script, media_type=SCRIPT), _REVALIDATE, document.policy)

        @get(f"{start}/{{name}}", in_document=False)
        async def asset(self, name: str) -> Response[bytes]:
            found = load_assets(page).get(name)
            if found is None:
                raise NotFound
            return _guarded(_asset_response(found), _IMMUTABLE, document.policy)

    # As it is called in messages.
    PageController.__name__ = PageController.__qualname__ = f"{page.name.replace(' ', '')}Controller"
    return PageController


def _asset_response(asset: Asset) -> Response[bytes]:
    response = Response(asset.body, media_type=asset.media_type)
    if asset.gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _guarded(response: Response[bytes], cache_control: str, policy: str) -> Response[bytes]:
    response.headers["Cache-Control"] = cache_control
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
