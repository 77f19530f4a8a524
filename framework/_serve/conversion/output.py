"""Makes sure that what is sent matches the annotation: one check for handlers, streams, events and web sockets.

A value of exactly the annotated class is sent unchanged. Any other value is converted, which drops data that the type
does not have, or raises a ResponseMismatchError. If a type in the annotation has a subclass when the app starts, every
value is converted, and all fields that may contain an instance of the subclass are checked.
"""

import re
import typing
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from aiohttp import web
from msgspec import inspect

from framework._codecs import BUILT_IN, codec_of
from framework._hooks import decode_hook, encode_hook
from framework._inspect.model_fields import is_model_type
from framework._inspect.names import type_name
from framework._inspect.types import kind_of, subtypes
from framework._pydantic_dataclasses import is_pydantic_dataclass
from framework._serve.conversion.convert import Tree, make_node
from framework._serve.conversion.leaves import Mismatch, Node
from framework._serve.conversion.objects import is_twin, leaks
from framework._serve.conversion.result_hints import hint_for_result
from framework.errors import ResponseMismatchError

__all__ = ("Output",)

_STEP = r"\.(\w+)|\[(\w+|\.\.\.)\]"
"""One step of a path in a message of msgspec: ``.name``, ``[0]``, or ``[...]`` for a value of a mapping."""


class _Nothing:
    """A class that no value has."""


