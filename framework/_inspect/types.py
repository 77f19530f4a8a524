"""Facts about types, read from msgspec's public ``inspect``."""

import functools
import re
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, UnsetType, inspect

from framework._codecs import codec_of
from framework._inspect.crashing import CRASHING, CRASHING_HINT, crashes, is_crashing_union
from framework._inspect.hashing import unhashable
from framework._inspect.model_fields import fields_of_model, is_model_type
from framework._pydantic import ModelType, model_problem
from framework._secret import SecretStr

__all__ = (
    "FormType",
    "Unsupported",
    "carried_by_query",
    "custom_type_hint",
    "fields_of",
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
    """A form as a whole, which no class stands for."""

    fields: tuple[inspect.Field, ...]
    closed: bool
    """Whether other fields are refused."""


_OBJECTS = (
    inspect.StructType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
)
_COLLECTIONS = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType, inspect.TupleType)


def kind_of(annotation: Any) -> inspect.Type:
    """Return what msgspec knows of a type, remembered: routes share most of their types.

    Raises what msgspec raises, and a TypeError for what it would not survive.
    """
    try:
        return _remembered_kind(annotation)
    except TypeError:  # Not hashable; where it was raised for the type itself, it is raised again.
        return _fresh_kind(annotation)


@functools.lru_cache(maxsize=4096, typed=True)
def _remembered_kind(annotation: Any) -> inspect.Type:
    return _fresh_kind(annotation)


def _fresh_kind(annotation: Any) -> inspect.Type:
    if crashes(annotation):
        raise TypeError(CRASHING)
    try:
        return inspect.type_info(annotation)
    except ValueError as error:  # Limits beyond 64 bits.
        raise TypeError(str(error)) from error


def without_metadata(kind: inspect.Type) -> inspect.Type:
    """Return the type inside ``Meta`` titles, examples and the like."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


_CHILDREN: dict[type[inspect.Type], Callable[[Any], Iterator[inspect.Type]]] = {
    inspect.Metadata: lambda kind: iter((kind.type,)),
    inspect.UnionType: lambda kind: iter(kind.types),
    inspect.ListType: lambda kind: iter((kind.item_type,)),
    inspect.SetType: lambda kind: iter((kind.item_type,)),
    inspect.FrozenSetType: lambda kind: iter((kind.item_type,)),
    inspect.VarTupleType: lambda kind: iter((kind.item_type,)),
    inspect.CollectionType: lambda kind: iter((kind.item_type,)),
    inspect.TupleType: lambda kind: iter(kind.item_types),
    inspect.DictType: lambda kind: iter((kind.key_type, kind.value_type)),
    FormType: lambda kind: (one.type for one in kind.fields),
    **dict.fromkeys(_OBJECTS, lambda kind: (one.type for one in kind.fields)),
}


def subtypes(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Yield a type and all types inside it, each class once."""
    waiting, seen = [kind], set[type | None]()
    while waiting:
        one = waiting.pop()
        owner = getattr(one, "cls", None)
        if isinstance(one, _OBJECTS):
            if owner in seen:
                continue
            seen.add(owner)
        yield one
        waiting.extend(_CHILDREN.get(type(one), lambda _: iter(()))(one))


class Unsupported(Struct, frozen=True):
    """Why msgspec cannot read or write a type, and a hint if it takes more than another type."""

    reason: str
    hint: str = ""


def unsupported(annotation: Any, known: tuple[type, ...] = (), *, written: bool = False) -> Unsupported | None:
    """Return why a type cannot be read or, with ``written``, be written; ``None`` if it can.

    ``known`` are classes of our own that are handled elsewhere.
    """
    try:
        kind = kind_of(annotation)
        msgspec.json.Decoder(annotation)
    except (TypeError, NameError, AttributeError, RecursionError) as error:
        reason = _OPEN_ISSUE.sub("", str(error).partition("\n")[0]).rstrip(".")
        return Unsupported(reason, _IMPORT if isinstance(error, NameError) else _hint_for(reason))
    for one in subtypes(kind):
        if is_crashing_union(one):
            return Unsupported(CRASHING, CRASHING_HINT)
        refused = _refused(one, known, written=written)
        if refused is not None:
            return refused
    return None


