"""Checks of whole types for values that msgspec accepts although it should not.

In lax mode, for the strings of a URL, header, cookie or form; in strict mode, for Decimals of a body and for the floats
of MessagePack.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, inspect

from framework._inspect.per_kind import per_kind
from framework._inspect.types import subtypes
from framework._serve.validation.collisions import collide, has_chosen_hashes
from framework._serve.validation.kinds import MAPPINGS, OBJECTS, SETS, bare, member_for
from framework._serve.validation.scalar_checks import LaxCheck, infinite_check, text_check

__all__ = ("COLLIDING", "holds_chosen_keys", "is_colliding", "lax_check", "strict_check")

COLLIDING = ("value", "Too many keys with colliding hashes")


def is_colliding(kind: Any, raw: Any) -> bool:
    """Return whether a tree would become a dict or set that takes too long to build."""
    fits = isinstance(raw, list if isinstance(kind, SETS) else dict)
    return fits and _is_chosen(kind) and collide(kind, raw)


@per_kind
def lax_check(kind: inspect.Type) -> LaxCheck | None:
    """Return a function that is True for values that must be rejected although msgspec accepts them, or None.

    Its argument is that of ``msgspec.convert(..., strict=False)``: a string, a list of strings, or a dict of these.
    """
    return _check(kind, _Building({}, text_check))


@per_kind
def strict_check(kind: inspect.Type) -> LaxCheck | None:
    """Return the same for the decoded tree of a body, whose strings may be Decimals."""
    if not holds_numbers(kind) and not holds_chosen_keys(kind):
        return None
    return _check(kind, _Building({}, infinite_check, with_keys=True))


def holds_numbers(kind: inspect.Type) -> bool:
    """Return whether a type contains Decimals or floats."""
    return any(isinstance(one, (inspect.DecimalType, inspect.FloatType)) for one in subtypes(kind))


def holds_chosen_keys(kind: inspect.Type) -> bool:
    """Return whether a type contains a dict or set whose keys may have hashes that a client chooses."""
    return any(map(_is_chosen, subtypes(kind)))


def _is_chosen(kind: Any) -> bool:
    if type(kind) in SETS:
        return has_chosen_hashes(kind.item_type)
    return type(kind) in MAPPINGS and _has_chosen_keys(kind)


class _Building(Struct, frozen=True):
    """The state while the checks of one type are built."""

    pending: dict[int, list[LaxCheck]]
    """The models whose checks are being built, for recursive models."""
    leaf: Callable[[inspect.Type], LaxCheck | None]
    with_keys: bool = False
    """Whether the keys of mappings are checked."""


def _check(kind: inspect.Type, building: _Building) -> LaxCheck | None:
    kind, pending = bare(kind), building.pending
    if id(kind) in pending:
        return _deferred(pending[id(kind)])
    pending[id(kind)] = holder = []
    make = _CHECKS.get(type(kind))
    check = building.leaf(kind) if make is None else make(kind, building)
    del pending[id(kind)]
    if check is not None:
        holder.append(check)
    return check


def _deferred(holder: list[LaxCheck]) -> LaxCheck:
    def refuse(raw: Any) -> bool:
        return bool(holder) and holder[0](raw)

    return refuse


def _items_check(kind: Any, building: _Building) -> LaxCheck | None:
    check = _check(kind.item_type, building)
    if check is None:
        return None

    def refuse(raw: Any) -> bool:
        return isinstance(raw, list) and any(map(check, raw))

    return refuse


def _set_check(kind: Any, building: _Building) -> LaxCheck | None:
    check = _items_check(kind, building)
    if not has_chosen_hashes(kind.item_type):
        return check

    def refuse(raw: Any) -> bool:
        return isinstance(raw, list) and ((check is not None and check(raw)) or collide(kind, raw))

    return refuse


def _has_chosen_keys(kind: Any) -> bool:
    # Without a type, the keys of JSON are strings.
    return has_chosen_hashes(kind.key_type) and not isinstance(bare(kind.key_type), inspect.AnyType)


def _values_check(kind: Any, building: _Building) -> LaxCheck | None:
    check = _check(kind.value_type, building)
    of_keys = _check(kind.key_type, building) if building.with_keys else None
    is_chosen = _has_chosen_keys(kind)
    if check is None and of_keys is None and not is_chosen:
        return None

    def refuse(raw: Any) -> bool:
        if not isinstance(raw, dict):
            return False
        if (of_keys is not None and any(map(of_keys, raw))) or (check is not None and any(map(check, raw.values()))):
            return True
        return is_chosen and collide(kind, raw)

    return refuse


def _places_check(kinds: list[inspect.Type], offset: int, building: _Building) -> LaxCheck | None:
    found = [(place, _check(kind, building)) for place, kind in enumerate(kinds, offset)]
    checks = [(place, check) for place, check in found if check is not None]
    if not checks:
        return None

    def refuse(raw: Any) -> bool:
        return isinstance(raw, list) and any(place < len(raw) and check(raw[place]) for place, check in checks)

    return refuse


def _tuple_check(kind: Any, building: _Building) -> LaxCheck | None:
    return _places_check(list(kind.item_types), 0, building)


def _model_check(kind: Any, building: _Building) -> LaxCheck | None:
    if isinstance(kind, inspect.NamedTupleType) or getattr(kind, "array_like", False):
        offset = 0 if getattr(kind, "tag", None) is None else 1
        return _places_check([field.type for field in kind.fields], offset, building)
    found = [(field.encode_name, _check(field.type, building)) for field in kind.fields]
    checks = [(name, check) for name, check in found if check is not None]
    if not checks:
        return None

    def refuse(raw: Any) -> bool:
        return isinstance(raw, dict) and any(name in raw and check(raw[name]) for name, check in checks)

    return refuse


def _union_check(kind: Any, building: _Building) -> LaxCheck | None:
    text = building.leaf(kind)
    found = [(bare(member), _check(member, building)) for member in kind.types if type(bare(member)) in _CHECKS]
    checks = {id(member): check for member, check in found if check is not None}
    if text is None and not checks:
        return None

    def refuse(raw: Any) -> bool:
        check = checks.get(id(member_for(kind, raw))) if isinstance(raw, (dict, list)) else text
        return check is not None and check(raw)

    return refuse


_CHECKS: dict[type[inspect.Type], Callable[[Any, _Building], LaxCheck | None]] = {
    **dict.fromkeys(MAPPINGS, _values_check),
    **dict.fromkeys((inspect.ListType, inspect.VarTupleType), _items_check),
    **dict.fromkeys(SETS, _set_check),
    **dict.fromkeys((*OBJECTS, inspect.StructType, inspect.NamedTupleType), _model_check),
    inspect.TupleType: _tuple_check,
    inspect.UnionType: _union_check,
}
