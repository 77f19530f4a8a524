"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4): parsed, and checked against the route that declares them."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct, inspect

from framework._document.openapi.bodies import request_body
from framework._document.openapi.operations import merged
from framework._document.openapi.responses import describe_responses, precondition_parameters
from framework._document.schemas.placeholders import describe
from framework._document.schemas.scalars import plain_copy
from framework._http.tokens import TOKEN
from framework._inspect.pointers import unreachable
from framework._plan import BodyKind, Encoding, RoutePlan, Source

__all__ = ("LinkError", "expression_errors", "is_expression", "template_errors")

LinkError = tuple[str, str]
"""What is wrong, and the hint."""

_EXPRESSION = re.compile(
    r"\$(?:(?:url|method|statusCode)|(?P<side>request|response)\."
    rf"(?:(?P<source>header)\.(?P<token>{TOKEN})"
    r"|(?P<named>query|path)\.(?P<name>.+)"
    r"|(?P<body>body)(?:#(?P<pointer>(?:/(?:[^/~]|~[01])*)*))?))\Z"
)
_EMBEDDED = re.compile(r"\{([^{}]*)\}")
_WRITTEN = (
    'write "$request.path.NAME", "$request.query.NAME", "$request.header.NAME", "$request.body#/POINTER", '
    '"$response.header.NAME", "$response.body#/POINTER", "$url", "$method" or "$statusCode"'
)
# OpenAPI 3.1, section 4.8.12.1: other parts of an operation define these headers, not its parameters.
_HEADERS_OF_ANY = ("accept", "authorization", "content-type")
_JSON = frozenset({Encoding.MSGSPEC, Encoding.ORJSON})


class _Expression(Struct, frozen=True, kw_only=True):
    text: str
    side: str | None
    """``request`` or ``response``; other expressions have no further parts."""
    source: str
    name: str
    """For a body, the JSON pointer."""


def is_expression(value: Any) -> bool:
    """Return whether a value is a runtime expression and not a constant."""
    return isinstance(value, str) and (value.startswith("$") or "{$" in value)


def expression_errors(text: str, plan: RoutePlan) -> Iterator[LinkError]:
    """Yield the errors of an expression, or of a string with several expressions in braces, on a route."""
    if not text.startswith("$"):
        yield from template_errors(text, plan)
        return
    expression = _read(text)
    if expression is None:
        yield f"{text!r} is not a runtime expression", _WRITTEN
    elif expression.side is not None:
        yield from _CHECKS[expression.side, expression.source](expression, plan)


def template_errors(text: str, plan: RoutePlan) -> Iterator[LinkError]:
    """Yield the errors of a string with expressions in braces."""
    if set(_EMBEDDED.sub("", text)) & set("{}"):
        yield f"{text!r} has a brace without its other", "close each expression: {$request.body#/url}"
        return
    for one in _EMBEDDED.findall(text):
        if one.startswith("$"):
            yield from expression_errors(one, plan)
        else:
            yield f"{'{' + one + '}'!r} is not a runtime expression", _WRITTEN


def _read(text: str) -> _Expression | None:
    found = _EXPRESSION.match(text)
    if found is None:
        return None
    parts = found.groupdict("")
    return _Expression(
        text=text,
        side=found["side"],
        source=parts["source"] or parts["named"] or parts["body"],
        name=parts["token"] or parts["name"] or parts["pointer"],
    )


# What a route has


def _unknown(expression: _Expression, what: str, known: Sequence[str]) -> Iterator[LinkError]:
    hint = f"use one of {', '.join(known)}" if known else "take it out"
    yield f"{expression.text!r} names {what} that the route does not have", hint


def _names(plan: RoutePlan, source: Source) -> list[str]:
    return [field.name for one in plan.all_parameters if one.source is source for field in one.fields]


def _path_or_query(expression: _Expression, plan: RoutePlan) -> Iterator[LinkError]:
    known = _names(plan, Source(expression.source))
    if expression.name not in known:
        yield from _unknown(expression, f"a {expression.source} parameter", known)


def _request_header(expression: _Expression, plan: RoutePlan) -> Iterator[LinkError]:
    declared = [*_names(plan, Source.HEADER), *(one["name"].lower() for one in precondition_parameters(plan))]
    if expression.name.lower() not in {*declared, *_HEADERS_OF_ANY}:
        yield from _unknown(expression, "a header", list(dict.fromkeys([*declared, *_HEADERS_OF_ANY])))


def _response_header(expression: _Expression, plan: RoutePlan) -> Iterator[LinkError]:
    if plan.response.encoding is Encoding.PASS or expression.name.lower() == "content-type":
        return
    known = _response_headers(plan)
    if expression.name.lower() not in {one.lower() for one in known}:
        yield (
            f"{expression.text!r} names a header that the route does not declare",
            f"use one of {', '.join(known)}, or declare it with response_headers="
            if known
            else "declare it with response_headers=",
        )


def _response_headers(plan: RoutePlan) -> list[str]:
    status = str(plan.response.status)
    described = {"responses": {status: describe_responses(plan)[status]}}
    success = merged(described, plain_copy(plan.extra or {}))["responses"][status]
    return list(success.get("headers", ()))


def _request_body(expression: _Expression, plan: RoutePlan) -> Iterator[LinkError]:
    body = plan.body
    if body is None:
        yield f"{expression.text!r} names a body, and the route reads none", "take it out"
    elif body.kind is BodyKind.TYPED:
        yield from _pointer(expression, body.type, "the body of the request")
    elif body.kind is BodyKind.FORM:
        content = (request_body(plan) or {})["content"]
        yield from _pointer(expression, next(iter(content.values()))["schema"], "the body of the request")
    else:
        yield from _pointer(expression, None, "the body of the request")


def _response_body(expression: _Expression, plan: RoutePlan) -> Iterator[LinkError]:
    response = plan.response
    if response.encoding is Encoding.NONE:
        yield f"{expression.text!r} names a body, but the response of the route has none", "take it out"
    elif response.encoding is not Encoding.PASS:
        is_json = response.encoding in _JSON and response.stream is None
        yield from _pointer(expression, describe(response.annotation) if is_json else None, "the response")


def _pointer(expression: _Expression, kind: inspect.Type | None, owner: str) -> Iterator[LinkError]:
    """Check a pointer into a body; a body without a type is not JSON."""
    if not expression.name:
        return
    if kind is None:
        whole = expression.text.partition("#")[0]
        yield f"{expression.text!r} points into {owner}, which is not JSON", f'write "{whole}"'
        return
    missing = unreachable(kind, expression.name)
    if missing is not None:
        pointer, others = missing
        yield (
            f"{expression.text!r} points to what {owner} cannot have: {pointer}",
            f"use one of {', '.join(others)}" if others else "point to a value above it",
        )


def _not_in_a_response(expression: _Expression, _: RoutePlan) -> Iterator[LinkError]:
    yield f"{expression.text!r} names a {expression.source} parameter of a response, which has none", _WRITTEN


_CHECKS: dict[tuple[str, str], Callable[[_Expression, RoutePlan], Iterator[LinkError]]] = {
    ("request", "path"): _path_or_query,
    ("request", "query"): _path_or_query,
    ("request", "header"): _request_header,
    ("request", "body"): _request_body,
    ("response", "path"): _not_in_a_response,
    ("response", "query"): _not_in_a_response,
    ("response", "header"): _response_header,
    ("response", "body"): _response_body,
}
