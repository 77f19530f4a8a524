"""What msgspec says about one value: kinds turned back into types, verdicts, and messages turned into faults."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import wraps
from types import GenericAlias
from typing import Annotated, Any, Literal, TypeVar, Union

import msgspec
from msgspec import Meta, Struct, inspect

from framework.http_errors import Fault

__all__ = (
    "ARRAYS",
    "MAPPINGS",
    "OBJECTS",
    "SETS",
    "Finding",
    "Form",
    "bare",
    "explain",
    "form_of",
    "judge",
    "member_for",
    "per_kind",
    "single_fault",
    "token",
)

T = TypeVar("T")

# A client's own key may be as long as the body.
_KEY_LENGTH = 100
# Kinds are made at start-up, so this is never reached; it bounds the memory of a caller that makes them as it goes.
_REMEMBERED_KINDS = 10_000

SETS: tuple[type[inspect.Type], ...] = (inspect.SetType, inspect.FrozenSetType)
# FrozenDictType came with msgspec 0.22.
MAPPINGS: tuple[type[inspect.Type], ...] = (inspect.DictType, getattr(inspect, "FrozenDictType", inspect.DictType))
OBJECTS: tuple[type[inspect.Type], ...] = (inspect.DataclassType, inspect.TypedDictType)
ARRAYS: tuple[type[inspect.Type], ...] = (
    *SETS,
    inspect.ListType,
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.NamedTupleType,
)


class Form(Struct, frozen=True):
    """A kind as a type again; ``exact`` where ``msgspec.convert`` differs from msgspec's JSON decoder.

    ``convert`` does not read Raw, and it counts the items of a set and the keys of a mapping before it drops the
    equal ones, where the decoder counts after.
    """

    hint: Any
    exact: bool


class Finding(Struct, frozen=True):
    """One message of msgspec's: the pointer below the value that was judged, the code and the detail."""

    pointer: str
    code: str
    detail: str


def per_kind(work: Callable[[inspect.Type], T]) -> Callable[[inspect.Type], T]:
    """Remember what was worked out for a kind, by identity, because kinds cannot be hashed."""
    memory: dict[int, tuple[inspect.Type, T]] = {}

    @wraps(work)
    def remembered(kind: inspect.Type) -> T:
        known = memory.get(id(kind))
        if known is None:
            if len(memory) >= _REMEMBERED_KINDS:
                memory.clear()
            known = memory[id(kind)] = (kind, work(kind))
        return known[1]

    return remembered


def token(key: str) -> str:
    """Return a key as the next step of a JSON pointer (RFC 6901), cut at 100 characters: a/b -> /a~1b."""
    return "/" + key[:_KEY_LENGTH].replace("~", "~0").replace("/", "~1")


