"""Finds patterns that some texts keep busy for seconds: a repetition inside a repetition, with nothing between."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

__all__ = ("takes_forever",)

# How a pattern is built has no public form; both modules came with Python 3.11.
_parser: Any = import_module("re._parser")
_ops: Any = import_module("re._constants")

# From so many repetitions on, trying all ways to part a text takes too long.
_MANY = 16
# What sets of characters are compared by: ASCII, and one letter, digit, space and sign beyond it.
_SAMPLE = frozenset((*map(chr, range(128)), "é", "٣", "\u2003", "€"))
_CATEGORIES = {
    _ops.CATEGORY_DIGIT: r"\d",
    _ops.CATEGORY_NOT_DIGIT: r"\D",
    _ops.CATEGORY_SPACE: r"\s",
    _ops.CATEGORY_NOT_SPACE: r"\S",
    _ops.CATEGORY_WORD: r"\w",
    _ops.CATEGORY_NOT_WORD: r"\W",
}
_REPEATS = (_ops.MAX_REPEAT, _ops.MIN_REPEAT)
_ASSERTIONS = (_ops.ASSERT, _ops.ASSERT_NOT, _ops.AT)
_Item = tuple[Any, Any]


def takes_forever(pattern: str) -> bool:
    """Tell whether a pattern repeats what repeats itself, as ``(a+)+`` does, so that one text can be read many ways.

    ``(?:-[a-z]+)*`` cannot: each round begins with what the repetition inside does not take.
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return any(_is_ambiguous(list(body)) for body in _repeated(list(parsed)))


def _repeated(items: list[_Item]) -> Iterator[Any]:
    """Yield what is repeated often, at all depths."""
    for operation, argument in items:
        if operation in _REPEATS and argument[1] >= _MANY:
            yield argument[2]
        for inner in _inner(operation, argument):
            yield from _repeated(list(inner))


def _inner(operation: Any, argument: Any) -> list[Any]:
    if operation in _REPEATS:
        return [argument[2]]
    if operation is _ops.SUBPATTERN:
        return [argument[3]]
    if operation is _ops.BRANCH:
        return list(argument[1])
    if operation in (_ops.ASSERT, _ops.ASSERT_NOT):
        return [argument[1]]
    # What is atomic or possessive gives nothing back, so there is one way to read it.
    return []


def _is_ambiguous(items: list[_Item], around: frozenset[str] | None = None) -> bool:
    """Tell whether something in a round repeats with nothing mandatory beside it that it does not take itself."""
    for place, (operation, argument) in enumerate(items):
        beside = [_characters([one]) for at, one in enumerate(items) if at != place and _is_mandatory(one)]
        if around is not None:
            beside.append(around)
        if operation in _REPEATS and argument[1] >= _MANY:
            taken = _characters([(operation, argument)])
            if not any(taken.isdisjoint(one) for one in beside):
                return True
        elif operation in (_ops.SUBPATTERN, _ops.BRANCH, *_REPEATS):
            separator = min(beside, key=len, default=None)
            if any(_is_ambiguous(list(inner), separator) for inner in _inner(operation, argument)):
                return True
    return False


def _is_mandatory(item: _Item) -> bool:
    operation, argument = item
    if operation in _ASSERTIONS:
        return False
    if operation in _REPEATS:
        return bool(argument[0]) and any(map(_is_mandatory, argument[2]))
    inner = _inner(operation, argument)
    return all(any(map(_is_mandatory, one)) for one in inner) if inner else True


def _characters(items: list[_Item]) -> frozenset[str]:
    """Return the characters of the sample that a part of a pattern can take."""
    return frozenset().union(*(_taken(operation, argument) for operation, argument in items))


def _taken(operation: Any, argument: Any) -> frozenset[str]:
    if operation is _ops.LITERAL:
        return frozenset(chr(argument))
    if operation is _ops.NOT_LITERAL:
        return _SAMPLE - {chr(argument)}
    if operation is _ops.RANGE:
        return frozenset(one for one in _SAMPLE if argument[0] <= ord(one) <= argument[1])
    if operation is _ops.CATEGORY:
        return frozenset(one for one in _SAMPLE if re.match(_CATEGORIES[argument], one))
    if operation is _ops.IN:
        members = [one for one in argument if one[0] is not _ops.NEGATE]
        found = _characters(members)
        return found if len(members) == len(argument) else _SAMPLE - found
    if operation in _ASSERTIONS:
        return frozenset()
    inner = _inner(operation, argument)
    # Whatever else there is (a dot, a reference to a group) may be anything.
    return frozenset().union(*(_characters(list(one)) for one in inner)) if inner else _SAMPLE
