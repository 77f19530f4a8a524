"""Converts a value to the type of an annotation, and reports where that is not possible.

``make_node(kind, tree)`` makes a node with ``convert(value)`` from msgspec's description of a type; ``convert``
returns the value itself if its class is that of the type. The tree decides which fields of an object are checked.
"""

import math
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, inspect

from framework._inspect.names import type_name
from framework._inspect.types import subtypes, without_metadata
from framework._serve.conversion.leaves import LEAVES, Anything, Leaf, Mismatch, Node, is_numpy_value
from framework._serve.conversion.objects import KINDS_OF_OBJECTS, ObjectKind

__all__ = ("Tree", "make_node")

_ARRAYS = frozenset({list, tuple, set, frozenset})
_CONTAINERS: dict[type[inspect.Type], str] = {
    inspect.SetType: "set",
    inspect.FrozenSetType: "frozenset",
    inspect.VarTupleType: "tuple",
}
_NO_ARRAYS = (str, bytes, bytearray, memoryview, Mapping)
_NO_OBJECTS = (str, bytes, bytearray, int, float, complex, list, set, frozenset, type, type(None))


class Tree:
    """Shared by all nodes of an annotation.

    ``is_risky`` returns whether values of a class may contain more than the class; ``reports`` makes every value that
    would be converted an error.
    """

    def __init__(self, is_risky: Callable[[inspect.Type], bool] = lambda _: False, *, reports: bool = False) -> None:
        self._is_risky = is_risky
        self.reports = reports
        self.objects: dict[Any, Node] = {}

    def walks(self, kind: inspect.Type) -> bool:
        """Return whether the values of a field are checked."""
        return self.reports or any(self._is_risky(one) for one in subtypes(kind))


class _Union(Node):
    def __init__(self, kind: inspect.UnionType, tree: Tree) -> None:
        self._members = [make_node(one, tree) for one in kind.types]
        self.name = " | ".join(one.name for one in self._members)
        self._takes_all = any(one.accepted is None for one in self._members)
        accepted = [one.accepted for one in self._members if one.accepted is not None]
        self.accepted = None if self._takes_all else frozenset[type]().union(*accepted)
        self._takes_null = kind.includes_none
        self._by_class: dict[type, Node] = {}
        for one in self._members:
            for cls in one.classes:
                self._by_class.setdefault(cls, one)

    def convert(self, value: Any) -> Any:
        """Convert by the nearest class of the value, else to the first type that is possible."""
        if self._takes_all:
            return value
        for cls in type(value).__mro__[:-1]:
            if cls in self._by_class:
                # A float that is not finite becomes null, which an optional float allows.
                is_null = cls is float and self._takes_null and not math.isfinite(value)
                return value if is_null else self._by_class[cls].convert(value)
        deepest: Mismatch | None = None
        for one in self._members:
            try:
                return one.convert(value)
            except Mismatch as error:
                deepest = error if error.path and (deepest is None or len(error.path) > len(deepest.path)) else deepest
        raise deepest or Mismatch(self.name, value)


def _convert_items(node: Node, items: Iterable[tuple[Any, Any]]) -> tuple[dict[Any, Any], bool]:
    """Return the converted items by index, and whether one of them is another object now."""
    converted: dict[Any, Any] = {}
    changed = False
    for place, item in items:
        try:
            made = node.convert(item)
        except Mismatch as error:
            raise error.inside(place) from None
        converted[place] = made
        changed = changed or made is not item
    return converted, changed


class _Array(Node):
    def __init__(self, kind: Any, tree: Tree) -> None:
        self._item = make_node(kind.item_type, tree)
        self._tree = tree
        # Tuples and lists have the same encoding, and Sequence[T] may be both.
        self.classes = _ARRAYS
        self.accepted = _ARRAYS if self._item.accepted is None else frozenset()
        self.item_classes = self._item.accepted
        self.container = _CONTAINERS.get(type(kind), "list")
        self.name = f"{self.container}[{self._item.name}]"

    def convert(self, value: Any) -> Any:
        """Return an array of converted items."""
        if type(value) not in _ARRAYS:
            if is_numpy_value(value):
                return value
            if isinstance(value, _NO_ARRAYS) or not isinstance(value, Iterable):
                raise Mismatch(self.name, value)
            value = list(value)
        if self.item_classes is None or self.item_classes.issuperset(map(type, value)):
            return value
        converted, changed = _convert_items(self._item, enumerate(value))
        return list(converted.values()) if changed else value


class _FixedArray(Node):
    def __init__(self, kind: inspect.TupleType, tree: Tree) -> None:
        self._items = [make_node(one, tree) for one in kind.item_types]
        self.name = f"tuple[{', '.join(one.name for one in self._items)}]"
        self.classes = frozenset({tuple, list})

    def convert(self, value: Any) -> Any:
        """Return a tuple of converted items."""
        if not isinstance(value, tuple | list) or len(value) != len(self._items):
            raise Mismatch(self.name, value)
        converted: list[Any] = []
        for place, (node, item) in enumerate(zip(self._items, value, strict=True)):
            try:
                converted.append(node.convert(item))
            except Mismatch as error:
                raise error.inside(place) from None
        return tuple(converted)


