"""Names of components: short, legal, and independent of the order of registration."""

import itertools
import re
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
import pytest
from msgspec import Meta, Struct

from framework._document.openapi.naming import component_names, named_types
from framework._document.schemas.placeholders import describe
from framework.http_errors import FieldError

T = TypeVar("T")
U = TypeVar("U")


class User(Struct):
    """Somebody."""


class Page(Struct, Generic[T]):
    """Some of many."""

    items: list[T]


class Two(Struct, Generic[T, U]):
    """A generic of two."""

    first: T
    second: U


# To type checkers a class made at run time is not a type.
any_page: Any = Page


def made(name: str, module: str, *fields: str) -> Any:
    """Make a Struct that seems to stand in another module."""
    return msgspec.defstruct(name, [(one, str) for one in fields], module=module)


def names(*annotations: Any) -> dict[Any, str]:
    """Return the names of all classes in some types."""
    return component_names(named_types(describe(one) for one in annotations))


SPELLINGS: list[tuple[Any, str]] = [
    (User, "User"),
    (Page[User], "PageOfUser"),
    (Page[int], "PageOfInt"),
    (Page[list[User]], "PageOfListOfUser"),
    (Page[User | None], "PageOfUserOrNone"),
    (Page[Page[int]], "PageOfPageOfInt"),
    (Page[Any], "PageOfAny"),
    (Page[Literal["a", 1]], "PageOfLiteralOfAAnd1"),
    (Page[Annotated[int, Meta(ge=1)]], "PageOfInt"),
    (Two[str, dict[str, int]], "TwoOfStrAndDictOfStrAndInt"),
]


@pytest.mark.parametrize(("annotation", "expected"), SPELLINGS)
def test_spelling(annotation: Any, expected: str) -> None:
    """A class has its own name, and a generic that of its arguments after it."""
    assert names(annotation)[annotation] == expected


def test_same_name_in_two_modules() -> None:
    """Classes that share a name have their modules in front, and nothing else changes its name."""
    one, other = made("Order", "shop.orders"), made("Order", "shop.archive")
    assert names(one, other, User) == {one: "shop.orders.Order", other: "shop.archive.Order", User: "User"}


def test_generics_over_classes_of_the_same_name() -> None:
    """Two generics over classes of one name are told apart by their arguments (msgspec raises KeyError)."""
    one, other = made("Order", "shop.orders"), made("Order", "shop.archive")
    two: Any = Two
    assert names(two[one, int], two[other, int])[two[one, int]] == "TwoOf.shop.orders.OrderAndInt"
    found = names(any_page[one], any_page[other])
    assert found == {
        any_page[one]: "PageOf.shop.orders.Order",
        any_page[other]: "PageOf.shop.archive.Order",
        one: "shop.orders.Order",
        other: "shop.archive.Order",
    }


def test_same_name_in_the_same_place() -> None:
    """Classes of one class statement are numbered by what they hold, whatever came first."""
    one, other = made("Row", "shop.tables", "a"), made("Row", "shop.tables", "b")
    expected = {one: "shop.tables.Row_1", other: "shop.tables.Row_2"}
    assert names(one, other) == expected
    assert names(other, one) == expected


def test_order_of_registration_does_not_matter() -> None:
    """Any order of the types gives the same names."""
    types = [made("Order", "shop.orders"), made("Order", "shop.archive"), made("Row", "shop", "a"), Page[int]]
    results = [names(*order) for order in itertools.permutations(types)]
    assert all(one == results[0] for one in results)


def test_shared_problem_schemas_keep_their_names() -> None:
    """A class of the application's yields to the problem schemas that clients rely on, also where they are not used."""
    problem, fault = made("Problem", "shop.errors"), made("FieldError", "shop.errors")
    assert names(problem, fault, FieldError) == {
        problem: "shop.errors.Problem",
        fault: "shop.errors.FieldError",
        FieldError: "FieldError",
    }


def test_names_are_legal() -> None:
    """OpenAPI allows letters of ASCII, digits, dots, hyphens and underscores."""
    found = names(made("Größe", "shop"), any_page[made("Straße", "shop")])
    assert sorted(found.values()) == ["Gr__e", "PageOfStra_e", "Stra_e"]
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in found.values())


def test_nested_class_has_its_own_name_alone() -> None:
    """Where a class stands matters only to tell it from another."""

    class Outer:
        class User(Struct):
            pass

    assert names(Outer.User) == {Outer.User: "User"}
    assert names(Outer.User, User)[Outer.User].endswith("test_nested_class_has_its_own_name_alone.Outer.User")
