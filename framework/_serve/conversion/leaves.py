"""Converts values without fields: strings, numbers, dates."""

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable
from typing import Any, Literal, Self

import msgspec
from msgspec import inspect

from framework._codecs import CustomType, codec_of, codec_of_value
from framework._hooks import decode_hook
from framework._inspect.names import type_name
from framework._pydantic_dataclasses import is_pydantic_dataclass

__all__ = ("LEAVES", "Anything", "Leaf", "Mismatch", "Node", "is_numpy_value")


class Mismatch(Exception):
    """A value that cannot be converted: ``path`` leads to it from the outside in."""

    def __init__(self, expected: str, value: object, *, lacks: str | None = None) -> None:
        self.expected = expected
        self.found = type_name(type(value))
        self.lacks = lacks
        self.path: list[str] = []

    def inside(self, place: object) -> Self:
        """Return the error with a path that is one step longer."""
        self.path.insert(0, str(place))
        return self


class Node:
    """Converts values to a type."""

    name: str
    """The name of the type, for messages."""
    classes: frozenset[type] = frozenset()
    """The classes by which a union finds it."""
    accepted: frozenset[type] | None = frozenset()
    """The classes whose instances need no check; ``None`` for all."""
    item_classes: frozenset[type] | None = frozenset()
    """The same for the items of an array."""
    container = "list"
    """The class of an encoded array."""

    def convert(self, value: Any) -> Any:
        """Return the value itself or a converted one; raises Mismatch."""
        raise NotImplementedError


class Anything(Node):
    """Any, object, and unknown types."""

    name = "Any"
    accepted = None

    def convert(self, value: Any) -> Any:
        """Return the value as it is."""
        return value


def is_numpy_value(value: object) -> bool:
    """Return whether a value is an array or a number of numpy, which only orjson encodes."""
    return type(value).__module__ == "numpy"


class Leaf(Node):
    """A type whose values have no fields."""

    reports = False

    def __init__(self, cls: type, annotation: Any = None, also: type | None = None) -> None:
        self.cls = cls
        self.annotation = cls if annotation is None else annotation
        self.name = type_name(self.annotation)
        self.classes = frozenset({cls} if also is None else {cls, also})
        self.accepted = self.classes

    def report(self) -> None:
        """Make every value that would be converted an error."""
        self.reports = True

    def convert(self, value: Any) -> Any:
        """Return a value of the class; raises Mismatch."""
        if type(value) in self.classes or is_numpy_value(value):
            return value
        if isinstance(value, self.cls):
            plain = _PLAIN.get(self.cls)
            if plain is None or self.reports:
                return self._unless_bool(value)
            return plain(value)
        return self._converted(value)

    def _unless_bool(self, value: Any) -> Any:
        if self.reports and isinstance(value, bool) and self.cls is int:
            raise Mismatch(self.name, value)
        return value

    def _converted(self, value: Any) -> Any:
        if self.reports:
            raise Mismatch(self.name, value)
        try:
            return msgspec.convert(value, self.annotation, dec_hook=decode_hook)
        except msgspec.ValidationError:
            raise Mismatch(self.name, value) from None


# Data that a subclass adds is not encoded; encoders treat subclasses differently.
_PLAIN: dict[type, Callable[[Any], Any]] = {int: int, float: float, str: str.__str__}


class _Float(Leaf):
    """A float; a value that is not finite would be null in JSON, which is reported if all values are checked."""

    def report(self) -> None:
        """Check each value."""
        super().report()
        self.accepted = frozenset()

    def convert(self, value: Any) -> Any:
        """Return a finite number; raises Mismatch."""
        found = super().convert(value)
        if self.reports and isinstance(found, float) and not math.isfinite(found):
            raise Mismatch("finite float", value)
        return found


class _Bytes(Leaf):
    def _converted(self, value: Any) -> Any:
        # Not by msgspec, which reads base64 from a string.
        if self.reports or not isinstance(value, bytes | bytearray | memoryview):
            raise Mismatch(self.name, value)
        return self.cls(value)


class _Literal(Leaf):
    def __init__(self, values: tuple[Any, ...]) -> None:
        super().__init__(type(values[0]), Literal[values])
        self.classes = frozenset(map(type, values))
        self.accepted = frozenset()
        self._values = values

    def convert(self, value: Any) -> Any:
        """Return a value that is one of the literals."""
        if any(value == one and type(value) is type(one) for one in self._values):
            return value
        return self._converted(value)


class _Custom(Leaf):
    """A class that a codec reads and writes."""

    def __init__(self, codec: CustomType) -> None:
        super().__init__(codec.cls)
        self._codec = codec

    def convert(self, value: Any) -> Any:
        """Return an instance of the class, or the encoded form of an instance of a subclass."""
        if isinstance(value, self.cls) and type(value) is not self.cls:
            # A subclass may have another encoding.
            encode = self._codec.encode
            return value if encode is None or codec_of_value(value) is self._codec else encode(value)
        return super().convert(value)


class _PydanticDataclass(_Custom):
    """A dataclass of pydantic, which every encoder would write as a plain one: it is written here."""

    def __init__(self, codec: CustomType) -> None:
        super().__init__(codec)
        self.accepted = frozenset()

    def convert(self, value: Any) -> Any:
        """Return what pydantic writes; of a subclass what it writes of the class."""
        if self.reports or self._codec.decode is None or self._codec.encode is None:
            # It was converted before.
            return value
        if not isinstance(value, self.cls):
            try:
                value = self._codec.decode(value)
            except (ValueError, TypeError):
                raise Mismatch(self.name, value) from None
        return self._codec.encode(value)


def _custom(kind: inspect.CustomType) -> Node:
    codec = codec_of(kind.cls)
    if codec is None:
        return Anything()
    return _PydanticDataclass(codec) if is_pydantic_dataclass(codec.cls) else _Custom(codec)


def _of_class(cls: type) -> Callable[[Any], Node]:
    return lambda _: Leaf(cls)


LEAVES: dict[type[inspect.Type], Callable[[Any], Node]] = {
    inspect.AnyType: lambda _: Anything(),
    inspect.NoneType: lambda _: Leaf(type(None), None),
    inspect.BoolType: _of_class(bool),
    inspect.IntType: _of_class(int),
    # PEP 484: an int is accepted where a float is expected.
    inspect.FloatType: lambda _: _Float(float, also=int),
    inspect.StrType: _of_class(str),
    inspect.BytesType: lambda _: _Bytes(bytes),
    inspect.ByteArrayType: lambda _: _Bytes(bytearray),
    inspect.MemoryViewType: lambda _: _Bytes(memoryview),
    inspect.DateTimeType: _of_class(dt.datetime),
    inspect.DateType: _of_class(dt.date),
    inspect.TimeType: _of_class(dt.time),
    inspect.TimeDeltaType: _of_class(dt.timedelta),
    inspect.UUIDType: _of_class(uuid.UUID),
    inspect.DecimalType: _of_class(decimal.Decimal),
    inspect.EnumType: lambda kind: Leaf(kind.cls),
    inspect.LiteralType: lambda kind: _Literal(kind.values),
    inspect.CustomType: _custom,
    inspect.RawType: _of_class(msgspec.Raw),
    inspect.ExtType: _of_class(msgspec.msgpack.Ext),
}
"""By the name of the type in msgspec."""
