"""Describes an unhandled exception of a request: its calls, the request, the route, its services and emitted code."""

import traceback
from collections.abc import Iterable, Iterator, Sequence

from aiohttp import web
from msgspec import Struct

from framework._plan import Call, RoutePlan, ServicePlan
from framework.app import App
from framework.cli.dev.failures import frames_of
from framework.cli.dev.messages import Frame
from framework.cli.dev.statements import Recorded, Statement, without_parameters
from framework.telemetry.secret_names import hiding, naming_secrets

__all__ = ("Raised", "RequestReport", "Section", "describe_exception", "hidden_texts")

_HIDDEN = "(hidden)"
_is_secret = naming_secrets(("cookie", "proxy-authorization"))
"""The names of the access log, and headers that it never has."""
_hide = hiding()


class Raised(Struct, frozen=True, kw_only=True):
    """One exception, and how it is connected to the one before."""

    kind: str
    message: str
    frames: tuple[Frame, ...]
    link: str = ""


class Section(Struct, frozen=True, kw_only=True):
    """A part of the page: rows of a name and a value, text, or blocks of text below a line."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    text: str = ""
    blocks: tuple[tuple[str, str], ...] = ()
    is_open: bool = True


class RequestReport(Struct, frozen=True, kw_only=True):
    """All that the page of an unhandled exception shows."""

    target: str
    """``GET /orders/7``."""
    raised: tuple[Raised, ...]
    """The exception first, then its causes."""
    sections: tuple[Section, ...]


def hidden_texts(request: web.Request) -> list[str]:
    """Return the values of a request that are not shown."""
    return [value for given in (request.headers, request.query) for name, value in given.items() if _is_secret(name)]


def describe_exception(request: web.Request, error: Exception, app: App | None, recorded: Recorded) -> RequestReport:
    """Return what the page of an exception shows; ``recorded`` are the SQL statements of the request."""
    sections = [*_sql_sections(recorded), _request_section(request)]
    if app is not None:
        sections += _route_sections(request, app)
    return RequestReport(
        target=f"{request.method} {request.rel_url.raw_path}",
        raised=tuple(_chain(error)),
        sections=tuple(sections),
    )


def _chain(error: BaseException) -> Iterator[Raised]:
    link, seen = "", set[int]()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        with without_parameters(current):
            message = "".join(traceback.format_exception_only(current)).strip()
        yield Raised(kind=name, message=message, frames=tuple(frames_of(current.__traceback__)), link=link)
        if current.__cause__ is not None:
            current, link = current.__cause__, "It was raised from:"
        else:
            current = None if current.__suppress_context__ else current.__context__
            link = "It was raised while this was handled:"


def _request_section(request: web.Request) -> Section:
    # Referer has a query as well.
    headers = [(name, _without_secrets(value)) for name, value in _hidden(request.headers.items())]
    placeholders = [(f"path: {name}", value) for name, value in request.match_info.items()]
    query = [(f"query: {name}", value) for name, value in _hidden(request.query.items())]
    target = _without_secrets(request.path_qs)
    rows = (("method", request.method), ("target", target), ("client", request.remote or ""))
    return Section(title="Request", rows=(*rows, *placeholders, *query, *headers), is_open=False)


def _hidden(values: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield names and values; the value of a name that is one of a secret is hidden."""
    return ((name, _HIDDEN if _is_secret(name) else value) for name, value in values)


def _without_secrets(url: str) -> str:
    """Return a URL without the secrets in its query: ``/orders?token=abc`` -> ``/orders?token=***``."""
    path, mark, query = url.partition("?")
    return f"{path}{mark}{_hide(query)}"


def _sql_sections(recorded: Recorded) -> Iterator[Section]:
    """Yield the statements of a request, if there are any."""
    if not recorded.number:
        return
    number = sum(one.seconds is not None for one in recorded.statements)
    total = sum(one.seconds or 0 for one in recorded.statements)
    title = f"SQL ({number} statement{'' if number == 1 else 's'}, {_milliseconds(total)})"
    left_out = recorded.number - len(recorded.statements)
    text = f"{left_out} earlier ones are left out" if left_out else ""
    yield Section(title=title, text=text, blocks=tuple(map(_statement_block, recorded.statements)))


def _statement_block(statement: Statement) -> tuple[str, str]:
    """Return what became of a statement, and below it its text and its parameters."""
    parts = [] if statement.seconds is None else [_milliseconds(statement.seconds)]
    if statement.rows is not None:
        parts.append(f"{statement.rows} row{'' if statement.rows == 1 else 's'}")
    if statement.sets > 1:
        parts.append(f"{statement.sets} sets of parameters, the first is shown")
    if statement.error:
        parts.append(f"failed with {statement.error}")
    return ", ".join(parts), "\n".join(
        [statement.text, *(f"  {name} = {value}" for name, value in statement.parameters)]
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _route_sections(request: web.Request, app: App) -> Iterator[Section]:
    """Yield the route, its services and its emitted code, if a controller handles the request."""
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical
    planned = app._plan().plans  # noqa: SLF001  App has no public name for its plan, which is private
    methods = (request.method, "GET") if request.method == "HEAD" else (request.method,)
    plan = next((one for name in methods for one in planned.routes if (one.method, one.path) == (name, path)), None)
    if plan is None:
        return
    stages, _, source = app.explain(plan.method, plan.path).partition("\n\n")[2].partition("\n\n")
    yield Section(title="Handler", rows=(("handler", plan.label), ("route", f"{plan.method} {plan.path}")))
    used = tuple((one.label, str(one.lifetime.value)) for one in _services(plan, planned.singletons))
    yield Section(title="Services", rows=used, text="" if used else "None")
    yield Section(title="Stages", text=stages, is_open=False)
    yield Section(title="Emitted code", text=source, is_open=False)


def _services(plan: RoutePlan, singletons: Sequence[ServicePlan]) -> list[ServicePlan]:
    """Return the services of a request, and those that they require."""
    known = {one.variable: one for one in (*plan.services, *singletons)}
    required = [plan.controller, *_variables(plan.handler), *(one.variable for one in plan.services)]
    found = set[str]()
    while required:
        name = required.pop()
        if name in known and name not in found:
            found.add(name)
            required += _variables(known[name].call)
    return [one for name, one in known.items() if name in found]


def _variables(call: Call) -> Iterator[str]:
    return (name for one in call.arguments for name in one.variables)
