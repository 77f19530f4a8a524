"""What an application says about its OpenAPI document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct, field

from framework.routing import RouteSummary
from framework.typedefs import Guards, Middlewares

__all__ = ("OpenAPI", "RouteSelection")

RouteSelection: TypeAlias = Sequence[str] | Callable[[RouteSummary], bool]
"""Tags and path prefixes (``"/v1"``), or a function that chooses."""


class OpenAPI(Struct, frozen=True, kw_only=True):
    """The head of the document, where it is served and who may read it.

    ``App(openapi=OpenAPI(title="Shop", version="1.0"))``; ``App(openapi=None)`` turns document and pages off, and
    ``docs_path=None`` Swagger UI alone; ``redoc_path="/redoc"`` and ``scalar_path="/scalar"`` turn their pages on. An
    app may have several documents, each with a ``path`` and the routes that it includes:
    ``App(openapi=[OpenAPI(...), OpenAPI(path="/internal/openapi.json", docs_path=None, include=("internal",))])``.

    ``contact``, ``license``, ``servers`` and ``external_docs`` are written as the objects of these names in OpenAPI; a
    server may also be its URL alone. ``tags`` maps tags to their descriptions, in the order in which they are shown.
    ``webhooks`` maps what the application tells others, by POST, to the types of the bodies:
    ``{"orderPlaced": OrderPlaced}``; a ``framework.openapi.Webhook`` in the place of a type says more. Guards and
    middlewares stand before document and pages: ``OpenAPI(guards=(AdminOnly,))``.
    """

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
    """Whether the document stands beside ``path`` as YAML too, where PyYAML is installed: ``/openapi.yaml``."""
    docs_path: str | None = "/docs"
    """Where Swagger UI is."""
    redoc_path: str | None = None
    """Where ReDoc is."""
    scalar_path: str | None = None
    """Where Scalar is."""
    asyncapi_path: str | None = "/asyncapi.json"
    """Where the AsyncAPI document of web sockets and event streams is, in an app that has some; ``None`` for nowhere.

    With ``yaml`` it stands beside it as YAML too.
    """
    include: RouteSelection = ()
    """The routes that stand in the document; all, unless something is named."""
    exclude: RouteSelection = ()
    """The routes that do not."""
    forwarded_prefix: bool = False
    """Whether the ``X-Forwarded-Prefix`` of a request says where a proxy has the application: only behind one that sets
    the header, since clients could send it too."""
    guards: Guards = ()
    middlewares: Middlewares = ()

    @property
    def yaml_path(self) -> str:
        """Where the document is as YAML."""
        return _as_yaml(self.path)

    @property
    def asyncapi_yaml_path(self) -> str | None:
        """Where the AsyncAPI document is as YAML."""
        return None if self.asyncapi_path is None else _as_yaml(self.asyncapi_path)


def _as_yaml(path: str) -> str:
    return f"{path.removesuffix('.json')}.yaml"