class Output:
    """Checks and converts the values that one handler sends: ``output(value)`` returns what is encoded."""

    def __init__(self, annotation: Any, where: str, *, checks_all: bool = False) -> None:
        self.annotation = annotation
        self._where = where
        self._kind = _kind(annotation)
        self._checks_all = checks_all
        # pydantic has validated its models; their output need not be valid input.
        self._has_models = self._kind is not None and any(map(is_model_type, subtypes(self._kind)))
        self.filtered: tuple[str, ...] = ()
        """The subclasses because of which every value is converted."""
        self._node: Node | None = None
        self._reporter: Node | None = None
        self.refresh()

    @property
    def is_open(self) -> bool:
        """Whether any value may be sent."""
        return self._node is None or (self._node.accepted is None and not self._checks_all)

    def refresh(self) -> None:
        """Find subclasses again when the app starts; imports may have defined more."""
        if self._kind is None:
            return
        kinds = list(subtypes(self._kind))
        found = {cls.__qualname__: None for kind in kinds for cls in _subclasses_of(kind)}
        filtered = tuple(sorted(found))
        if self._node is not None and filtered == self.filtered:
            return
        self.filtered = filtered
        self._node = make_node(self._kind, Tree(_is_risky))
        self._reporter = make_node(self._kind, Tree(reports=True)) if self._checks_all else None

    def __call__(self, value: Any) -> Any:
        """Return the value to encode; raises ResponseMismatchError."""
        node = self._node
        if node is None:
            return value
        # Each value of a stream and each message of a web socket is checked here.
        if node.accepted and type(value) in node.accepted and not self._checks_all:
            return value
        if isinstance(value, web.StreamResponse):
            # It is also a mapping, and would be sent as an empty object.
            raise self._mismatch(value, Mismatch(type_name(self.annotation), value))
        try:
            converted = node.convert(value)
            if self._reporter is not None:
                self._reporter.convert(converted)
        except Mismatch as error:
            raise self._mismatch(value, error) from None
        if self._checks_all:
            self._check_constraints(converted)
        return converted

    def _mismatch(self, value: Any, error: Mismatch) -> ResponseMismatchError:
        place = "".join(f"/{one}" for one in error.path)
        hint = "" if place else hint_for_result(value, self.annotation)
        return ResponseMismatchError(self._where, place, _expected(error), error.found, hint=hint)

    def _check_constraints(self, value: Any) -> None:
        """Compare the encoded value with the whole type, including constraints."""
        if self._kind is None or self._has_models:
            return
        try:
            tree = msgspec.to_builtins(value, enc_hook=encode_hook)
        except TypeError:
            # Types that only orjson encodes.
            return
        try:
            msgspec.convert(tree, self.annotation, str_keys=True, dec_hook=decode_hook)
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            place = re.sub(_STEP, r"/\1\2", path.rstrip("`"))
            expected = what.removeprefix("Expected ").replace("`", "")
            raise ResponseMismatchError(self._where, place, expected, None) from error

    def encoder(self, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        """Return a function that checks a value and then encodes it."""
        if self.is_open:
            return encode

        def encode_checked(value: Any) -> bytes:
            return encode(self(value))

        return encode_checked

    def names(self) -> dict[str, Any]:
        """Return the values that the emitted lines use, in their current state."""
        node = self._node
        classes = frozenset[type]() if node is None or self._checks_all else node.accepted or frozenset()
        items = frozenset[type]() if node is None or self._checks_all else node.item_classes or frozenset()
        return {
            "as_annotated": self,
            "EXACT": next(iter(classes)) if len(classes) == 1 else _Nothing,
            "CLASSES": classes,
            "ITEM": next(iter(items)) if len(items) == 1 else _Nothing,
            "is_uniform": _is_uniform,
        }

    def lines(self, name: str) -> Iterator[str]:
        """Yield the source lines that replace the value of a variable by what is sent."""
        node = self._node
        if node is None or self.is_open:
            return
        convert = f"{name} = as_annotated({name})"
        if self._checks_all:
            yield convert
        elif len(node.accepted or ()) == 1:
            yield f"if type({name}) is not EXACT: {convert}"
        elif node.accepted:
            yield f"if type({name}) not in CLASSES: {convert}"
        elif node.item_classes is not None and len(node.item_classes) == 1:
            yield f"if type({name}) is not {node.container} or not is_uniform({name}, ITEM): {convert}"
        else:
            yield convert

    def describe(self) -> str:
        """Return the line for explain(); empty if any value may be sent."""
        if self.is_open:
            return ""
        filtered = f", at every depth: there is {', '.join(self.filtered)}" if self.filtered else ""
        checked = ", each value checked as a whole" if self._checks_all else ""
        return f"conversion of what is not of the annotated type{filtered}{checked}, else 500"


def _is_uniform(values: list[Any], cls: type) -> bool:
    """Return whether all items are instances of exactly one class."""
    # PERF: 165 instructions for each item on Python 3.11, of which 100 are the call of type(). filterfalse() with
    # isinstance takes 177, list.count() 198, groupby() by isinstance 217, a loop 238, a comparison of tuples 251 and a
    # set 261; countOf() and msgspec.convert() take more as well.
    groups = groupby(values, type)
    return next(groups, (cls,))[0] is cls and next(groups, None) is None


def _kind(annotation: Any) -> inspect.Type | None:
    try:
        return kind_of(annotation)
    except (TypeError, NameError, AttributeError, RecursionError):
        # Types of numpy, and str | bytes of web sockets.
        return None


def _expected(error: Mismatch) -> str:
    return error.expected if error.lacks is None else f"{error.expected} with {error.lacks!r}"


def _subclasses_of(kind: inspect.Type) -> Iterator[type]:
    """Yield the subclasses of a type with fields, except those of NamedTuples, which encode no additional data."""
    if isinstance(kind, inspect.CustomType):
        yield from _written_differently(kind.cls)
    if not isinstance(kind, inspect.StructType | inspect.DataclassType):
        return
    waiting: list[type] = list((typing.get_origin(kind.cls) or kind.cls).__subclasses__())
    while waiting:
        one = waiting.pop()
        if not is_twin(one):
            yield one
            waiting.extend(one.__subclasses__())


def _written_differently(cls: Any) -> Iterator[type]:
    """Yield the subclasses of a class with a codec that have a codec of their own."""
    if codec_of(cls) is None or cls in BUILT_IN:
        return
    for one in cls.__subclasses__():
        if codec_of(one) is not None:
            yield one
        yield from _written_differently(one)


def _is_risky(kind: inspect.Type) -> bool:
    """Return whether a value of a type may contain more than the type."""
    if isinstance(kind, inspect.CustomType) and is_pydantic_dataclass(kind.cls):
        return True
    return isinstance(kind, inspect.TypedDictType) or leaks(kind) or next(_subclasses_of(kind), None) is not None
