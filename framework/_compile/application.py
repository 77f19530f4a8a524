"""Creates the plans of one app from its declarations; collects all errors before it raises them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from framework._compile.background import (
    PeriodicCall,
    check_calls,
    plan_lifespan,
    plan_periodic,
    provide_runtime,
    provide_tasks,
)
from framework._compile.binding.binder import RequestBinder
from framework._compile.declarations.collect import Mounted, Place, collect_handlers
from framework._compile.declarations.near_misses import check_module
from framework._compile.declarations.options import check_settings
from framework._compile.injected import EmitCall, Injector
from framework._compile.layer_steps import StepsPlanner
from framework._compile.layers import LayerPlanner
from framework._compile.observers import plan_observers
from framework._compile.raising import raise_all
from framework._compile.route import RoutePlanner, Surroundings
from framework._compile.services.credentials import CredentialPlanner
from framework._compile.services.graph import ServiceGraph
from framework._compile.services.planner import ServicePlanner
from framework._inspect.names import describe_class
from framework._inspect.signatures import (
    Parameter,
)
from framework._plan import ArgumentPlan, LayerPlan, ObserverPlan, RoutePlan, ServicePlan
from framework._plan.commands import CommandPlan
from framework._plan.job_runs import JobTable
from framework._serve.background import BackgroundRunner
from framework._serve.services.threads import WorkerThreads
from framework._topics import ChannelSettings
from framework.background import Lifespan, Periodic
from framework.container import ChecksItself, Lifetime, Registration
from framework.controller import Controllers
from framework.credentials import Credentials
from framework.errors import (
    DefinitionError,
    DuplicateRouteError,
    DuplicateRouteNameError,
    InvalidControllerError,
)
from framework.formats import JSON, Format
from framework.limits import Limits
from framework.runtime import Runtime

__all__ = ("Compiler", "Declarations", "Plans")


class Declarations(Struct, frozen=True, kw_only=True):
    """All declarations of one app."""

    controllers: Controllers
    module: str = ""
    """The module that creates the app."""
    registrations: Sequence[Registration]
    has_container: bool = True
    """Whether the app was given a container at all."""
    place: Place
    """The declarations of the app itself."""
    limits: Limits
    formats: Sequence[Format]
    check_responses: bool = False
    observers: Sequence[Any] = ()
    lifespan: Sequence[Lifespan] = ()
    periodic: Sequence[Periodic] = ()
    commands: Sequence[Any] = ()
    shutdown_timeout: float
    channels: ChannelSettings | None = None
    jobs: JobTable | None = None
    """The jobs, whose plans are filled in; ``None`` if there are none."""
    errors: Sequence[DefinitionError] = ()
    """The errors that were found before."""


class Plans(Struct, frozen=True, kw_only=True):
    """All plans of one app."""

    routes: tuple[RoutePlan, ...]
    mounted: tuple[Mounted, ...]
    singletons: tuple[ServicePlan, ...]
    """In the order in which they are opened; includes guards and middlewares."""
    lifespan: tuple[ServicePlan, ...]
    """Opened after the singletons if the app serves: the lifespan functions, and the services that only they need."""
    app_layer: LayerPlan
    steps: StepsPlanner
    """The steps of the compiled middlewares for responses without a handler."""
    observers: tuple[ObserverPlan, ...]
    injector: Injector
    background: BackgroundRunner
    runtime: Runtime
    threads: WorkerThreads
    periodic: tuple[PeriodicCall, ...]
    commands: tuple[CommandPlan, ...]
    jobs: JobTable | None


class Compiler:
    """Plans one app, controllers first; collects all errors, which ``finish`` raises."""

    def __init__(self, declared: Declarations, emit_call: EmitCall) -> None:
        self._declared = declared
        self._errors = {(one.where, one.what): one for one in declared.errors}
        self._background, tasks = provide_tasks(lambda: self._injector, declared.shutdown_timeout)
        self._runtime, runtime = provide_runtime(lambda: self._injector)
        self._graph = ServiceGraph(
            declared.registrations, self.report, own=(tasks, runtime), has_container=declared.has_container
        )
        self._process = ServicePlanner(self._graph, self.report)
        self._threads = WorkerThreads(self._background.keep)
        self._injector = Injector(self._graph, self._process, self._threads, self._errors, emit_call)
        self._layers = LayerPlanner(self._graph, self._process, self._injector, self.report)
        self._shared = Surroundings(
            graph=self._graph,
            process=self._process,
            layers=self._layers,
            limits=declared.limits,
            formats=tuple(declared.formats) or (JSON,),
            report=self.report,
            check_responses=declared.check_responses,
        )
        self.mounted: list[Mounted] = []
        self.routes: list[RoutePlan] = []
        self._plan_services()
        self._app_layer = self._layers.plan(declared.place.levels[0])
        if declared.place.default_guard is not None:
            self._layers.plan(declared.place.default_guard)
        self._observers = plan_observers(declared.observers, declared.place.levels[0], self._layers, self.report)

    def report(self, error: DefinitionError) -> None:
        """Keep an error; an error that occurs again, for example in each route that needs a service, is kept once."""
        self._errors.setdefault((error.where, error.what), error)

    def add(self, controllers: Controllers) -> None:
        """Plan the routes of controllers, and put them before those that are planned already."""
        mounted = collect_handlers(controllers, self._declared.place, self.report)
        routes = [plan for one in mounted for method in one.methods for plan in self._plan_route(one, method)]
        self.mounted, self.routes = [*mounted, *self.mounted], [*routes, *self.routes]

    def finish(self) -> Plans:
        """Return the plans of the app; raises an ExceptionGroup with every DefinitionError that was found."""
        declared = self._declared
        known = [*(one.function for one in self.mounted), *declared.controllers]
        check_module(declared.module, known, self.report)
        self._check_names(self.mounted)
        self._check_guarded()
        self._check_instances()
        shapes = {one.template.text: one.template.shape for one in self.mounted}
        self._check_duplicates(self.routes, shapes)
        steps = StepsPlanner(self.report)
        self.routes = steps.compile(self.routes, self._app_layer, lambda plan: shapes[plan.path])
        if declared.channels is not None:
            # Imported late, as the commands are.
            from framework._compile.channels import check_channels

            check_channels(declared.channels, declared.place.levels[0].where, self.mounted, self.report)
        check_calls(self._injected_calls(), self._injector, self.report)
        commands = self._plan_commands()
        self._plan_jobs()
        periodic = plan_periodic(declared.periodic, self._injector, self.report)
        # Opened last and closed first.
        count = len(self._process.services)
        plan_lifespan(declared.lifespan, self._process, self.report, declared.place.levels[0].where)
        if self._errors:
            raise_all(list(self._errors.values()))
        return Plans(
            routes=tuple(self.routes),
            mounted=tuple(self.mounted),
            singletons=(*steps.opened, *self._process.services[:count]),
            lifespan=tuple(self._process.services[count:]),
            app_layer=self._app_layer,
            steps=steps,
            observers=self._observers,
            injector=self._injector,
            background=self._background,
            runtime=self._runtime,
            threads=self._threads,
            periodic=tuple(periodic),
            commands=commands,
            jobs=declared.jobs,
        )

    def _plan_commands(self) -> tuple[CommandPlan, ...]:
        if not self._declared.commands:
            return ()
        # Imported late: few applications have any.
        from framework._compile.commands import plan_commands

        return plan_commands(self._declared.commands, self._graph, self._injector, self.report)

    def _plan_jobs(self) -> None:
        table = self._declared.jobs
        if table is None:
            return
        # Imported late, as the commands.
        from framework._compile.jobs.calling import JobCalls
        from framework._compile.jobs.plan import plan_jobs

        calls = JobCalls(self._injector, table.session)
        table.fill(plan_jobs(table, self._graph, calls, self.report), calls)

    def _injected_calls(self) -> Iterator[Any]:
        """Yield the functions that controllers call with injection."""
        for controller in dict.fromkeys(one.controller for one in self.mounted):
            settings = check_settings(
                describe_class(controller), {"injected_calls": controller.injected_calls}, self.report
            )
            yield from settings.get("injected_calls", ())

    def _plan_services(self) -> None:
        idle = RequestBinder(where="", method="POST", path="", placeholders=(), formats=self._shared.formats)

        def bind(parameter: Parameter, annotation: Any, marker: Any, where: str, path: Sequence[str]) -> ArgumentPlan:
            # Only the routes know the placeholders.
            placeholders = (marker.name or parameter.name,) if hasattr(marker, "name") else ()
            if isinstance(marker, Credentials):
                return credentials.bind(parameter, annotation, marker, where, path)
            binder = idle.alone(where, placeholders)
            return binder.bind_marked(parameter, annotation, marker, where, path)

        request = ServicePlanner(self._graph, self.report, singletons=self._process, bind_marked=bind)
        credentials = CredentialPlanner(request, self.report)
        for provider in self._graph:
            planner = self._process if provider.lifetime is Lifetime.SINGLETON else request
            try:
                planner.make(provider)
            except DefinitionError as error:
                self.report(error)

    def _plan_route(self, mounted: Mounted, method: str) -> list[RoutePlan]:
        try:
            return [RoutePlanner(self._shared, mounted, method).plan()]
        except DefinitionError as error:
            self.report(error)
            return []

    def _check_instances(self) -> None:
        names: dict[str, list[frozenset[str]]] = {}
        for one in self.mounted:
            names.setdefault(one.name, []).append(frozenset(one.template.placeholders))
        for registration in self._declared.registrations:
            # Asked of the class: a mock has every attribute.
            if registration.factory is None and issubclass(type(registration.instance), ChecksItself):
                for error in registration.instance.definition_errors(names):
                    self.report(error)

    def _check_guarded(self) -> None:
        """Report controllers of the framework's own that everybody could use."""
        for one in self.mounted:
            if getattr(one.controller, "__guarded__", False) and not any(level.guards for level in one.levels):
                what = "it has no guard, so everybody could use it"
                hint = "set guards = (...) in a subclass, or give the app a default_guard="
                self.report(InvalidControllerError(describe_class(one.controller), what, hint=hint))

    def _check_names(self, mounted: Sequence[Mounted]) -> None:
        known: dict[str, Mounted] = {}
        for one in mounted:
            other = known.setdefault(one.name, one)
            explicit = "name" in one.options or "name" in other.options
            if explicit and other.function is not one.function:
                self.report(DuplicateRouteNameError(one.where, one.name, other.where))

    def _check_duplicates(self, routes: Sequence[RoutePlan], shapes: Mapping[str, Any]) -> None:
        known: dict[tuple[str, bool, Any], RoutePlan] = {}
        for plan in routes:
            other = known.setdefault((plan.method, plan.socket is None, shapes[plan.path]), plan)
            if other is not plan:
                if other.function is plan.function and other.controller == plan.controller:
                    self.report(_given_twice(plan))
                    continue
                as_path = "" if other.path == plan.path else f" as {other.path}"
                self.report(DuplicateRouteError(plan.label, f"{plan.method} {plan.path}", f"{other.label}{as_path}"))


def _given_twice(plan: RoutePlan) -> DuplicateRouteError:
    return DuplicateRouteError(
        plan.label,
        f"{plan.method} {plan.path}",
        "itself: its controller is given twice, or it has two decorators for one path",
        hint="take one of them out, or give the controller below two Routers with paths of their own",
    )
