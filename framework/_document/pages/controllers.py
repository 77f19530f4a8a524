"""The OpenAPI documents of one app, and the controllers that serve them and their pages."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from aiohttp import hdrs, web

from framework._compile.raising import raise_all
from framework._document.openapi.selection import select_routes
from framework._document.pages.pages import PAGES
from framework._document.pages.renditions import Rendition, accepts_gzip, encode_yaml, has_yaml, is_known
from framework._document.pages.ui import (
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
from framework._inspect.types import kind_of
from framework._plan import RoutePlan
from framework._prefix import prefix_of
from framework._serve.responses.response import Response
from framework._topics import ChannelSettings, topics_of
from framework.controller import Controller
from framework.errors import DefinitionError
from framework.http_errors import NotFound
from framework.openapi import OpenAPI
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
# The path of the controllers of documents.
_OWN = frozenset({__name__, "framework._document.pages.asyncapi"})
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
# The number of documents that are kept, because a client may send any prefix.
_MOST_PREFIXES = 16
JSON = "application/json"
# RFC 9512.
YAML = "application/yaml"


class Content:
    """The content of a document, once all routes are planned, and its two formats."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}

    @cached_property
    def json(self) -> Rendition:
        """As JSON."""
        # Imported late: not needed if the document is disabled.
        from framework._document.openapi.document import encode_document

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
        """The Content-Security-Policy of the pages, with a placeholder for the nonce if they need one."""
        self.asyncapi = Content()
        """Empty if there are no channels."""
        self.mount: Callable[[], str] = str
        """Returns the prefix below which the application is mounted."""
        self._below: dict[str, Content] = {}

    def for_request(self, request: web.Request) -> Content:
        """Return the document for the client of this request: ``servers`` is the URL of the application.

        Servers that the user has set are kept.
        """
        reported = prefix_of(request)
        if not reported and self.settings.forwarded_prefix:
            reported = _forwarded_prefix(request)
        prefix = reported + self.mount()
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
    """Return the prefix that a proxy removed from the path; empty if it is not a plain path."""
    said = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return said if _PLAIN_PATH.fullmatch(said) else ""


def build_documents(
    documents: Sequence[Document], routes: Sequence[RoutePlan], topics: ChannelSettings | None = None
) -> None:
    """Build the documents of an app from its plan.

    Raises DefinitionErrors with the errors of all documents.
    """
    errors: dict[str, DefinitionError] = {}
    for one in documents:
        try:
            _fill(one, select_routes(one.settings, routes), topics)
        except* DefinitionError as group:
            errors |= {str(error): error for error in _leaves(group)}
    if not errors and any(plan.links for plan in routes):
        from framework._document.openapi.links import links_nowhere

        lost = links_nowhere([select_routes(one.settings, routes) for one in documents])
        errors = {str(error): error for error in lost}
    if errors:
        raise_all(list(errors.values()))


def _fill(document: Document, routes: Sequence[RoutePlan], topics: ChannelSettings | None) -> None:
    from framework._document.openapi.document import build_document, describe_document

    settings = document.settings
    listed = () if topics is None else [one for one in topics_of(topics) if one.in_document]
    if settings.webhooks:
        from framework._document.links.callbacks import check_webhooks

        check_webhooks(settings.webhooks)
    described = describe_document(settings, routes, [kind_of(one.type) for one in listed])
    document.content = build_document(settings, routes, described)
    document.policy = content_security_policy(document.content)
    document.policies = {page: content_security_policy(document.content, page.allowed) for page in PAGES}
    # Encoded at start-up: the first client need not wait, and values that cannot be encoded are reported early.
    _ = document.json.plain
    if described.channels and settings.asyncapi_path is not None:
        from framework._document.asyncapi.document import build_asyncapi

        document.asyncapi.content = build_asyncapi(settings, described, topics)
        _ = document.asyncapi.json.plain


def _leaves(group: BaseExceptionGroup[DefinitionError]) -> list[DefinitionError]:
    return [
        leaf for one in group.exceptions for leaf in (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]


def documentation_controllers(document: Document) -> list[type[Controller]]:
    """Return the controllers for ``/openapi.json``, ``/openapi.yaml`` and the enabled pages, such as ``/docs``."""
    places = [(page, getattr(document.settings, page.setting)) for page in PAGES]
    shown = [_page_controller(document, page, path) for page, path in places if path is not None]
    return [_document_controller(document), *shown]


def is_own_route(plan: RoutePlan) -> bool:
    """Return whether a route serves a document or one of its pages."""
    return plan.function.__module__ in _OWN


def _document_controller(document: Document) -> type[Controller]:
    settings = document.settings

    class OpenAPIController(Controller):
        __public__ = settings.is_public
        guards = settings.guards or ()
        middlewares = settings.middlewares

        @get(settings.path, in_document=False)
        async def document(self, request: web.Request) -> Response[bytes]:
            return negotiated(request, document.for_request(request).json, JSON)

        if settings.yaml and has_yaml():
            # A plain function, run in a thread: YAML is slow to write.
            @get(settings.yaml_path, in_document=False)
            def document_as_yaml(self, request: web.Request) -> Response[bytes]:
                return negotiated(request, document.for_request(request).yaml, YAML)

    return OpenAPIController


def negotiated(request: web.Request, rendition: Rendition, media_type: str) -> Response[bytes]:
    """Respond in the coding that the client accepts, and with 304 if the client has the current document."""
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
        __public__ = settings.is_public
        guards = settings.guards or ()
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

    # The name in messages.
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
