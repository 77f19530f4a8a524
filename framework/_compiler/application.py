"""Puts emitted routes into the table of paths, with what answers when no handler does."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from aiohttp import web

from framework._compiler.emit import EmittedRoute, emit_answer, emit_route
from framework._compiler.routes import Plans
from framework._pipeline import ErrorAnswer, Rendering
from framework._plan import LayerPlan, RoutePlan
from framework._responses.encoded import EncodedResponse, Head
from framework._responses.problems import from_aiohttp, problem_response
from framework._responses.response import BrokenResponse
from framework._routing.resource import ControllerResource, PathEntry, Refusals, RouteEntry
from framework._routing.table import PathTable
from framework._routing.template import PathTemplate
from framework.http_errors import (
    BadRequest,
    ExpectationFailed,
    Fault,
    MethodNotAllowed,
    NotFound,
    NotImplementedMethod,
    VersionNotSupported,
)

__all__ = ("CompiledApp", "compile_app")

# RFC 9110, section 9, and RFC 5789; what an app declares beyond them is known too.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
_RENDERING = Rendering(problem=problem_response, translate=from_aiohttp, broken=BrokenResponse)
_NO_CONTENT = Head(204, None)


class CompiledApp:
    """Everything that serves requests; ``start`` puts the open singletons in."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._answers: dict[tuple[int, ...], ErrorAnswer] = {}
        self._emitted: list[EmittedRoute] = []
        self._shared_answers: dict[tuple[Any, ...], EmittedRoute] = {}
        self.by_route: dict[tuple[str, str], tuple[RoutePlan, EmittedRoute]] = {}
        self._paths = self._compile_paths()

    def _answer_for(self, layers: Sequence[LayerPlan]) -> ErrorAnswer:
        levels = [one.exception_handlers for one in reversed(layers) if one.exception_handlers]
        key = tuple(map(id, levels))
        if key not in self._answers:
            self._answers[key] = ErrorAnswer(levels, _RENDERING)
        return self._answers[key]

    def _compile_paths(self) -> list[tuple[PathTemplate, PathEntry]]:
        by_shape: dict[Any, list[tuple[PathTemplate, RoutePlan]]] = {}
        templates = {one.template.text: one.template for one in self.plans.mounted}
        for plan in self.plans.routes:
            template = templates[plan.path]
            by_shape.setdefault(template.shape, []).append((template, plan))
        return [(routes[0][0], self._compile_path(routes)) for routes in by_shape.values()]

    def _compile_path(self, routes: Sequence[tuple[PathTemplate, RoutePlan]]) -> PathEntry:
        methods: dict[str, RouteEntry] = {}
        for template, plan in routes:
            emitted = self._keep(emit_route(plan, self._answer_for, self.plans.threads))
            self.by_route[plan.method, plan.path] = (plan, emitted)
            most = None if plan.body is None else plan.limits.body
            entry = RouteEntry(plan.method, emitted.handler, template, plan.name, limits=plan.limits, body=most)
            methods[plan.method] = entry
            if plan.method == "GET":
                # RFC 9110, section 9.3.2: HEAD is GET without the body, which the response leaves out.
                head = RouteEntry("HEAD", emitted.handler, template, plan.name, limits=plan.limits)
                methods.setdefault("HEAD", head)
        template = routes[0][0]
        allow = ", ".join(sorted({*methods, "OPTIONS"}))
        layers = _shared([plan.layers for _, plan in routes])
        options = self._shared_answer(layers, _options)
        methods.setdefault("OPTIONS", RouteEntry("OPTIONS", options.handler, template, None, allow=allow, body=0))
        refusal = self._shared_answer(layers, _method_not_allowed)
        return PathEntry(other=RouteEntry("GET", refusal.handler, template, None, allow=allow, body=0), methods=methods)

    def _shared_answer(self, layers: Sequence[LayerPlan], answer: Any) -> EmittedRoute:
        """Emit an answer once for all paths with the same layers around it."""
        layers = [one for one in layers if one.middlewares or one.exception_handlers]
        key = (answer, *map(id, layers))
        if key not in self._shared_answers:
            self._shared_answers[key] = self._keep(emit_answer(layers, answer, self._answer_for))
        return self._shared_answers[key]

    def _fixed(self, answer: Any) -> RouteEntry:
        """Emit an answer for requests that no path takes."""
        emitted = self._keep(emit_answer((self.plans.app_layer,), answer, self._answer_for))
        template = PathTemplate(text="/", segments=())
        return RouteEntry("GET", emitted.handler, template, None, body=0)

    def _keep(self, emitted: EmittedRoute) -> EmittedRoute:
        self._emitted.append(emitted)
        return emitted

    def make_resource(self, neighbours: Iterable[web.AbstractResource]) -> ControllerResource:
        """Return the catch-all resource for aiohttp's router, beside the ``neighbours`` that stand there already."""
        declared = {method for _, entry in self._paths for method in entry.methods}
        resource = ControllerResource(
            PathTable(),
            methods=_METHODS | declared,
            refusals=Refusals(**{name: self._fixed(refusal) for name, refusal in _REFUSALS.items()}),
            neighbours=neighbours,
        )
        for template, entry in self._paths:
            resource.add(template, entry)
        return resource

    def start(self, live: Mapping[str, Any]) -> None:
        """Give the open singletons to everything that was emitted."""
        for emitted in self._emitted:
            emitted.namespace.update(live)
            emitted.namespace.update({name: live[variable] for name, variable in emitted.aliases.items()})
        for answer in self._answers.values():
            answer.start(live)
        self.plans.injector.start(live)
        for periodic, run in self.plans.periodic:
            self.plans.background.repeat(periodic, run)


class _Refusal:
    """Raises an HTTPError."""

    def __init__(self, error: type[Any], *, detail: str | None = None, **members: Any) -> None:
        self._error = error
        self._detail = detail
        self._members = members

    def __call__(self, _: web.Request) -> NoReturn:
        raise self._error(self._detail, **self._members)


def _unreadable(detail: str, fault: Fault) -> _Refusal:
    return _Refusal(BadRequest, detail=detail, errors=(fault,))


_REFUSALS: Mapping[str, _Refusal] = {
    "not_found": _Refusal(NotFound),
    "method": _Refusal(NotImplementedMethod),
    # The status line of the answer is one of HTTP/1.1, whatever the request said.
    "version": _Refusal(VersionNotSupported, detail="HTTP/1.1 is spoken here", headers={"Connection": "close"}),
    "expectation": _Refusal(ExpectationFailed, detail="Only 100-continue can be expected"),
    "path": _unreadable("The path cannot be decoded", Fault("path", "", "syntax", "Not valid UTF-8, or with a NUL")),
    "query": _unreadable("The query is not valid UTF-8", Fault("query", "", "syntax", "Not valid UTF-8")),
    "host": _unreadable(
        "The Host header cannot be parsed", Fault("header", "/host", "syntax", "Not a valid Host header")
    ),
}


def _allow(request: web.Request) -> str:
    route = request.match_info.route
    return route.allow if isinstance(route, RouteEntry) else ""


def _method_not_allowed(request: web.Request) -> NoReturn:
    """Refuse a method; the methods of the path stand in ``Allow``."""
    raise MethodNotAllowed(headers={"Allow": _allow(request)})


def _options(request: web.Request) -> EncodedResponse:
    """Answer OPTIONS with the methods of the path."""
    response = EncodedResponse(None, _NO_CONTENT)
    response.headers["Allow"] = _allow(request)
    return response


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
