"""The responses of an operation: its success, the framework's own problems, and the errors of its handler."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import inspect

from framework._document.openapi.error_responses import error_responses, joined
from framework._document.openapi.layer_headers import with_layer_headers
from framework._document.openapi.parameters import can_be_invalid
from framework._document.openapi.security import asks_for_credentials, asks_for_scopes
from framework._document.openapi.streams import describe_stream
from framework._document.schemas.placeholders import describe
from framework._document.schemas.scalars import plain_copy
from framework._http.media_types import essence
from framework._inspect.types import fields_of, without_metadata, without_none
from framework._plan import BodyKind, BodyPlan, Encoding, ResponsePlan, RoutePlan
from framework.http_errors import reason_phrase

__all__ = ("describe_responses", "precondition_parameters")

_UNCHECKED = (inspect.AnyType, inspect.RawType)
_SAFE = frozenset({"GET", "HEAD"})
_TEXT: dict[str, Any] = {"type": "string"}
# What the framework puts into the head, as far as the plan knows.
_KNOWN = {
    "ETag": ("The version of the response, for `If-None-Match` and `If-Match`.", _TEXT),
    "Last-Modified": ("When the resource last changed, as an HTTP date.", _TEXT),
    "Vary": ("The headers of the request that the response depends on.", _TEXT),
    "Cache-Control": ("What caches may do with the response.", _TEXT),
    "Accept-Ranges": ("The unit of parts that can be asked for.", {"const": "bytes"}),
    "Content-Range": ("Which part it is, and of how much.", _TEXT),
    "Location": ("Where to go on.", {**_TEXT, "format": "uri-reference"}),
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def describe_responses(plan: RoutePlan) -> dict[str, Any]:
    """Return the responses object of a route."""
    response = plan.response
    found = {response.status: _success(plan)}
    if response.redirects:
        status = response.status if response.status in _REDIRECTS else 303
        found[status] = {"description": reason_phrase(status), **_headers(["Location"])}
    if _has_parts(response):
        found[206] = _part(plan)
    if _may_be_unmodified(plan):
        found[304] = {"description": reason_phrase(304), **_headers(_validators(response))}
    for one in plan.steps:
        for status, described in one.steps.responses.items():
            found.setdefault(status, plain_copy(described))
    successes = {str(status): found[status] for status in sorted(found)}
    form = plan.body is not None and plan.body.kind is BodyKind.FORM
    errors = error_responses(_own_statuses(plan), plan.raises, plan.layers, plan.steps, form=form)
    return with_layer_headers(joined(successes, errors), plan)


def _success(plan: RoutePlan) -> dict[str, Any]:
    response = plan.response
    if response.stream is not None:
        return describe_stream(response, response.stream.kind)
    described = {
        "description": reason_phrase(response.status) or f"Status {response.status}",
        **_headers(_fixed_headers(response), _typed_headers(response) | _added_headers(plan)),
    }
    content = {essence(one.media_type): _media(response) for one in response.media if one.listed}
    if response.any_media:
        content["*/*"] = {}
    return {**described, "content": content} if content else described


def _media(response: ResponsePlan) -> dict[str, Any]:
    # Bytes as they are have no JSON Schema (OpenAPI 3.1, section 4.8.14.1).
    return {} if response.encoding is Encoding.BYTES else {"schema": describe(response.annotation)}


def _has_parts(response: ResponsePlan) -> bool:
    return response.ranges or (response.names_file and response.status == 200)  # noqa: PLR2004


def _part(plan: RoutePlan) -> dict[str, Any]:
    success = _success(plan)
    headers = {**success["headers"], **_headers(["Content-Range"])["headers"]}
    return {**success, "description": reason_phrase(206), "headers": headers}


def _fixed_headers(response: ResponsePlan) -> Iterator[str]:
    yield from _validators(response)
    if _has_parts(response):
        yield "Accept-Ranges"


def _validators(response: ResponsePlan) -> Iterator[str]:
    """Yield the headers that a 304 also has."""
    yield from (name for name, _ in response.headers)
    if response.etag or _has_parts(response):
        yield "ETag"
    if response.last_modified is not None or response.names_file:
        yield "Last-Modified"


def _typed_headers(response: ResponsePlan) -> dict[str, Any]:
    if response.typed_headers is None:
        return {}
    found: dict[str, Any] = {}
    for field in fields_of(describe(response.typed_headers)) or ():
        kind = _as_text(field.type)
        # As header_name() of the responses, which are a sibling.
        name = field.encode_name.replace("_", "-")
        found[name] = {"required": True, "schema": kind} if field.required and kind == field.type else {"schema": kind}
    return found


def _as_text(kind: inspect.Type) -> inspect.Type:
    """Return a type as a header: without null, and with dates as HTTP dates instead of RFC 3339."""
    plain = without_metadata(kind)
    if isinstance(plain, inspect.UnionType):
        members = tuple(_as_text(one) for one in plain.types if not isinstance(one, inspect.NoneType))
        return members[0] if len(members) == 1 else inspect.UnionType(members)
    return inspect.StrType() if isinstance(plain, inspect.DateTimeType) else kind


def precondition_parameters(plan: RoutePlan) -> list[dict[str, Any]]:
    """Return the header for the version that a write changes."""
    if plan.method in _SAFE or not (plan.takes_preconditions or plan.require_precondition):
        return []
    description = "The version that is meant, as its `ETag` says."
    return [{"name": "If-Match", "in": "header", "description": description, "schema": dict(_TEXT)}]


def _headers(names: Iterable[str], typed: dict[str, Any] | None = None) -> dict[str, Any]:
    known = {name: {"description": _KNOWN[name][0], "schema": dict(_KNOWN[name][1])} for name in names}
    headers = {**known, **(typed or {})}
    return {"headers": headers} if headers else {}


def _may_be_unmodified(plan: RoutePlan) -> bool:
    response = plan.response
    return plan.method in _SAFE and (response.conditional or _has_parts(response) or plan.takes_preconditions)


_DEPRECATION_HEADERS = {
    "Deprecation": "Since when this operation is not to be used any more, in seconds since 1970 (RFC 9745).",
    "Sunset": "When this operation will be gone (RFC 8594).",
    "Link": "Where it is written what to do instead (RFC 8288).",
}


def _added_headers(plan: RoutePlan) -> dict[str, Any]:
    said = dict(plan.response.value_headers)
    for name in plan.deprecation.headers() if plan.deprecation is not None else ():
        said[name] = f"{said[name]} {_DEPRECATION_HEADERS[name]}" if name in said else _DEPRECATION_HEADERS[name]
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in said.items()}


def _own_statuses(plan: RoutePlan) -> list[int]:
    """Return the statuses that the framework itself may send before the handler runs, or instead of it."""
    response = plan.response
    compares = response.conditional or _has_parts(response) or plan.takes_preconditions
    possible = {
        400: plan.body is not None or bool(plan.all_parameters),
        401: asks_for_credentials(plan),
        403: asks_for_scopes(plan),
        404: response.names_file,
        406: bool(response.media) and response.strict,
        408: plan.body is not None and plan.limits.body_rate > 0,
        412: compares,
        413: plan.body is not None,
        415: plan.body is not None,
        416: _has_parts(response),
        422: _body_can_be_invalid(plan.body) or any(can_be_invalid(one) for one in plan.all_parameters),
        428: plan.require_precondition,
        503: plan.limits.timeout is not None,
    }
    return [status for status, is_possible in possible.items() if is_possible]


def _body_can_be_invalid(body: BodyPlan | None) -> bool:
    if body is None or body.kind in {BodyKind.STREAM, BodyKind.FORM}:
        return False  # The fields of a form are parameters.
    if body.kind in {BodyKind.BYTES, BodyKind.TEXT}:
        return without_none(body.annotation) not in {bytes, str}
    return not isinstance(without_metadata(body.type), _UNCHECKED)
