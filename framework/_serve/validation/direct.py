"""Finds validation errors part by part: in leaves, lists of leaves, and plain Structs of leaves.

msgspec rejects such a value exactly if it rejects a part of it, so the whole need not be converted. A value that may be
rejected although its parts are valid (a ``__post_init__``, a tag, a default made by a function) is left to the walker,
and so is a recursive type.
"""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, TypeAlias, get_origin

from msgspec import NODEFAULT, Struct, inspect

from framework._http.pointers import step as pointer_step
from framework._inspect.model_fields import is_model_type
from framework._inspect.per_kind import per_kind
from framework._serve.validation.kinds import Form, bare, form_of, is_leaf, probe_of
from framework._serve.validation.lax import strict_check
from framework._serve.validation.leaves import leaf_check
from framework._serve.validation.verdicts import judge, model_findings, pointer_to
from framework._serve.validation.walk import Walk

__all__ = ("CHUNK", "DirectCheck", "check_length", "direct_check", "field_checks", "model_check")

CHUNK = 64
"""This many items of a collection are converted together first.

A long collection with one error costs little more than a valid one.
"""

# msgspec takes less time for a list of valid items than the rules do, but its error costs as much as a few items.
_FEW = 8
# Default factories that cannot fail.
_EMPTY_DEFAULTS = (NODEFAULT, list, dict, set)
# Adds the errors of a value at a pointer to a walk.
DirectCheck: TypeAlias = Callable[[Walk, str, Any], None]
# The checks of kinds, by identity; None for kinds without a direct check, or whose check is being built.
_Made: TypeAlias = dict[int, DirectCheck | None]


@per_kind
def direct_check(kind: inspect.Type) -> DirectCheck | None:
    """Return the check that finds all errors of decoded JSON in strict mode, or None if only the walker can."""
    return _made(kind, {})


@per_kind
def field_checks(kind: Any) -> dict[str, tuple[str, DirectCheck]]:
    """Return the steps to the fields of an object that have a direct check, and the checks."""
    found = [(field.encode_name, direct_check(field.type)) for field in kind.fields]
    return {name: (pointer_step(name), check) for name, check in found if check is not None}


def check_length(walk: Walk, pointer: str, kind: Any, value: Any, name: str, *, upper: bool) -> None:
    """Add the error of a collection that is too short or, with ``upper``, too long."""
    low, high, count = kind.min_length, kind.max_length, len(value)
    if low is not None and count < low:
        walk.add(pointer, "constraint", f"Expected `{name}` of length >= {low}")
    elif upper and high is not None and count > high:
        walk.add(pointer, "constraint", f"Expected `{name}` of length <= {high}")


def _made(kind: inspect.Type, made: _Made) -> DirectCheck | None:
    kind = bare(kind)
    if id(kind) not in made:
        made[id(kind)] = None
        made[id(kind)] = _make(kind, made)
    return made[id(kind)]


def _make(kind: Any, made: _Made) -> DirectCheck | None:
    if is_model_type(kind):
        return model_check(kind)
    if is_leaf(kind) or isinstance(kind, inspect.AnyType):
        return leaf_check(kind).add
    if isinstance(kind, inspect.StructType):
        return _object(kind, made)
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return _array(kind, made)
    return _union(kind, made) if isinstance(kind, inspect.UnionType) else None


def _object(kind: inspect.StructType, made: _Made) -> DirectCheck | None:
    if kind.array_like or kind.tag is not None or hasattr(get_origin(kind.cls) or kind.cls, "__post_init__"):
        return None
    if any(field.default_factory not in _EMPTY_DEFAULTS for field in kind.fields):
        return None
    found = [(field.encode_name, _made(field.type, made)) for field in kind.fields]
    fields = {name: (pointer_step(name), check) for name, check in found if check is not None}
    if len(fields) < len(kind.fields):
        return None
    required = tuple((field.encode_name, pointer_step(field.encode_name)) for field in kind.fields if field.required)
    return _Object(fields, required, kind.forbid_unknown_fields, leaf_check(kind).add)


