"""Closes the objects of a document: a response must not have fields that its schema does not describe."""

from collections.abc import Mapping
from typing import Any

__all__ = ("as_closed",)

# With these keywords, properties are described in more than one place.
_COMPOSED = frozenset({"allOf", "if", "dependentSchemas", "patternProperties"})


def as_closed(node: Any) -> Any:
    """Return (a part of) a document in which objects have only the properties that their schemas describe.

    OpenAPI's schemas allow properties that they do not describe, so that clients accept new ones. A server that sends
    such a property probably sends it unintentionally. Schemas with ``additionalProperties`` of their own are unchanged.
    """
    if isinstance(node, list):
        return [as_closed(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    closed = {key: as_closed(one) for key, one in node.items()}
    is_open = "additionalProperties" not in closed and "unevaluatedProperties" not in closed
    is_object = closed.get("type") in ("object", ["object", "null"]) and "properties" in closed
    if is_object and is_open and _COMPOSED.isdisjoint(closed):
        closed["additionalProperties"] = False
    return closed
