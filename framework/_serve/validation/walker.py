"""Finds every validation error of a value that msgspec has rejected, each with its JSON pointer.

msgspec decides. A value that it accepts is not examined; a value that it rejects is examined part by part, and if no
part is invalid, the error is that of the value itself. So the walker finds errors exactly where msgspec does.
"""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Literal

from msgspec import Struct, inspect

from framework._http.pointers import step as pointer_step
from framework._inspect.model_fields import is_model_type
from framework._serve.validation.direct import CHUNK, check_length, direct_check, field_checks, model_check
from framework._serve.validation.kinds import (
    MAPPINGS,
    OBJECTS,
    SETS,
    Form,
    Model,
    bare,
    form_of,
    is_leaf,
    member_for,
    model_of,
)
from framework._serve.validation.lax import COLLIDING, is_colliding, lax_check, strict_check
from framework._serve.validation.scalar_checks import LaxCheck, lax_reason, strict_reason
from framework._serve.validation.verdicts import (
    UNHASHABLE,
    Finding,
    is_ambiguous,
    judge,
    pointer_to,
    single_error,
)
from framework._serve.validation.walk import FullError, Walk
from framework.http_errors import FieldError

__all__ = ("find_errors", "lax_check", "single_error")

# Below this depth, msgspec validates the whole sub-tree and reports one error.
_MAX_DEPTH = 64
# The part that msgspec names is not validated again, so a body is converted about three times, however deep its errors
# are. If msgspec does not name the part (in a mapping), each level costs one conversion more: at most this many.
_MAX_UNEXPLAINED = 8


class _Node(Struct, frozen=True, gc=False):
    """A value, its type, its place, and msgspec's error for it as far as it is known.

    ``unexplained`` is the number of levels above it at which msgspec did not name the part. ``accepted`` is set if the
    framework rejects nothing in it that msgspec accepts.
    """

    kind: Any
    value: Any
    pointer: str
    depth: int = 0
    unexplained: int = 0
    finding: Finding | None = None
    accepted: bool = False


def find_errors(
    kind: inspect.Type, value: object, *, location: str, pointer: str = "", strict: bool = True, limit: int = 100
) -> tuple[list[FieldError], bool]:
    """Return the errors (at most ``limit``, in document order) and whether more were dropped.

    ``value`` is decoded JSON, or with ``strict=False`` strings, lists of strings and dicts of these. The list is empty
    if the value is valid. ``__post_init__`` runs, and may run more than once for an object, but never for one with a
    value that msgspec accepts and the framework rejects (``inf``); its exceptions other than ValueError, TypeError and
    ValidationError propagate.
    """
    walk = Walk(location, strict, limit, [])
    try:
        _visit(walk, _Node(kind, value, pointer))
    except FullError:
        return walk.errors, True
    except RecursionError:
        if walk.errors:
            return walk.errors, True
        return [FieldError(location, pointer, "value", "Nested too deeply")], False
    return walk.errors, False


def _visit(walk: Walk, node: _Node) -> None:
    """Add the errors of a value and of all values inside it."""
    if walk.strict and node.depth < _MAX_DEPTH and node.unexplained < _MAX_UNEXPLAINED:
        check = direct_check(node.kind)
        if check is not None:
            check(walk, node.pointer, node.value)
            return
    kind = member_for(node.kind, node.value)
    # Before msgspec converts it: a __post_init__ must not run with a rejected value.
    refused = not node.accepted and _is_refused(walk, kind, node.value)
    finding = None if refused else node.finding or judge(form_of(kind), node.value, strict=walk.strict)
    if finding is None and not refused:
        return
    if refused and is_colliding(kind, node.value):
        walk.add(node.pointer, *COLLIDING)
        return
    before = len(walk.errors)
    descend = _DESCENTS.get(type(kind))
    if descend is not None and node.depth < _MAX_DEPTH and node.unexplained < _MAX_UNEXPLAINED:
        descend(walk, _Node(kind, node.value, node.pointer, node.depth, node.unexplained, finding, not refused))
    if len(walk.errors) == before:
        code, detail = _own_error(walk, kind, node.value, finding)
        walk.add(node.pointer + (pointer_to(finding.steps) if finding is not None else ""), code, detail)


def _child(node: _Node, kind: inspect.Type, value: object, key: str | int) -> _Node:
    steps = node.finding.steps if node.finding is not None else ()
    step, finding, unexplained = str(key), None, node.unexplained
    if node.finding is None or (steps and steps[0] is None):
        unexplained += 1
    elif len(steps) > 1 and steps[0] == step:
        # At the last step, the child is validated itself: msgspec's decoder and convert word some messages differently.
        finding = Finding(steps[1:], node.finding.code, node.finding.detail)
    return _Node(kind, value, node.pointer + pointer_step(step), node.depth + 1, unexplained, finding, node.accepted)