class _Mapping(Node):
    def __init__(self, kind: inspect.DictType, tree: Tree) -> None:
        self._item = make_node(kind.value_type, tree)
        self._classes = self._item.accepted
        self.name = f"dict[{type_name_of(kind.key_type)}, {self._item.name}]"
        self.classes = frozenset({dict})
        self.accepted = self.classes if self._item.accepted is None else frozenset()

    def convert(self, value: Any) -> Any:
        """Return a dict with converted values; the encoder converts the keys."""
        if not isinstance(value, Mapping):
            raise Mismatch(self.name, value)
        if type(value) is not dict:
            value = dict(value)
        if self._classes is None or self._classes.issuperset(map(type, value.values())):
            return value
        converted, changed = _convert_items(self._item, value.items())
        return converted if changed else value


class _Field(Struct, frozen=True):
    name: str
    wire: str
    required: bool
    node: Node
    is_walked: bool


class _Object(Node):
    """A Struct, dataclass, attrs class, TypedDict or NamedTuple."""

    def __init__(self, kind: Any, tree: Tree, own: ObjectKind) -> None:
        tree.objects[kind.cls] = self
        self._own = own
        self._tree = tree
        self._tag = (kind.tag_field, kind.tag) if getattr(kind, "tag_field", None) else None
        self.name = type_name(kind.cls)
        self.classes = frozenset({own.cls})
        # The items of a generic class (Page[T]) are checked like those of a list.
        is_open = typing.get_origin(kind.cls) is not None
        self._fields = [
            _Field(one.name, one.encode_name, one.required, make_node(one.type, tree), _is_walked(one, tree, is_open))
            for one in kind.fields
        ]
        self._walked = [one for one in self._fields if one.is_walked]
        self.accepted = frozenset() if self._walked or own.never_as_is else self.classes

    def convert(self, value: Any) -> Any:
        """Return an instance of the class, without data that the class does not have."""
        own = self._own
        if own.is_exact(value):
            return self._walk(value)
        if self._tree.reports:
            raise Mismatch(self.name, value)
        if own.is_subclass(value):
            return own.cut(value, {one.name: made for one in self._fields for made in self._kept(value, one)})
        return own.build(self._read(own.by_name(value)))

    def _walk(self, value: Any) -> Any:
        changes: dict[str, Any] = {}
        for one in self._walked:
            for item in self._own.read(value, one.name):
                made = self._convert_field(one, item)
                if made is not item:
                    changes[one.name] = made
        return self._own.replaced(value, changes)

    def _kept(self, value: Any, field: _Field) -> list[Any]:
        """Return the value of a field in a list, or an empty list; an unchecked value is not changed."""
        found = self._own.read(value, field.name)
        return [self._convert_field(field, one) for one in found] if field.is_walked else found

    def _read(self, value: Any) -> dict[str, Any]:
        """Return the fields of an object of another class, or of a mapping, by name."""
        if isinstance(value, _NO_OBJECTS) or type(value) is tuple:
            raise Mismatch(self.name, value)
        if self._tag is not None and isinstance(value, Mapping) and value.get(*self._tag) != self._tag[1]:
            raise Mismatch(self.name, value)
        found: dict[str, Any] = {}
        for one in self._fields:
            if isinstance(value, Mapping):
                given = [value[key] for key in (one.wire, one.name) if key in value][:1]
            else:
                given = [made] if (made := getattr(value, one.name, _ABSENT)) is not _ABSENT else []
            if not given and one.required:
                raise Mismatch(self.name, value, lacks=one.wire)
            if given:
                found[one.name] = self._convert_field(one, given[0])
        if not found and not isinstance(value, Mapping):
            raise Mismatch(self.name, value)
        return found

    def _convert_field(self, field: _Field, value: Any) -> Any:
        try:
            return field.node.convert(value)
        except Mismatch as error:
            raise error.inside(field.wire) from None


_ABSENT = object()


def _is_walked(field: inspect.Field, tree: Tree, is_open: bool) -> bool:
    inner = without_metadata(field.type)
    return tree.walks(field.type) or (is_open and type(inner) not in LEAVES and not isinstance(inner, inspect.AnyType))


def type_name_of(kind: inspect.Type) -> str:
    """Return the name of a leaf's type."""
    known = LEAVES.get(type(without_metadata(kind)))
    return "Any" if known is None or isinstance(kind, inspect.AnyType) else known(without_metadata(kind)).name


_NODES: dict[type[inspect.Type], Callable[[Any, Tree], Node]] = {
    inspect.UnionType: _Union,
    inspect.ListType: _Array,
    inspect.SetType: _Array,
    inspect.FrozenSetType: _Array,
    inspect.VarTupleType: _Array,
    inspect.CollectionType: _Array,
    inspect.TupleType: _FixedArray,
    inspect.DictType: _Mapping,
    getattr(inspect, "FrozenDictType", inspect.DictType): _Mapping,
}


def make_node(kind: inspect.Type, tree: Tree) -> Node:
    """Return the node of a type; all places of an object's class share one node."""
    kind = without_metadata(kind)
    make = _NODES.get(type(kind))
    if make is not None:
        return make(kind, tree)
    own = KINDS_OF_OBJECTS.get(type(kind))
    if own is not None:
        known = tree.objects.get(kind.cls)  # type: ignore[attr-defined]  # all of the table have one
        return _Object(kind, tree, own(kind)) if known is None else known
    leaf = LEAVES.get(type(kind))
    made = Anything() if leaf is None else leaf(kind)
    if isinstance(made, Leaf) and tree.reports:
        made.report()
    return made