def bare(kind: inspect.Type) -> inspect.Type:
    """Take the descriptions off a kind."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def member_for(kind: inspect.Type, value: object) -> inspect.Type:
    """Return the member of a union that an object or array is meant for, or the kind itself where none is."""
    kind = bare(kind)
    if not isinstance(kind, inspect.UnionType):
        return kind
    members = [bare(member) for member in kind.types]
    for member in members:
        if isinstance(member, inspect.AnyType):
            return member
    fitting = [member for member in members if _takes(member, value)]
    if len(fitting) > 1:
        fitting = [member for member in fitting if isinstance(member, inspect.StructType) and _is_tagged(member, value)]
    return fitting[0] if len(fitting) == 1 else kind


def _takes(kind: inspect.Type, value: object) -> bool:
    if isinstance(kind, inspect.StructType):
        return isinstance(value, list if kind.array_like else dict)
    if isinstance(value, list):
        return isinstance(kind, ARRAYS)
    return isinstance(value, dict) and isinstance(kind, (*OBJECTS, *MAPPINGS))


def _is_tagged(kind: inspect.StructType, value: object) -> bool:
    tag: object = None
    if isinstance(value, list):
        tag = value[0] if value else None
    elif isinstance(value, dict):
        tag = value.get(kind.tag_field)
    # The classes are compared because True == 1.
    return type(tag) is type(kind.tag) and tag == kind.tag


@per_kind
def form_of(kind: inspect.Type) -> Form:
    """Turn a kind back into a type: IntType(le=3) -> Annotated[int, Meta(le=3)]."""
    return Form(_hint(kind), any(_is_exact(part) for part in _parts(kind, set())))


def _hint(kind: inspect.Type) -> Any:
    kind = bare(kind)
    build = _HINTS.get(type(kind))
    hint = build(kind) if build is not None else _PLAIN[type(kind)]
    limits = {name: getattr(kind, name) for name in kind.__struct_fields__ if name in _LIMITS}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[hint, Meta(**given)] if given else hint


_LIMITS = frozenset({"ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern", "tz"})

_PLAIN: dict[type[inspect.Type], Any] = {
    inspect.AnyType: Any,
    inspect.BoolType: bool,
    inspect.ByteArrayType: bytearray,
    inspect.BytesType: bytes,
    inspect.DateTimeType: dt.datetime,
    inspect.DateType: dt.date,
    inspect.DecimalType: Decimal,
    inspect.ExtType: msgspec.msgpack.Ext,
    inspect.FloatType: float,
    inspect.IntType: int,
    inspect.MemoryViewType: memoryview,
    inspect.NoneType: None,
    inspect.RawType: msgspec.Raw,
    inspect.StrType: str,
    inspect.TimeDeltaType: dt.timedelta,
    inspect.TimeType: dt.time,
    inspect.UUIDType: uuid.UUID,
}


def _class_of(kind: Any) -> Any:
    return kind.cls


_HINTS: dict[type[inspect.Type], Callable[[Any], Any]] = {
    **dict.fromkeys(MAPPINGS, lambda kind: GenericAlias(dict, (_hint(kind.key_type), _hint(kind.value_type)))),
    inspect.CustomType: _class_of,
    inspect.DataclassType: _class_of,
    inspect.EnumType: _class_of,
    inspect.FrozenSetType: lambda kind: GenericAlias(frozenset, (_hint(kind.item_type),)),
    inspect.ListType: lambda kind: GenericAlias(list, (_hint(kind.item_type),)),
    inspect.LiteralType: lambda kind: Literal[kind.values],
    inspect.NamedTupleType: _class_of,
    inspect.SetType: lambda kind: GenericAlias(set, (_hint(kind.item_type),)),
    inspect.StructType: _class_of,
    inspect.TupleType: lambda kind: GenericAlias(tuple, tuple(_hint(item) for item in kind.item_types)),
    inspect.TypedDictType: _class_of,
    inspect.UnionType: lambda kind: Union[tuple(_hint(member) for member in kind.types)],  # noqa: UP007  made at run time
    inspect.VarTupleType: lambda kind: GenericAlias(tuple, (_hint(kind.item_type), ...)),
}


def _parts(kind: Any, seen: set[int]) -> Iterator[inspect.Type]:
    if id(kind) in seen:
        return
    seen.add(id(kind))
    yield kind
    inner = [getattr(kind, name) for name in ("type", "item_type", "key_type", "value_type") if hasattr(kind, name)]
    inner += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    inner += [field.type for field in getattr(kind, "fields", ())]
    for part in inner:
        yield from _parts(part, seen)


def _is_exact(kind: Any) -> bool:
    if type(kind) in (*SETS, *MAPPINGS):
        return (kind.min_length, kind.max_length) != (None, None)
    return isinstance(kind, inspect.RawType)


def judge(form: Form, value: object, *, strict: bool) -> Exception | None:
    """Return the error that msgspec raises for a value, or None where the value is valid.

    An error that a ``__post_init__`` raises and msgspec does not take for a fault (KeyError) escapes.
    """
    try:
        if strict and form.exact:
            # The standard library's encoder, because msgspec's writes integers past 64 bits as strings.
            msgspec.json.decode(json.dumps(value), type=form.hint)
        else:
            msgspec.convert(value, form.hint, strict=strict, str_keys=True)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        return error
    except TypeError as error:
        if "unhashable type" not in str(error):
            raise
        return error
    return None


_PLACE = re.compile(r"(.*) - at (`key` in )?`\$(.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]*)|\[(\d+)\]|\[\.\.\.\]")

# The first that matches the whole message decides; where the detail is None the message holds no client's value.
_RULES: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(pattern, re.DOTALL), code, detail)
    for pattern, code, detail in (
        (r"Object missing required field `(.*)`", "missing", "Field required"),
        (r"Object contains unknown field `(.*)`", "unknown", "Unknown field"),
        (r"Invalid enum value .*", "value", "Invalid enum value"),
        (r"Invalid value .*", "tag", "Invalid tag"),
        (r"Expected `[^`]*`(?:, got `[^`]*`)?", "type", None),
        (r"Expected `.*", "constraint", None),
        (r".*", "value", None),
    )
)


def explain(error: Exception) -> Finding:
    """Turn an error of msgspec's into a finding: Expected `int`, got `str` - at `$.a[0]` -> /a/0, type."""
    if isinstance(error, UnicodeEncodeError):
        return Finding("", "value", "Expected text in UTF-8")
    if isinstance(error, TypeError):
        return Finding("", "type", "Expected hashable items")
    text = str(error)
    place = _PLACE.fullmatch(text)
    message, in_key, path = place.groups() if place is not None else (text, None, "")
    pointer = _pointer(path)
    if error.__cause__ is not None:
        return Finding(pointer, "value", str(error.__cause__).strip() or "Invalid value")
    finding = _match_rule(pointer, message.strip())
    return Finding(pointer, "key", finding.detail) if in_key else finding


def _match_rule(pointer: str, message: str) -> Finding:
    for pattern, code, detail in _RULES:
        match = pattern.fullmatch(message)
        if match is not None:
            below = token(match[1]) if match.groups() else ""
            return Finding(pointer + below, code, detail or message or "Invalid value")
    return Finding(pointer, "value", "Invalid value")


def _pointer(path: str) -> str:
    pointer = ""
    for step in _STEP.finditer(path):
        if step[0] == "[...]":
            # msgspec does not tell which key it was: the mapping is as near as we get.
            break
        pointer += token(step[1] if step[2] is None else step[2])
    return pointer


def single_fault(error: msgspec.ValidationError, location: str, pointer: str = "") -> Fault:
    """Turn the one error that msgspec reports into a fault, for when the walker has nothing to say."""
    finding = explain(error)
    return Fault(location, pointer + finding.pointer, finding.code, finding.detail)
