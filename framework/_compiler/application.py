"""Puts emitted routes into the table of paths, with what answers when no handler does."""

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.typedefs import Handler

from framework._binding.arrival import unreadable
from framework._compiler.emit import EmittedRoute, emit_answer, emit_route
from framework._compiler.handled import complete_handled
from framework._compiler.native_errors import Watch, class_for, raising
from framework._compiler.observing import Observing, observe_route
from framework._compiler.routes import Plans
from framework._matched import RouteInfo
from framework._pipeline import ErrorAnswer, Rendering
from framework._plan import LayerPlan, RoutePlan
from framework._responses.encoded import EncodedResponse, Head
from framework._responses.problems import from_aiohttp, problem_response
from framework._responses.response import BrokenResponse
from framework._routing.entries import (
    NamedResource,
    PathEntry,
    RefusalEntry,
    Refusals,
    RouteEntry,
    TemplateResource,
)
from framework._routing.resource import ControllerResource
from framework._routing.table import PathTable
from framework._routing.template import PathTemplate
from framework._sockets.handshake import is_handshake
from framework.http_errors import (
    BadRequest,
    ExpectationFailed,
    FieldError,
    MethodNotAllowed,
    NotFound,
    NotImplementedMethod,
    VersionNotSupported,
)

__all__ = ("CompiledApp", "compile_app")

# RFC 9110, section 9, and RFC 5789; what an app declares beyond them is known too.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
_RENDERING = Rendering(
    problem=problem_response,
    translate=from_aiohttp,
    broken=BrokenResponse,
    unreadable=unreadable,
    complete=complete_handled,
)
_NO_CONTENT = Head(204, None)


class CompiledApp:
    """Everything that serves requests; ``start`` puts the open singletons in."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._answers: dict[tuple[int, ...], ErrorAnswer] = {}
        self._emitted: list[EmittedRoute] = []
        self._shared_answers: dict[tuple[Any, ...], EmittedRoute] = {}
        self.by_route: dict[tuple[str, str], tuple[RoutePlan, EmittedRoute]] = {}
        self.watch = Watch()
        self.observing = Observing(plans.observers)
        self.default = ErrorAnswer((), _RENDERING)
        """Answers what aiohttp's own middlewares raise."""
        self._names = _router_names(plans.routes)
        self._paths = self._compile_paths()

    def _answer_for(self, layers: Sequence[LayerPlan]) -> ErrorAnswer:
        levels = [one.exception_handlers for one in reversed(layers) if one.exception_handlers]
        key = tuple(map(id, levels))
        if key not in self._answers:
            self._answers[key] = ErrorAnswer(levels, _RENDERING, self.watch.sees)
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
        # Web sockets last: beside a handler for GET, they answer handshakes alone.
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
        layers = _shared([plan.layers for _, plan in routes])
        if "OPTIONS" not in methods:
            options = self._shared_answer(layers, _options)
            handler = self._raising(options.handler)
            resource = next(iter(resources.values()))
            methods["OPTIONS"] = RouteEntry(
                "OPTIONS", handler, resource, endpoint=options.handler, allowed=allowed, body=0
            )
        refusal = self._shared_answer(layers, _method_not_allowed).handler
        handler = self._raising(refusal, refuses=True)
        other = RefusalEntry(handler, endpoint=refusal, make=_no_such_method, allowed=allowed)
        listed = (*resources.values(), *self._further_names(routes, resources))
        return PathEntry(other=other, allowed=allowed, methods=methods, resources=listed, socket=socket)

    def _further_names(
        self, routes: Sequence[tuple[PathTemplate, RoutePlan]], resources: Mapping[str, TemplateResource]
    ) -> list[NamedResource]:
        """Return what stands in aiohttp's router for all names of a path but the first."""
        first = {one.name for one in resources.values()}
        names = {self._router_name(plan): template for template, plan in routes}
        return [NamedResource(template, name=name) for name, template in names.items() if name not in {None, *first}]

    def _compile_route(self, plan: RoutePlan, resource: TemplateResource, *, alone: bool) -> Iterator[RouteEntry]:
        """Yield the route of a plan, and that of HEAD beside GET unless the path has one of its own."""
        emitted = self._keep(emit_route(plan, self._answer_for, self.plans.threads))
        self.by_route.setdefault((plan.method, plan.path), (plan, emitted))
        if plan.socket is not None:
            self.by_route["WEBSOCKET", plan.path] = (plan, emitted)
        handler = self._raising(emitted.handler)
        most = None if plan.body is None else plan.limits.body
        shared: Any = {"endpoint": emitted.handler, "name": plan.name, "limits": plan.limits, "info": _info(plan)}
        yield RouteEntry(plan.method, handler, resource, body=most, **shared)
        if plan.method == "GET" and alone:
            # RFC 9110, section 9.3.2: HEAD is GET without the body, which the response leaves out.
            yield RouteEntry("HEAD", handler, resource, **shared)

    def _raising(self, endpoint: Handler, *, refuses: bool = False) -> Handler:
        """Return what aiohttp's router calls, observed if the app has observers."""
        handler = raising(endpoint, self.watch, refuses=refuses)
        return observe_route(handler, self.observing) if self.observing.plans else handler

    def _router_name(self, plan: RoutePlan) -> str | None:
        """Return the name of a path in aiohttp's router, ``None`` if it cannot have the route's."""
        return plan.name if self._names.get(plan.name) == plan.path else None

    def _shared_answer(self, layers: Sequence[LayerPlan], answer: Any) -> EmittedRoute:
        """Emit an answer once for all paths with the same layers around it."""
        layers = [one for one in layers if one.middlewares or one.exception_handlers]
        key = (answer, *map(id, layers))
        if key not in self._shared_answers:
            self._shared_answers[key] = self._keep(emit_answer(layers, answer, self._answer_for))
        return self._shared_answers[key]

    def _fixed(self, refusal: "_Refusal") -> RefusalEntry:
        """Emit what answers requests that no path takes."""
        emitted = self._keep(emit_answer((self.plans.app_layer,), refusal, self._answer_for))
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
            refusals=Refusals(**{name: self._fixed(refusal) for name, refusal in _REFUSALS.items()}),
            neighbours=neighbours,
            is_handshake=is_handshake,
        )
        for template, entry in self._paths:
            resource.add(template, entry)
        return resource

    def start(self, live: Mapping[str, Any]) -> None:
        """Give the open singletons to everything that was emitted."""
        for emitted in self._emitted:
            for output in emitted.outputs:
                # What was imported since the app was built may have subclasses of its types.
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


