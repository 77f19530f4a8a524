"""The problem bodies (RFC 9457) in the OpenAPI document: shared ones, and one for each error with its own members."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from framework._document.schemas.placeholders import describe
from framework._inspect.signatures import class_hints
from framework._inspect.types import fields_of
from framework.errors import UnresolvedAnnotationError
from framework.http_errors import (
    BadRequest,
    ContentTooLarge,
    FieldError,
    Forbidden,
    HTTPError,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RangeNotSatisfiable,
    RequestTimeout,
    ServiceUnavailable,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
    reason_phrase,
)

__all__ = (
    "FIELD_ERROR",
    "MEDIA_TYPE",
    "PROBLEM_RESPONSES",
    "Problem",
    "ProblemResponse",
    "ValidationProblem",
    "problem_type",
)

MEDIA_TYPE = "application/problem+json"

_Reference = Annotated[str, Meta(extra_json_schema={"format": "uri-reference"})]


class Problem(Struct, kw_only=True):
    """An error, as RFC 9457 describes it."""

    type: Annotated[_Reference, Meta(description="Identifies the kind of problem; `about:blank` if the status does.")]
    title: str
    status: Annotated[int, Meta(description="The status of the response.")]
    detail: Annotated[str, Meta(description="What happened this time.")] | UnsetType = UNSET
    instance: Annotated[_Reference, Meta(description="The path of the request.")]
    request_id: Annotated[str, Meta(description="The id of the request, if it has one.")] | UnsetType = UNSET


class ValidationProblem(Problem, kw_only=True):
    """A request that cannot be parsed or is invalid, with all of its errors."""

    errors: list[FieldError]


class _FieldError(Struct):
    """One error in a request."""

    location: Literal["path", "query", "header", "cookie", "body", "form"]
    pointer: Annotated[str, Meta(description="Where below the location.", extra_json_schema={"format": "json-pointer"})]
    code: Literal["missing", "unknown", "type", "value", "constraint", "tag", "key", "syntax"]
    detail: Annotated[str, Meta(description="What was expected.")]


FIELD_ERROR = inspect.type_info(_FieldError)
"""``framework.http_errors.FieldError`` with all possible values of its fields."""


class ProblemResponse(Struct, frozen=True, kw_only=True):
    """A response of the framework itself, shared by all operations."""

    error: type[HTTPError]
    description: str
    body: type[Problem] = Problem
    headers: Mapping[str, Any] | None = None
    """Header Objects by name."""

    @property
    def name(self) -> str:
        """Its name among the components."""
        return self.error.__name__


_CHALLENGE = {"description": "How to authenticate (RFC 9110, section 11.6.1).", "schema": {"type": "string"}}

PROBLEM_RESPONSES: dict[int, ProblemResponse] = {
    400: ProblemResponse(error=BadRequest, description="The request cannot be parsed.", body=ValidationProblem),
    401: ProblemResponse(
        error=Unauthorized,
        description="The request has no credentials, or none that are valid.",
        headers={"WWW-Authenticate": {**_CHALLENGE, "required": True}},
    ),
    403: ProblemResponse(
        error=Forbidden,
        description="The credentials do not allow this.",
        headers={"WWW-Authenticate": _CHALLENGE},
    ),
    404: ProblemResponse(error=NotFound, description="The resource does not exist."),
    406: ProblemResponse(error=NotAcceptable, description="No media type that the client accepts is available."),
    408: ProblemResponse(error=RequestTimeout, description="The body arrives too slowly."),
    412: ProblemResponse(
        error=PreconditionFailed, description="A precondition (`If-Match`, for example) does not hold."
    ),
    413: ProblemResponse(error=ContentTooLarge, description="The body is larger than this operation allows."),
    415: ProblemResponse(
        error=UnsupportedMediaType, description="The body is of a type that this operation does not read."
    ),
    416: ProblemResponse(error=RangeNotSatisfiable, description="The requested range does not exist."),
    422: ProblemResponse(
        error=UnprocessableContent,
        description="The request can be parsed and is invalid; `errors` lists every error.",
        body=ValidationProblem,
    ),
    428: ProblemResponse(
        error=PreconditionRequired, description="The request must have a precondition, such as `If-Match`."
    ),
    503: ProblemResponse(error=ServiceUnavailable, description="The operation takes longer than its timeout."),
}


def problem_type(error: type[HTTPError]) -> inspect.Type:
    """Return the body of an error: a shared one if the error adds nothing, else one with its title and members."""
    if error.type == HTTPError.type and error.title == reason_phrase(error.status):
        if not error.members:
            return describe(Problem)
        if error.members == ("errors",) and issubclass(error, BadRequest | UnprocessableContent):
            return describe(ValidationProblem)
    return inspect.DataclassType(cls=error, fields=(*_common_fields(error), *_member_fields(error)))


def _common_fields(error: type[HTTPError]) -> tuple[inspect.Field, ...]:
    fixed: dict[str, str | int] = {"type": error.type, "title": error.title, "status": error.status}
    shared = fields_of(describe(Problem)) or ()
    return tuple(
        inspect.Field(one.name, one.name, inspect.LiteralType((fixed[one.name],))) if one.name in fixed else one
        for one in shared
    )


def _member_fields(error: type[HTTPError]) -> tuple[inspect.Field, ...]:
    # A member with a default is also required: the body always has it.
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError) as cause:
        raise UnresolvedAnnotationError(f"{error.__module__}.{error.__qualname__}", str(cause)) from cause
    return tuple(inspect.Field(name, error.renamed.get(name, name), describe(hints[name])) for name in error.members)
