"""Finds keys that were chosen so that a dict or set of them takes quadratic time.

Python's hashes of strings are random in each process, those of numbers are not: an int is its own hash modulo
2**61 - 1. So a client can choose numbers that all have the same hash, or that collide in the table although their
hashes differ. So the keys are inserted once, in blocks, before the body is decoded. If that takes long, the steps are
counted as CPython makes them: the count decides, never the clock.
"""

from collections.abc import Sequence
from itertools import takewhile
from time import thread_time
from types import GenericAlias
from typing import Any

import msgspec
from msgspec import inspect

from framework._hooks import decode_hook
from framework._serve.validation.kinds import SETS, bare, form_of
from framework._serve.validation.verdicts import explain

__all__ = ("FEW", "are_colliding", "collide", "has_chosen_hashes")

FEW = 64
"""Up to this number, any keys are harmless."""

# Types whose hashes a client cannot choose: they are random in each process, or there are few values.
_SAFE = (
    inspect.StrType,
    inspect.BytesType,
    inspect.ByteArrayType,
    inspect.MemoryViewType,
    inspect.DateType,
    inspect.BoolType,
    inspect.NoneType,
    inspect.EnumType,
    inspect.LiteralType,
)
_ALWAYS_HASHABLE = (inspect.IntType, inspect.FloatType, inspect.UUIDType, inspect.DateTimeType, inspect.TimeDeltaType)
# As in CPython 3.11 to 3.14 (Objects/dictobject.c, Objects/setobject.c).
_PERTURB_SHIFT = 5
_UNSIGNED = 2**64 - 1
_LINEAR_PROBES = 10
# Keys are checked in blocks, so that slow keys are found early. Random keys need less than one further step each,
# numbers that only differ in their highest bits about twelve.
_BLOCK = 512
_BLOCK_STEPS = 64 * _BLOCK
_MEAN_STEPS = 20
_FIRST_STEPS = 1000
# PERF: seconds; usual keys take a fifth of it. Counting the steps in Python takes twenty times as long.
_PER_KEY = 2.5e-7
_AT_ONCE = 1e-4


def has_chosen_hashes(kind: inspect.Type) -> bool:
    """Return whether a client can choose the hashes of the values of a type."""
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return any(map(has_chosen_hashes, kind.types))
    return not isinstance(kind, _SAFE)


def collide(kind: Any, raw: Any) -> bool:
    """Return whether the keys of a mapping, or the items of a set, collide more often than random keys.

    ``kind`` is that of the container, ``raw`` its tree. Keys after the first invalid key are never inserted, and not
    checked.
    """
    if len(raw) <= FEW:
        return False
    is_set = isinstance(kind, SETS)
    keys = kind.item_type if is_set else kind.key_type  # pyright: ignore[reportAttributeAccessIssue]  of a set
    return are_colliding(_valid_keys(list(raw), keys), is_set=is_set)


def are_colliding(keys: Sequence[Any], *, is_set: bool = False) -> bool:
    """Return the same for keys; raises TypeError if one is not hashable."""
    begun = thread_time()
    hashes = list(map(hash, keys))
    hashing = thread_time() - begun
    return _takes_long(keys, hashing, is_set=is_set) and _counts_many(hashes, is_set=is_set)


def _takes_long(keys: Sequence[Any], hashing: float, *, is_set: bool) -> bool:
    """Insert keys as they will be inserted; return, as soon as it is known, whether that takes long."""
    allowed = _PER_KEY + 4 * hashing / max(len(keys), 1)
    begun = thread_time()
    entries: dict[Any, None] = {}
    items: set[Any] = set()
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        if is_set:
            items.update(block)
        else:
            entries.update(dict.fromkeys(block))
        if thread_time() - begun > _AT_ONCE + allowed * (start + _BLOCK):
            return True
    return False


def _counts_many(hashes: Sequence[int], *, is_set: bool) -> bool:
    linear, share = (_LINEAR_PROBES, 3 / 5) if is_set else (1, 2 / 3)
    size = FEW
    while len(hashes) > FEW:
        # The table of each size is filled up to a share, then its keys move to a larger table.
        size *= 2
        held = hashes[: int(size * share)]
        if not _fits(held, size - 1, linear):
            return True
        if len(held) == len(hashes):
            break
    return False


def _valid_keys(raw: list[Any], kind: inspect.Type) -> list[Any]:
    """Return the keys before the first key that is invalid or not hashable."""
    hint = GenericAlias(list, (form_of(kind).hint,))
    try:
        keys = _converted(raw, hint)
    except msgspec.ValidationError as error:
        place = explain(error).steps[:1]
        known = place and place[0] is not None and place[0].isdecimal()
        keys = _converted(raw[: int(str(place[0]))], hint) if known else _one_by_one(raw, hint)
    return keys if isinstance(kind, _ALWAYS_HASHABLE) else list(takewhile(_is_hashable, keys))


def _converted(raw: list[Any], hint: Any) -> list[Any]:
    keys: list[Any] = msgspec.convert(raw, hint, strict=False, str_keys=True, dec_hook=decode_hook)
    return keys


def _one_by_one(raw: Sequence[Any], hint: Any) -> list[Any]:
    keys: list[Any] = []
    for one in raw:
        try:
            keys += _converted([one], hint)
        except msgspec.ValidationError:
            break
    return keys


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _fits(hashes: Sequence[int], mask: int, linear: int) -> bool:
    """Insert hashes into a table as CPython does; return whether that takes few steps."""
    taken = bytearray(mask + 1)
    total = 0
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK]
        allowed = min(_MEAN_STEPS * (start + len(block)) + _FIRST_STEPS - total, _BLOCK_STEPS)
        steps = _insert(taken, block, mask, linear, allowed)
        total += steps
        if steps > allowed:
            return False
    return True


def _insert(taken: bytearray, hashes: Sequence[int], mask: int, linear: int, allowed: int) -> int:
    """Insert some hashes, and return the number of steps; stop beyond the limit."""
    steps = 0
    for one in hashes:
        slot = one & mask
        if taken[slot]:
            perturb = one & _UNSIGNED
            while True:
                if linear > 1 and slot + linear - 1 <= mask:
                    free = taken.find(0, slot, slot + linear)
                    if free >= 0:
                        slot = free
                        break
                elif not taken[slot]:
                    break
                perturb >>= _PERTURB_SHIFT
                slot = (slot * 5 + perturb + 1) & mask
                steps += 1
                if steps > allowed:
                    return steps
        taken[slot] = 1
    return steps
