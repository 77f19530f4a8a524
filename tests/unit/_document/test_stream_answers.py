"""Streams in the document: the schema of one item, and a description that says so."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec import Struct

from framework import Event, EventStream
from framework._compile.responses.streams import plan_stream
from framework._plan import RoutePlan


class Order(Struct):
    """What somebody wants."""

    sku: str = "A-1"


def refuse(error: Exception) -> None:
    """Let no mistake pass."""
    raise error


_REFERENCE = {"$ref": "#/components/schemas/Order"}


@pytest.mark.parametrize(
    ("annotation", "description", "content"),
    [
        (
            AsyncIterator[Order],
            "OK. A stream of JSON lines; the schema is that of each line.",
            {"application/jsonl": {"schema": _REFERENCE}},
        ),
        (AsyncIterator[bytes], "OK. A stream of bytes.", {"application/octet-stream": {}}),
        (AsyncIterator[str], "OK. A stream of text.", {"text/plain": {"schema": {"type": "string"}}}),
        (
            EventStream[Order | Event[Order]],
            "OK. A stream of server-sent events; the schema is that of the data of each event.",
            {"text/event-stream": {"schema": _REFERENCE}},
        ),
        (
            EventStream[Event[str]],
            "OK. A stream of server-sent events; the schema is that of the data of each event.",
            {"text/event-stream": {"schema": {"type": "string"}}},
        ),
    ],
)
def test_stream_is_described_by_its_items(
    plan: Callable[..., RoutePlan],
    document: Callable[..., dict[str, Any]],
    annotation: Any,
    description: str,
    content: dict[str, Any],
) -> None:
    """OpenAPI 3.1 has no schema for an item, so that of the body is that of one; the document is valid."""
    response = plan_stream(annotation, where="Feed.show", options={}, awaited=False, report=refuse)
    described = document(plan("/things", response=response))["paths"]["/things"]["get"]["responses"]
    assert described == {
        "200": {"description": description, "content": content},
        "406": {"$ref": "#/components/responses/NotAcceptable"},
    }
