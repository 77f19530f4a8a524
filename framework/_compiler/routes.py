"""Controllers and container -> RoutePlans; every mistake is gathered before anything is raised."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from framework._background import BackgroundRunner
from framework._binding.binder import RequestBinder
from framework._compiler.collect import Mounted, Place, collect_handlers
from framework._compiler.injected import Injector
from framework._compiler.layers import LayerPlanner
from framework._compiler.near_misses import check_module
from framework._compiler.observers import ObserverPlan, plan_observers
from framework._compiler.raising import raise_all
from framework._compiler.route import RoutePlanner, Surroundings
from framework._compiler.work import PeriodicCall, plan_lifespan, plan_periodic, provide_tasks
from framework._inspect.signatures import (
    Parameter,
)
from framework._plan import ArgumentPlan, LayerPlan, RoutePlan, ServicePlan
from framework._services.credentials import CredentialPlanner
from framework._services.graph import ServiceGraph
from framework._services.planner import ServicePlanner
from framework._services.threads import WorkerThreads
from framework.background import Lifespan, Periodic
from framework.container import Lifetime, Registration
from framework.controller import Controllers
from framework.errors import (
    DefinitionError,
    DuplicateRouteError,
    DuplicateRouteNameError,
)
from framework.formats import JSON, Format
from framework.limits import Limits
from framework.schemes import Credentials

__all__ = ("Declarations", "Plans", "plan_routes")

# The options that are about other operations.
_RELATING = frozenset({"links", "callbacks"})


class Declarations(Struct, frozen=True, kw_only=True):
    """All that was declared for one app."""

    controllers: Controllers
    module: str = ""
    """The module that makes the app."""
    registrations: Sequence[Registration]
    has_container: bool = True
    """Whether the app was given a container at all."""
    place: Place
    """What was declared for the app itself."""
    limits: Limits
    formats: Sequence[Format]
    check_responses: bool = False
    observers: Sequence[Any] = ()
    lifespan: Sequence[Lifespan] = ()
    periodic: Sequence[Periodic] = ()
    shutdown_timeout: float
    mistakes: Sequence[DefinitionError] = ()
    """What was found wrong before."""
    added: Callable[[Sequence[RoutePlan]], Controllers] = lambda _: ()
    """Gives the controllers that are needed because of the routes; raises a DefinitionError."""


class Plans(Struct, frozen=True, kw_only=True):
    """All that was decided for one app."""

    routes: tuple[RoutePlan, ...]
    mounted: tuple[Mounted, ...]
    singletons: tuple[ServicePlan, ...]
    """In the order in which they are opened; guards and middlewares are among them."""
    lifespan: tuple[ServicePlan, ...]
    """What is opened after them where the app serves: the lifespan functions, and what they alone need."""
    app_layer: LayerPlan
    observers: tuple[ObserverPlan, ...]
    injector: Injector
    background: BackgroundRunner
    threads: WorkerThreads
    periodic: tuple[PeriodicCall, ...]


def plan_routes(declared: Declarations) -> Plans:
    """Plan all routes of an app; raises an ExceptionGroup with every DefinitionError that was found."""
    planner = _Planner(declared)
    plans = planner.plan()
    if planner.errors:
        raise_all(list(planner.errors.values()))
    return plans


class _Planner:
    def __init__(self, declared: Declarations) -> None:
        self._declared = declared
        self.errors = {(one.where, one.what): one for one in declared.mistakes}
        self._background, tasks = provide_tasks(lambda: self._injector, declared.shutdown_timeout)
        self._graph = ServiceGraph((*declared.registrations, tasks), self._report, has_container=declared.has_container)
        self._process = ServicePlanner(self._graph, self._report)
        self._threads = WorkerThreads(self._background.keep)
        self._injector = Injector(self._graph, self._process, self._threads, self.errors)
        self._layers = LayerPlanner(self._graph, self._process, self._injector, self._report)
        self._shared = Surroundings(
            graph=self._graph,
            process=self._process,
            layers=self._layers,
            limits=declared.limits,
            formats=tuple(declared.formats) or (JSON,),
            report=self._report,
            check_responses=declared.check_responses,
        )

    def _report(self, error: DefinitionError) -> None:
        # The same mistake is met again by every route that needs the service: told once.
        self.errors.setdefault((error.where, error.what), error)

    def plan(self) -> Plans:
        """Plan everything that was declared, used or not."""
        declared = self._declared
        self._plan_services()
        app_layer = self._layers.plan(declared.place.levels[0])
        observers = plan_observers(declared.observers, declared.place.levels[0], self._layers, self._report)
        mounted = collect_handlers(declared.controllers, declared.place, self._report)
        routes = self._plan_routes(mounted)
        added = collect_handlers(self._added(routes), declared.place, self._report)
        known = [*(one.function for one in mounted), *declared.controllers]
        check_module(declared.module, known, self._report)
        mounted, routes = [*added, *mounted], [*self._plan_routes(added), *routes]
        if any(not _RELATING.isdisjoint(one.options) for one in mounted):
            # Imported late: few apps have any.
            from framework._compiler.links import plan_links

            routes = plan_links(mounted, routes, self._report)
        self._check_names(mounted)
        self._check_duplicates(routes, {one.template.text: one.template.shape for one in mounted})
        periodic = plan_periodic(declared.periodic, self._injector, self._report)
        # The last to be opened, and the first to be closed.
        count = len(self._process.services)
        plan_lifespan(declared.lifespan, self._process, self._report, declared.place.levels[0].where)
        return Plans(
            routes=tuple(routes),
            mounted=tuple(mounted),
            singletons=tuple(self._process.services[:count]),
            lifespan=tuple(self._process.services[count:]),
            app_layer=app_layer,
            observers=observers,
            injector=self._injector,
            background=self._background,
            threads=self._threads,
            periodic=tuple(periodic),
        )

    def _plan_services(self) -> None:
        idle = RequestBinder(where="", method="POST", path="", placeholders=(), formats=self._shared.formats)

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

    def _added(self, routes: Sequence[RoutePlan]) -> Controllers:
        try:
            return self._declared.added(routes)
        except DefinitionError as error:
            self._report(error)
            return ()

    def _plan_routes(self, mounted: Sequence[Mounted]) -> list[RoutePlan]:
        return [plan for one in mounted for method in one.methods for plan in self._plan_route(one, method)]

    def _plan_route(self, mounted: Mounted, method: str) -> list[RoutePlan]:
        try:
            return [RoutePlanner(self._shared, mounted, method).plan()]
        except DefinitionError as error:
            self._report(error)
            return []

    def _check_names(self, mounted: Sequence[Mounted]) -> None:
        known: dict[str, Mounted] = {}
        for one in mounted:
            other = known.setdefault(one.name, one)
            explicit = "name" in one.options or "name" in other.options
            if explicit and other.function is not one.function:
                self._report(DuplicateRouteNameError(one.where, one.name, other.where))

    def _check_duplicates(self, routes: Sequence[RoutePlan], shapes: Mapping[str, Any]) -> None:
        known: dict[tuple[str, bool, Any], RoutePlan] = {}
        for plan in routes:
            other = known.setdefault((plan.method, plan.socket is None, shapes[plan.path]), plan)
            if other is not plan:
                if other.function is plan.function and other.controller == plan.controller:
                    self._report(_given_twice(plan))
                    continue
                as_path = "" if other.path == plan.path else f" as {other.path}"
                self._report(DuplicateRouteError(plan.label, f"{plan.method} {plan.path}", f"{other.label}{as_path}"))


def _given_twice(plan: RoutePlan) -> DuplicateRouteError:
    return DuplicateRouteError(
        plan.label,
        f"{plan.method} {plan.path}",
        "itself: its controller is given twice, or it has two decorators for one path",
        hint="take one of them out, or give the controller below two Routers with paths of their own",
    )
