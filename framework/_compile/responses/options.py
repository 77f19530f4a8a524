"""Checks options of a route that contradict its method, its return annotation, or each other."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from framework._http.tokens import is_token
from framework._inspect.names import type_name
from framework._plan import Encoding
from framework._serve.responses.headers import header_name
from framework.caching import CacheControl
from framework.errors import DefinitionError, InvalidOptionError, InvalidResponseError

__all__ = ("option_mistakes",)

_WITHOUT_VALUE = frozenset({Encoding.NONE, Encoding.PASS})


def option_mistakes(
    options: Mapping[str, Any], *, where: str, method: str, annotation: Any, encoding: Encoding, may_set_headers: bool
) -> Iterator[DefinitionError]:
    """Yield the errors in the options of a route that concern its response."""
    control = options.get("cache_control")
    if isinstance(control, CacheControl) and (mistake := control.mistake()) is not None:
        yield InvalidOptionError(where, f"cache_control= is not a policy: {mistake}", hint="keep what is meant")
    for name in ("etag", "last_modified"):
        if options.get(name):
            yield from _validator(name, where, method, annotation, encoding)
    if options.get("ranges") and (method != "GET" or encoding is not Encoding.BYTES):
        what = method if method != "GET" else type_name(annotation)
        yield InvalidResponseError(
            where, f"ranges=True is for GET and bytes, and it is {what}", hint="return bytes, or drop ranges=True"
        )
    if options.get("response_headers") is not None and not may_set_headers:
        yield InvalidResponseError(
            where,
            "response_headers= declares headers that it cannot set",
            hint=f"annotate it -> Response[{type_name(annotation)}], and give Response(headers=…)",
        )
    for name in _wrong_names(options.get("response_headers")):
        yield InvalidOptionError(
            where,
            f"response_headers= has a header {name!r}, which is not a token",
            hint="name headers with letters, digits, '-' and '_' (RFC 9110, section 5.1)",
        )
    if options.get("require_precondition") and method in {"GET", "HEAD", "OPTIONS"}:
        yield InvalidOptionError(
            where, f"require_precondition=True is for what changes something, and it is {method}", hint="drop it"
        )


def _wrong_names(headers: type[Struct] | None) -> list[str]:
    names = [] if headers is None else [header_name(field.encode_name) for field in msgspec.structs.fields(headers)]
    return [name for name in names if not is_token(name)]


def _validator(name: str, where: str, method: str, annotation: Any, encoding: Encoding) -> Iterator[DefinitionError]:
    if method not in {"GET", "HEAD"}:
        yield InvalidResponseError(
            where,
            f"{name}= is for GET, and it is {method}",
            hint=f"drop {name}=, and take preconditions: Preconditions where a version is to be compared",
        )
    elif encoding in _WITHOUT_VALUE:
        what = "nothing" if encoding is Encoding.NONE else f"a ready {type_name(annotation)}"
        hint = f"annotate it with the type of the value, or drop {name}="
        yield InvalidResponseError(where, f"{name}= needs a value, and it returns {what}", hint=hint)