def _is_refused(walk: Walk, kind: inspect.Type, value: object) -> bool:
    check = _check_of(walk, kind)
    return check is not None and check(value)


def _check_of(walk: Walk, kind: inspect.Type) -> LaxCheck | None:
    return strict_check(kind) if walk.strict else lax_check(kind)


def _own_error(walk: Walk, kind: inspect.Type, value: object, finding: Finding | None) -> tuple[str, str]:
    """Return the code and detail for a value whose parts are all valid."""
    reason = strict_reason(kind, value) if walk.strict else lax_reason(kind, value)
    if reason is not None or finding is None:
        return reason or ("value", "Invalid value")
    times = len(value) if isinstance(value, list) else 0
    # For a class of the framework (a file), msgspec names the Python class that it got.
    if times > 1 and not walk.strict and finding.detail.endswith(("got `array`", "got `list`")):
        return "type", f"Given {times} times, expected once"
    return finding.code, finding.detail


def _model(walk: Walk, node: _Node) -> None:
    model = model_of(node.kind)
    if model.is_array and isinstance(node.value, list):
        _array_model(walk, node, model)
    elif not model.is_array and isinstance(node.value, dict):
        _object_model(walk, node, model)


def _object_model(walk: Walk, node: _Node, model: Model) -> None:
    """Examine an object with known fields: first the present fields in their order, then the missing ones."""
    if node.finding is not None and (model.has_dotted_names or is_ambiguous(node.finding, node.value)):
        # $.a.b may be the field "a.b".
        unknown = Finding((None,), "value", "")
        node = _Node(node.kind, node.value, node.pointer, node.depth, node.unexplained, unknown, node.accepted)
    # PERF: a field with a direct check needs no node. The strings of a URL are converted with a node.
    checks = field_checks(node.kind) if walk.strict else {}
    for name, value in node.value.items():
        if name in checks:
            step, check = checks[name]
            check(walk, node.pointer + step, value)
        elif name in model.fields:
            _visit(walk, _child(node, model.fields[name].type, value, name))
        elif name == model.tag_field and model.tag is not None:
            _check_tag(walk, _child(node, node.kind, value, name), model.tag)
        elif model.forbids_unknown:
            walk.add(node.pointer + pointer_step(name), "unknown", "Unknown field")
    for name, field in model.fields.items():
        if field.required and name not in node.value:
            walk.add(node.pointer + pointer_step(name), "missing", "Field required")


def _array_model(walk: Walk, node: _Node, model: Model) -> None:
    """Examine an array whose items are the fields of a NamedTuple or of an ``array_like`` Struct."""
    count, full = len(node.value), len(model.fields) + model.offset
    if isinstance(node.kind, inspect.NamedTupleType):
        _check_fixed_length(walk, node, model.needed, full)
    elif count < model.needed:
        walk.add(node.pointer, "constraint", f"Expected `array` of at least length {model.needed}, got {count}")
    elif count > full and model.forbids_unknown:
        walk.add(node.pointer, "constraint", f"Expected `array` of at most length {full}, got {count}")
    if model.tag is not None:
        _check_first(walk, node, model.tag)
    items = zip(model.fields.values(), node.value[model.offset :], strict=False)
    for place, (field, item) in enumerate(items, model.offset):
        _visit(walk, _child(node, field.type, item, place))


def _check_fixed_length(walk: Walk, node: _Node, low: int, high: int) -> None:
    count = len(node.value)
    if not low <= count <= high:
        length = f"{low} to {high}" if low < high else f"{high}"
        walk.add(node.pointer, "constraint", f"Expected `array` of length {length}, got {count}")


def _check_first(walk: Walk, node: _Node, *tags: str | int) -> None:
    if node.value:
        _check_tag(walk, _child(node, node.kind, node.value[0], 0), *tags)
    else:
        walk.add(node.pointer + "/0", "missing", "Field required")


def _check_tag(walk: Walk, node: _Node, *tags: str | int) -> None:
    finding = judge(Form(Literal[tags], exact=False), node.value, strict=True)
    if finding is not None:
        # As a literal, an unknown tag is a wrong value; as a tag, it has its own code.
        code, detail = ("tag", "Invalid tag") if finding.code == "value" else (finding.code, finding.detail)
        walk.add(node.pointer, code, detail)


