"""App: collects declarations and builds an aiohttp application from them."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from typing import Any

from aiohttp import web
from yarl import URL

from framework._compiler.application import CompiledApp, compile_app
from framework._compiler.collect import Mounted, collect_handlers, make_level
from framework._compiler.documents import DocumentHolder, documentation_controllers
from framework._compiler.explain import explain_route
from framework._compiler.fast import install
from framework._compiler.options import check_settings
from framework._compiler.reverse import reverse
from framework._compiler.routes import Declarations, plan_routes
from framework._inspect.names import describe_call
from framework._openapi.settings import OpenAPI
from framework._routing.resource import ControllerResource
from framework._services.opening import open_services
from framework._services.scope import close
from framework.container import Container
from framework.controller import Controllers
from framework.errors import DefinitionError
from framework.formats import JSON, MSGPACK, Format
from framework.limits import DEFAULT_LIMITS, Limits
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("App",)


class App:
    """An application of controllers.

    Layers given here stand around everything, 404 and 405 included. ``openapi=None`` turns the document off.
    """

    def __init__(
        self,
        controllers: Controllers = (),
        *,
        container: Container | None = None,
        openapi: OpenAPI | None = OpenAPI(),  # noqa: B008  frozen
        tags: Sequence[str] = (),
        guards: Guards = (),
        middlewares: Middlewares = (),
        exception_handlers: ExceptionHandlers | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        formats: Sequence[Format] = (JSON, MSGPACK),
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
                "guards": guards,
                "middlewares": middlewares,
                "exception_handlers": {} if exception_handlers is None else exception_handlers,
                "limits": limits,
                "formats": formats,
            },
            self._mistakes.append,
        )
        self._controllers: Controllers = tuple(settings.get("controllers", ()))
        self._container: Container = settings.get("container") or Container()
        self._openapi: OpenAPI | None = settings.get("openapi")
        self._tags = tuple(settings.get("tags", ()))
        self._limits: Limits = settings.get("limits", Limits()).within(DEFAULT_LIMITS)
        self._formats: Sequence[Format] = tuple(settings.get("formats", ()))
        self._level = make_level("app", where, settings)
        self._prefix: Callable[[], str] = str

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
        compiled = self._compile()
        router = application.router
        resource = compiled.make_resource(router.resources())
        router.register_resource(resource)
        application.cleanup_ctx.append(_lifespan(compiled))
        application.on_startup.append(lambda _: _install(application, resource))
        self._prefix = lambda: resource.prefix

    def _compile(self) -> CompiledApp:
        holder = DocumentHolder()
        own = [] if self._openapi is None else documentation_controllers(self._openapi, holder)
        plans = plan_routes(self._declarations((*own, *self._controllers)))
        if self._openapi is not None:
            from framework._openapi.document import build_document, encode_document
            from framework._openapi.ui import content_security_policy

            document = build_document(self._openapi, plans.routes)
            holder.body = encode_document(document)
            holder.policy = content_security_policy(document)
        return compile_app(plans)

    def _declarations(self, controllers: Controllers) -> Declarations:
        return Declarations(
            controllers=controllers,
            registrations=self._container.registrations(),
            level=self._level,
            tags=self._tags,
            limits=self._limits,
            formats=self._formats,
            mistakes=self._mistakes,
        )

    def url_for(self, target: Callable[..., Any] | str, **values: Any) -> URL:
        """Return the path of a handler, or of a route by its name, with the values of its placeholders filled in.

        ``app.url_for(OrderController.show, order_id=7)`` -> ``/orders/7``. Raises ReverseError.
        """
        return URL(self._prefix() + str(reverse(self._mounted, target, values)), encoded=True)

    @cached_property
    def _mounted(self) -> Sequence[Mounted]:
        # PERF: kept, since requests ask for URLs; the walk through seven handlers was measured with 1.7 ms.
        return collect_handlers(self._controllers, self._level, self._tags, _raise)

    def explain(self, method: str, path: str) -> str:
        """Return what happens to a request, stage by stage, and the code emitted for it; ``path`` is the template."""
        found = self._compile().by_route.get((method.upper(), path))
        if found is None:
            raise LookupError(f"{method} {path} is no route of this app")
        return explain_route(*found)


async def _install(application: web.Application, resource: ControllerResource) -> None:
    install(application, resource)


def _raise(error: Exception) -> None:
    raise error


def _lifespan(compiled: CompiledApp) -> Callable[[web.Application], AsyncIterator[None]]:
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        live, opened = await open_services(compiled.plans.singletons)
        compiled.start(live)
        yield
        error = await close(opened, None)
        if error is not None:
            raise error

    return lifespan
