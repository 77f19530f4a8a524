"""Types as msgspec's public ``inspect`` describes them."""

import functools
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct, UnsetType, inspect

from framework._codecs import codec_of
from framework._inspect.constraints import constraint_hint
from framework._inspect.discovering import discover
from framework._inspect.hashing import unhashable
from framework._inspect.model_fields import fields_of_model, is_model_type
from framework._inspect.pattern_unions import PATTERN_UNION, PATTERN_UNION_HINT, has_pattern_union, is_pattern_union
from framework._inspect.per_kind import per_kind
from framework._pydantic import ModelType, model_problem
from framework._pydantic_dataclasses import hiding, is_read_too_early
from framework._secret import SecretStr

__all__ = (
    "FormType",
    "Unsupported",
    "carried_by_query",
    "custom_type_hint",
    "fields_of",
    "holds_custom",
    "holds_secrets",
    "is_collection",
    "is_foreign",
    "is_model",
    "kind_of",
    "mentions",
    "subtypes",
    "unsupported",
    "without_metadata",
    "without_none",
    "without_unset",
)


class FormType(inspect.Type, frozen=True):  # type: ignore[misc]  # the stub does not say that Type is frozen
    """A whole form, which has no class."""

    fields: tuple[inspect.Field, ...]
    closed: bool
    """Whether unknown fields are rejected."""


_OBJECTS = (
    inspect.StructType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
)
_COLLECTIONS = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType, inspect.TupleType)


def kind_of(annotation: Any) -> inspect.Type:
    """Return msgspec's description of a type, cached: routes share most of their types.

    Raises the exceptions of msgspec, and a TypeError for a type that would end the process.
    """
    try:
        return _remembered_kind(annotation)
    except TypeError:  # Not hashable; an error about the type itself is raised again.
        return _fresh_kind(annotation)


@functools.lru_cache(maxsize=4096, typed=True)
def _remembered_kind(annotation: Any) -> inspect.Type:
    return _fresh_kind(annotation)


def _fresh_kind(annotation: Any) -> inspect.Type:
    if has_pattern_union(annotation):
        raise TypeError(PATTERN_UNION)
    discover(annotation)
    try:
        with hiding():
            return inspect.type_info(annotation)
    except ValueError as error:  # Limits beyond 64 bits.
        raise TypeError(str(error)) from error