def _info(plan: RoutePlan) -> RouteInfo:
    return RouteInfo(
        method=plan.method,
        template=plan.path,
        name=plan.name,
        handler=plan.label.partition(" ")[0],
        tags=plan.tags,
        metadata=plan.metadata,
    )


class _Refusal:
    """Raises an HTTPError."""

    def __init__(self, error: type[Any], *, detail: str | None = None, **members: Any) -> None:
        self._error = error
        self._detail = detail
        self._members = members

    def __call__(self, _: web.Request) -> NoReturn:
        raise self._error(self._detail, **self._members)

    def native(self, _: str, __: Iterable[str]) -> web.HTTPException:
        """Return aiohttp's exception for it."""
        return class_for(self._error.status)()


def _unreadable(detail: str, fault: FieldError) -> _Refusal:
    return _Refusal(BadRequest, detail=detail, errors=(fault,))


_REFUSALS: Mapping[str, _Refusal] = {
    "not_found": _Refusal(NotFound),
    "method": _Refusal(NotImplementedMethod),
    # The status line of the answer is one of HTTP/1.1, whatever the request said.
    "version": _Refusal(VersionNotSupported, detail="HTTP/1.1 is spoken here", headers={"Connection": "close"}),
    "expectation": _Refusal(ExpectationFailed, detail="Only 100-continue can be expected"),
    "path": _unreadable(
        "The path cannot be decoded", FieldError("path", "", "syntax", "Not valid UTF-8, or with a NUL")
    ),
    "query": _unreadable("The query is not valid UTF-8", FieldError("query", "", "syntax", "Not valid UTF-8")),
    "host": _unreadable(
        "The Host header cannot be parsed", FieldError("header", "/host", "syntax", "Not a valid Host header")
    ),
}


def _allow(request: web.Request) -> str:
    route = request.match_info.route
    return ", ".join(sorted(route.allowed)) if isinstance(route, RouteEntry | RefusalEntry) else ""


def _method_not_allowed(request: web.Request) -> NoReturn:
    """Refuse a method; the methods of the path stand in ``Allow``."""
    raise MethodNotAllowed(headers={"Allow": _allow(request)})


def _no_such_method(method: str, allowed: Iterable[str]) -> web.HTTPException:
    return web.HTTPMethodNotAllowed(method, sorted(allowed))


def _options(request: web.Request) -> EncodedResponse:
    """Answer OPTIONS with the methods of the path."""
    response = EncodedResponse(None, _NO_CONTENT)
    response.headers["Allow"] = _allow(request)
    return response


def _router_names(routes: Iterable[RoutePlan]) -> dict[str, str]:
    """Return the paths of the names that aiohttp's router can have: identifiers, each of one path."""
    paths: dict[str, set[str]] = {}
    for plan in routes:
        paths.setdefault(plan.name, set()).add(plan.path)
    return {name: next(iter(known)) for name, known in paths.items() if len(known) == 1 and _is_router_name(name)}


def _is_router_name(name: str) -> bool:
    parts = web.UrlDispatcher.NAME_SPLIT_RE.split(name)
    return all(one.isidentifier() and not keyword.iskeyword(one) for one in parts)


def _shared(stacks: Sequence[Sequence[LayerPlan]]) -> tuple[LayerPlan, ...]:
    """Return the layers that all routes of a path have in common, from the outside in."""
    shared: list[LayerPlan] = []
    for levels in zip(*stacks, strict=False):
        if any(one is not levels[0] for one in levels):
            break
        shared.append(levels[0])
    return tuple(shared)


def compile_app(plans: Plans) -> CompiledApp:
    """Emit all routes of an app."""
    return CompiledApp(plans)