class _Object(Struct, frozen=True):
    """The check of a plain Struct: its fields and their steps, the required fields, and the check of the whole."""

    fields: dict[str, tuple[str, DirectCheck]]
    required: tuple[tuple[str, str], ...]
    forbids_unknown: bool
    whole: DirectCheck

    def __call__(self, walk: Walk, pointer: str, value: Any) -> None:
        if type(value) is not dict:
            self.whole(walk, pointer, value)
            return
        before = len(walk.errors)
        is_plain = self._look_into(walk, pointer, value)
        for name, step in self.required:
            if name not in value:
                walk.add(pointer + step, "missing", "Field required")
        if not is_plain and len(walk.errors) == before:
            self.whole(walk, pointer, value)

    def _look_into(self, walk: Walk, pointer: str, value: dict[str, Any]) -> bool:
        """Add the errors of present fields; return whether no key may be the error: a key may not be valid UTF-8."""
        is_plain, fields = True, self.fields
        for name, part in value.items():
            field = fields.get(name)
            if field is not None:
                field[1](walk, pointer + field[0], part)
            elif self.forbids_unknown:
                walk.add(pointer + pointer_step(name), "unknown", "Unknown field")
            elif not name.isascii():
                is_plain = False
        return is_plain


def _array(kind: inspect.ListType | inspect.VarTupleType, made: _Made) -> DirectCheck | None:
    item, whole = _made(kind.item_type, made), leaf_check(kind).add
    if item is None:
        return None
    form = form_of(kind.item_type)
    hint = GenericAlias(list, (form.hint,))
    chunks, refuses = Form(hint, form.exact, probe_of(hint)), strict_check(kind.item_type)

    def add(walk: Walk, pointer: str, value: Any) -> None:
        if type(value) is not list:
            whole(walk, pointer, value)
            return
        check_length(walk, pointer, kind, value, "array", upper=True)
        is_long = len(value) > _FEW
        for start in range(0, len(value), CHUNK):
            chunk = value[start : start + CHUNK]
            is_accepted = is_long and (refuses is None or not any(map(refuses, chunk)))
            if is_accepted and judge(chunks, chunk, strict=True) is None:
                continue
            for place, part in enumerate(chunk, start):
                item(walk, f"{pointer}/{place}", part)

    return add


def model_check(kind: Any) -> DirectCheck:
    """Return the check that adds all errors of pydantic for a value."""

    def add(walk: Walk, pointer: str, value: Any) -> None:
        for one in model_findings(kind.cls, value):
            walk.add(pointer + pointer_to(one.steps), one.code, one.detail)

    return add


def _optional_model(kind: inspect.UnionType, model: inspect.Type) -> DirectCheck:
    # msgspec only allows a model in a union with None.
    whole, check = leaf_check(kind).add, model_check(model)

    def add(walk: Walk, pointer: str, value: Any) -> None:
        (whole if value is None else check)(walk, pointer, value)

    return add


def _union(kind: inspect.UnionType, made: _Made) -> DirectCheck | None:
    """Validate a leaf, one plain Struct, one list, or a union of some of these."""
    members = [bare(member) for member in kind.types]
    objects = [member for member in members if isinstance(member, inspect.StructType)]
    arrays = [member for member in members if isinstance(member, (inspect.ListType, inspect.VarTupleType))]
    leaves = [member for member in members if is_leaf(member)]
    models = list(filter(is_model_type, members))
    if models:
        return _optional_model(kind, models[0])
    if len(objects) > 1 or len(arrays) > 1 or len(objects) + len(arrays) + len(leaves) < len(members):
        return None
    checks = {
        dict if isinstance(member, inspect.StructType) else list: _made(member, made) for member in (*objects, *arrays)
    }
    if None in checks.values():
        return None
    whole = leaf_check(kind).add

    def add(walk: Walk, pointer: str, value: Any) -> None:
        (checks.get(type(value)) or whole)(walk, pointer, value)

    return add