def without_metadata(kind: inspect.Type) -> inspect.Type:
    """Return the type inside ``Meta`` titles, examples and the like."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


_CHILDREN: dict[type[inspect.Type], Callable[[Any], Iterable[inspect.Type]]] = {
    inspect.Metadata: lambda kind: (kind.type,),
    inspect.UnionType: lambda kind: kind.types,
    inspect.ListType: lambda kind: (kind.item_type,),
    inspect.SetType: lambda kind: (kind.item_type,),
    inspect.FrozenSetType: lambda kind: (kind.item_type,),
    inspect.VarTupleType: lambda kind: (kind.item_type,),
    inspect.CollectionType: lambda kind: (kind.item_type,),
    inspect.TupleType: lambda kind: kind.item_types,
    inspect.DictType: lambda kind: (kind.key_type, kind.value_type),
    FormType: lambda kind: [one.type for one in kind.fields],
    **dict.fromkeys(_OBJECTS, lambda kind: [one.type for one in kind.fields]),
}


def subtypes(kind: inspect.Type) -> Sequence[inspect.Type]:
    """Return a type and all types inside it, each class once."""
    return _walked(kind) if type(kind) in _CHILDREN else (kind,)


# PERF: an application asks thirty times for each of its types; to walk them each time took 6 % of a build.
@per_kind
def _walked(kind: inspect.Type) -> Sequence[inspect.Type]:
    found: list[inspect.Type] = []
    waiting, seen = [kind], set[type]()
    while waiting:
        one: Any = waiting.pop()
        children = _CHILDREN.get(type(one))
        if children is not None:
            if type(one) in _OBJECTS:
                if one.cls in seen:
                    continue
                seen.add(one.cls)
            waiting.extend(children(one))
        found.append(one)
    return tuple(found)


class Unsupported(Struct, frozen=True):
    """Why msgspec cannot read or write a type, and a hint if another type alone does not help."""

    reason: str
    hint: str = ""


def unsupported(annotation: Any, known: tuple[type, ...] = (), *, written: bool = False) -> Unsupported | None:
    """Return why a type cannot be read or, with ``written``, be written; ``None`` if it can.

    ``known`` are classes of the framework that are handled elsewhere.
    """
    try:
        kind = kind_of(annotation)
        with hiding():
            msgspec.json.Decoder(annotation)
    except (TypeError, NameError, AttributeError, RecursionError) as error:
        reason = re.sub(_OPEN_ISSUE, "", str(error).partition("\n")[0]).rstrip(".")
        return Unsupported(reason, _IMPORT if isinstance(error, NameError) else _hint_for(reason))
    for one in subtypes(kind):
        if is_pattern_union(one):
            return Unsupported(PATTERN_UNION, PATTERN_UNION_HINT)
        refused = _refused(one, known, written=written)
        if refused is not None:
            return refused
    return None


_EXAMINED = (inspect.SetType, inspect.FrozenSetType, inspect.CustomType, *_OBJECTS)


def _refused(kind: inspect.Type, known: tuple[type, ...], *, written: bool) -> Unsupported | None:
    if not isinstance(kind, _EXAMINED):
        return None
    if isinstance(kind, inspect.SetType | inspect.FrozenSetType) and (item := unhashable(kind.item_type)):
        return Unsupported(f"a set cannot hold a {item[0]}, which has no hash", item[1])
    if isinstance(kind, _OBJECTS) and is_read_too_early(kind.cls):
        return Unsupported(f"msgspec knows {kind.cls.__name__} with a dataclass of pydantic as a plain one", _LATER)
    if not isinstance(kind, inspect.CustomType | inspect.DataclassType):
        return None
    problem = model_problem(kind.cls)
    if problem is not None:
        return Unsupported(*problem)
    # object is equivalent to Any: every value is one.
    if isinstance(kind, inspect.DataclassType) or kind.cls in (object, *known):
        return None
    return _unknown(kind.cls, written=written)


def _unknown(cls: Any, *, written: bool) -> Unsupported | None:
    """Return why values of an unknown class cannot be read or written, ``None`` if they can."""
    name, codec = cls.__qualname__.rpartition("<locals>.")[2], codec_of(cls)
    if codec is None:
        return Unsupported(f"msgspec does not know {name}", f"{custom_type_hint(name)}, or use {_KNOWN}")
    # The callers that must reject secrets check for them themselves.
    if (codec.encode if written else codec.decode) is None and cls is not SecretStr:
        what = "encode" if written else "decode"
        return Unsupported(f"its CustomType has no {what}=", f"give CustomType({name}) {what}=")
    return None


def custom_type_hint(name: str) -> str:
    """Return a hint how a class that msgspec does not know becomes a value."""
    return f"describe it with App(types=[CustomType({name}, decode=…, encode=…, schema=…)])"


_KNOWN = "a builtin, a Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class"


_LATER = "make decoders and encoders of it after App.build(), or a BaseModel of the dataclass"
_IN_UNIONS = (
    "use one of the types, or write one class for all of them, with a CustomType; framework.types.IPAddress is a str "
    "that holds an address of either kind"
)
# The advice of msgspec to authors of hooks.
_OPEN_ISSUE = r"\. If you need this feature.*"
_IMPORT = "import the name at module level, not under TYPE_CHECKING, where the class is defined"
# Parts of msgspec's messages, with a hint for each.
_HINTS = (
    (PATTERN_UNION, PATTERN_UNION_HINT),
    ("must be tagged", "tag each of them: class Cat(Struct, tag=True); the tag is then sent as the field type"),
    ("custom type", _IN_UNIONS),
    ("fit in an int64", "use limits from -2**63 to 2**63 - 1, or none"),
)


def _hint_for(reason: str) -> str:
    return next((hint for part, hint in _HINTS if part in reason), "") or constraint_hint(reason)


def is_collection(kind: inspect.Type) -> bool:
    """Return whether a parameter of this type has several values: a list, a set, a tuple, or an optional one."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.UnionType):
        return any(is_collection(one) for one in kind.types)
    return isinstance(kind, _COLLECTIONS)


