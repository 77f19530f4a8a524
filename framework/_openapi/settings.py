"""What an application says about its OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from framework.typedefs import Guards, Middlewares

__all__ = ("OpenAPI",)


class OpenAPI(Struct, frozen=True, kw_only=True):
    """The head of the document, where it is served and who may read it.

    ``App(openapi=OpenAPI(title="Shop", version="1.0"))``; ``App(openapi=None)`` turns document and page off, and
    ``docs_path=None`` the page alone. ``contact``, ``license``, ``servers`` and ``external_docs`` are written as the
    objects of these names in OpenAPI 3.1; a server may also be its URL alone. ``tags`` maps tags to their descriptions,
    in the order in which they are shown. ``webhooks`` maps what the application tells others, by POST, to the types of
    the bodies: ``{"orderPlaced": OrderPlaced}``. Guards and middlewares stand before both:
    ``OpenAPI(guards=(AdminOnly,))``.
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
    docs_path: str | None = "/docs"
    guards: Guards = ()
    middlewares: Middlewares = ()
