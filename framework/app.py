"""App: collects declarations and builds an aiohttp application from them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn, Self

from aiohttp import web
from yarl import URL

from framework._background import finish_background
from framework._codecs import CustomType, declaring
from framework._compiler.application import CompiledApp, compile_app
from framework._compiler.collect import Mounted, collect_handlers, make_place
from framework._compiler.custom_types import usable_types
from framework._compiler.documents import Document, build_documents, documentation_controllers, is_own_route
from framework._compiler.elsewhere import unknown_attribute, unknown_option
from framework._compiler.explain import explain_route
from framework._compiler.fast import install
from framework._compiler.keys import HEAD_TIMEOUT
from framework._compiler.observing import OBSERVING, note_status
from framework._compiler.options import check_settings
from framework._compiler.raising import raise_all
from framework._compiler.reverse import reverse
from framework._compiler.routes import Declarations, Plans, plan_routes
from framework._compiler.sockets import tie_sockets
from framework._inspect.factory_mark import mark_as_coroutine_function
from framework._inspect.names import calling_module, describe_call
from framework._inspect.signatures import show_constructor
from framework._openapi.selection import has_channels, summary_of
from framework._openapi.settings import OpenAPI
from framework._plan import RoutePlan
from framework._private import SUPPORTED
from framework._responses.stream_registry import OPEN_STREAMS, OpenStreams
from framework._services.opening import open_services
from framework._services.scope import close
from framework.background import Lifespan, Periodic
from framework.container import Container
from framework.controller import Controllers
from framework.errors import DefinitionError
from framework.formats import JSON, MSGPACK, Format
from framework.limits import DEFAULT_LIMITS, Limits
from framework.routing import RouteSummary
from framework.services import Services, serve_services
from framework.typedefs import ExceptionHandlers, Guards, Middlewares, Observers

__all__ = ("App",)

_WORK = ("lifespan", "observers", "periodic", "shutdown_timeout", "check_responses")


class App:
    """An application of controllers.

    Layers given here stand around everything, 404 and 405 included. ``openapi=None`` turns the document off; a sequence
    makes several. ``shutdown_timeout`` is how many seconds background work has to end when the app stops.
    ``observers`` see every request begin and end. ``check_responses`` compares each value that is sent with its
    annotation as a whole, for development and tests. ``types`` are classes of one's own, as values of requests,
    responses and messages.
    """

    def __new__(cls, *_: Any, **options: Any) -> Self:
        """Refuse options that no App has, with what is written instead."""
        known = {"controllers", *(App.__init__.__kwdefaults__ or ())}
        unknown = [] if cls.__init__ is not App.__init__ else [one for one in options if one not in known]
        if unknown:
            where = describe_call("App")
            raise_all([unknown_option(one, known, where) for one in unknown])
        return super().__new__(cls)

    def __init__(
        self,
        controllers: Controllers = (),
        *,
        container: Container | None = None,
        openapi: OpenAPI | Sequence[OpenAPI] | None = OpenAPI(),  # noqa: B008  frozen
        tags: Sequence[str] = (),
        raises: Sequence[type[Exception]] = (),
        metadata: Mapping[str, Any] = MappingProxyType({}),
        guards: Guards = (),
        middlewares: Middlewares = (),
        exception_handlers: ExceptionHandlers | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        formats: Sequence[Format] = (JSON, MSGPACK),
        observers: Observers = (),
        lifespan: Sequence[Lifespan] = (),
        periodic: Sequence[Periodic] = (),
        shutdown_timeout: float = 10.0,
        check_responses: bool = False,
        types: Sequence[CustomType] = (),
    ) -> None:
        # What has the wrong type is told with all other mistakes, when the app is built.
        self._mistakes: list[DefinitionError] = []
        where = describe_call("App")
        settings = check_settings(
            where,
            {
                "controllers": controllers,
                "container": container,
                "openapi": openapi,
                "tags": tags,
                "raises": raises,
                "metadata": metadata,
                "guards": guards,
                "middlewares": middlewares,
                "exception_handlers": {} if exception_handlers is None else exception_handlers,
                "limits": limits,
                "formats": formats,
                "observers": observers,
                "lifespan": lifespan,
                "periodic": periodic,
                "shutdown_timeout": shutdown_timeout,
                "check_responses": check_responses,
                "types": types,
            },
            self._mistakes.append,
        )
        self._controllers: Controllers = tuple(settings.get("controllers", ()))
        self._container: Container | None = settings.get("container")
        self._openapi = _listed(settings.get("openapi"))
        self._limits: Limits = settings.get("limits", Limits()).within(DEFAULT_LIMITS)
        self._formats: Sequence[Format] = tuple(settings.get("formats", ()))
        self._types = usable_types(where, tuple(settings.get("types", ())), self._mistakes.append)
        self._work = {name: settings[name] for name in _WORK if name in settings}
        self._place = make_place(where, settings)
        self._prefix: Callable[[], str] = str
        self._where, self._module = where, calling_module()
        mark_as_coroutine_function(self)

    def __repr__(self) -> str:
        return f"{self._where}, which is not built; app.build() returns a web.Application"

    async def __call__(self) -> web.Application:
        """Build the application, as gunicorn does for ``gunicorn shop:app``."""
        return self.build()

    def build(self) -> web.Application:
        """Compile everything that was declared into a new aiohttp application.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        application = web.Application(client_max_size=self._limits.body)
        self.attach(application)
        return application

    def attach(self, application: web.Application) -> None:
        """Compile everything into an aiohttp application that exists already, beside what it has.

        Its own routes come first where both know a path. Raises an ExceptionGroup of all DefinitionErrors.
        """
        plans, documents = self._plan()
        compiled = compile_app(plans)
        resource = compiled.register(application.router)
        application.cleanup_ctx.append(_lifespan(compiled))
        application[HEAD_TIMEOUT] = self._limits.head_timeout
        install(application, resource, compiled.watch, compiled.default)
        if OPEN_STREAMS not in application:
            application[OPEN_STREAMS] = streams = OpenStreams()
            application.on_shutdown.append(streams.shut_down)
        application.setdefault(OBSERVING, []).append(compiled.observing)
        if compiled.observing.plans and not SUPPORTED:
            application.on_response_prepare.append(note_status)
        tie_sockets(application, compiled.plans.routes)
        self._prefix = lambda: resource.prefix
        for document in documents:
            document.mount = self._prefix

    def _compile(self) -> CompiledApp:
        plans, _ = self._plan()
        return compile_app(plans)

    def _plan(self) -> tuple[Plans, list[Document]]:
        documents = [Document(one) for one in self._openapi]
        own = [controller for one in documents for controller in documentation_controllers(one)]
        with declaring(self._types):
            plans = plan_routes(self._declarations((*own, *self._controllers), documents))
            if documents:
                build_documents(documents, plans.routes)
        return plans, documents

    def routes(self) -> list[RouteSummary]:
        """Return what was declared, one entry for each method on each path, without the pages of the document.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        plans, _ = self._plan()
        return [summary_of(plan) for plan in plans.routes if not is_own_route(plan)]

    def services(self) -> AbstractAsyncContextManager[Services]:
        """Return the services outside HTTP: ``async with app.services() as services: await services.call(function)``.

        The singletons are opened in their order at the beginning of the block and closed in reverse at its end, also
        under exceptions and cancellation. Lifespan functions and periodic tasks do not run: they belong to serving.
        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return serve_services(self._plan()[0])

    @property
    def formats(self) -> Sequence[Format]:
        """In what bodies are read and answers written, the usual one first."""
        return self._formats

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return all OpenAPI documents, by the path at which each is served as JSON; none where they are off.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return {one.settings.path: one.content for one in self._plan()[1]}

    def document(self, path: str | None = None) -> dict[str, Any]:
        """Return the OpenAPI document that is served at a path, the first one unless said otherwise.

        Raises LookupError where there is none, and an ExceptionGroup of all DefinitionErrors.
        """
        documents = self.documents()
        if path is None and documents:
            return next(iter(documents.values()))
        if path not in documents:
            raise LookupError("this app has no document" if path is None else f"this app has no document at {path}")
        return documents[path]

    def asyncapi(self, path: str | None = None) -> dict[str, Any]:
        """Return the AsyncAPI document that is served at a path, the first one unless said otherwise.

        Raises LookupError where there is none, as in an app without web sockets and event streams, and an
        ExceptionGroup of all DefinitionErrors.
        """
        found = {one.settings.asyncapi_path: one.asyncapi.content for one in self._plan()[1] if one.asyncapi.content}
        if path is None and found:
            return next(iter(found.values()))
        if path not in found:
            raise LookupError(f"this app has no AsyncAPI document{'' if path is None else f' at {path}'}")
        return found[path]

    def _declarations(self, controllers: Controllers, documents: Sequence[Document] = ()) -> Declarations:
        return Declarations(
            controllers=controllers,
            module=self._module,
            registrations=() if self._container is None else self._container.registrations(),
            has_container=self._container is not None,
            place=self._place,
            limits=self._limits,
            formats=self._formats,
            mistakes=self._mistakes,
            added=lambda routes: self._added(documents, routes),
            **{"shutdown_timeout": 0.0, **self._work},
        )

    def _added(self, documents: Sequence[Document], routes: Sequence[RoutePlan]) -> Controllers:
        """Return the controllers of the AsyncAPI documents, where there is something to stand in them."""
        if not documents or not has_channels(routes):
            return ()
        from framework._compiler.asyncapi import asyncapi_controllers

        return asyncapi_controllers(documents, routes, self._place.levels[0].where)

    def url_for(self, target: Callable[..., Any] | str, **values: Any) -> URL:
        """Return the path of a handler, or of a route by its name, with the values of its placeholders filled in.

        ``app.url_for(OrderController.show, order_id=7)`` -> ``/orders/7``. Raises ReverseError.
        """
        return URL(self._prefix() + str(reverse(self._mounted, target, values)), encoded=True)

    @cached_property
    def _mounted(self) -> Sequence[Mounted]:
        # PERF: kept, since requests ask for URLs; the walk through seven handlers was measured with 1.7 ms.
        return collect_handlers(self._controllers, self._place, _raise)

    def explain(self, method: str, path: str) -> str:
        """Return what happens to a request, stage by stage, and the code emitted for it; ``path`` is the template.

        ``WEBSOCKET`` stands for a handshake, as GET does on a path without a handler for GET. Raises LookupError.
        """
        compiled = self._compile()
        found = compiled.by_route.get((method.upper(), path))
        if found is None:
            raise LookupError(f"{method} {path} is not a route of this app")
        return explain_route(*found, compiled.plans.observers)


def _unknown_attribute(_: App, name: str) -> NoReturn:
    """Say what is written here for what an App of another framework has."""
    raise unknown_attribute(name, describe_call(f"app.{name}"))


# Not written in the class: type checkers would accept every attribute.
App.__getattr__ = _unknown_attribute  # type: ignore[attr-defined]
show_constructor(App)


def _listed(documents: OpenAPI | Sequence[OpenAPI] | None) -> tuple[OpenAPI, ...]:
    if documents is None:
        return ()
    return (documents,) if isinstance(documents, OpenAPI) else tuple(documents)


def _raise(error: Exception) -> None:
    raise error


def _lifespan(compiled: CompiledApp) -> Callable[[web.Application], AsyncIterator[None]]:
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        live, opened = await open_services((*compiled.plans.singletons, *compiled.plans.lifespan))
        opened.append((finish_background, compiled.plans.background))
        compiled.start(live)
        yield
        error = await close(opened, None)
        if error is not None:
            raise error

    return lifespan
