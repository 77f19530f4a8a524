"""Finds patterns that can take seconds to match: a repetition inside a repetition, without a separator."""

import functools
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

__all__ = ("takes_forever",)

# The parsed form of a pattern is not public; both modules exist since Python 3.11.
_parser: Any = import_module("re._parser")
_ops: Any = import_module("re._constants")

# With this many repetitions, trying all ways to split a string takes too long.
_MANY = 16
# The sample by which sets of characters are compared: ASCII, and one letter, digit, space and sign beyond it.
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


# PERF: the pattern of e-mail addresses takes 1 ms, and several types of an app may have it.
@functools.lru_cache(maxsize=256)
def takes_forever(pattern: str) -> bool:
    """Return whether a pattern repeats a repetition, like ``(a+)+``, so that one string can be matched in many ways.

    ``(?:-[a-z]+)*`` is safe: each round begins with a character that the inner repetition does not match.
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return any(_is_ambiguous(list(body)) for body in _repeated(list(parsed)))


def _repeated(items: list[_Item]) -> Iterator[Any]:
    """Yield the repeated parts, at all depths."""
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
    # An atomic or possessive part never backtracks, so there is one way to match it.
    return []


def _is_ambiguous(items: list[_Item], around: frozenset[str] | None = None) -> bool:
    """Return whether a repetition in a round has no mandatory neighbour whose characters it does not match itself."""
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
    """Return the characters of the sample that a part of a pattern can match."""
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
    # Everything else (a dot, a reference to a group) may be any character.
    return frozenset().union(*(_characters(list(one)) for one in inner)) if inner else _SAMPLE
