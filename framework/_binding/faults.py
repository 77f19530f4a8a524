"""The fault walker: after msgspec has refused a value, find every fault in it, each with its JSON pointer.

msgspec stays the judge. What it takes is not looked into; what it refuses is looked into part by part, and where no
part is to blame the fault is the value's own. So the walker finds something exactly where msgspec does.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import GenericAlias
from typing import Any, Literal

from msgspec import Struct, inspect

from framework._binding.faults_judge import (
    MAPPINGS,
    SETS,
    Finding,
    Form,
    bare,
    explain,
    form_of,
    judge,
    member_for,
    single_fault,
    token,
)
from framework._binding.faults_lax import LaxCheck, lax_check, lax_reason
from framework.http_errors import Fault

__all__ = ("find_faults", "lax_check", "single_fault")

# Below this msgspec judges the whole sub-tree and reports one fault.
_MAX_DEPTH = 64
# So many items of a collection are judged together first: a long one with one fault costs little more than a valid one.
_CHUNK = 64


class _FullError(Exception):
    """There are more faults than may be reported."""


class _Walk(Struct, frozen=True):
    """One walk: its settings, and the faults found so far."""

    location: str
    strict: bool
    limit: int
    faults: list[Fault]


class _Node(Struct, frozen=True):
    """A value, what it should be, and where it stands."""

    kind: Any
    value: Any
    pointer: str
    depth: int


def find_faults(
    kind: inspect.Type, value: object, *, location: str, pointer: str = "", strict: bool = True, limit: int = 100
) -> tuple[list[Fault], bool]:
    """Return the faults (at most ``limit``, in document order) and whether more were dropped.

    ``value`` is decoded JSON, or with ``strict=False`` texts, lists of texts and dicts of these. The list is empty
    where msgspec would take the value. ``__post_init__`` runs, several times for nested objects; what it raises
    besides ValueError, TypeError and ValidationError escapes.
    """
    walk = _Walk(location, strict, limit, [])
    try:
        _visit(walk, _Node(kind, value, pointer, 0))
    except _FullError:
        return walk.faults, True
    except RecursionError:
        if walk.faults:
            return walk.faults, True
        return [Fault(location, pointer, "value", "Nested too deeply")], False
    return walk.faults, False


def _add(walk: _Walk, pointer: str, code: str, detail: str) -> None:
    if len(walk.faults) >= walk.limit:
        raise _FullError
    walk.faults.append(Fault(walk.location, pointer, code, detail))


def _child(node: _Node, kind: inspect.Type, value: object, key: str | int) -> _Node:
    return _Node(kind, value, node.pointer + token(str(key)), node.depth + 1)


def _visit(walk: _Walk, node: _Node) -> None:
    """Add the faults of a value and of all that it holds."""
    kind = member_for(node.kind, node.value)
    if kind is not node.kind:
        node = _Node(kind, node.value, node.pointer, node.depth)
    error = judge(form_of(node.kind), node.value, strict=walk.strict)
    if error is None and not _is_refused(walk, lax_check(node.kind), node.value):
        return
    before = len(walk.faults)
    descend = _DESCENTS.get(type(node.kind)) if node.depth < _MAX_DEPTH else None
    if descend is not None:
        descend(walk, node)
    if len(walk.faults) == before:
        finding = _own_finding(walk, node, error)
        _add(walk, node.pointer + finding.pointer, finding.code, finding.detail)


def _is_refused(walk: _Walk, check: LaxCheck | None, value: object) -> bool:
    return not walk.strict and check is not None and check(value)


def _own_finding(walk: _Walk, node: _Node, error: Exception | None) -> Finding:
    """Say what is wrong with a value whose parts are all valid."""
    reason = None if walk.strict else lax_reason(node.kind, node.value)
    if reason is not None or error is None:
        return Finding("", *(reason or ("value", "Invalid value")))
    finding = explain(error)
    if _is_rejected_by_class(node, finding):
        # A ValidationError raised by hand has no cause; whatever it says, no path of msgspec's is in it.
        return Finding("", "value", str(error.__cause__ or error).strip() or "Invalid value")
    times = len(node.value) if isinstance(node.value, list) else 0
    if times > 1 and not walk.strict and finding.detail.endswith("got `array`"):
        return Finding("", "type", f"Given {times} times, expected once")
    return finding


def _is_rejected_by_class(node: _Node, finding: Finding) -> bool:
    """Tell whether a model's parts are all valid, so that only its ``__post_init__`` can have objected."""
    if node.depth >= _MAX_DEPTH or type(node.kind) not in _MODELS or finding.code in ("missing", "unknown"):
        return False
    return isinstance(node.value, list if _is_array(node.kind) else dict)


