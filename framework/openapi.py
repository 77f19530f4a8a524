"""Declarations for the OpenAPI document: its head and routes, links, callbacks, webhooks, exception handlers."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from msgspec import UNSET, Struct, field

from framework._inspect.calls import ExplainedMeta
from framework.typedefs import Guards, Middlewares

__all__ = (
    "Callback",
    "Handles",
    "Link",
    "OpenAPI",
    "RouteSelection",
    "RouteSummary",
    "Webhook",
    "declared_by",
    "handles",
)

_T = TypeVar("_T", bound=Callable[..., Any])


class Link:
    """A link from a response to another operation, with the values of its parameters.

    ``Link("OrderController.show", order_id="$response.body#/id")``. The target is a handler, or the name of a route as
    in ``App.url_for``; a name is first looked up in the same controller (``"show"``), then in the same router.
    Parameters have their names on the wire or in the handler. ``parameters`` takes names that are not valid keywords,
    or that several sources share: ``{"query.page-size": 10}``. ``request_body`` is the body. Each value is a constant
    or a runtime expression (OpenAPI 3.1, section 4.8.20.4).
    """

    __slots__ = ("description", "parameters", "request_body", "target")

    def __init__(
        self,
        target: Callable[..., Any] | str,
        /,
        *,
        parameters: Mapping[str, Any] | None = None,
        request_body: Any = UNSET,
        description: str | None = None,
        **values: Any,
    ) -> None:
        self.target = target
        self.parameters: Mapping[str, Any] = {**(parameters or {}), **values}
        self.request_body = request_body
        self.description = description

    def __repr__(self) -> str:
        name = getattr(self.target, "__qualname__", None)
        return f"Link({name or repr(self.target)})"


class _Sent(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """Base class of webhooks and callbacks: a request that the application sends, and the expected response."""

    method: str = "POST"
    status: int | None = None
    """The status of the response; by default any success."""
    response: Any = None
    """The type of the response body; ``None`` if the body is not read."""
    summary: str | None = None
    """The summary; by default the first line of the body's docstring."""
    description: str | None = None


class Webhook(_Sent, frozen=True):
    """A request that the application sends to registered receivers: ``OpenAPI(webhooks={"paid": Webhook(Payment)})``.

    ``body`` is the type that is sent as JSON; ``None`` for no body.
    """

    body: Any = None


class Callback(_Sent, frozen=True):
    """A request that the application sends because of a request: ``Callback("{$request.body#/notify_url}", Payment)``.

    ``url`` holds runtime expressions in braces (OpenAPI 3.1, section 4.8.18); ``body`` is the type that is sent as
    JSON; ``None`` for no body.
    """

    url: str
    body: Any = None


class Handles(Struct, frozen=True, kw_only=True):
    """The declaration of ``handles()`` about an exception handler."""

    status: int | None = None
    media_type: str | None = None


def handles(*, status: int | None = None, media_type: str | None = None) -> Callable[[_T], _T]:
    """Declare the status, or the media type, of the responses of an exception handler.

    A returned ``Response`` without a status or media type of its own gets these. The OpenAPI document of each route
    that lists the exception in ``raises=`` has them too; the body is that of the return annotation, ``->
    Response[Missing]``. Without a status, the response for an HTTPError has the status of the error. The decorator also
    accepts a class whose instances are exception handlers.
    """

    def attach(target: Any) -> Any:
        target.handles = Handles(status=status, media_type=media_type)
        return target

    return attach


def declared_by(handler: Any) -> Handles:
    """Return the declaration of an exception handler, or of its class."""
    declared = getattr(handler, "handles", None)
    return declared if isinstance(declared, Handles) else Handles()


class RouteSummary(Struct, frozen=True, kw_only=True):
    """One method on one path of an application, for tools."""

    method: str
    path: str
    """The full path template: ``/v1/orders/{order_id}``, ``/files/{name:path}``."""
    name: str
    """The route's name for ``App.url_for``."""
    handler: str
    """The handler and its place: ``OrderController.show (shop/orders.py:12)``."""
    tags: tuple[str, ...] = ()
    in_document: bool = True
    metadata: Mapping[str, Any] = MappingProxyType({})
    access: tuple[str, ...] = ()
    """The guards by name, and the credentials by the name of their scheme with the scopes."""


