"""What an operation can answer: its success, the framework's own problems, and the errors of its handler."""

from typing import Any

from msgspec import inspect

from framework._inspect.types import without_metadata
from framework._openapi.parameters import can_be_invalid
from framework._openapi.placeholders import describe
from framework._openapi.problems import problem_responses
from framework._openapi.streams import describe_stream
from framework._plan import BodyPlan, Encoding, ResponsePlan, RoutePlan
from framework.http_errors import reason_phrase
from framework.media_types import essence

__all__ = ("describe_answers",)

_UNCHECKED = (inspect.AnyType, inspect.RawType)


def describe_answers(plan: RoutePlan) -> dict[str, Any]:
    """Return the responses object of a route."""
    success = {str(plan.response.status): _success(plan.response)}
    return success | problem_responses(_own_statuses(plan), plan.raises)


def _success(response: ResponsePlan) -> dict[str, Any]:
    if response.stream is not None:
        return describe_stream(response, response.stream.kind)
    described = {"description": reason_phrase(response.status) or f"Status {response.status}"}
    if response.media_type is None:
        return described
    # Bytes as they are have no JSON Schema (OpenAPI 3.1, section 4.8.14.1).
    media: dict[str, Any] = {} if response.encoding is Encoding.BYTES else {"schema": describe(response.annotation)}
    return {**described, "content": {essence(response.media_type): media}}


def _own_statuses(plan: RoutePlan) -> list[int]:
    """Return the statuses that the framework itself may answer with before the handler runs."""
    possible = {
        400: plan.body is not None or bool(plan.parameters),
        413: plan.body is not None,
        415: plan.body is not None,
        422: _body_can_be_invalid(plan.body) or any(can_be_invalid(one) for one in plan.parameters),
    }
    return [status for status, is_possible in possible.items() if is_possible]


def _body_can_be_invalid(body: BodyPlan | None) -> bool:
    return body is not None and not isinstance(without_metadata(body.type), _UNCHECKED)
