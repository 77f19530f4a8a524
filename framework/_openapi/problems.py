"""The problem bodies (RFC 9457) in the document: the shared ones, and one for each error with members of its own."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from framework._inspect.hints import class_hints
from framework._inspect.types import fields_of
from framework._openapi.placeholders import describe
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
    "ANSWERS",
    "FAULT",
    "MEDIA_TYPE",
    "Answer",
    "Problem",
    "ValidationProblem",
    "problem_type",
)

MEDIA_TYPE = "application/problem+json"

_Reference = Annotated[str, Meta(extra_json_schema={"format": "uri-reference"})]


class Problem(Struct, kw_only=True):
    """An error, as RFC 9457 describes it."""

    type: Annotated[_Reference, Meta(description="Names the kind of problem; `about:blank` where the status does.")]
    title: str
    status: Annotated[int, Meta(description="The status of the response.")]
    detail: Annotated[str, Meta(description="What happened this time.")] | UnsetType = UNSET
    instance: Annotated[_Reference, Meta(description="The path of the request.")]


class ValidationProblem(Problem, kw_only=True):
    """A request that cannot be parsed or is invalid, with all of its faults."""

    errors: list[FieldError]


class _Fault(Struct):
    """One thing that is wrong with a request."""

    location: Literal["path", "query", "header", "cookie", "body", "form"]
    pointer: Annotated[str, Meta(description="Where below the location.", extra_json_schema={"format": "json-pointer"})]
    code: Literal["missing", "unknown", "type", "value", "constraint", "tag", "key", "syntax"]
    detail: Annotated[str, Meta(description="What was expected.")]


FAULT = inspect.type_info(_Fault)
"""``framework.http_errors.FieldError`` with all that can stand in it."""


class Answer(Struct, frozen=True, kw_only=True):
    """A response that the framework itself gives, shared by all operations."""

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

ANSWERS: dict[int, Answer] = {
    400: Answer(error=BadRequest, description="The request cannot be parsed.", body=ValidationProblem),
    401: Answer(
        error=Unauthorized,
        description="The request has no credentials, or none that are valid.",
        headers={"WWW-Authenticate": {**_CHALLENGE, "required": True}},
    ),
    403: Answer(
        error=Forbidden,
        description="The credentials do not allow this.",
        headers={"WWW-Authenticate": _CHALLENGE},
    ),
    404: Answer(error=NotFound, description="There is no such thing."),
    406: Answer(error=NotAcceptable, description="There is no answer of a type that the client accepts."),
    408: Answer(error=RequestTimeout, description="The body arrives too slowly."),
    412: Answer(error=PreconditionFailed, description="A precondition (`If-Match`, for example) does not hold."),
    413: Answer(error=ContentTooLarge, description="The body is larger than this operation takes."),
    415: Answer(error=UnsupportedMediaType, description="The body is of a type that this operation does not read."),
    416: Answer(error=RangeNotSatisfiable, description="The part that is asked for does not exist."),
    422: Answer(
        error=UnprocessableContent,
        description="The request can be parsed and is invalid; `errors` lists every error.",
        body=ValidationProblem,
    ),
    428: Answer(error=PreconditionRequired, description="The request must say which version it means."),
    503: Answer(error=ServiceUnavailable, description="The operation takes longer than it may."),
}


def problem_type(error: type[HTTPError]) -> inspect.Type:
    """Return the body of an error: a shared one where the error adds nothing, else one with its title and members."""
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
    # A member with a default is required as well: the body has it always.
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError) as fault:
        raise UnresolvedAnnotationError(f"{error.__module__}.{error.__qualname__}", str(fault)) from fault
    return tuple(inspect.Field(name, name, describe(hints[name])) for name in error.members)
