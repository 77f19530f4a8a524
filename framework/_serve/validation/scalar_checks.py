"""Single strings and numbers that msgspec accepts although it should not: why they are rejected, and quick checks."""

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, inspect

from framework._inspect.per_kind import per_kind
from framework._serve.validation.kinds import bare, form_of
from framework._serve.validation.verdicts import judge

__all__ = ("LaxCheck", "infinite_check", "lax_reason", "strict_reason", "text_check")

# The argument is a string, a list of strings or, for a model, a dict of them.
LaxCheck: TypeAlias = Callable[[Any], bool]
# A code and a detail.
_Reason: TypeAlias = tuple[str, str]


class _Watch(Struct, frozen=True):
    """The checks of strings for one kind: ``suspect`` is quick, ``tests`` decide."""

    suspect: re.Pattern[str]
    tests: tuple[Callable[[inspect.Type, str], _Reason | None], ...]


_INFINITE: _Reason = ("value", "Expected a finite number")


def _null(kind: inspect.Type, text: str) -> _Reason | None:
    """Reject a string that msgspec reads as None."""
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
    """Reject NaN, sNaN, NaN1 and infinities in every spelling that Decimal reads."""
    return _INFINITE if _is_infinite(text) else None


def _is_infinite(text: str) -> bool:
    try:
        return not Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _bare_number(kind: inspect.Type, text: str) -> _Reason | None:
    """Reject a number that msgspec reads as seconds."""
    if _NUMBER.fullmatch(text) is None:
        return None
    if any(isinstance(member, _NUMERIC) for member in _members(kind)):
        # The number is then for one of those types, unless msgspec still makes a time of it: 1.5 into int | datetime.
        try:
            value = msgspec.convert(text, form_of(kind).hint, strict=False)
        except msgspec.ValidationError:
            return None
        if not isinstance(value, (dt.datetime, dt.timedelta)):
            return None
    return "type", _strict_detail(kind, 1 if text.lstrip("-").isdigit() else 1.5)


def _strict_detail(kind: inspect.Type, value: object) -> str:
    """Return msgspec's message about the JSON value that it expects."""
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
    """Return the possible types of a scalar: Literal[1, None] -> Literal[1], None."""
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


def lax_reason(kind: inspect.Type, raw: object) -> tuple[str, str] | None:
    """Return the code and detail of the error of a string for a kind that msgspec would accept."""
    watch = _watch_of(kind)
    if watch is None or not isinstance(raw, str):
        return None
    return next((reason for test in watch.tests if (reason := test(kind, raw)) is not None), None)


def strict_reason(kind: inspect.Type, raw: object) -> _Reason | None:
    """Return the code and detail of the error of a value in a body that msgspec would accept."""
    check = infinite_check(kind)
    return _INFINITE if check is not None and check(raw) else None


def text_check(kind: Any) -> LaxCheck | None:
    watch = _watch_of(kind)
    if watch is None:
        return None
    suspect = watch.suspect.fullmatch

    def refuse(raw: Any) -> bool:
        return isinstance(raw, str) and suspect(raw) is not None and lax_reason(kind, raw) is not None

    return refuse


@per_kind
def infinite_check(kind: inspect.Type) -> LaxCheck | None:
    """Return the check that rejects NaN or infinity as a number in a body."""
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
