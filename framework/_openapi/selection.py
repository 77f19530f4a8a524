"""Which routes stand in a document, where an application has several."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from framework._inspect.names import value_name
from framework._openapi.settings import OpenAPI, RouteSelection
from framework._plan import RoutePlan, StreamKind
from framework.errors import DefinitionError, InvalidOptionError
from framework.routing import RouteSummary

__all__ = ("has_channels", "is_channel", "select_routes", "summary_of")

_Test: TypeAlias = Callable[[RoutePlan], bool]


def summary_of(plan: RoutePlan) -> RouteSummary:
    """Return what tools are told about a route."""
    return RouteSummary(
        method=plan.method,
        path=plan.path,
        name=plan.name,
        handler=plan.label,
        tags=plan.tags,
        in_document=plan.in_document,
        metadata=plan.metadata,
    )


def is_channel(plan: RoutePlan) -> bool:
    """Tell whether a route stands in the AsyncAPI document: a web socket, or a stream of events."""
    stream = plan.response.stream
    return plan.in_document and (plan.socket is not None or (stream is not None and stream.kind is StreamKind.EVENTS))


def has_channels(routes: Iterable[RoutePlan]) -> bool:
    """Tell whether any route stands in the AsyncAPI document."""
    return any(map(is_channel, routes))


def select_routes(settings: OpenAPI, routes: Iterable[RoutePlan]) -> Sequence[RoutePlan]:
    """Return the routes that stand in a document.

    Raises an ExceptionGroup of InvalidOptionErrors for what names nothing.
    """
    shown = [plan for plan in routes if plan.in_document]
    mistakes = [*_mistakes("include", settings.include, shown), *_mistakes("exclude", settings.exclude, shown)]
    if mistakes:
        raise ExceptionGroup("The OpenAPI document cannot be made", mistakes)
    wanted, unwanted = _test_of(settings.include), _test_of(settings.exclude)
    everything = isinstance(settings.include, Sequence) and not settings.include
    return [plan for plan in shown if (everything or wanted(plan)) and not unwanted(plan)]


def _test_of(selection: RouteSelection) -> _Test:
    if callable(selection):
        choose = selection
        return lambda plan: bool(choose(summary_of(plan)))
    return lambda plan: any(_names(one, plan) for one in selection)


def _names(one: str, plan: RoutePlan) -> bool:
    """Tell whether a tag or a path prefix is a route's; ``/v1`` is not one of ``/v10``."""
    if one.startswith("/"):
        return plan.path == one or plan.path.startswith(f"{one.rstrip('/')}/")
    return one in plan.tags


def _mistakes(option: str, selection: RouteSelection, shown: Sequence[RoutePlan]) -> list[DefinitionError]:
    if callable(selection):
        return []
    if isinstance(selection, str) or not all(isinstance(one, str) for one in selection):
        what = f"{option}={value_name(selection)} is neither a sequence of tags and path prefixes nor a function"
        return [InvalidOptionError("OpenAPI", what, hint=f'write it as {option}=("internal",)')]
    return [
        InvalidOptionError(
            "OpenAPI",
            f"{option}= names {one!r}, which is neither a tag nor a path prefix of a route in the document",
            hint="name one that there is, or take it out",
        )
        for one in selection
        if not any(_names(one, plan) for plan in shown)
    ]
