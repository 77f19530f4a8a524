"""Compares parameters that read the same name of a request."""

from typing import Any

from msgspec import inspect

from framework._inspect.names import type_name
from framework._inspect.types import without_metadata, without_none
from framework._plan import ParameterPlan

__all__ = ("contradiction", "owner_of", "reads_the_same")


def reads_the_same(one: ParameterPlan, other: ParameterPlan) -> bool:
    """Return whether two parameters have the same value in every request."""
    if one.annotation != other.annotation or one.style != other.style:
        return False
    return [(f.name, f.required, repr(f.default)) for f in one.fields] == [
        (f.name, f.required, repr(f.default)) for f in other.fields
    ]


def contradiction(one: ParameterPlan, other: ParameterPlan) -> str | None:
    """Return a name that two parameters read with different types; a difference in ``None`` is ignored."""
    if not one.model and not other.model:
        same = without_none(one.annotation) == without_none(other.annotation)
        return None if same else other.field.name
    known = {field.name: _bare(field.type) for field in one.fields}
    return next(
        (field.name for field in other.fields if known.get(field.name, _bare(field.type)) != _bare(field.type)), None
    )


def _bare(kind: inspect.Type) -> Any:
    kind = without_metadata(kind)
    if not isinstance(kind, inspect.UnionType):
        return kind
    kept = [without_metadata(one) for one in kind.types if not isinstance(one, inspect.NoneType)]
    return kept[0] if len(kept) == 1 else kept


def owner_of(plan: ParameterPlan) -> str:
    """Return the name of a parameter's type, to be compared with that of another."""
    name = type_name(plan.annotation)
    return f"a field of {name}" if plan.model else name
