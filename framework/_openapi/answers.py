"""What an operation can answer: its success, the framework's own problems, and the errors of its handler."""

from typing import Any

from msgspec import inspect

from framework._inspect.types import without_metadata, without_none
from framework._openapi.parameters import can_be_invalid
from framework._openapi.placeholders import describe
from framework._openapi.problems import problem_responses
from framework._openapi.security import asks_for_credentials, asks_for_scopes
from framework._plan import BodyKind, BodyPlan, Encoding, RoutePlan
from framework.http_errors import reason_phrase
from framework.media_types import essence

__all__ = ("describe_answers",)

_UNCHECKED = (inspect.AnyType, inspect.RawType)


def describe_answers(plan: RoutePlan) -> dict[str, Any]:
    """Return the responses object of a route."""
    success = {str(plan.response.status): _success(plan)}
    return success | problem_responses(_own_statuses(plan), plan.raises)


def _success(plan: RoutePlan) -> dict[str, Any]:
    response = plan.response
    described: dict[str, Any] = {"description": reason_phrase(response.status) or f"Status {response.status}"}
    headers = _headers(plan)
    if headers:
        described["headers"] = headers
    if response.media_type is None:
        return described
    # Bytes as they are have no JSON Schema (OpenAPI 3.1, section 4.8.14.1).
    media: dict[str, Any] = {} if response.encoding is Encoding.BYTES else {"schema": describe(response.annotation)}
    return {**described, "content": {essence(response.media_type): media}}


_DEPRECATION_HEADERS = {
    "Deprecation": "Since when this operation is not to be used any more, in seconds since 1970 (RFC 9745).",
    "Sunset": "When this operation will be gone (RFC 8594).",
    "Link": "Where it is written what to do instead (RFC 8288).",
}


def _headers(plan: RoutePlan) -> dict[str, Any]:
    said = dict(plan.response.headers)
    for name in plan.deprecation.headers() if plan.deprecation is not None else ():
        said[name] = f"{said[name]} {_DEPRECATION_HEADERS[name]}" if name in said else _DEPRECATION_HEADERS[name]
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in said.items()}


def _own_statuses(plan: RoutePlan) -> list[int]:
    """Return the statuses that the framework itself may answer with before the handler runs."""
    possible = {
        400: plan.body is not None or bool(plan.parameters),
        401: asks_for_credentials(plan),
        403: asks_for_scopes(plan),
        408: plan.body is not None and plan.limits.body_rate > 0,
        413: plan.body is not None,
        415: plan.body is not None,
        422: _body_can_be_invalid(plan.body) or any(can_be_invalid(one) for one in plan.parameters),
    }
    return [status for status, is_possible in possible.items() if is_possible]


def _body_can_be_invalid(body: BodyPlan | None) -> bool:
    if body is None or body.kind in {BodyKind.STREAM, BodyKind.FORM}:
        return False  # The fields of a form are parameters.
    if body.kind in {BodyKind.BYTES, BodyKind.TEXT}:
        return without_none(body.annotation) not in {bytes, str}
    return not isinstance(without_metadata(body.type), _UNCHECKED)
