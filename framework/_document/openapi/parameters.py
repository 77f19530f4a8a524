"""Parameters of an operation: one for each name on the wire."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import NODEFAULT, inspect
from msgspec.structs import replace

from framework._document.schemas.scalars import Schema, compact, examples_of
from framework._document.schemas.schemas import default_of
from framework._inspect.types import holds_custom, kind_of
from framework._plan import FieldPlan, ParameterPlan, Source

__all__ = ("can_be_invalid", "describe_parameters", "is_required", "not_empty", "without_null")

# OpenAPI 3.1, section 4.8.12.1: header parameters of these names are ignored; other parts of the operation define them.
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_STYLES: dict[str, dict[str, Any]] = {
    "csv": {"style": "form", "explode": False},
    "pipe": {"style": "pipeDelimited", "explode": False},
    "deepObject": {"style": "deepObject", "explode": True},
}
# Repeated values are both read here; of equal cookies only one is.
_REPEATABLE = frozenset({Source.QUERY, Source.HEADER, Source.FORM})
_UNCONSTRAINED = (inspect.AnyType(), inspect.RawType(), inspect.StrType())


def describe_parameters(
    parameters: tuple[ParameterPlan, ...], renamed: Mapping[str, str], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the parameters with types in place of schemas.

    ``renamed`` maps placeholders to their names in the document; ``texts`` are descriptions, by variable, for
    parameters without their own.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for plan in parameters:
        for field in plan.fields:
            if plan.source is Source.FORM or (plan.source is Source.HEADER and field.name.lower() in _IGNORED_HEADERS):
                continue
            one = _describe(plan, field, texts.get(plan.variable))
            if plan.source is Source.PATH:
                one["name"] = renamed.get(field.name, field.name)
            # A model and another parameter may read the same name; it is required if one of them requires it.
            known = found.setdefault((one["in"], one["name"]), one)
            if one.get("required"):
                known["required"] = True
    return list(found.values())


def can_be_invalid(plan: ParameterPlan) -> bool:
    """Return whether a request that can be parsed may be rejected (422) because of this parameter."""
    # A path without the value is another path.
    missing = plan.source is not Source.PATH and any(is_required(plan, field) for field in plan.fields)
    return (
        missing
        or plan.forbid_unknown
        or holds_custom(kind_of(plan.annotation))
        or any(_can_be_invalid(plan, field) for field in plan.fields)
    )


def _can_be_invalid(plan: ParameterPlan, field: FieldPlan) -> bool:
    if plan.source in _REPEATABLE and not (field.repeated and plan.style == "form"):
        return True
    kind, _ = _parted(without_null(field.type))
    if isinstance(kind, inspect.CollectionType) and kind.min_length is kind.max_length is None:
        kind, _ = _parted(kind.item_type)
    return kind not in _UNCONSTRAINED


def is_required(plan: ParameterPlan, field: FieldPlan) -> bool:
    """Return whether a request must contain a field of a parameter."""
    # A model with a default may be absent as a whole.
    return field.required and plan.default is NODEFAULT


def _describe(plan: ParameterPlan, field: FieldPlan, text: str | None) -> dict[str, Any]:
    kind, extra = _parted(without_null(field.type))
    if plan.source is Source.QUERY and field.repeated and plan.style == "form" and is_required(plan, field):
        kind = not_empty(kind)
    inner = extra.pop("description", None)
    deprecated = extra.pop("deprecated", False) or plan.deprecated
    # No string in a URL is null, so None only means that the parameter may be absent.
    default = {} if field.default is None else default_of(field)
    return compact(
        name=field.name,
        **{"in": plan.source.value},
        description=inner if plan.model else plan.description or inner or text,
        required=True if plan.source is Source.PATH or is_required(plan, field) else None,
        deprecated=True if deprecated else None,
        **(_STYLES.get(plan.style, {}) if field.repeated or plan.style == "deepObject" else {}),
        **examples_of(plan.examples),
        schema=_put_together(kind, extra | default),
    )


def _parted(kind: inspect.Type) -> tuple[inspect.Type, Schema]:
    """Split a type into the type and its Meta descriptions, which the parameter has instead of the schema."""
    extra: Schema = {}
    while isinstance(kind, inspect.Metadata):
        extra = {**(kind.extra_json_schema or {}), **extra}
        kind = kind.type
    return kind, extra


def _put_together(kind: inspect.Type, extra: Schema) -> inspect.Type:
    return inspect.Metadata(kind, extra_json_schema=extra) if extra else kind


def without_null(kind: inspect.Type) -> inspect.Type:
    """Return a type without None, because no string in a URL, header or cookie is null."""
    take_out = _NULL_TAKERS.get(type(kind))
    return kind if take_out is None else take_out(kind)


def not_empty(kind: inspect.Type) -> inspect.Type:
    """Require at least one item in a collection, because a name without values cannot be sent."""
    if isinstance(kind, inspect.Metadata):
        return replace(kind, type=not_empty(kind.type))
    return replace(kind, min_length=kind.min_length or 1) if isinstance(kind, inspect.CollectionType) else kind


def _union_without_null(kind: inspect.UnionType) -> inspect.Type:
    members = tuple(without_null(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    return members[0] if len(members) == 1 else inspect.UnionType(members)


def _literal_without_null(kind: inspect.LiteralType) -> inspect.Type:
    return inspect.LiteralType(tuple(value for value in kind.values if value is not None))


def _items_without_null(kind: Any) -> inspect.Type:
    return replace(kind, item_type=without_null(kind.item_type))  # type: ignore[no-any-return]


_NULL_TAKERS: dict[type[inspect.Type], Callable[[Any], inspect.Type]] = {
    inspect.Metadata: lambda kind: replace(kind, type=without_null(kind.type)),
    inspect.UnionType: _union_without_null,
    inspect.LiteralType: _literal_without_null,
    inspect.ListType: _items_without_null,
    inspect.SetType: _items_without_null,
    inspect.FrozenSetType: _items_without_null,
    inspect.VarTupleType: _items_without_null,
}