def _is_array(kind: Any) -> bool:
    return isinstance(kind, inspect.NamedTupleType) or getattr(kind, "array_like", False)


def _model(walk: _Walk, node: _Node) -> None:
    if _is_array(node.kind) and isinstance(node.value, list):
        _array_model(walk, node)
    elif not _is_array(node.kind) and isinstance(node.value, dict):
        _object_model(walk, node)


def _object_model(walk: _Walk, node: _Node) -> None:
    """Look into an object with known fields: those that are there in their order, then those that are not."""
    kind, fields = node.kind, {field.encode_name: field for field in node.kind.fields}
    tag_field = getattr(kind, "tag_field", None)
    forbids = getattr(kind, "forbid_unknown_fields", False)
    for name, value in node.value.items():
        if name in fields:
            _visit(walk, _child(node, fields[name].type, value, name))
        elif name == tag_field:
            _check_tag(walk, _child(node, kind, value, name), kind.tag)
        elif forbids:
            _add(walk, node.pointer + token(name), "unknown", "Unknown field")
    for name, field in fields.items():
        if field.required and name not in node.value:
            _add(walk, node.pointer + token(name), "missing", "Field required")


def _array_model(walk: _Walk, node: _Node) -> None:
    """Look into an array whose places are the fields of a NamedTuple or of an ``array_like`` Struct."""
    kind, count, tag = node.kind, len(node.value), getattr(node.kind, "tag", None)
    offset = 0 if tag is None else 1
    needed = max((place for place, field in enumerate(kind.fields, 1) if field.required), default=0) + offset
    full = len(kind.fields) + offset
    if isinstance(kind, inspect.NamedTupleType):
        _check_fixed_length(walk, node, needed, full)
    elif count < needed:
        _add(walk, node.pointer, "constraint", f"Expected `array` of at least length {needed}, got {count}")
    elif count > full and kind.forbid_unknown_fields:
        _add(walk, node.pointer, "constraint", f"Expected `array` of at most length {full}, got {count}")
    if tag is not None:
        _check_first(walk, node, tag)
    for place, (field, item) in enumerate(zip(kind.fields, node.value[offset:], strict=False), offset):
        _visit(walk, _child(node, field.type, item, place))


def _check_first(walk: _Walk, node: _Node, *tags: str | int) -> None:
    if node.value:
        _check_tag(walk, _child(node, node.kind, node.value[0], 0), *tags)
    else:
        _add(walk, node.pointer + "/0", "missing", "Field required")


def _check_fixed_length(walk: _Walk, node: _Node, low: int, high: int) -> None:
    count = len(node.value)
    if not low <= count <= high:
        length = f"{low} to {high}" if low < high else f"{high}"
        _add(walk, node.pointer, "constraint", f"Expected `array` of length {length}, got {count}")


def _check_tag(walk: _Walk, node: _Node, *tags: str | int) -> None:
    error = judge(Form(Literal[tags], exact=False), node.value, strict=True)
    if error is None:
        return
    finding = explain(error)
    # As a literal a foreign tag is a value that does not exist; as a tag it has a code of its own.
    code, detail = ("tag", "Invalid tag") if finding.code == "value" else (finding.code, finding.detail)
    _add(walk, node.pointer, code, detail)


