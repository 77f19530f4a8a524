"""Puts emitted routes into the table of paths, with the responses for requests without a handler."""

import keyword
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from framework._compile.application import Plans
from framework._compile.layer_steps import shared_levels
from framework._compile.route_info import route_info
from framework._emit.route import EmittedRoute, emit_answer, emit_route
from framework._plan import LayerPlan, RoutePlan
from framework._serve.errors import ErrorResponder
from framework._serve.native_errors import Watch, raising
from framework._serve.observing.calls import Observing, observe_route
from framework._serve.routing.entries import (
    NamedResource,
    PathEntry,
    RefusalEntry,
    Refusals,
    RouteEntry,
    TemplateResource,
)
from framework._serve.routing.refusals import REFUSALS, Refusal, method_not_allowed, no_such_method, options_response
from framework._serve.routing.resource import ControllerResource
from framework._serve.routing.table import PathTable
from framework._serve.routing.template import PathTemplate
from framework._serve.sockets.handshake import is_handshake

__all__ = ("CompiledApp", "compile_app")

# RFC 9110, section 9, and RFC 5789; the methods that an app declares are known as well.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})


class CompiledApp:
    """Everything that serves requests; ``start`` passes the open singletons to it."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._answers: dict[tuple[int, ...], ErrorResponder] = {}
        self._emitted: list[EmittedRoute] = []
        self._shared_answers: dict[tuple[Any, ...], EmittedRoute] = {}
        self.by_route: dict[tuple[str, str], tuple[RoutePlan, EmittedRoute]] = {}
        self.watch = Watch()
        self.observing = Observing(plans.observers)
        self.default = ErrorResponder()
        """Responds to exceptions of aiohttp's own middlewares."""
        self._names = _router_names(plans.routes)
        self._paths = self._compile_paths()

    def _answer_for(self, layers: Sequence[LayerPlan]) -> ErrorResponder:
        levels = [one.exception_handlers for one in reversed(layers) if one.exception_handlers]
        key = tuple(map(id, levels))
        if key not in self._answers:
            self._answers[key] = ErrorResponder(levels, self.watch.sees)
        return self._answers[key]

    def _compile_paths(self) -> list[tuple[PathTemplate, PathEntry]]:
        by_shape: dict[Any, list[tuple[PathTemplate, RoutePlan]]] = {}
        templates = {one.template.text: one.template for one in self.plans.mounted}
        for plan in self.plans.routes:
            template = templates[plan.path]
            by_shape.setdefault(template.shape, []).append((template, plan))
        return [(routes[0][0], self._compile_path(routes)) for routes in by_shape.values()]

    def _compile_path(self, routes: Sequence[tuple[PathTemplate, RoutePlan]]) -> PathEntry:
        methods: dict[str, web.AbstractRoute] = {}
        resources: dict[str, TemplateResource] = {}
        socket: RouteEntry | None = None
        # Web sockets last: beside a handler for GET, they only handle handshakes.
        for template, plan in sorted(routes, key=lambda one: one[1].socket is not None):
            resource = resources.get(template.text)
            if resource is None:
                resource = resources[template.text] = TemplateResource(template, name=self._router_name(plan))
            if plan.socket is not None and plan.method in methods:
                (socket,) = self._compile_route(plan, resource, alone=False)
                continue
            for route in self._compile_route(plan, resource, alone="HEAD" not in methods):
                methods[route.method] = route
                resource.register_route(route)
        allowed = {*methods, "OPTIONS"}
        layers = shared_levels([plan.layers for _, plan in routes])
        if "OPTIONS" not in methods:
            options = self._options_answer(layers, routes[0][0].shape)
            handler = self._raising(options.handler)
            resource = next(iter(resources.values()))
            methods["OPTIONS"] = RouteEntry(
                "OPTIONS", handler, resource, endpoint=options.handler, allowed=allowed, body=0
            )
        refusal = self._shared_answer(layers, method_not_allowed).handler
        handler = self._raising(refusal, refuses=True)
        other = RefusalEntry(handler, endpoint=refusal, make=no_such_method, allowed=allowed)
        listed = (*resources.values(), *self._further_names(routes, resources))
        return PathEntry(other=other, allowed=allowed, methods=methods, resources=listed, socket=socket)

    def _further_names(
        self, routes: Sequence[tuple[PathTemplate, RoutePlan]], resources: Mapping[str, TemplateResource]
    ) -> list[NamedResource]:
        """Return the resources of aiohttp's router for all names of a path except the first."""
        first = {one.name for one in resources.values()}
        names = {self._router_name(plan): template for template, plan in routes}
        return [NamedResource(template, name=name) for name, template in names.items() if name not in {None, *first}]

    def _compile_route(self, plan: RoutePlan, resource: TemplateResource, *, alone: bool) -> Iterator[RouteEntry]:
        """Yield the route of a plan, and a HEAD route for GET unless the path has its own."""
        emitted = self._keep(emit_route(plan, self._answer_for, self.plans.threads))
        self.by_route.setdefault((plan.method, plan.path), (plan, emitted))
        if plan.socket is not None:
            self.by_route["WEBSOCKET", plan.path] = (plan, emitted)
        handler = self._raising(emitted.handler)
        most = None if plan.body is None else plan.limits.body
        shared: Any = {"endpoint": emitted.handler, "name": plan.name, "limits": plan.limits, "info": route_info(plan)}
        yield RouteEntry(plan.method, handler, resource, body=most, **shared)
        if plan.method == "GET" and alone:
            # RFC 9110, section 9.3.2: HEAD is GET without the body, which the response omits.
            yield RouteEntry("HEAD", handler, resource, **shared)

    def _raising(self, endpoint: Handler, *, refuses: bool = False) -> Handler:
        """Return the handler for aiohttp's router, observed if the app has observers."""
        handler = raising(endpoint, self.watch, refuses=refuses)
        return observe_route(handler, self.observing) if self.observing.plans else handler

    def _router_name(self, plan: RoutePlan) -> str | None:
        """Return the name of a path in aiohttp's router, ``None`` if it cannot have the name of the route."""
        return plan.name if self._names.get(plan.name) == plan.path else None

    def _shared_answer(self, layers: Sequence[LayerPlan], answer: Any) -> EmittedRoute:
        """Emit a response without a handler once for all paths with the same layers around it."""
        layers = _filled(layers)
        key = (answer, *map(id, layers))
        if key not in self._shared_answers:
            steps = self.plans.steps.without_route(layers)
            self._shared_answers[key] = self._keep(emit_answer(layers, self._answer_for, steps)(answer))
        return self._shared_answers[key]

    def _options_answer(self, layers: Sequence[LayerPlan], shape: Hashable) -> EmittedRoute:
        """Emit the automatic response to OPTIONS, for each path if the policies of its methods decide about it."""
        if not self.plans.steps.has_policies(shape):
            return self._shared_answer(layers, options_response)
        layers = _filled(layers)
        steps = self.plans.steps.options(layers, shape)
        return self._keep(emit_answer(layers, self._answer_for, steps)(options_response))

    def _refusals(self) -> Refusals:
        """Emit the responses for requests that match no path."""
        layers, steps = (self.plans.app_layer,), self.plans.steps
        emit = emit_answer(layers, self._answer_for, steps.without_route(layers))
        fixed = {name: self._fixed(emit, refusal) for name, refusal in REFUSALS.items()}
        options = fixed["not_found"]
        if steps.has_policies():
            emit = emit_answer(layers, self._answer_for, steps.options(layers))
            options = self._fixed(emit, REFUSALS["not_found"])
        return Refusals(**fixed, options=options)

    def _fixed(self, emit: Callable[[Refusal], EmittedRoute], refusal: Refusal) -> RefusalEntry:
        emitted = self._keep(emit(refusal))
        handler = self._raising(emitted.handler, refuses=True)
        return RefusalEntry(handler, endpoint=emitted.handler, make=refusal.native)

    def _keep(self, emitted: EmittedRoute) -> EmittedRoute:
        self._emitted.append(emitted)
        return emitted

    def register(self, router: web.UrlDispatcher) -> ControllerResource:
        """Put all paths into aiohttp's router, and return the catch-all resource that resolves them."""
        resource = self._make_resource(router.resources())
        for listed in resource.listed():
            if listed.name is not None and listed.name in router:
                listed.leave_name()
            router.register_resource(listed)
        router.register_resource(resource)
        return resource

    def _make_resource(self, neighbours: Iterable[web.AbstractResource]) -> ControllerResource:
        declared = {method for _, entry in self._paths for method in entry.methods}
        resource = ControllerResource(
            PathTable(),
            methods=_METHODS | declared,
            refusals=self._refusals(),
            neighbours=neighbours,
            is_handshake=is_handshake,
        )
        for template, entry in self._paths:
            resource.add(template, entry)
        return resource

    def start(self, live: Mapping[str, Any]) -> None:
        """Pass the open singletons to everything that was emitted."""
        for emitted in self._emitted:
            for output in emitted.outputs:
                # Modules that were imported after the build may have subclasses of its types.
                output.refresh()
                if "as_annotated" in emitted.namespace:
                    emitted.namespace.update(output.names())
            emitted.namespace.update(live)
            emitted.namespace.update({name: live[variable] for name, variable in emitted.aliases.items()})
        for answer in self._answers.values():
            answer.start(live)
        self.observing.start(live)
        self.plans.injector.start(live)
        for periodic, run in self.plans.periodic:
            self.plans.background.repeat(periodic, run)


def _filled(layers: Sequence[LayerPlan]) -> list[LayerPlan]:
    return [one for one in layers if one.middlewares or one.exception_handlers]


def _router_names(routes: Iterable[RoutePlan]) -> dict[str, str]:
    """Return the paths by the names that aiohttp's router accepts: identifiers, each for one path."""
    paths: dict[str, set[str]] = {}
    for plan in routes:
        paths.setdefault(plan.name, set()).add(plan.path)
    return {name: next(iter(known)) for name, known in paths.items() if len(known) == 1 and _is_router_name(name)}


def _is_router_name(name: str) -> bool:
    parts = web.UrlDispatcher.NAME_SPLIT_RE.split(name)
    return all(one.isidentifier() and not keyword.iskeyword(one) for one in parts)


def compile_app(plans: Plans) -> CompiledApp:
    """Emit all routes of an app."""
    return CompiledApp(plans)
