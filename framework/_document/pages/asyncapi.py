"""The controllers that serve AsyncAPI documents; imported only if an app has web sockets or event streams."""

from collections.abc import Iterable, Sequence

from aiohttp import web

from framework._document.openapi.selection import has_channels, select_routes
from framework._document.pages.controllers import JSON, YAML, Content, Document, negotiated
from framework._document.pages.renditions import has_yaml
from framework._plan import RoutePlan
from framework._serve.responses.response import Response
from framework.controller import Controller
from framework.errors import InvalidOptionError
from framework.openapi import OpenAPI
from framework.routing import get

__all__ = ("asyncapi_controllers",)


def asyncapi_controllers(
    documents: Iterable[Document], routes: Sequence[RoutePlan], where: str
) -> list[type[Controller]]:
    """Return the controllers for ``/asyncapi.json`` and ``/asyncapi.yaml``.

    Raises InvalidOptionError if two documents have the same path.
    """
    found: list[type[Controller]] = []
    places: set[str] = set()
    for one in documents:
        settings = one.settings
        path = settings.asyncapi_path
        if path is None or not _has_channels(settings, routes):
            continue
        if path in places:
            raise InvalidOptionError(
                where,
                f"several documents of openapi= have asyncapi_path={path!r}",
                hint="give each OpenAPI its own asyncapi_path=, or None",
            )
        places.add(path)
        found.append(_json_controller(settings, path, one.asyncapi))
        if settings.yaml and has_yaml():
            found.append(_yaml_controller(settings, str(settings.asyncapi_yaml_path), one.asyncapi))
    return found


def _has_channels(settings: OpenAPI, routes: Sequence[RoutePlan]) -> bool:
    try:
        return has_channels(select_routes(settings, routes))
    except ExceptionGroup:
        # Selections that match no route are reported when the document itself is built.
        return False


def _json_controller(settings: OpenAPI, path: str, content: Content) -> type[Controller]:
    class AsyncAPIController(Controller):
        __public__ = settings.is_public
        guards = settings.guards or ()
        middlewares = settings.middlewares

        @get(path, in_document=False)
        async def document(self, request: web.Request) -> Response[bytes]:
            return negotiated(request, content.json, JSON)

    return AsyncAPIController


def _yaml_controller(settings: OpenAPI, path: str, content: Content) -> type[Controller]:
    class AsyncAPIYAMLController(Controller):
        __public__ = settings.is_public
        guards = settings.guards or ()
        middlewares = settings.middlewares

        # A plain function, run in a thread: YAML is slow to write.
        @get(path, in_document=False)
        def document(self, request: web.Request) -> Response[bytes]:
            return negotiated(request, content.yaml, YAML)

    return AsyncAPIYAMLController
