"""App: collects declarations and builds an aiohttp application from them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn, Self

from aiohttp import web
from yarl import URL

from framework._build import Planned, plan_application, serve_application
from framework._codecs import CustomType
from framework._compile.application import Declarations
from framework._compile.declarations.collect import Mounted, collect_handlers, make_place
from framework._compile.declarations.custom_types import usable_types
from framework._compile.declarations.elsewhere import too_many_arguments, unknown_attribute, unknown_option
from framework._compile.declarations.options import check_settings
from framework._compile.layer_services import with_services_of_layers
from framework._compile.raising import raise_all
from framework._compile.urls import reverse
from framework._document.openapi.calls import operation_of
from framework._document.openapi.selection import summary_of
from framework._document.pages.controllers import is_own_route
from framework._emit.application import compile_app
from framework._emit.explain import explain_route
from framework._inspect.factory_mark import mark_as_coroutine_function
from framework._inspect.names import calling_module, describe_call
from framework._inspect.signatures import show_constructor
from framework._matched import URL_MAKERS
from framework._prefix import current_prefix
from framework._serve.routing.entries import TemplateResource
from framework._serve.routing.resource import ControllerResource
from framework._topics import ChannelSettings, Presence, Topic, channel_settings
from framework.background import Lifespan, Periodic
from framework.commands import Command
from framework.container import Container, Registration
from framework.controller import Controllers
from framework.credentials import Credentials
from framework.errors import DefinitionError
from framework.formats import JSON, MSGPACK, Format
from framework.jobs import Jobs, JobSettings
from framework.limits import DEFAULT_LIMITS, Limits
from framework.openapi import OpenAPI, RouteSummary
from framework.operations import Operation
from framework.services import Services, serve_services
from framework.typedefs import ExceptionHandlers, Guard, Guards, Middlewares, Observers

__all__ = ("App",)

_WORK = ("lifespan", "observers", "periodic", "commands", "shutdown_timeout", "check_responses")


class App:
    """An application of controllers.

    Layers of the app apply to every response, 404 and 405 included. ``openapi=None`` disables the OpenAPI document; a
    sequence declares several. ``shutdown_timeout`` is the time in seconds that background tasks have to finish when the
    app stops. ``commands`` are functions that ``framework NAME`` runs. ``default_guard`` runs first on every route that
    is not ``@public``, documents and static files included. ``observers`` see every request begin and end,
    and every attempt of a job if they have methods for it.
    ``check_responses`` compares each whole value that is sent with its annotation, for development and tests. ``types``
    declares custom types for requests, responses and messages. ``channels`` are the topics of events, or settings with
    the engine that carries them between processes.
    ``jobs`` are the classes of durable jobs.
    """

    def __new__(cls, *controllers: Any, **options: Any) -> Self:
        """Reject unknown options, with a hint about the right one."""
        if cls.__init__ is App.__init__ and len(controllers) > 1:
            raise_all([too_many_arguments(describe_call("App"))])
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
        default_guard: Guard | Credentials | type[Any] | None = None,
        middlewares: Middlewares = (),
        exception_handlers: ExceptionHandlers | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        formats: Sequence[Format] = (JSON, MSGPACK),
        observers: Observers = (),
        lifespan: Sequence[Lifespan] = (),
        periodic: Sequence[Periodic] = (),
        commands: Sequence[Callable[..., Any] | Command] = (),
        shutdown_timeout: float = 10.0,
        check_responses: bool = False,
        types: Sequence[CustomType] = (),
        channels: ChannelSettings | Sequence[Topic[Any] | Presence[Any]] = (),
        jobs: Sequence[type[Jobs]] | JobSettings = (),
    ) -> None:
        options = {name: value for name, value in locals().items() if name != "self"}
        if exception_handlers is None:
            del options["exception_handlers"]
        self._where, self._module = describe_call("App"), calling_module()
        # Options of the wrong type are reported with all other errors, when the app is built.
        self._errors: list[DefinitionError] = []
        self._read(check_settings(self._where, options, self._errors.append))
        self._prefix: Callable[[], str] = str
        self._attached: list[web.Application] = []
        mark_as_coroutine_function(self)

    def _read(self, settings: Mapping[str, Any]) -> None:
        """Keep the valid options; the others have their defaults."""
        self._controllers: Controllers = tuple(settings.get("controllers", ()))
        self._container: Container | None = settings.get("container")
        self._openapi = _listed(settings.get("openapi"))
        self._limits: Limits = settings.get("limits", Limits()).within(DEFAULT_LIMITS)
        self._formats: Sequence[Format] = tuple(settings.get("formats", ()))
        self._types = usable_types(self._where, tuple(settings.get("types", ())), self._errors.append)
        self._channels = channel_settings(settings.get("channels", ()))
        given: Sequence[type[Jobs]] | JobSettings = settings.get("jobs", ())
        self._jobs = given if isinstance(given, JobSettings) else JobSettings(tuple(given))
        self._work = {name: settings[name] for name in _WORK if name in settings}
        self._place = make_place(self._where, settings)

    def __repr__(self) -> str:
        return f"{self._where}, which is not built; app.build() returns a web.Application"

    async def __call__(self) -> web.Application:
        """Build the application; gunicorn calls this for ``gunicorn shop:app``."""
        return self.build()

    def build(self) -> web.Application:
        """Compile the declarations into a new aiohttp application.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        application = web.Application(client_max_size=self._limits.body)
        self._attach(application)
        return application

    def attach(self, application: web.Application) -> None:
        """Compile the declarations into an existing aiohttp application.

        If both have a route for a path, the application's own route is used. Raises an ExceptionGroup of all
        DefinitionErrors.
        """
        self._attach(application)
        self._attached.append(application)

    def _attach(self, application: web.Application) -> None:
        self._prefix = serve_application(self._plan(), application, head_timeout=self._limits.head_timeout)
        application.setdefault(URL_MAKERS, []).append(self.url_for)

    def _plan(self) -> Planned:
        return plan_application(self._declarations(), self._openapi, self._types)

    def routes(self) -> list[RouteSummary]:
        """Return the declared routes, one entry for each method on each path, without the documentation pages.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return [summary_of(plan) for plan in self._plan().plans.routes if not is_own_route(plan)]

    def operations(self) -> list[Operation]:
        """Return how clients call the handlers, one entry for each method on each path, web sockets included.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return [operation_of(plan) for plan in self._plan().plans.routes if not is_own_route(plan)]

    @property
    def container(self) -> Container | None:
        """The container that the app was given: tests replace its services with ``container.override``."""
        return self._container

    @property
    def observers(self) -> Observers:
        """What sees each request begin and end, as it was given to the app."""
        given: Observers = self._work.get("observers", ())
        return given

    def uncovered(self) -> list[str]:
        """Return what ``default_guard`` does not cover: ``GET /metrics``, a route of aiohttp's own.

        These are the routes that the applications which were given to ``attach()`` have beside this one's.
        """
        if self._place.default_guard is None:
            return []
        routes = [one for application in self._attached for one in application.router.routes()]
        native = [one for one in routes if not isinstance(one.resource, ControllerResource | TemplateResource)]
        return sorted(f"{one.method} {one.resource.canonical}" for one in native if one.resource is not None)

    def services(self) -> AbstractAsyncContextManager[Services]:
        """Return the services outside HTTP: ``async with app.services() as services: await services.call(function)``.

        The singletons are opened in their order at the beginning of the block and closed in reverse at its end, also
        on exceptions and cancellation. Lifespan functions and periodic tasks do not run: they belong to serving.
        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return serve_services(self._plan().plans)

    @property
    def formats(self) -> Sequence[Format]:
        """The formats of request bodies and responses, the default first."""
        return self._formats

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return all OpenAPI documents by the path of their JSON; an empty dict if they are disabled.

        Raises an ExceptionGroup of all DefinitionErrors.
        """
        return {one.settings.path: one.content for one in self._plan().documents}

    def document(self, path: str | None = None) -> dict[str, Any]:
        """Return the OpenAPI document that is served at a path; without a path, the first document.

        Raises LookupError if there is none, and an ExceptionGroup of all DefinitionErrors.
        """
        documents = self.documents()
        if path is None and documents:
            return next(iter(documents.values()))
        if path not in documents:
            raise LookupError("this app has no document" if path is None else f"this app has no document at {path}")
        return documents[path]

    def asyncapi(self, path: str | None = None) -> dict[str, Any]:
        """Return the AsyncAPI document that is served at a path; without a path, the first document.

        Raises LookupError if there is none, as in an app without web sockets and event streams, and an ExceptionGroup
        of all DefinitionErrors.
        """
        found = {
            one.settings.asyncapi_path: one.asyncapi.content for one in self._plan().documents if one.asyncapi.content
        }
        if path is None and found:
            return next(iter(found.values()))
        if path not in found:
            raise LookupError(f"this app has no AsyncAPI document{'' if path is None else f' at {path}'}")
        return found[path]

    def _declarations(self) -> Declarations:
        errors = [*self._errors]
        container = with_services_of_layers(self._container, self._controllers, self._place)
        if self._channels is not None:
            # Imported late: few applications have any.
            from framework._channels.services import with_channels

            container = with_channels(container, self._channels, self._where, errors.append)
        registrations = () if container is None else container.registrations()
        jobs = self._provide_jobs(registrations, errors)
        work = {"shutdown_timeout": 0.0, "lifespan": (), **self._work}
        return Declarations(
            controllers=self._controllers,
            module=self._module,
            registrations=(*registrations, *(() if jobs is None else jobs.registrations)),
            has_container=self._container is not None,
            place=self._place,
            limits=self._limits,
            formats=self._formats,
            errors=errors,
            channels=self._channels,
            jobs=None if jobs is None else jobs.table,
            **{**work, "lifespan": (*work["lifespan"], *(() if jobs is None else jobs.lifespan))},
        )

    def _provide_jobs(self, registrations: Sequence[Registration], errors: list[DefinitionError]) -> Any:
        """Return the services of the jobs, ``None`` without jobs or after an error."""
        if not self._jobs.jobs:
            return None
        # Imported late: applications without jobs do without.
        from framework._jobs.providing import provide_jobs

        return provide_jobs(self._jobs, registrations, self._where, errors.append, self.observers)

    def url_for(self, target: Callable[..., Any] | str, **values: Any) -> URL:
        """Return the path of a handler, or of a named route, with the given placeholder values.

        ``app.url_for(OrderController.show, order_id=7)`` -> ``/orders/7``. During a request it begins with the prefix
        that a trusted proxy reported. Raises ReverseError.
        """
        return URL(current_prefix() + self._prefix() + str(reverse(self._mounted, target, values)), encoded=True)

    @cached_property
    def _mounted(self) -> Sequence[Mounted]:
        # PERF: cached, because requests make URLs; the walk through seven handlers took 1.7 ms.
        return collect_handlers(self._controllers, self._place, _raise)

    def explain(self, method: str, path: str) -> str:
        """Return the stages of a request and the code that was emitted for it; ``path`` is the path template.

        The method ``WEBSOCKET`` means a handshake, and so does GET on a path without a handler for GET. Raises
        LookupError.
        """
        compiled = compile_app(self._plan().plans)
        found = compiled.by_route.get((method.upper(), path))
        if found is None:
            raise LookupError(f"{method} {path} is not a route of this app")
        return explain_route(*found, compiled.plans.observers)


def _unknown_attribute(_: App, name: str) -> NoReturn:
    """Raise an error with a hint for attributes that an App of another framework has."""
    raise unknown_attribute(name, describe_call(f"app.{name}"))


# Assigned after the class is created: type checkers would otherwise accept every attribute.
App.__getattr__ = _unknown_attribute  # type: ignore[attr-defined]
show_constructor(App)


def _listed(documents: OpenAPI | Sequence[OpenAPI] | None) -> tuple[OpenAPI, ...]:
    if documents is None:
        return ()
    return (documents,) if isinstance(documents, OpenAPI) else tuple(documents)


def _raise(error: Exception) -> None:
    raise error
