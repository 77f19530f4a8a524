"""How types, callables, classes, values and places are named in messages."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, Optional, Protocol, TypeVar, Union

import pytest
from msgspec import Meta, Struct

import framework.health
from framework._inspect.names import (
    callable_name,
    describe,
    describe_call,
    describe_class,
    place_of,
    short_path,
    type_name,
    value_name,
)

T = TypeVar("T")
FILE = "tests/unit/_inspect/test_inspect_names.py"


class Order:
    """A class without a constructor."""

    def show(self) -> None:
        """Show it."""

    class Line:
        """A class inside."""


class Page(Generic[T]):
    """A class with one."""

    def __init__(self, items: list[T]) -> None:
        self.items = items


class BigPage(Page[T]):
    """A class that inherits one."""


class Reader(Protocol):
    """A class whose constructor stands in typing."""


@dataclass
class Row:
    """A class whose constructor is generated."""

    number: int


class Record(Struct):
    """A class whose constructor is none of Python's."""

    number: int


class Caller:
    """An object that can be called."""

    def __call__(self) -> None:
        """Do nothing."""


def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function."""

    @functools.wraps(function)
    def wrapper() -> None:
        """Do nothing."""

    return wrapper


@decorate
def decorated() -> None:
    """Be wrapped."""


def line(text: str) -> int:
    """Return the number of the first line of this file that starts with a text, indented or not."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, one in enumerate(lines, start=1) if one.strip().startswith(text))


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "None"),
        (Order, "Order"),
        (Order.Line, "Order.Line"),
        (list[Order], "list[Order]"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Order | None, "Order | None"),
        (Optional[Order], "Order | None"),  # noqa: UP045  what is tested
        (Union[int, str], "int | str"),  # noqa: UP007  what is tested
        (Page[Order], "Page[Order]"),
        (Annotated[int, Meta(ge=1)], "int"),
        (list[Annotated[Order, "note"]], "list[Order]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Callable[[int, str], None], "Callable[[int, str], None]"),
        (Callable[..., Order], "Callable[..., Order]"),
        (type[Order], "type[Order]"),
        (Any, "Any"),
        (T, "T"),
        (NewType("Zone", str), "Zone"),
        ([int], "[int]"),
        ("Order", "'Order'"),
        (3, "3"),
    ],
)
def test_types(annotation: Any, name: str) -> None:
    """A type is written as a person would write it."""
    assert type_name(annotation) == name


def test_callables() -> None:
    """A function or class is named without the functions that it stands in, and without what wraps it."""

    class Inner:
        def show(self) -> None:
            """Show it."""

    assert callable_name(Order.show) == "Order.show"
    assert callable_name(Order().show) == "Order.show"
    assert callable_name(Inner) == "Inner"
    assert callable_name(Inner.show) == "Inner.show"
    assert callable_name(functools.partial(Order.show)) == "Order.show"
    assert callable_name(decorated) == "decorated"
    assert callable_name(Caller()) == "Caller"
    assert callable_name(len) == "len"


def test_places() -> None:
    """Functions stand where their code does, constructors where they were written, generated ones with their class."""
    assert place_of(Order.show) == f"{FILE}:{line('def show')}"
    assert place_of(Order) == f"{FILE}:{line('class Order:')}"
    assert place_of(Order.Line) == f"{FILE}:{line('class Line:')}"
    assert place_of(Page) == f"{FILE}:{line('def __init__')}"
    assert place_of(BigPage) == f"{FILE}:{line('def __init__')}"
    assert place_of(Reader) == f"{FILE}:{line('class Reader')}"
    assert place_of(Row) == f"{FILE}:{line('class Row')}"
    assert place_of(Record) == f"{FILE}:{line('class Record')}"
    assert place_of(Caller()) == f"{FILE}:{line('def __call__')}"
    assert place_of(functools.partial(Order)) == f"{FILE}:{line('class Order:')}"
    assert place_of(decorated) == f"{FILE}:{line('@decorate')}"
    assert place_of(len) == "module builtins"
    assert place_of(int) == "module builtins"


def test_descriptions() -> None:
    """A place stands behind a name; a class is described by its constructor, or by itself."""

    class Derived(Order):
        """A class through which a method is used."""

    assert describe(Order.show) == f"Order.show ({FILE}:{line('def show')})"
    assert describe(Order.show, owner=Derived) == f"Derived.show ({FILE}:{line('def show')})"
    assert describe(Page) == f"Page.__init__ ({FILE}:{line('def __init__')})"
    assert describe(functools.partial(Page)) == f"Page.__init__ ({FILE}:{line('def __init__')})"
    assert describe_class(Page) == f"Page ({FILE}:{line('class Page')})"
    assert describe_class(Derived) == f"Derived ({FILE}:{line('class Derived')})"
    assert describe_class(int) == "int (module builtins)"
    assert describe_class(type("Made", (), {})) == f"Made ({FILE})"


def test_classes_of_one_name() -> None:
    """A class is found inside the function that it stands in, and by its first method."""

    def make() -> type:
        class Order:
            """Another."""

        return Order

    def choose(*, last: bool) -> type:
        if last:

            class Choice:  # pyright: ignore[reportRedeclaration]  # what is tested
                def last(self) -> None:
                    """Be there."""

            return Choice

        class Choice:  # type: ignore[no-redef]
            def first(self) -> None:
                """Be there."""

        return Choice

    assert describe_class(make()) == f"Order ({FILE}:{line('def make() -> type') + 1})"
    assert describe_class(choose(last=True)) == f"Choice ({FILE}:{line('def last') - 1})"
    assert describe_class(choose(last=False)) == f"Choice ({FILE}:{line('def first') - 1})"


def test_calls() -> None:
    """A call is described by where it stands."""

    def construct() -> str:
        return describe_call("App")

    where = construct()
    assert where == f"App ({FILE}:{line('where = construct()')})"


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below the working directory is shortened, and one of the framework; another is whole."""
    monkeypatch.chdir(tmp_path)
    assert short_path(str(tmp_path / "shop" / "orders.py")) == "shop/orders.py"
    assert short_path("/elsewhere/orders.py") == "/elsewhere/orders.py"
    assert short_path(framework.health.__file__) == "framework/health/__init__.py"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("admin", "'admin'"),
        (None, "None"),
        ((1, "a"), "(1, 'a')"),
        ([Order], "[Order]"),
        (Order, "the class Order"),
        (Order.show, "the function Order.show"),
        (Order(), "an instance of Order"),
        (Caller(), "an instance of Caller"),
        (Row(3), "Row(number=3)"),
    ],
)
def test_values(value: Any, name: str) -> None:
    """A value in the place of another is named by what tells most of it."""
    assert value_name(value) == name