def _unknown_member(walk: _Walk, node: _Node) -> None:
    """Look at the tag of what belongs to no member of a union of tagged Structs."""
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
            _add(walk, node.pointer + token(field), "missing", "Field required")


def _collection(walk: _Walk, node: _Node) -> None:
    if not isinstance(node.value, list):
        return
    # A set is as long as it has different items, which only msgspec can count once all of them are valid.
    _check_length(walk, node, "array", upper=not isinstance(node.kind, SETS))
    item_form = form_of(node.kind.item_type)
    form, check = Form(GenericAlias(list, (item_form.hint,)), item_form.exact), lax_check(node.kind.item_type)
    for start in range(0, len(node.value), _CHUNK):
        chunk = node.value[start : start + _CHUNK]
        if _is_long(node.value) and _is_sound(walk, form, check, chunk):
            continue
        for place, item in enumerate(chunk, start):
            _visit(walk, _child(node, node.kind.item_type, item, place))


def _mapping(walk: _Walk, node: _Node) -> None:
    if not isinstance(node.value, dict):
        return
    _check_length(walk, node, "object", upper=isinstance(node.kind.key_type, inspect.StrType))
    key, item = form_of(node.kind.key_type), form_of(node.kind.value_type)
    form, check = Form(GenericAlias(dict, (key.hint, item.hint)), item.exact), lax_check(node.kind.value_type)
    key_form = Form(GenericAlias(dict, (key.hint, Any)), exact=False)
    for chunk in _chunks(node.value.items()):
        if _is_long(node.value) and _is_sound(walk, form, check, chunk):
            continue
        for name, value in chunk.items():
            child = _child(node, node.kind.value_type, value, name)
            error = judge(key_form, {name: None}, strict=walk.strict)
            if error is not None:
                _add(walk, child.pointer, "key", explain(error).detail)
            _visit(walk, child)


def _chunks(entries: Iterable[tuple[str, object]]) -> Iterator[dict[str, object]]:
    rest = iter(entries)
    while chunk := dict(islice(rest, _CHUNK)):
        yield chunk


def _is_long(value: Any) -> bool:
    return len(value) > _CHUNK


def _is_sound(walk: _Walk, form: Form, check: LaxCheck | None, chunk: list[Any] | dict[str, Any]) -> bool:
    if judge(form, chunk, strict=walk.strict) is not None:
        return False
    return not any(_is_refused(walk, check, item) for item in (chunk.values() if isinstance(chunk, dict) else chunk))


def _check_length(walk: _Walk, node: _Node, name: str, *, upper: bool) -> None:
    low, high, count = node.kind.min_length, node.kind.max_length, len(node.value)
    if low is not None and count < low:
        _add(walk, node.pointer, "constraint", f"Expected `{name}` of length >= {low}")
    elif upper and high is not None and count > high:
        _add(walk, node.pointer, "constraint", f"Expected `{name}` of length <= {high}")


def _fixed_tuple(walk: _Walk, node: _Node) -> None:
    if not isinstance(node.value, list):
        return
    kinds = node.kind.item_types
    _check_fixed_length(walk, node, len(kinds), len(kinds))
    for place, (kind, item) in enumerate(zip(kinds, node.value, strict=False)):
        _visit(walk, _child(node, kind, item, place))


_MODELS = (inspect.DataclassType, inspect.NamedTupleType, inspect.StructType, inspect.TypedDictType)

_DESCENTS: dict[type[inspect.Type], Callable[[_Walk, _Node], None]] = {
    **dict.fromkeys((inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType), _collection),
    **dict.fromkeys(MAPPINGS, _mapping),
    **dict.fromkeys(_MODELS, _model),
    inspect.TupleType: _fixed_tuple,
    inspect.UnionType: _unknown_member,
}
