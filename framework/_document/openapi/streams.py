"""Streams in the OpenAPI document: OpenAPI 3.1 has a schema for a whole body, but not for one item of it."""

from typing import Any

from framework._document.schemas.placeholders import describe
from framework._http.media_types import essence
from framework._plan import ResponsePlan, StreamKind
from framework.http_errors import reason_phrase

__all__ = ("describe_stream",)

_ABOUT: dict[StreamKind, str] = {
    StreamKind.LINES: "A stream of JSON lines; the schema is that of each line.",
    StreamKind.BYTES: "A stream of bytes.",
    StreamKind.TEXT: "A stream of text.",
    StreamKind.EVENTS: "A stream of server-sent events; the schema is that of the data of each event.",
}


def describe_stream(response: ResponsePlan, kind: StreamKind) -> dict[str, Any]:
    """Return the Response Object of a stream; the schema is that of one item, which the description explains."""
    described = {"description": f"{reason_phrase(response.status)}. {_ABOUT[kind]}".lstrip(". ")}
    if response.media_type is None:
        return described
    media: dict[str, Any] = {} if kind is StreamKind.BYTES else {"schema": describe(response.annotation)}
    return {**described, "content": {essence(response.media_type): media}}