def carried_by_query(kind: inspect.Type) -> bool:
    """Return whether a query string can carry a type: scalars, optionals of them, and collections of those."""
    return not any(
        isinstance(one, (*_OBJECTS, inspect.DictType))
        or (isinstance(one, _COLLECTIONS) and _nests(one))
        or (isinstance(one, inspect.CustomType) and _is_structured(one.cls))
        for one in _shallow(kind)
    )


def _is_structured(cls: Any) -> bool:
    codec = codec_of(cls)
    if codec is None or codec.schema is None:
        return isinstance(codec, ModelType)
    return codec.schema.get("type") in {"object", "array"}


def _nests(collection: inspect.Type) -> bool:
    return any(is_collection(one) for one in _CHILDREN[type(collection)](collection))


def _shallow(kind: inspect.Type) -> Iterator[inspect.Type]:
    kind = without_metadata(kind)
    yield kind
    if isinstance(kind, inspect.UnionType) or is_collection(kind):
        for one in _CHILDREN[type(kind)](kind):
            yield from _shallow(one)


def fields_of(kind: inspect.Type) -> tuple[inspect.Field, ...] | None:
    """Return the fields of a Struct, dataclass, attrs class, TypedDict, NamedTuple or model; ``None`` for others."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.CustomType) and is_model_type(kind):
        return fields_of_model(kind.cls)
    return kind.fields if isinstance(kind, _OBJECTS) else None


def is_model(annotation: Any) -> bool:
    """Return whether a query string cannot carry a type as one value: it has fields, keys or rows."""
    return unsupported(annotation) is None and not carried_by_query(kind_of(annotation))


def mentions(annotation: Any, cls: type) -> bool:
    """Return whether a class occurs in an annotation as it is written: ``list[Order] | None`` mentions ``Order``."""
    return annotation is cls or any(mentions(one, cls) for one in typing.get_args(annotation))


def is_foreign(annotation: Any) -> bool:
    """Return whether a type is a class that no body can contain: a service instead of data."""
    try:
        kind = without_metadata(kind_of(annotation))
        return isinstance(kind, inspect.CustomType) and codec_of(kind.cls) is None and not model_problem(kind.cls)
    except (TypeError, NameError, AttributeError, RecursionError):
        return False


def without_none(annotation: Any) -> Any:
    """Return the type of an optional without its None: ``Order | None`` -> ``Order``; other types as they are."""
    return _without(annotation, type(None))


def without_unset(annotation: Any) -> Any:
    """Return a type without UnsetType, which only means that the value may be absent."""
    return _without(annotation, UnsetType)


def _without(annotation: Any, unwanted: type) -> Any:
    if isinstance(annotation, type) or typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation
    kept = tuple(one for one in typing.get_args(annotation) if one is not unwanted)
    return annotation if len(kept) == len(typing.get_args(annotation)) else typing.Union[kept]  # noqa: UP007  a tuple


def holds_secrets(kind: inspect.Type) -> bool:
    """Return whether a value of a type may contain a secret."""
    return any(isinstance(one, inspect.CustomType) and one.cls is SecretStr for one in subtypes(kind))


def holds_custom(kind: inspect.Type) -> bool:
    """Return whether a value of a type may contain values that msgspec cannot read or write alone."""
    return any(isinstance(one, inspect.CustomType) and codec_of(one.cls) is not None for one in subtypes(kind))
