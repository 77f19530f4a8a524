"""Controllers and container -> RoutePlans; every mistake is gathered before anything is raised."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from framework._background import BackgroundRunner
from framework._binding.binder import RequestBinder
from framework._binding.defaults import check_examples
from framework._compiler.collect import Level, Mounted, collect_handlers
from framework._compiler.injected import Injector
from framework._compiler.layers import LayerPlanner
from framework._compiler.slow_patterns import SlowPatternWatch
from framework._compiler.sockets import UPGRADED, argument_of_socket, binding_method, is_socket, plan_socket
from framework._compiler.streaming import plan_answer
from framework._compiler.work import PeriodicCall, plan_lifespan, plan_periodic, provide_tasks
from framework._inspect.names import type_name
from framework._inspect.signatures import (
    MISSING,
    Parameter,
    Signature,
    is_async,
    is_async_generator,
    is_sync_generator,
    read_signature,
    type_arguments,
)
from framework._inspect.types import is_foreign, kind_of, without_none
from framework._markers import take_marker
from framework._plan import ArgumentPlan, BodyKind, Call, LayerPlan, Provision, RoutePlan, ServicePlan
from framework._services.credentials import CredentialPlanner
from framework._services.graph import Provider, ServiceGraph
from framework._services.planner import BindMarked, ServicePlanner, argument_of_request, is_request, lifetime_of
from framework.background import Lifespan, Periodic
from framework.caching import Preconditions
from framework.container import Lifetime, Registration
from framework.controller import Controllers
from framework.errors import (
    DefinitionError,
    DuplicateRouteError,
    DuplicateRouteNameError,
    InvalidHandlerError,
    InvalidResponseError,
    MissingAnnotationError,
    UnknownPlaceholderError,
)
from framework.formats import JSON, Format
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.params import Inject
from framework.schemes import Credentials, stated_security

__all__ = ("Declarations", "Plans", "plan_routes")


_AWAITED = frozenset({BodyKind.STREAM, BodyKind.PARTS})


class Declarations(Struct, frozen=True, kw_only=True):
    """All that was declared for one app."""

    controllers: Controllers
    registrations: Sequence[Registration]
    level: Level
    tags: Sequence[str]
    limits: Limits
    formats: Sequence[Format]
    lifespan: Sequence[Lifespan] = ()
    periodic: Sequence[Periodic] = ()
    shutdown_timeout: float
    mistakes: Sequence[DefinitionError] = ()
    """What was found wrong before."""


class Plans(Struct, frozen=True, kw_only=True):
    """All that was decided for one app."""

    routes: tuple[RoutePlan, ...]
    mounted: tuple[Mounted, ...]
    singletons: tuple[ServicePlan, ...]
    """In the order in which they are opened; guards and middlewares are among them."""
    app_layer: LayerPlan
    injector: Injector
    background: BackgroundRunner
    periodic: tuple[PeriodicCall, ...]


def plan_routes(declared: Declarations) -> Plans:
    """Plan all routes of an app; raises an ExceptionGroup with every DefinitionError that was found."""
    planner = _Planner(declared)
    plans = planner.plan()
    if planner.errors:
        errors = list(planner.errors.values())
        raise ExceptionGroup(f"{len(errors)} mistake{'s' if len(errors) > 1 else ''} in the application", errors)
    return plans


class _Planner:
    def __init__(self, declared: Declarations) -> None:
        self._declared = declared
        self.errors = {(one.where, one.what): one for one in declared.mistakes}
        self._background, tasks = provide_tasks(lambda: self._injector, declared.shutdown_timeout)
        self._graph = ServiceGraph((*declared.registrations, tasks), self._report)
        self._process = ServicePlanner(self._graph, self._report)
        self._injector = Injector(self._graph, self._process, self.errors)
        self._layers = LayerPlanner(self._graph, self._process, self._report)
        self._patterns = SlowPatternWatch()
        self._controllers: dict[type, Provider | None] = {}

    def _report(self, error: DefinitionError) -> None:
        # The same mistake is met again by every route that needs the service: told once.
        self.errors.setdefault((error.where, error.what), error)

    def plan(self) -> Plans:
        """Plan everything that was declared, used or not."""
        declared = self._declared
        self._plan_services()
        app_layer = self._layers.plan(declared.level)
        mounted = collect_handlers(declared.controllers, declared.level, declared.tags, self._report)
        routes = [plan for one in mounted for method in one.methods for plan in self._plan_route(one, method)]
        self._check_names(mounted)
        self._check_duplicates(routes, {one.template.text: one.template.shape for one in mounted})
        periodic = plan_periodic(declared.periodic, self._injector, self._report)
        # The last to be opened, and the first to be closed.
        plan_lifespan(declared.lifespan, self._process, self._report, declared.level.where)
        return Plans(
            routes=tuple(routes),
            mounted=tuple(mounted),
            singletons=tuple(self._process.services),
            app_layer=app_layer,
            injector=self._injector,
            background=self._background,
            periodic=tuple(periodic),
        )

    def _plan_services(self) -> None:
        formats = tuple(self._declared.formats) or (JSON,)
        idle = RequestBinder(where="", method="POST", path="", placeholders=(), formats=formats)

        def bind(parameter: Parameter, annotation: Any, marker: Any, where: str, path: Sequence[str]) -> ArgumentPlan:
            # Which placeholders there are is known by the routes alone.
            placeholders = (marker.name or parameter.name,) if hasattr(marker, "name") else ()
            if isinstance(marker, Credentials):
                return credentials.bind(parameter, annotation, marker, where, path)
            binder = idle.alone(where, placeholders)
            return binder.bind_marked(parameter, annotation, marker, where, path)

        request = ServicePlanner(self._graph, self._report, singletons=self._process, bind_marked=bind)
        credentials = CredentialPlanner(request, self._report)
        for provider in self._graph:
            planner = self._process if provider.lifetime is Lifetime.SINGLETON else request
            try:
                planner.make(provider)
            except DefinitionError as error:
                self._report(error)

    def _plan_route(self, mounted: Mounted, method: str) -> list[RoutePlan]:
        try:
            return [self._route(mounted, method)]
        except DefinitionError as error:
            self._report(error)
            return []

    def _route(self, mounted: Mounted, method: str) -> RoutePlan:
        _check_function(mounted)
        signature = _handler_signature(mounted)
        options: Mapping[str, Any] = mounted.options
        binder = RequestBinder(
            where=mounted.where,
            method=binding_method(mounted, signature, method),
            path=mounted.template.text,
            placeholders=mounted.template.placeholders,
            formats=tuple(self._declared.formats) or (JSON,),
        )

        def bind(parameter: Parameter, annotation: Any, marker: Any, where: str, path: Sequence[str]) -> ArgumentPlan:
            if isinstance(marker, Credentials):
                return credentials.bind(parameter, annotation, marker, where, path)
            return binder.bind_marked(parameter, annotation, marker, where, path)

        planner = ServicePlanner(self._graph, self._report, singletons=self._process, bind_marked=bind)
        credentials = CredentialPlanner(planner, self._report)
        layers = tuple(self._layers.plan(one) for one in mounted.levels)
        for level in layers:
            for guard, asked in level.credentials.items():
                credentials.guard(guard, asked, level.level)
        controller = self._controller(mounted.controller, planner)
        arguments = self._arguments(mounted, signature, binder, planner, bind)
        for mistake in binder.mistakes():
            self._report(mistake)
        body = binder.body
        synchronous = not (is_async(mounted.function) or is_async_generator(mounted.function))
        if body is not None and synchronous and (body.has_files or body.kind in _AWAITED):
            self._report(
                InvalidHandlerError(
                    mounted.where, "it is a plain def, and its body is read with await", mend="write it as async def"
                )
            )
        bodies = () if body is None else (body.type,)
        self._patterns.look_at(mounted.where, (*(kind_of(one.annotation) for one in binder.parameters), *bodies))
        self._check_raises(mounted)
        response = (
            UPGRADED
            if mounted.socket
            else plan_answer(mounted, signature.returns, method, self._declared.formats, self._report)
        )
        check_examples(options.get("examples", {}), response.annotation, mounted.where)
        return RoutePlan(
            method=method,
            path=mounted.template.text,
            name=mounted.name,
            label=mounted.where,
            function=mounted.function,
            controller=controller,
            handler=Call(target=mounted.function, arguments=arguments),
            synchronous=synchronous,
            parameters=tuple(binder.parameters),
            body=None if mounted.socket else body,
            services=tuple(planner.services),
            response=response,
            socket=plan_socket(mounted, signature, binder) if mounted.socket else None,
            require_precondition=options.get("require_precondition", False),
            takes_preconditions=any(one.provision is Provision.PRECONDITIONS for one in arguments),
            layers=layers,
            limits=mounted.limits.within(self._declared.limits),
            formats=tuple(self._declared.formats),
            credentials=credentials.plans(),
            security=(
                *(each for level in layers for each in level.security),
                *(each for one in planner.services for each in stated_security(one.call.target)),
            ),
            raises=tuple(options.get("raises", ())),
            tags=tuple(dict.fromkeys(mounted.tags)),
            summary=options.get("summary"),
            description=options.get("description"),
            operation_id=options.get("operation_id"),
            deprecated=bool(mounted.deprecated),
            deprecation=None if isinstance(mounted.deprecated, bool) else mounted.deprecated,
            in_document=options.get("in_document", True),
            examples=options.get("examples", {}),
            extra=options.get("extra"),
        )

    def _controller(self, controller: type, planner: ServicePlanner) -> str:
        """Plan who holds the handler: made once for the process, or by each request."""
        if controller not in self._controllers:
            provider = self._graph.adopt(controller)
            if provider is not None:
                provider = replace(provider, lifetime=lifetime_of(self._graph, provider.signature))
            self._controllers[controller] = provider
        provider = self._controllers[controller]
        if provider is None:
            return ""
        return (self._process if provider.lifetime is Lifetime.SINGLETON else planner).make(provider)

    def _arguments(
        self,
        mounted: Mounted,
        signature: Signature,
        binder: RequestBinder,
        planner: ServicePlanner,
        bind: BindMarked,
    ) -> tuple[ArgumentPlan, ...]:
        planned: list[ArgumentPlan] = []
        for parameter in signature.parameters:
            try:
                argument = self._argument(parameter, mounted, binder, planner, bind)
            except DefinitionError as error:
                self._report(error)
                binder.claimed[parameter.name] = ""
                continue
            if argument is not None:
                planned.append(argument)
        return tuple(planned)

    def _argument(
        self,
        parameter: Parameter,
        mounted: Mounted,
        binder: RequestBinder,
        planner: ServicePlanner,
        bind: BindMarked,
    ) -> ArgumentPlan | None:
        """Decide where a handler's argument comes from, in the order that the documentation gives."""
        where, path = mounted.where, (_owner_name(mounted),)
        annotation, marker = take_marker(parameter, where)
        if annotation is MISSING:
            raise MissingAnnotationError(where, parameter.name)
        if marker is not None:
            binder.claimed[parameter.name] = f"{type(marker).__name__}()"
        if isinstance(marker, Inject):
            return planner.inject(parameter, annotation, where, path, qualifier=marker.qualifier)
        if marker is not None:
            asked = isinstance(marker, Credentials)
            return bind(parameter, annotation, marker, where, path if asked else ())
        if is_request(annotation) or annotation is Preconditions:
            provision = Provision.PRECONDITIONS if annotation is Preconditions else Provision.REQUEST
            return replace(argument_of_request(parameter), provision=provision)
        if is_socket(annotation):
            return argument_of_socket(mounted, parameter)
        if parameter.name in binder.placeholders or binder.takes(annotation):
            return binder.bind_unmarked(parameter, where)
        if parameter.name in mounted.siblings:
            if parameter.default is MISSING:
                raise UnknownPlaceholderError(
                    where, parameter.name, parameter.name, mounted.template.text, marked=False
                )
            return None
        if self._graph.knows(annotation) or is_foreign(without_none(annotation)):
            return planner.inject(parameter, annotation, where, path)
        return binder.bind_unmarked(parameter, where)

    def _check_raises(self, mounted: Mounted) -> None:
        options: Mapping[str, Any] = mounted.options
        raised: Sequence[Any] = options.get("raises", ())
        for one in raised:
            if not (isinstance(one, type) and issubclass(one, HTTPError)):
                self._report(
                    InvalidResponseError(
                        mounted.where,
                        f"raises= names {type_name(one)}, which is no HTTPError",
                        mend="derive it from HTTPError with a status, or take it out",
                    )
                )

    def _check_names(self, mounted: Sequence[Mounted]) -> None:
        known: dict[str, Mounted] = {}
        for one in mounted:
            other = known.setdefault(one.name, one)
            explicit = "name" in one.options or "name" in other.options
            if explicit and other.function is not one.function:
                self._report(DuplicateRouteNameError(one.where, one.name, other.where))

    def _check_duplicates(self, routes: Sequence[RoutePlan], shapes: Mapping[str, Any]) -> None:
        known: dict[tuple[str, Any], RoutePlan] = {}
        for plan in routes:
            other = known.setdefault((plan.method, shapes[plan.path]), plan)
            if other is not plan:
                as_path = "" if other.path == plan.path else f" as {other.path}"
                self._report(DuplicateRouteError(plan.label, f"{plan.method} {plan.path}", f"{other.label}{as_path}"))


def _check_function(mounted: Mounted) -> None:
    function = mounted.function
    written = getattr(function, "__wrapped__", function)
    if is_sync_generator(written):
        raise InvalidHandlerError(
            mounted.where, "it is a generator", mend="write it as async def, or return the value instead"
        )
    if (is_async(written) or is_async_generator(written)) and not (is_async(function) or is_async_generator(function)):
        raise InvalidHandlerError(
            mounted.where, "the decorator around it makes it a plain function", mend="write its wrapper as async def"
        )


def _handler_signature(mounted: Mounted) -> Signature:
    definer = next(one for one in mounted.controller.__mro__ if mounted.attribute in vars(one))
    variables = type_arguments(mounted.controller).get(definer, {})
    return read_signature(mounted.function, owner=mounted.controller, method=True, variables=variables)


def _owner_name(mounted: Mounted) -> str:
    return mounted.where.partition(" ")[0]
