"""The responses for errors in an operation: problems, and what exception handlers send in their place."""

import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field, inspect

from framework._openapi.docstrings import summary_and_description
from framework._openapi.placeholders import describe
from framework._openapi.problems import ANSWERS, MEDIA_TYPE, Answer, problem_type
from framework._openapi.scalars import plain_copy
from framework._plan import HandledPlan, LayerPlan, handled_by
from framework.http_errors import HTTPError

__all__ = ("error_responses", "joined")

# Bytes as they are have no JSON Schema (OpenAPI 3.1, section 4.8.14.1), and of the second nothing is known.
_WITHOUT_SCHEMA = frozenset({"application/octet-stream", "*/*"})


class _Gathered(Struct, kw_only=True):
    """What is sent with one status."""

    answer: Answer | None = None
    """That of the framework's own."""
    kinds: list[inspect.Type] = field(default_factory=list)
    """The problems."""
    descriptions: list[str] = field(default_factory=list)
    bodies: dict[str, list[Any]] = field(default_factory=dict)
    """What exception handlers send, by media type."""


def error_responses(
    own: Iterable[int], raised: Sequence[type[Exception]], layers: Sequence[LayerPlan]
) -> dict[str, Any]:
    """Return the responses for errors by status: the framework's own statuses, and those of what a handler raises.

    If only the framework sends a status, the response is the name of a shared one. What an exception handler takes is
    described as it declares.
    """
    found: dict[int, _Gathered] = {}
    known: dict[type[Exception], Answer] = {ANSWERS[status].error: ANSWERS[status] for status in own}
    for error in dict.fromkeys([*known, *raised]):
        handled = handled_by(layers, error)
        if handled is not None:
            status = handled.status or (error.status if issubclass(error, HTTPError) else 500)
            _add_handled(found.setdefault(status, _Gathered()), handled, error, known.get(error))
        elif issubclass(error, HTTPError):
            _add_problem(found.setdefault(error.status, _Gathered()), error, known.get(error))
    return {str(status): _response(found[status]) for status in sorted(found)}


def _add_problem(gathered: _Gathered, error: type[HTTPError], answer: Answer | None) -> None:
    if answer is not None:
        gathered.answer = answer
        gathered.descriptions.append(answer.description)
        gathered.kinds.append(describe(answer.body))
    else:
        gathered.descriptions.append(summary_and_description(error.__doc__)[0] or error.title)
        gathered.kinds.append(problem_type(error))


def _add_handled(gathered: _Gathered, handled: HandledPlan, error: type[Exception], answer: Answer | None) -> None:
    doc, title = (error.__doc__, error.title) if issubclass(error, HTTPError) else (handled.doc, error.__name__)
    description = summary_and_description(doc)[0] if answer is None else answer.description
    gathered.descriptions.append(description or title)
    for media_type, body in handled.bodies.items():
        gathered.bodies.setdefault(media_type, []).append(body)


def _response(gathered: _Gathered) -> dict[str, Any] | str:
    answer = gathered.answer
    if answer is not None and len(gathered.descriptions) == 1:
        return answer.name
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
    headers = {} if answer is None or answer.headers is None else {"headers": plain_copy(answer.headers)}
    described = {"description": "\n\n".join(dict.fromkeys(gathered.descriptions)), **headers}
    return {**described, "content": content} if content else described


def _add_content(content: dict[str, Any], media_type: str, media: Mapping[str, Any]) -> None:
    known = content.setdefault(media_type, dict(media))
    if "schema" in media and "schema" in known and known["schema"] is not media["schema"]:
        known["schema"] = inspect.UnionType((known["schema"], media["schema"]))


def joined(successes: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the responses of an operation; an exception handler may send what has the status of a success."""
    found = {**errors, **successes}
    for status in [one for one in successes if one in errors]:
        content = dict(successes[status].get("content", {}))
        for media_type, media in errors[status].get("content", {}).items():
            _add_content(content, media_type, media)
        found[status] = {**successes[status], "content": content} if content else successes[status]
    return {status: found[status] for status in sorted(found)}
