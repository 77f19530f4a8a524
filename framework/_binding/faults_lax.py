"""What msgspec accepts although it should not.

Its lax mode does so for the texts of a URL, header, cookie or form; its strict mode for Decimals of a body, and for the
floats of MessagePack.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, inspect

from framework._binding.collisions import collide, has_chosen_hashes
from framework._binding.faults_kinds import MAPPINGS, OBJECTS, SETS, bare, form_of, member_for, per_kind
from framework._binding.faults_verdicts import judge
from framework._inspect.types import subtypes

__all__ = (
    "COLLIDING",
    "LaxCheck",
    "holds_chosen_keys",
    "is_colliding",
    "lax_check",
    "lax_reason",
    "strict_check",
    "strict_reason",
)

# The argument is a text, a list of texts or, for a model, a dict of them.
LaxCheck: TypeAlias = Callable[[Any], bool]
# A code and a detail.
_Reason: TypeAlias = tuple[str, str]


class _Watch(Struct, frozen=True):
    """What to look out for in the text of one kind: ``suspect`` is quick, ``tests`` decide."""

    suspect: re.Pattern[str]
    tests: tuple[Callable[[inspect.Type, str], _Reason | None], ...]


_INFINITE: _Reason = ("value", "Expected a finite number")
COLLIDING: _Reason = ("value", "Too many keys with colliding hashes")


def _null(kind: inspect.Type, text: str) -> _Reason | None:
    """Refuse a text that msgspec reads as None."""
    if text.lower() != "null":
        return None
    others = tuple(member for member in _members(kind) if not isinstance(member, inspect.NoneType))
    if not others:
        return "type", "Expected `null`, got `str`"
    return "type", _strict_detail(inspect.UnionType(others), None)


def _infinite_float(_kind: inspect.Type, text: str) -> _Reason | None:
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return _INFINITE
    return None


def _infinite_decimal(_kind: inspect.Type, text: str) -> _Reason | None:
    """Refuse NaN, sNaN, NaN1 and infinities in each of the spellings that Decimal reads."""
    return _INFINITE if _is_infinite(text) else None


def _is_infinite(text: str) -> bool:
    try:
        return not Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _bare_number(kind: inspect.Type, text: str) -> _Reason | None:
    """Refuse a number that msgspec reads as seconds."""
    if _NUMBER.fullmatch(text) is None:
        return None
    if any(isinstance(member, _NUMERIC) for member in _members(kind)):
        # The number is then for one of those, unless msgspec still makes a time of it: 1.5 into int | datetime.
        try:
            value = msgspec.convert(text, form_of(kind).hint, strict=False)
        except msgspec.ValidationError:
            return None
        if not isinstance(value, (dt.datetime, dt.timedelta)):
            return None
    return "type", _strict_detail(kind, 1 if text.lstrip("-").isdigit() else 1.5)


def _strict_detail(kind: inspect.Type, value: object) -> str:
    """Let msgspec say what it expects in the place of a value of JSON's."""
    finding = judge(form_of(kind), value, strict=True)
    return finding.detail if finding is not None else "Invalid value"


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NUMERIC = (inspect.IntType, inspect.FloatType, inspect.BoolType, inspect.LiteralType, inspect.EnumType)
_TEXTUAL = (inspect.StrType, inspect.AnyType)

_HAZARDS: dict[type[inspect.Type], tuple[str, Callable[[inspect.Type, str], _Reason | None]]] = {
    inspect.NoneType: (r"(?i:null)", _null),
    inspect.FloatType: (r"[+-]?(?i:nan|inf|infinity)", _infinite_float),
    inspect.DecimalType: (r"(?is:.*n.*)", _infinite_decimal),
    inspect.DateTimeType: (_NUMBER.pattern, _bare_number),
    inspect.TimeDeltaType: (_NUMBER.pattern, _bare_number),
}


def _members(kind: inspect.Type) -> list[inspect.Type]:
    """Return what a scalar may be: Literal[1, None] -> Literal[1], None."""
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return [member for inner in kind.types for member in _members(inner)]
    if isinstance(kind, inspect.LiteralType) and None in kind.values:
        values = tuple(value for value in kind.values if value is not None)
        return [*([inspect.LiteralType(values)] if values else []), inspect.NoneType()]
    return [kind]