def _unknown_member(walk: Walk, node: _Node) -> None:
    """Check the tag of an object that matches no member of a union of tagged Structs."""
    members = [member for member in map(bare, node.kind.types) if isinstance(member, inspect.StructType)]
    tags = [member.tag for member in members if member.tag is not None]
    if not tags:
        return
    field = members[0].tag_field or ""
    if members[0].array_like and isinstance(node.value, list):
        _check_first(walk, node, *tags)
    elif not members[0].array_like and isinstance(node.value, dict):
        if field in node.value:
            _check_tag(walk, _child(node, node.kind, node.value[field], field), *tags)
        else:
            walk.add(node.pointer + pointer_step(field), "missing", "Field required")


def _collection(walk: Walk, node: _Node) -> None:
    if not isinstance(node.value, list):
        return
    # A set is as long as it has different items, which only msgspec can count once all of them are valid.
    check_length(walk, node.pointer, node.kind, node.value, "array", upper=not isinstance(node.kind, SETS))
    item_kind = node.kind.item_type
    is_set = isinstance(node.kind, SETS) and not is_leaf(item_kind)
    for start in range(0, len(node.value), CHUNK):
        chunk = node.value[start : start + CHUNK]
        if len(node.value) > CHUNK and not _blames(node, start) and _are_sound(walk, item_kind, chunk, is_set=is_set):
            continue
        for place, item in enumerate(chunk, start):
            before = len(walk.errors)
            _visit(walk, _child(node, item_kind, item, place))
            if is_set and len(walk.errors) == before and not _are_sound(walk, item_kind, [item], is_set=True):
                walk.add(f"{node.pointer}/{place}", *UNHASHABLE)


def _blames(node: _Node, start: int) -> bool:
    step = node.finding.steps[0] if node.finding is not None and node.finding.steps else None
    return step is not None and step.isdecimal() and start <= int(step) < start + CHUNK


def _mapping(walk: Walk, node: _Node) -> None:
    if not isinstance(node.value, dict):
        return
    # As above; strings are their own keys.
    is_counted = isinstance(node.kind.key_type, inspect.StrType)
    check_length(walk, node.pointer, node.kind, node.value, "object", upper=is_counted)
    item_kind, names = node.kind.value_type, list(node.value)
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        if len(names) > CHUNK and _are_sound(walk, item_kind, [node.value[name] for name in chunk]):
            for name in chunk if _wrong_key(walk, node, chunk) is not None else ():
                _check_key(walk, node, name)
            continue
        for name in chunk:
            _check_key(walk, node, name)
            _visit(walk, _child(node, item_kind, node.value[name], name))


def _check_key(walk: Walk, node: _Node, name: str) -> None:
    reason = strict_reason(node.kind.key_type, name)
    if reason is not None:
        walk.add(node.pointer + pointer_step(name), "key", reason[1])
        return
    finding = _wrong_key(walk, node, [name])
    if finding is not None:
        walk.add(node.pointer + pointer_step(name), "key", finding.detail)


def _wrong_key(walk: Walk, node: _Node, names: list[str]) -> Finding | None:
    hint = form_of(node.kind.key_type).hint
    if hint in (str, Any):
        return None
    return judge(Form(GenericAlias(dict, (hint, Any)), exact=False), dict.fromkeys(names), strict=walk.strict)


def _are_sound(walk: Walk, kind: inspect.Type, items: list[Any], *, is_set: bool = False) -> bool:
    form, check = form_of(kind), _check_of(walk, kind)
    if check is not None and any(map(check, items)):
        return False
    hint = GenericAlias(set if is_set else list, (form.hint,))
    return judge(Form(hint, form.exact), items, strict=walk.strict) is None


def _fixed_tuple(walk: Walk, node: _Node) -> None:
    if not isinstance(node.value, list):
        return
    kinds = node.kind.item_types
    _check_fixed_length(walk, node, len(kinds), len(kinds))
    for place, (kind, item) in enumerate(zip(kinds, node.value, strict=False)):
        _visit(walk, _child(node, kind, item, place))


def _pydantic_model(walk: Walk, node: _Node) -> None:
    if is_model_type(node.kind):
        model_check(node.kind)(walk, node.pointer, node.value)


_DESCENTS: dict[type[inspect.Type], Callable[[Walk, _Node], None]] = {
    **dict.fromkeys((*SETS, inspect.ListType, inspect.VarTupleType), _collection),
    **dict.fromkeys(MAPPINGS, _mapping),
    **dict.fromkeys((*OBJECTS, inspect.NamedTupleType, inspect.StructType), _model),
    inspect.CustomType: _pydantic_model,
    inspect.TupleType: _fixed_tuple,
    inspect.UnionType: _unknown_member,
}
