"""``framework routes --why GET /orders/7``: the route that matches a request, and why the others do not."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import asdict

from framework._document.openapi.selection import summary_of
from framework._document.pages.controllers import is_own_route
from framework._plan import LayerPlan, RoutePlan
from framework._serve.routing.table import PathTable, UndecodablePathError
from framework._serve.routing.template import PathTemplate, Segment
from framework.app import App
from framework.cli.errors import ToolError

__all__ = ("Match", "OtherRoute", "explain_match", "explanation_of", "match_text")

_SHOWN = 10


class OtherRoute(Struct, frozen=True, kw_only=True):
    """A route that does not handle the request."""

    method: str
    path: str
    handler: str
    reason: str


class Match(Struct, frozen=True, kw_only=True):
    """What happens to a request: its route, or the status of the response without one."""

    method: str
    path: str
    status: int | None
    """404, 405, 426 or, for the automatic response to OPTIONS, 204; ``None`` if a handler is called."""
    allowed: tuple[str, ...] = ()
    """The methods of the path."""
    template: str | None = None
    name: str | None = None
    handler: str | None = None
    values: dict[str, str]
    """The decoded values of the placeholders."""
    access: tuple[str, ...] = ()
    layers: dict[str, list[str]]
    """The layers by their kind, each with its level, outermost first."""
    services: tuple[str, ...] = ()
    limits: dict[str, Any]
    others: tuple[OtherRoute, ...]
    """The routes whose path is similar, the documentation pages left out."""


def explain_match(app: App, method: str, path: str) -> Match:
    """Return what happens to a request for a path, percent-encoded as in a URL, without a query.

    The method ``WEBSOCKET`` means a handshake. Raises ToolError for a path that cannot be read, and an ExceptionGroup
    of all DefinitionErrors.
    """
    plans = app._plan().plans  # noqa: SLF001  App has no public name for its plan, which is private
    path = path.partition("?")[0]
    routes = _Routes(plans.routes, {one.template.text: one.template for one in plans.mounted})
    try:
        same = routes.of(path)
    except UndecodablePathError as error:
        raise ToolError(f"the path {path} cannot be read", hint="write it as in a URL, percent-encoded") from error
    method = method.upper()
    plan = _handling(same, method)
    known = {} if plan is None else _details(plan, routes.values(plan, path))
    return Match(
        method=method,
        path=path,
        status=None if plan is not None else _status(same, method),
        allowed=tuple(sorted({*(one.method for one in same if one.socket is None), *_automatic(same)})),
        others=tuple(routes.others(path, plan, same)),
        **{"values": {}, "layers": {}, "limits": {}, **known},
    )


def _handling(same: Sequence[RoutePlan], method: str) -> RoutePlan | None:
    """Return the route for a method among those of one path."""
    sockets = [one for one in same if one.socket is not None]
    plain = {one.method: one for one in same if one.socket is None}
    if method == "WEBSOCKET":
        return sockets[0] if sockets else None
    return plain.get(method) or (plain.get("GET") if method == "HEAD" else None)


def _status(same: Sequence[RoutePlan], method: str) -> int:
    if not same:
        return 404
    if method == "OPTIONS":
        return 204
    return 426 if method == "GET" and any(one.socket is not None for one in same) else 405


def _automatic(same: Sequence[RoutePlan]) -> Sequence[str]:
    if not same:
        return ()
    return ("HEAD", "OPTIONS") if any(one.method == "GET" and one.socket is None for one in same) else ("OPTIONS",)


def _details(plan: RoutePlan, values: dict[str, str]) -> dict[str, Any]:
    kinds = {
        "middlewares": [f"{one} ({level.level})" for level in plan.layers for one in _names(level, level.middlewares)],
        "guards": [f"{one} ({level.level})" for level in plan.layers for one in _names(level, level.guards)],
        "exception_handlers": [
            f"{level.names[variable]} for {key if isinstance(key, int) else key.__name__} ({level.level})"
            for level in plan.layers
            for key, variable in level.exception_handlers.items()
        ],
    }
    return {
        "template": plan.path,
        "name": plan.name,
        "handler": plan.label,
        "values": values,
        "access": summary_of(plan).access,
        "layers": {kind: found for kind, found in kinds.items() if found},
        "services": tuple(f"{one.label} ({one.lifetime})" for one in plan.services),
        "limits": asdict(plan.limits),
    }


def _names(level: LayerPlan, variables: Sequence[str]) -> Iterator[str]:
    return (level.names[one] for one in variables)


class _Routes:
    """The routes of an app, with the templates of their paths."""

    def __init__(self, routes: Sequence[RoutePlan], templates: dict[str, PathTemplate]) -> None:
        self._routes = routes
        self._templates = templates
        self._table: PathTable[PathTemplate] = PathTable()
        # As in an application, the first template of a shape has the entry.
        shapes: dict[Any, PathTemplate] = {}
        for one in routes:
            template = templates[one.path]
            self._table.add(template, shapes.setdefault(template.shape, template))

    def of(self, path: str) -> list[RoutePlan]:
        """Return the routes of the template that a path matches, ``[]`` if it matches none."""
        found = self._table.find(path)
        return [] if found is None else [one for one in self._routes if self._shape(one) == found[0].shape]

    def values(self, plan: RoutePlan, path: str) -> dict[str, str]:
        """Return the values of the placeholders of a route."""
        found = self._table.find(path)
        names = self._templates[plan.path].placeholders
        return {} if found is None else dict(zip(names, found[1], strict=True))

    def others(self, path: str, plan: RoutePlan | None, same: Sequence[RoutePlan]) -> Iterator[OtherRoute]:
        """Yield the other routes whose path matches or is similar, with the reason why they do not match."""
        shape = self._shape(same[0]) if same else None
        for one in self._routes:
            if one is plan or is_own_route(one):
                continue
            if self._shape(one) == shape:
                reason = "its method is another" if one.socket is None else "it handles web sockets only"
            elif self._matches(one, path):
                reason = f"its path matches too; {same[0].path} is more specific"
            elif _is_similar(self._templates[one.path], path):
                reason = _difference(self._templates[one.path], path)
            else:
                continue
            shown = "WEBSOCKET" if one.socket is not None else one.method
            yield OtherRoute(method=shown, path=one.path, handler=one.label, reason=reason)

    def _shape(self, plan: RoutePlan) -> Any:
        return self._templates[plan.path].shape

    def _matches(self, plan: RoutePlan, path: str) -> bool:
        table: PathTable[RoutePlan] = PathTable()
        table.add(self._templates[plan.path], plan)
        return table.find(path) is not None


def _is_similar(template: PathTemplate, path: str) -> bool:
    """Return whether the first segment of a path is that of a template, or nearly."""
    from difflib import SequenceMatcher

    first, segment = unquote(path[1:].partition("/")[0]), template.segments[0]
    likeness = 0.75
    return segment.name is not None or SequenceMatcher(None, first, segment.before).ratio() >= likeness


def _difference(template: PathTemplate, path: str) -> str:
    """Return the first difference of a path from a template that does not match it."""
    given = [unquote(one) for one in path[1:].split("/")]
    for number, (segment, text) in enumerate(zip(template.segments, given, strict=False), start=1):
        if segment.rest:
            break
        if not _fits(segment, text):
            return f"its segment {number} is {_written(segment)}, not {text!r}"
    more = len(given) - len(template.segments)
    if more and given[-1] == "" and more == 1:
        return "it has no slash at the end"
    return f"it has {len(template.segments)} segments, not {len(given)}"


def _fits(segment: Segment, text: str) -> bool:
    if segment.name is None:
        return segment.before == text
    longest = len(text) > len(segment.before) + len(segment.after)
    return longest and text.startswith(segment.before) and text.endswith(segment.after)


def _written(segment: Segment) -> str:
    return f"{segment.before!r}" if segment.name is None else f"{segment.before}{{{segment.name}}}{segment.after}"


def match_text(match: Match) -> str:
    """Return a match for people."""
    return "".join(f"{line}\n" for line in _lines(match))


def _lines(match: Match) -> Iterator[str]:
    if match.handler is None:
        yield f"{match.method} {match.path}: {_WITHOUT[match.status or 404].format(', '.join(match.allowed))}"
    else:
        yield f"{match.method} {match.path} -> {match.handler}"
        yield from (f"  {name:<19} {text}" for name, text in _rows(match) if text)
    if match.others:
        yield "Other routes:"
    for one in match.others[:_SHOWN]:
        yield f"  {one.method} {one.path}: {one.reason}"
    more = len(match.others) - _SHOWN
    if more > 0:
        yield f"  and {more} more; --json lists all"


_WITHOUT = {
    204: "the automatic response to OPTIONS, 204; Allow: {}",
    404: "no path matches, 404",
    405: "the path does not have this method, 405; Allow: {}",
    426: "the path handles web sockets only, 426; try WEBSOCKET as the method",
}


def _rows(match: Match) -> Iterator[tuple[str, str]]:
    yield "path", f"{match.template}"
    yield "values", ", ".join(f"{name} = {value!r}" for name, value in match.values.items())
    yield "name", f"{match.name}"
    yield "access", ", ".join(match.access) or "everybody"
    for kind, found in match.layers.items():
        yield kind.replace("_", " "), ", ".join(found)
    yield "services", ", ".join(match.services)
    yield "limits", ", ".join(f"{name}={value}" for name, value in match.limits.items())


def explanation_of(app: App, method: str, path: str) -> dict[str, Any]:
    """Return the stages and the emitted code of the route of a request, by its template or by a path that it matches.

    Raises ToolError if there is no such route, and an ExceptionGroup of all DefinitionErrors.
    """
    method = method.upper()
    try:
        template, text = path, app.explain(method, path)
    except LookupError:
        match = explain_match(app, method, path)
        if match.template is None:
            hint = f'"framework routes --why {method} {path}" shows the similar ones'
            raise ToolError(f"{method} {path} is not a route of this app", hint=hint) from None
        template = match.template
        text = app.explain("GET" if method == "HEAD" else method, template)
    title, _, rest = text.partition("\n\n")
    stages, _, source = rest.partition("\n\n")
    return {
        "method": method,
        "path": template,
        "handler": title.partition(" -> ")[2],
        "stages": [line.partition(". ")[2] for line in stages.splitlines()],
        "source": source,
        "text": text,
    }
