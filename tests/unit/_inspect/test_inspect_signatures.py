"""The one reader of signatures."""

import functools
import inspect
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

import pytest
from msgspec import Struct

from framework._inspect.names import describe
from framework._inspect.signatures import (
    MISSING,
    Parameter,
    Signature,
    accepts,
    class_hints,
    fill_in,
    is_async,
    is_async_generator,
    is_sync_generator,
    read_signature,
    type_arguments,
)
from framework.errors import InvalidHandlerError, InvalidProviderError, UnresolvedAnnotationError

T = TypeVar("T")
U = TypeVar("U")


def parameter(name: str, annotation: Any = MISSING, default: Any = MISSING, *, positional: bool = False) -> Parameter:
    """Return a parameter as it is read."""
    return Parameter(name=name, annotation=annotation, default=default, positional=positional)


class Base(Generic[T]):
    """A generic with a constructor and a method."""

    def __init__(self, item: T, rows: "list[T]") -> None:
        self.item, self.rows = item, rows

    async def show(self, item: T, /, *, other: Annotated[T | None, "note"] = None) -> dict[str, T]:
        """Return something of it."""
        raise NotImplementedError(item, other)


class Middle(Base[list[U]], Generic[U]):
    """A generic that fills it in with another."""


class Leaf(Middle[int]):
    """What fills in all."""


@dataclass
class Row:
    """A generated constructor."""

    number: int
    name: str = ""


class Record(Struct):
    """A constructor that is none of Python's."""

    number: int
    name: str = ""


class Caller:
    """An object that can be called."""

    async def __call__(self, number: int) -> str:
        """Return a text."""
        return str(number)


def wide(first: int, /, second, *rest: int, third: "str" = "x", **others: int) -> "list[int]":  # type: ignore[no-untyped-def]  # noqa: ANN001  what is tested
    """Take everything."""
    raise NotImplementedError(first, second, rest, third, others)


def test_a_function() -> None:
    """Texts are resolved, what is not written is MISSING, and what takes all the rest is listed apart."""
    assert read_signature(wide) == Signature(
        where=describe(wide),
        parameters=(
            parameter("first", int, positional=True),
            parameter("second"),
            parameter("third", str, "x"),
        ),
        returns=list[int],
        rest="*rest, **others",
    )


def test_a_class() -> None:
    """A class is read by its constructor, generated or not, and returns nothing that is annotated."""
    expected = (parameter("number", int), parameter("name", str, ""))
    assert read_signature(Row).parameters == expected
    assert read_signature(Record).parameters == expected
    assert read_signature(Row).returns is MISSING
    assert read_signature(object).parameters == ()


def test_an_object_and_a_partial() -> None:
    """What can be called is read by its call; what a partial gives is a default."""
    assert read_signature(Caller()).parameters == (parameter("number", int),)
    assert read_signature(Caller().__call__).returns is str
    assert read_signature(functools.partial(wide, 1, third="y")).parameters == (
        parameter("second"),
        parameter("third", str, "y"),
    )
    made = read_signature(functools.partial(Row, name="y"))
    assert made.parameters == (parameter("number", int), parameter("name", str, "y"))
    assert made.returns is MISSING


def test_a_method_of_a_generic() -> None:
    """A method is read without its self and with the types that its class is filled in with."""
    variables = type_arguments(Leaf)[Base]
    assert read_signature(Base.show, owner=Leaf, method=True, variables=variables) == Signature(
        where=describe(Base.show, owner=Leaf),
        parameters=(
            parameter("item", list[int], positional=True),
            parameter("other", Annotated[list[int] | None, "note"], None),
        ),
        returns=dict[str, list[int]],
    )


def test_type_arguments() -> None:
    """The variables of each base have their values, those of an open generic themselves."""
    found = type_arguments(Leaf)
    assert [found[one] for one in (Leaf, Middle, Base)] == [{}, {U: int}, {T: list[int]}]
    assert type_arguments(Middle[str])[Base] == {T: list[str]}
    assert type_arguments(Row).get(Base) is None


def variable(first: dict[T, list[U]], second: Annotated[T, "note"]) -> T | None:
    """Have types with variables in them."""
    raise NotImplementedError(first, second)


def test_filling_in() -> None:
    """Variables are replaced at any depth; what has none is left alone."""
    assert fill_in(T, {T: int}) is int
    assert fill_in(T, {U: int}) is T
    hints = get_type_hints(variable, include_extras=True)
    assert fill_in(hints["first"], {T: int, U: str}) == dict[int, list[str]]
    assert fill_in(hints["second"], {T: int}) == Annotated[int, "note"]
    assert fill_in(hints["return"], {T: int}) == int | None
    assert fill_in(Base, {T: int}) is Base
    assert fill_in(int, {T: int}) is int