@per_kind
def _watch_of(kind: inspect.Type) -> _Watch | None:
    members = _members(kind)
    if any(isinstance(member, _TEXTUAL) for member in members):
        return None
    hazards = dict(_HAZARDS[type(member)] for member in members if type(member) in _HAZARDS)
    if not hazards:
        return None
    return _Watch(re.compile("|".join(hazards), re.ASCII), tuple(dict.fromkeys(hazards.values())))


def is_colliding(kind: Any, raw: Any) -> bool:
    """Tell whether a tree would become a dict or set that takes too long to make."""
    fits = isinstance(raw, list if isinstance(kind, SETS) else dict)
    return fits and _is_chosen(kind) and collide(kind, raw)


def lax_reason(kind: inspect.Type, raw: object) -> tuple[str, str] | None:
    """Return the code and detail of the fault that a text is for a kind, where msgspec would let it pass."""
    watch = _watch_of(kind)
    if watch is None or not isinstance(raw, str):
        return None
    return next((reason for test in watch.tests if (reason := test(kind, raw)) is not None), None)


@per_kind
def lax_check(kind: inspect.Type) -> LaxCheck | None:
    """Return a function that is True for what must be refused although msgspec takes it, or None where nothing is.

    It takes what ``msgspec.convert(..., strict=False)`` takes: a text, a list of texts, or a dict of these for a model.
    """
    return _check(kind, _Building({}, _text_check))


@per_kind
def strict_check(kind: inspect.Type) -> LaxCheck | None:
    """Return the same for the decoded tree of a body, whose texts may be Decimals."""
    if not holds_numbers(kind) and not holds_chosen_keys(kind):
        return None
    return _check(kind, _Building({}, _infinite_check, with_keys=True))


def holds_numbers(kind: inspect.Type) -> bool:
    """Tell whether a type holds Decimals or floats."""
    return any(isinstance(one, (inspect.DecimalType, inspect.FloatType)) for one in subtypes(kind))


def holds_chosen_keys(kind: inspect.Type) -> bool:
    """Tell whether a type holds a dict or set whose keys may have hashes that a client chooses."""
    return any(map(_is_chosen, subtypes(kind)))


def _is_chosen(kind: Any) -> bool:
    if type(kind) in SETS:
        return has_chosen_hashes(kind.item_type)
    return type(kind) in MAPPINGS and _has_chosen_keys(kind)


def strict_reason(kind: inspect.Type, raw: object) -> _Reason | None:
    """Return the code and detail of the fault that a value of a body is, where msgspec would let it pass."""
    check = _infinite_check(kind)
    return _INFINITE if check is not None and check(raw) else None


class _Building(Struct, frozen=True):
    """What the checks of one type are made with."""

    pending: dict[int, list[LaxCheck]]
    """The models that are being looked at, so that a model may hold itself."""
    leaf: Callable[[inspect.Type], LaxCheck | None]
    with_keys: bool = False
    """Whether the keys of mappings are looked at."""


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


def _text_check(kind: Any) -> LaxCheck | None:
    watch = _watch_of(kind)
    if watch is None:
        return None
    suspect = watch.suspect.fullmatch

    def refuse(raw: Any) -> bool:
        return isinstance(raw, str) and suspect(raw) is not None and lax_reason(kind, raw) is not None

    return refuse


@per_kind
def _infinite_check(kind: inspect.Type) -> LaxCheck | None:
    """Return what refuses a NaN or an infinity that a body has in the place of a number."""
    members = _members(kind)
    if any(isinstance(member, _TEXTUAL) for member in members):
        return None
    if not any(isinstance(member, (inspect.DecimalType, inspect.FloatType)) for member in members):
        return None
    with_texts = any(isinstance(member, inspect.DecimalType) for member in members)

    def refuse(raw: Any) -> bool:
        if isinstance(raw, float):
            return not math.isfinite(raw)
        return with_texts and isinstance(raw, str) and _is_infinite(raw)

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
    # Without a type the keys of JSON are texts.
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
