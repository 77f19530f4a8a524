"""JSON Schemas of draft 2020-12, which OpenAPI 3.1 has, as those of draft 07, which AsyncAPI 3.0 has."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ("as_draft_07",)

_Write = Callable[[Any], Any]


def as_draft_07(schema: Any) -> Any:
    """Return a schema that says the same in draft 07.

    A discriminator is left out: AsyncAPI's takes the names of schemas for the tags, and the tags are constants anyway.
    """
    if not isinstance(schema, Mapping):
        return schema  # true and false
    found = {name: _MEMBERS.get(name, _as_it_is)(value) for name, value in schema.items() if name != "discriminator"}
    if "prefixItems" in found:
        items, rest = found.pop("prefixItems"), found.pop("items", True)
        # The old draft has no list of none.
        found["items"] = items or rest
        if items and rest not in (True, {}):
            found["additionalItems"] = rest
    if "$ref" in found and len(found) > 1:
        # Nothing beside a reference counts.
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
"""What holds schemas; all else is data, whatever its keys are called."""
