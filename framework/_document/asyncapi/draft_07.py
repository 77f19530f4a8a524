"""Converts JSON Schemas from draft 2020-12 (OpenAPI 3.1) to draft 07 (AsyncAPI 3.0)."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ("as_draft_07",)

_Write = Callable[[Any], Any]


def as_draft_07(schema: Any) -> Any:
    """Return the equivalent schema of draft 07.

    A discriminator is left out: AsyncAPI's maps schema names instead of tags, and the tags are constants in any case.
    """
    if not isinstance(schema, Mapping):
        return schema  # true and false
    found = {name: _MEMBERS.get(name, _as_it_is)(value) for name, value in schema.items() if name != "discriminator"}
    if "prefixItems" in found:
        items, rest = found.pop("prefixItems"), found.pop("items", True)
        # Draft 07 does not allow an empty list.
        found["items"] = items or rest
        if items and rest not in (True, {}):
            found["additionalItems"] = rest
    if "$ref" in found and len(found) > 1:
        # Keys beside a reference are ignored.
        found["allOf"] = [{"$ref": found.pop("$ref")}, *found.get("allOf", ())]
    return found


def _as_it_is(value: Any) -> Any:
    return value


def _all(schemas: Any) -> Any:
    return [as_draft_07(one) for one in schemas]


def _each(schemas: Any) -> Any:
    return {name: as_draft_07(one) for name, one in schemas.items()}


_MEMBERS: Mapping[str, _Write] = {
    **dict.fromkeys(
        ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"), as_draft_07
    ),
    **dict.fromkeys(("prefixItems", "allOf", "anyOf", "oneOf"), _all),
    **dict.fromkeys(("properties", "patternProperties"), _each),
}
"""The keys whose values are schemas; all other values are data."""
