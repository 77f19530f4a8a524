"""What compiled middlewares add to an operation: headers that they read, and headers that they add to all responses."""

from collections.abc import Mapping
from typing import Any

from framework._document.openapi.problems import MEDIA_TYPE, PROBLEM_RESPONSES
from framework._document.schemas.scalars import plain_copy
from framework._plan import RoutePlan

__all__ = ("layer_parameters", "with_layer_headers")

_BY_NAME = {one.name: one for one in PROBLEM_RESPONSES.values()}


def layer_parameters(plan: RoutePlan) -> list[dict[str, Any]]:
    """Return the headers and cookies that compiled middlewares read; each is optional."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in plan.steps:
        for name, text in one.steps.request_headers.items():
            found.setdefault(("header", name.lower()), _parameter(name, "header", text))
        for name, text in one.steps.request_cookies.items():
            found.setdefault(("cookie", name), _parameter(name, "cookie", text))
    return list(found.values())


def _parameter(name: str, place: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": place, "description": text, "schema": {"type": "string"}}


def with_layer_headers(responses: dict[str, Any], plan: RoutePlan) -> dict[str, Any]:
    """Return the responses of an operation, each with the headers that compiled middlewares add."""
    added: dict[str, Any] = {}
    for one in plan.steps:
        for name, text in one.steps.response_headers.items():
            added.setdefault(name, {"description": text, "schema": {"type": "string"}})
    return {status: _with_headers(one, added) for status, one in responses.items()} if added else responses


def _with_headers(response: Any, added: Mapping[str, Any]) -> dict[str, Any]:
    # A reference to a shared response cannot have headers of its own.
    described = _written_out(response) if isinstance(response, str) else response
    known = described.get("headers", {})
    names = {name.lower() for name in known}
    more = {name: plain_copy(one) for name, one in added.items() if name.lower() not in names}
    return {**described, "headers": {**known, **more}}


def _written_out(name: str) -> dict[str, Any]:
    problem = _BY_NAME[name]
    headers = {} if problem.headers is None else {"headers": plain_copy(problem.headers)}
    return {"description": problem.description, **headers, "content": {MEDIA_TYPE: {"schema": problem.body}}}
