"""Returns msgspec's verdict on simple values without calling msgspec each time.

An exception of msgspec for each error is slow, and so is parsing its message. So, for simple types, a rule in Python
returns whether a value is valid, and if not, a mark for the reason. The first value with a mark is converted by
msgspec; its message is cached for the mark, so no wording is repeated here. If a rule is not sure, msgspec is called.
"""

import enum
import math
import re
from collections.abc import Callable
from types import NoneType
from typing import Any, TypeAlias

from msgspec import Struct, inspect

from framework._inspect.per_kind import per_kind
from framework._serve.validation.kinds import Form, bare, form_of
from framework._serve.validation.scalar_checks import strict_reason
from framework._serve.validation.verdicts import Finding, judge, pointer_to
from framework._serve.validation.walk import Walk

__all__ = ("LeafCheck", "leaf_check")

# Returns None if the value is valid, _ASK if only msgspec can decide, and otherwise a mark for the reason: msgspec has
# always the same message for a mark.
_Rule: TypeAlias = Callable[[Any], str | None]
_Rules: TypeAlias = dict[type, _Rule]

_ASK = ""
_LEAST, _MOST = -(2**63), 2**63 - 1
# Up to this number, a float can represent every integer.
_EXACT = 2**53


@per_kind
def leaf_check(kind: inspect.Type) -> "LeafCheck":
    """Return the function that returns for decoded JSON in strict mode what ``judge`` would."""
    return LeafCheck(bare(kind), form_of(bare(kind)), _rules_of(kind), {})


class LeafCheck(Struct, frozen=True):
    """The rules of a kind, and msgspec's message for the first value with each mark."""

    kind: inspect.Type
    form: Form
    rules: _Rules
    known: dict[str, Finding]

    def add(self, walk: Walk, pointer: str, value: Any) -> None:
        """Add the error of a value, if there is one."""
        mark = self.rules.get(type(value), _ask)(value)
        if mark is not None:
            finding = self.known.get(mark) or self._judge(value, mark)
            if finding is not None:
                steps = finding.steps
                walk.add(pointer + pointer_to(steps) if steps else pointer, finding.code, finding.detail)

    def _judge(self, value: Any, mark: str) -> Finding | None:
        finding = judge(self.form, value, strict=True)
        if finding is None:
            reason = strict_reason(self.kind, value)
            return None if reason is None else Finding((), *reason)
        if not finding.steps and mark:
            self.known[mark] = finding
        return finding


def _rules_of(kind: inspect.Type) -> _Rules:
    rules: _Rules = {}
    for member in _members(kind):
        build = _BUILDERS.get(type(member), _unknown)
        for type_, rule in build(member).items():
            # If two members may accept a value, msgspec decides.
            rules[type_] = _ask if type_ in rules else rule
    return _REFUSALS | rules


def _members(kind: inspect.Type) -> list[inspect.Type]:
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return [member for inner in kind.types for member in _members(inner)]
    return [kind]


def _ask(_value: Any) -> str:
    return _ASK


def _valid(_value: Any) -> None:
    return None


def _refusal(mark: str) -> _Rule:
    return lambda _value: mark


def _refuse_int(value: Any) -> str:
    return "int" if _LEAST <= value <= _MOST else _ASK


def _refuse_text(value: Any) -> str:
    # Others may contain invalid UTF-8.
    return "str" if value.isascii() else _ASK


# The message for a value of a type that no member accepts.
_REFUSALS: _Rules = {
    **{type_: _refusal(type_.__name__) for type_ in (NoneType, bool, float, list, dict)},
    int: _refuse_int,
    str: _refuse_text,
}


def _unknown(_kind: Any) -> _Rules:
    return dict.fromkeys(_REFUSALS, _ask)


def _integers(kind: Any) -> _Rules:
    low = _LEAST if kind.ge is None else kind.ge
    low = low if kind.gt is None else kind.gt + 1
    high = _MOST if kind.le is None else kind.le
    high = high if kind.lt is None else kind.lt - 1
    step = kind.multiple_of or 1

    def rule(value: Any) -> str | None:
        if value < low:
            return "low" if value >= _LEAST else _ASK
        if value > high:
            return "high" if value <= _MOST else _ASK
        return "multiple" if value % step else None

    return {int: rule, float: lambda value: _ASK if value.is_integer() else "float"}


def _floats(kind: Any) -> _Rules:
    if kind.multiple_of is not None:
        return {int: _ask, float: _ask}
    at_least, above = (-math.inf if limit is None else float(limit) for limit in (kind.ge, kind.gt))
    at_most, below = (math.inf if limit is None else float(limit) for limit in (kind.le, kind.lt))

    def rule(value: Any) -> str | None:
        if not math.isfinite(value):
            return _ASK
        if value < at_least or value <= above:
            return "low"
        return "high" if value > at_most or value >= below else None

    return {float: rule, int: lambda value: rule(value) if -_EXACT <= value <= _EXACT else _ASK}


def _texts(kind: Any) -> _Rules:
    least, most = kind.min_length or 0, math.inf if kind.max_length is None else kind.max_length
    search = None if kind.pattern is None else re.compile(kind.pattern).search

    def rule(value: Any) -> str | None:
        if len(value) < least:
            return "short"
        if len(value) > most:
            return "long"
        return "pattern" if search is not None and search(value) is None else None

    return {str: rule}


def _literals(kind: Any) -> _Rules:
    return _choices(frozenset(kind.values), foreign="foreign")


def _members_of_enum(kind: Any) -> _Rules:
    # An enum's own _missing_() may still return a member.
    is_final = getattr(kind.cls._missing_, "__func__", None) is vars(enum.Enum)["_missing_"].__func__
    return _choices(frozenset(kind.cls._value2member_map_), foreign="foreign" if is_final else _ASK)


def _choices(values: frozenset[Any], foreign: str) -> _Rules:
    types = {type(value) for value in values}
    if not types <= _RULES_OF_CHOICES.keys():
        return _unknown(None)
    return {type_: _RULES_OF_CHOICES[type_](values, foreign) for type_ in types}


def _text_choice(values: frozenset[Any], foreign: str) -> _Rule:
    def rule(value: Any) -> str | None:
        if value in values:
            return None
        # As in _refuse_text().
        return foreign and f"{foreign} text" if value.isascii() else _ASK

    return rule


def _integer_choice(values: frozenset[Any], foreign: str) -> _Rule:
    def rule(value: Any) -> str | None:
        if not _LEAST <= value <= _MOST:
            return _ASK
        return None if value in values else foreign

    return rule


_RULES_OF_CHOICES: dict[type, Callable[[frozenset[Any], str], _Rule]] = {
    str: _text_choice,
    int: _integer_choice,
    NoneType: lambda _values, _foreign: _valid,
}

_BUILDERS: dict[type[inspect.Type], Callable[[Any], _Rules]] = {
    inspect.BoolType: lambda _kind: {bool: _valid},
    inspect.EnumType: _members_of_enum,
    inspect.FloatType: _floats,
    inspect.IntType: _integers,
    inspect.LiteralType: _literals,
    inspect.NoneType: lambda _kind: {NoneType: _valid},
    inspect.StrType: _texts,
    # The values inside these are checked elsewhere.
    inspect.StructType: lambda kind: {list if kind.array_like else dict: _ask},
    inspect.ListType: lambda _kind: {list: _ask},
    inspect.VarTupleType: lambda _kind: {list: _ask},
}
