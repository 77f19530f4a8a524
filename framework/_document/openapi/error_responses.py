"""The responses for errors in an operation: problems, and what exception handlers send in their place."""

import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field, inspect

from framework._document.openapi.problems import MEDIA_TYPE, PROBLEM_RESPONSES, ProblemResponse, problem_type
from framework._document.schemas.docstrings import summary_and_description
from framework._document.schemas.placeholders import describe
from framework._document.schemas.scalars import plain_copy
from framework._plan import HandledPlan, LayerPlan, StepsPlan, handled_by
from framework.http_errors import HTTPError, InvalidForm, UnprocessableContent

__all__ = ("error_responses", "joined")

# Raw bytes have no JSON Schema (OpenAPI 3.1, section 4.8.14.1), and nothing is known about the second one.
_WITHOUT_SCHEMA = frozenset({"application/octet-stream", "*/*"})


class _Gathered(Struct, kw_only=True):
    """The responses with one status."""

    problem: ProblemResponse | None = None
    """The response of the framework itself."""
    kinds: list[inspect.Type] = field(default_factory=list)
    """The problems."""
    descriptions: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Descriptions of headers, by their names."""
    bodies: dict[str, list[Any]] = field(default_factory=dict)
    """The bodies of exception handlers, by media type."""


def error_responses(
    own: Iterable[int],
    raised: Sequence[type[Exception]],
    layers: Sequence[LayerPlan],
    steps: Sequence[StepsPlan] = (),
    *,
    form: bool = False,
) -> dict[str, Any]:
    """Return the responses for errors by status: the framework's own statuses, and those of what a handler raises.

    If only the framework sends a status, the response is the name of a shared one. An error that has an exception
    handler is described by the handler's declaration. Errors of compiled middlewares go to the exception handlers of
    their own level and of the levels around it. The validation errors of a ``form`` are an InvalidForm.
    """
    found: dict[int, _Gathered] = {}
    known: dict[type[Exception], ProblemResponse] = {
        PROBLEM_RESPONSES[status].error: PROBLEM_RESPONSES[status] for status in own
    }
    if form and UnprocessableContent in known:
        known[InvalidForm] = known.pop(UnprocessableContent)
    around: dict[type[Exception], Sequence[LayerPlan]] = {
        error: layers[: one.depth] for one in reversed(steps) for error in one.steps.raises
    }
    for error in dict.fromkeys([*known, *raised, *around]):
        inside = error in known or error in raised
        handled = handled_by(layers if inside else around[error], error)
        if handled is not None:
            status = handled.status or (error.status if issubclass(error, HTTPError) else 500)
            _add_handled(found.setdefault(status, _Gathered()), handled, error, known.get(error))
        elif issubclass(error, HTTPError):
            _add_problem(found.setdefault(error.status, _Gathered()), error, known.get(error))
    return {str(status): _response(found[status]) for status in sorted(found)}


def _add_problem(gathered: _Gathered, error: type[HTTPError], problem: ProblemResponse | None) -> None:
    if problem is not None:
        gathered.problem = problem
        gathered.descriptions.append(problem.description)
        gathered.kinds.append(describe(problem.body))
    else:
        gathered.descriptions.append(summary_and_description(error.__doc__)[0] or error.title)
        gathered.kinds.append(problem_type(error))
        gathered.headers.update(error.header_descriptions)


def _add_handled(
    gathered: _Gathered, handled: HandledPlan, error: type[Exception], problem: ProblemResponse | None
) -> None:
    doc, title = (error.__doc__, error.title) if issubclass(error, HTTPError) else (handled.doc, error.__name__)
    description = summary_and_description(doc)[0] if problem is None else problem.description
    gathered.descriptions.append(description or title)
    for media_type, body in handled.bodies.items():
        gathered.bodies.setdefault(media_type, []).append(body)


def _response(gathered: _Gathered) -> dict[str, Any] | str:
    problem = gathered.problem
    if problem is not None and len(gathered.descriptions) == 1:
        return problem.name
    distinct = {
        kind.cls: kind for kind in gathered.kinds if isinstance(kind, inspect.StructType | inspect.DataclassType)
    }
    problems = tuple(distinct.values())
    content: dict[str, Any] = {}
    if problems:
        content[MEDIA_TYPE] = {"schema": problems[0] if len(problems) == 1 else inspect.UnionType(problems)}
    for media_type, bodies in gathered.bodies.items():
        kind = describe(typing.Union[tuple(dict.fromkeys(bodies))])  # noqa: UP007  built from a list
        _add_content(content, media_type, {} if media_type in _WITHOUT_SCHEMA else {"schema": kind})
    headers: dict[str, Any] = {} if problem is None or problem.headers is None else plain_copy(problem.headers)
    for name, text in gathered.headers.items():
        headers.setdefault(name, {"description": text, "schema": {"type": "string"}})
    described: dict[str, Any] = {"description": "\n\n".join(dict.fromkeys(gathered.descriptions))}
    if headers:
        described["headers"] = headers
    return {**described, "content": content} if content else described


def _add_content(content: dict[str, Any], media_type: str, media: Mapping[str, Any]) -> None:
    known = content.setdefault(media_type, dict(media))
    if "schema" in media and "schema" in known and known["schema"] is not media["schema"]:
        known["schema"] = inspect.UnionType((known["schema"], media["schema"]))


def joined(successes: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the responses of an operation; an exception handler may use the status of a success."""
    found = {**errors, **successes}
    for status in [one for one in successes if one in errors]:
        content = dict(successes[status].get("content", {}))
        for media_type, media in errors[status].get("content", {}).items():
            _add_content(content, media_type, media)
        found[status] = {**successes[status], "content": content} if content else successes[status]
    return {status: found[status] for status in sorted(found)}