def _refused(kind: inspect.Type, known: tuple[type, ...], *, written: bool) -> Unsupported | None:
    if isinstance(kind, inspect.SetType | inspect.FrozenSetType) and (item := unhashable(kind.item_type)):
        return Unsupported(f"a set cannot hold a {item[0]}, which has no hash", item[1])
    if not isinstance(kind, inspect.CustomType | inspect.DataclassType):
        return None
    problem = model_problem(kind.cls)
    if problem is not None:
        return Unsupported(*problem)
    # object is as good as Any: everything is one.
    if isinstance(kind, inspect.DataclassType) or kind.cls in (object, *known):
        return None
    return _unknown(kind.cls, written=written)


def _unknown(cls: Any, *, written: bool) -> Unsupported | None:
    """Return why values of a class that msgspec does not know cannot be read or written, ``None`` if they can."""
    name, codec = cls.__qualname__.rpartition("<locals>.")[2], codec_of(cls)
    if codec is None:
        return Unsupported(f"msgspec does not know {name}", f"{custom_type_hint(name)}, or use {_KNOWN}")
    # A secret is refused by those who ask whether something holds one.
    if (codec.encode if written else codec.decode) is None and cls is not SecretStr:
        what = "encode" if written else "decode"
        return Unsupported(f"its CustomType has no {what}=", f"give CustomType({name}) {what}=")
    return None


def custom_type_hint(name: str) -> str:
    """Return how a class that msgspec does not know becomes a value."""
    return f"describe it with App(types=[CustomType({name}, decode=…, encode=…, schema=…)])"


_KNOWN = "a builtin, a Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class"


_IN_UNIONS = (
    "use one of the types, or write one class for all of them, with a CustomType; framework.types.IPAddress is a str "
    "that holds an address of either kind"
)
# What msgspec says to those who would extend it.
_OPEN_ISSUE = re.compile(r"\. If you need this feature.*")
_IMPORT = "import the name at module level, not under TYPE_CHECKING, where the class is defined"
# What a reason of msgspec's contains, and what helps.
_HINTS = (
    (CRASHING, CRASHING_HINT),
    ("must be tagged", "tag each of them: class Cat(Struct, tag=True); the tag is then sent as the field type"),
    ("custom type", _IN_UNIONS),
    ("fit in an int64", "use limits from -2**63 to 2**63 - 1, or none"),
)


def _hint_for(reason: str) -> str:
    return next((hint for part, hint in _HINTS if part in reason), "")


def is_collection(kind: inspect.Type) -> bool:
    """Tell whether a parameter of this type takes several values: a list, a set, a tuple, or an optional one."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.UnionType):
        return any(is_collection(one) for one in kind.types)
    return isinstance(kind, _COLLECTIONS)


def carried_by_query(kind: inspect.Type) -> bool:
    """Tell whether a query string can carry a type: scalars, optionals of them, and collections of those."""
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
    """Tell whether a type is data that no query string can carry as one value: it has fields, entries or rows."""
    return unsupported(annotation) is None and not carried_by_query(kind_of(annotation))


def mentions(annotation: Any, cls: type) -> bool:
    """Tell whether a class stands in an annotation as it is written: ``list[Order] | None`` mentions ``Order``."""
    return annotation is cls or any(mentions(one, cls) for one in typing.get_args(annotation))


def is_foreign(annotation: Any) -> bool:
    """Tell whether a type is a class that no payload can be: a service rather than data."""
    try:
        kind = without_metadata(kind_of(annotation))
        return isinstance(kind, inspect.CustomType) and codec_of(kind.cls) is None and not model_problem(kind.cls)
    except (TypeError, NameError, AttributeError, RecursionError):
        return False


def without_none(annotation: Any) -> Any:
    """Return the type of an optional without its None: ``Order | None`` -> ``Order``; other types as they are."""
    return _without(annotation, type(None))


def without_unset(annotation: Any) -> Any:
    """Return a type without UnsetType, which says only that the value may be absent."""
    return _without(annotation, UnsetType)


def _without(annotation: Any, unwanted: type) -> Any:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation
    kept = tuple(one for one in typing.get_args(annotation) if one is not unwanted)
    return annotation if len(kept) == len(typing.get_args(annotation)) else typing.Union[kept]  # noqa: UP007  a tuple
