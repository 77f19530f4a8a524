"""Finds colliding keys in MessagePack before it is decoded: its maps may have numbers as keys without a type.

msgspec would build the dicts at once, so the bytes themselves are scanned. That is slow, and only needed if there is a
map of more than a few entries.
"""

import re
from typing import Any, TypeAlias

import msgspec

from framework._serve.validation.collisions import FEW, are_colliding

__all__ = ("require_plain_keys",)

# The first bytes of map 16 with more than 64 entries, and of map 32; other bytes may look like them.
_LARGE_MAP = re.compile(rb"(?s)\xde(?:\x00[\x41-\xff]|[\x01-\xff].)|\xdf")
# One byte each: small integers, nil and booleans. There are too few of them to collide.
_SINGLE = re.compile(rb"[\x00-\x7f\xc0\xc2\xc3\xe0-\xff]+")
# By the first byte: the length of a value, including that byte.
_SIZES = {
    **{0xA0 + length: 1 + length for length in range(32)},
    **dict(zip(range(0xCA, 0xD4), (5, 9, 2, 3, 5, 9, 2, 3, 5, 9), strict=True)),
    **dict(zip(range(0xD4, 0xD9), (3, 4, 6, 10, 18), strict=True)),
}
# By the first byte: the number of length bytes, and of the bytes between the length and the content.
_LENGTHS = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)} | {
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
# By the first byte: the number of count bytes, and the values of each entry.
_COUNTS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
# Lower first bytes are short maps and short arrays, whose count is in the byte itself.
_FIRST_ARRAY, _FIRST_TEXT = 0x90, 0xA0
# Strings and bytes have random hashes.
_CHOSEN = frozenset({*range(0xC7, 0xD9)})

# The rest of a container, whether it is a map, its keys, and its start if it is a key itself.
_Frame: TypeAlias = tuple[int, bool, list[bytes], int]


def require_plain_keys(data: bytes) -> None:
    """Raise ValidationError if the keys of a map collide; invalid MessagePack is left to the decoder."""
    if _LARGE_MAP.search(data) is None:
        return
    try:
        _walk(data)
    except IndexError:
        return


def _walk(data: bytes) -> None:
    stack: list[_Frame] = []
    left, is_map, keys, start = 1, False, list[bytes](), -1
    position = 0
    while True:
        while not left:
            if len(keys) > FEW:
                _require(keys)
            if not stack:
                return
            begin = start
            left, is_map, keys, start = stack.pop()
            if begin >= 0:
                keys.append(data[begin:position])
        first = data[position]
        single = _SINGLE.match(data, position)
        if single is not None:
            count = min(single.end() - position, left)
            left, position = left - count, position + count
            continue
        is_key = is_map and not left % 2
        left -= 1
        inner = _entries(data, position, first)
        if inner is not None:
            stack.append((left, is_map, keys, start))
            start = position if is_key else -1
            position, left, is_map, keys = *inner, []
            continue
        end = position + _size(data, position, first)
        if is_key and first in _CHOSEN:
            keys.append(data[position:end])
        position = end


def _entries(data: bytes, position: int, first: int) -> tuple[int, int, bool] | None:
    """Return the start of a container's entries, the number of their values, and whether it is a map."""
    if first < _FIRST_TEXT:
        is_map = first < _FIRST_ARRAY
        return position + 1, (first & 0x0F) * (2 if is_map else 1), is_map
    if first not in _COUNTS:
        return None
    width, each = _COUNTS[first]
    begin = position + 1 + width
    return begin, int.from_bytes(data[position + 1 : begin]) * each, each > 1


def _size(data: bytes, position: int, first: int) -> int:
    """Return the size of a value that is not a container; raises IndexError if it is incomplete."""
    if first in _SIZES:
        return _SIZES[first]
    if first not in _LENGTHS:
        raise IndexError
    width, more = _LENGTHS[first]
    return 1 + width + more + int.from_bytes(data[position + 1 : position + 1 + width])


def _require(keys: list[bytes]) -> None:
    joined = b"\xdd" + len(keys).to_bytes(4) + b"".join(keys)
    try:
        values = [_hashable(one) for one in msgspec.msgpack.decode(joined)]
        colliding = are_colliding(values)
    except (msgspec.DecodeError, TypeError, RecursionError):
        # The decoder will report the error of a key.
        return
    if colliding:
        raise msgspec.ValidationError("Too many keys with colliding hashes")


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