def test_what_cannot_be_resolved() -> None:
    """A missing name and a builtin without a signature are the programmer's mistakes."""

    def missing(item: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821  what is tested
        """Do nothing."""

    with pytest.raises(UnresolvedAnnotationError, match="name 'Missing' is not defined"):
        read_signature(missing)
    with pytest.raises(InvalidProviderError, match=r"int.__init__ \(module builtins\): its parameters cannot be read"):
        read_signature(int)


def test_a_method_needs_self() -> None:
    """What a method does not take first it cannot leave out."""

    def nothing() -> None:
        """Take nothing."""

    def value(item: int) -> None:
        """Take a value first."""

    def this(this, item: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  another name for self
        """Take itself first."""

    def anything(*arguments: int) -> None:
        """Take itself among others."""

    for function in (nothing, value):
        with pytest.raises(InvalidHandlerError, match="its first parameter is not self"):
            read_signature(function, method=True)
    assert read_signature(this, method=True).parameters == (parameter("item", int),)
    assert read_signature(anything, method=True).parameters == ()


async def coroutine() -> None:
    """Be awaited."""


def plain() -> None:
    """Be called."""


def generator() -> Iterator[int]:
    """Be iterated."""
    yield 1


async def async_generator() -> AsyncIterator[int]:
    """Be iterated later."""
    yield 1


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (coroutine, (True, False, False)),
        (functools.partial(coroutine), (True, False, False)),
        (Caller(), (True, False, False)),
        (Caller().__call__, (True, False, False)),
        (plain, (False, False, False)),
        (Row, (False, False, False)),
        (generator, (False, True, False)),
        (async_generator, (False, False, True)),
    ],
)
def test_what_a_call_gives(target: Callable[..., Any], expected: tuple[bool, bool, bool]) -> None:
    """A coroutine, a generator of either kind or a value."""
    assert (is_async(target), is_sync_generator(target), is_async_generator(target)) == expected


def test_what_a_call_takes() -> None:
    """A number of positional arguments fits or does not; a builtin without a signature is asked in vain."""
    assert [accepts(wide, count) for count in range(4)] == [False, False, True, True]
    assert [accepts(Caller(), count) for count in range(3)] == [False, True, False]
    assert not accepts(int, 1)


class Methods:
    """Methods with all kinds of parameters."""

    def none() -> None:  # type: ignore[misc]
        """Take not even self."""

    def one(self, first: int) -> None:
        """Take one argument."""

    def some(self, first: int, /, second: int = 2) -> None:
        """Take one or two."""

    def several(*rest: Any) -> None:
        """Take any number."""

    def named(self, first: int, *, second: int) -> None:
        """Require a name."""

    def maybe_named(self, first: int, *, second: int = 2) -> None:
        """Take a name."""

    wrapped = functools.wraps(one)(lambda *_: None)


@pytest.mark.parametrize("name", ["none", "one", "some", "several", "named", "maybe_named", "wrapped"])
@pytest.mark.parametrize("owner", [Methods, Methods()])
def test_functions_and_methods_take_what_their_signature_says(owner: Any, name: str) -> None:
    """Arguments of plain functions are counted without their signature, with the same result."""
    target = getattr(owner, name)

    for count, more in itertools.product(range(5), (False, True)):
        try:
            signature = inspect.signature(target)
            (signature.bind_partial if more else signature.bind)(*range(count))
            expected = True
        except (TypeError, ValueError):
            expected = False
        assert accepts(target, count, more=more) is expected


class Bare:
    """A class without a constructor."""


class Made(type):
    """A class of classes that are called in their own way."""

    def __call__(cls, first: int) -> Any:
        """Take an argument."""
        return first


class OfMade(metaclass=Made):
    """A class without a constructor that takes an argument."""


@pytest.mark.parametrize(("target", "names"), [(Bare, []), (OfMade, ["first"]), (Row, ["number", "name"])])
def test_parameters_of_classes(target: Any, names: list[str]) -> None:
    """Those of the constructor, or of the class of the class."""
    assert [one.name for one in read_signature(target).parameters] == names


def test_hints_of_a_class() -> None:
    """The annotations of a class and its bases, Annotated left in."""

    class Derived(Row):
        size: Annotated["int", "note"]

    assert class_hints(Derived) == {"number": int, "name": str, "size": Annotated[int, "note"]}