RouteSelection: TypeAlias = Sequence[str] | Callable[[RouteSummary], bool]
"""Tags and path prefixes (``"/v1"``), or a function that chooses."""


class OpenAPI(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """The head of the OpenAPI document, its paths, and who may read it.

    ``App(openapi=OpenAPI(title="Shop", version="1.0"))``; ``App(openapi=None)`` disables document and pages, and
    ``docs_path=None`` only Swagger UI; ``redoc_path="/redoc"`` and ``scalar_path="/scalar"`` enable their pages. An
    app may have several documents, each with a ``path`` and the routes that it includes:
    ``App(openapi=[OpenAPI(...), OpenAPI(path="/internal/openapi.json", docs_path=None, include=("internal",))])``.

    ``contact``, ``license``, ``servers`` and ``external_docs`` are written as the objects of these names in OpenAPI; a
    server may also be its URL alone. ``tags`` maps tags to their descriptions, in the order in which they are shown.
    ``webhooks`` maps the requests that the application sends, by POST, to the types of their bodies:
    ``{"orderPlaced": OrderPlaced}``; a ``framework.openapi.Webhook`` instead of a type has more options. Guards and
    middlewares are called for document and pages: ``OpenAPI(guards=(AdminOnly,))``.
    """

    __ways__ = MappingProxyType(
        {
            "docs_url": "write docs_path= instead",
            "license_info": "write license= instead",
            "openapi_tags": "write tags= instead",
            "openapi_url": "write path= instead",
            "redoc_url": "write redoc_path= instead",
            "root_path": "write forwarded_prefix=True, and let the proxy send X-Forwarded-Prefix",
        }
    )

    title: str = "API"
    version: str = "0.1.0"
    """Of the application, not of OpenAPI."""
    summary: str | None = None
    description: str | None = None
    """CommonMark."""
    terms_of_service: str | None = None
    """A URL."""
    contact: Mapping[str, Any] | None = None
    license: Mapping[str, Any] | None = None
    servers: Sequence[Mapping[str, Any] | str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    external_docs: Mapping[str, Any] | None = None
    webhooks: Mapping[str, Any] = field(default_factory=dict)
    path: str = "/openapi.json"
    yaml: bool = True
    """Whether the document is also served as YAML beside ``path``, if PyYAML is installed: ``/openapi.yaml``."""
    docs_path: str | None = "/docs"
    """The path of Swagger UI."""
    redoc_path: str | None = None
    """The path of ReDoc."""
    scalar_path: str | None = None
    """The path of Scalar."""
    asyncapi_path: str | None = "/asyncapi.json"
    """The path of the AsyncAPI document of web sockets and event streams, if an app has some; ``None`` disables it.

    With ``yaml`` it is also served as YAML.
    """
    include: RouteSelection = ()
    """The routes of the document; default: all."""
    exclude: RouteSelection = ()
    """The routes that are left out."""
    forwarded_prefix: bool = False
    """Whether the ``X-Forwarded-Prefix`` of a request is the prefix of the application behind a proxy.

    Only for a proxy that sets the header, because clients could send it too.
    """
    guards: Guards | None = None
    """``()`` opens document and pages to everybody, also with ``App(default_guard=)``."""
    middlewares: Middlewares = ()

    @property
    def is_public(self) -> bool:
        """Whether document and pages were explicitly opened to all clients."""
        return self.guards is not None and not self.guards

    @property
    def yaml_path(self) -> str:
        """The path of the document as YAML."""
        return _as_yaml(self.path)

    @property
    def asyncapi_yaml_path(self) -> str | None:
        """The path of the AsyncAPI document as YAML."""
        return None if self.asyncapi_path is None else _as_yaml(self.asyncapi_path)


def _as_yaml(path: str) -> str:
    return f"{path.removesuffix('.json')}.yaml"
