"""Routes as operations: what is read from a plan, with types where the document will have schemas."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, inspect

from framework._inspect.types import without_metadata
from framework._openapi.docstrings import summary_and_description
from framework._openapi.operation_ids import key_of, operation_ids
from framework._openapi.parameters import can_be_invalid, describe_parameters
from framework._openapi.placeholders import describe
from framework._openapi.problems import problem_responses
from framework._openapi.scalars import compact, plain_copy
from framework._openapi.schemas import default_of
from framework._plan import BodyPlan, Encoding, ResponsePlan, RoutePlan
from framework.errors import DefinitionError
from framework.http_errors import reason_phrase

__all__ = ("DuplicateOperationError", "Operation", "describe_operations", "document_path")

# All that a path item has in OpenAPI 3.1, in the order in which they are shown.
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")
_UNCHECKED = (inspect.AnyType, inspect.RawType)


class DuplicateOperationError(DefinitionError):
    """Two routes are one operation to OpenAPI, which knows no placeholder for the rest of a path."""

    def __init__(self, where: str, method: str, path: str, other: str) -> None:
        super().__init__(
            where,
            f"{method} {path} stands in the OpenAPI document already, for {other}",
            mend="hide one of them with in_document=False, or change its path",
        )


class Operation(Struct, frozen=True, kw_only=True):
    """One route in the document."""

    path: str
    """As the document has it."""
    method: str
    """In lower case."""
    body: dict[str, Any]
    """The operation object, with types under ``schema``."""


def document_path(template: str) -> str:
    """Write a path template as OpenAPI does: ``/files/{name:path}`` -> ``/files/{name}``."""
    return _PLACEHOLDER.sub(r"{\1}", template)


def describe_operations(routes: Iterable[RoutePlan]) -> list[Operation]:
    """Return the operations of all routes that are shown, sorted by path and method.

    Raises an ExceptionGroup of DefinitionErrors.
    """
    plans = sorted((plan for plan in routes if plan.in_document and plan.method.lower() in _METHODS), key=key_of)
    paths = _document_paths(plans)
    ids, errors = operation_ids(plans)
    found: dict[tuple[str, int], tuple[RoutePlan, Operation]] = {}
    for plan in plans:
        path = paths[plan.path]
        try:
            operation = Operation(path=path, method=plan.method.lower(), body=_describe(plan, path, ids[key_of(plan)]))
        except DefinitionError as error:
            errors.append(error)
            continue
        other, _ = found.setdefault((path, _METHODS.index(operation.method)), (plan, operation))
        if other is not plan:
            errors.append(DuplicateOperationError(plan.label, plan.method, path, other.label))
    if errors:
        raise ExceptionGroup("The OpenAPI document cannot be made", list({str(one): one for one in errors}.values()))
    return [found[key][1] for key in sorted(found)]


def _document_paths(plans: Iterable[RoutePlan]) -> dict[str, str]:
    """Give templates that differ in nothing but the names of placeholders one spelling, since OpenAPI forbids two."""
    spellings: dict[str, str] = {}
    for template in sorted({document_path(plan.path) for plan in plans}):
        spellings.setdefault(_PLACEHOLDER.sub("{}", template), template)
    return {plan.path: spellings[_PLACEHOLDER.sub("{}", plan.path)] for plan in plans}


def _describe(plan: RoutePlan, path: str, operation_id: str) -> dict[str, Any]:
    summary, description = summary_and_description(plan.function.__doc__)
    renamed = dict(zip(_PLACEHOLDER.findall(plan.path), _PLACEHOLDER.findall(path), strict=True))
    operation = compact(
        tags=list(plan.tags) or None,
        summary=summary if plan.summary is None else plan.summary,
        description=description if plan.description is None else plan.description,
        operationId=operation_id,
        parameters=describe_parameters(plan.parameters, renamed) or None,
        requestBody=None if plan.body is None else _request_body(plan.body),
        responses=_responses(plan),
        deprecated=plan.deprecated or None,
    )
    return operation if plan.extra is None else _merged(operation, plain_copy(plan.extra))


def _request_body(body: BodyPlan) -> dict[str, Any]:
    # None only says that the body may be absent.
    default = {} if body.default is None else default_of(body)
    kind = inspect.Metadata(body.type, extra_json_schema=default) if default else body.type
    return compact(
        description=body.description, content={_essence(body.media_type): {"schema": kind}}, required=body.required
    )


def _responses(plan: RoutePlan) -> dict[str, Any]:
    success = {str(plan.response.status): _success(plan.response)}
    return success | problem_responses(_own_statuses(plan), plan.raises)


def _success(response: ResponsePlan) -> dict[str, Any]:
    described = {"description": reason_phrase(response.status) or f"Status {response.status}"}
    if response.media_type is None:
        return described
    # Bytes as they are have no JSON Schema (OpenAPI 3.1, section 4.8.14.1).
    media: dict[str, Any] = {} if response.encoding is Encoding.BYTES else {"schema": describe(response.annotation)}
    return {**described, "content": {_essence(response.media_type): media}}


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip()


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


def _merged(known: dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings, append lists and put all else in the place of what was there."""
    merged = dict(known)
    for key, value in added.items():
        merge = _MERGERS.get((type(merged.get(key)), type(value)))
        merged[key] = value if merge is None else merge(merged[key], value)
    return merged


_MERGERS: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (dict, dict): _merged,
    (list, list): lambda known, added: [*known, *added],
}
