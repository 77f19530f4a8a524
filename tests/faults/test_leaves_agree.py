"""What is judged without msgspec is judged as msgspec would: the same verdict, the same code, the same words."""

import enum
import json
import random
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct, inspect

from framework._serve.validation.direct import direct_check
from framework._serve.validation.kinds import bare, form_of
from framework._serve.validation.leaves import leaf_check
from framework._serve.validation.scalar_checks import strict_reason
from framework._serve.validation.verdicts import judge, pointer_to
from framework._serve.validation.walk import Walk
from framework._serve.validation.walker import find_errors
from framework.http_errors import FieldError
from tests.faults.bodies import Basket, Box, Circle, Color, Item, Level, One, Options, Range, Tree


class Forgiving(enum.Enum):
    """An enum that finds a member for what is none."""

    ONE = "one"
    TWO = "two"

    @classmethod
    def _missing_(cls, value: object) -> "Forgiving | None":
        return cls.ONE if value in ("uno", "ünö") else None


_WHOLE = st.one_of(
    st.integers(-20, 20), st.integers(-(2**63), 2**63 - 1), st.integers(-(2**70), 2**70),
    st.sampled_from([2**53, 2**53 + 1, -(2**63), 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400]),
)  # fmt: skip
_REAL = st.floats() | st.floats(-5, 5) | st.integers(-(2**60), 2**60).map(float) | st.just(-0.0)
# Lone surrogates too, which no JSON holds but other formats may.
_TEXT = st.text(st.characters(), max_size=6) | st.text("ab1\n\u00e9\U0001f600", max_size=6)
_WORDS = st.sampled_from(["a", "b", "red", "one", "uno", "ünö", "wörd", "null", "1", "1.0", "nan", "\ud800", "\x00"])
_VALUES = st.one_of(
    st.none(), st.booleans(), _WHOLE, _REAL, _TEXT, _WORDS, st.just([]), st.just({}), st.just([1]), st.just({"a": 1})
)


_EDGES = (-(2**63) + 1, 2**63 - 2, 2**53, 0)
_PATTERNS = ("a", "^a", "b$", r"^\d+$", "(?i)A", r"\w", "^.{2}$", r"\Aab?\Z")
_CHOICES = (bool, None, Color, Level, Forgiving, Literal["a", "ünö"], Literal[1, -5], Literal["a", 1] | None)


def _number(rng: random.Random, base: type, limits: tuple[Any, ...], steps: tuple[Any, ...]) -> Any:
    names = (rng.choice([None, "ge", "gt"]), rng.choice([None, "le", "lt"]))
    given_ = {name: rng.choice(limits) for name in names if name is not None}
    if rng.random() < 0.3:
        given_["multiple_of"] = rng.choice(steps)
    return Annotated[base, Meta(**given_)] if given_ else base


def _text(rng: random.Random) -> Any:
    given_: dict[str, Any] = {name: rng.randrange(6) for name in ("min_length", "max_length") if rng.random() < 0.5}
    if rng.random() < 0.5:
        given_["pattern"] = rng.choice(_PATTERNS)
    return Annotated[str, Meta(**given_)] if given_ else str


def _some_kinds(rng: random.Random) -> Iterator[inspect.Type]:
    for _ in range(60):
        for one in (
            _number(rng, int, (*range(-10, 11), *_EDGES), (1, 2, 3, 7)),
            _number(rng, float, (*range(-3, 4), *_EDGES, 0.1, -1.5, 1e308), (0.5, 2, 0.1)),
            _text(rng),
        ):
            yield inspect.type_info(rng.choice([one, one | None, one | bool, one | Item]))
            # Not of the texts: msgspec 0.22 crashes at the next garbage collection over a pattern beside a list.
            yield inspect.type_info(_number(rng, int, (1, 5), (2,)) | list[int])
    numbers = (int | float, Annotated[int, Meta(ge=3)] | Annotated[float, Meta(le=1)] | str)
    yield from map(inspect.type_info, (*_CHOICES, Forgiving | int | None, Level | str, Color | list[int], *numbers))


_KINDS = tuple(_some_kinds(random.Random(5)))  # noqa: S311  nothing is secret here


@pytest.mark.slow
@pytest.mark.walker
@settings(max_examples=3000, deadline=None, database=None)
@given(st.sampled_from(_KINDS), st.lists(_VALUES, min_size=1, max_size=12))
def test_leaves(kind: inspect.Type, values: list[Any]) -> None:
    """One check, which remembers what it heard, says of value after value what msgspec does."""
    check = leaf_check(kind)
    for value in values:
        walk, expected = Walk("body", strict=True, limit=1, errors=[]), judge(form_of(bare(kind)), value, strict=True)
        check.add(walk, "/a", value)
        found = [(one.pointer, one.code, one.detail) for one in walk.errors]
        # What msgspec accepts may still be rejected in bodies: numbers that are not finite.
        reason = strict_reason(bare(kind), value)
        told = [] if expected is None else [(f"/a{pointer_to(expected.steps)}", expected.code, expected.detail)]
        if expected is None and reason is not None:
            told = [("/a", *reason)]
        assert found == told, (kind, value)


class Plain(Struct):
    """A Struct that takes other names."""

    a: int = 0


def _faults(hint: Any, value: Any) -> list[tuple[str, str, str]]:
    found = find_errors(inspect.type_info(hint), value, location="body")[0]
    return [(one.pointer, one.code, one.detail) for one in found]


@pytest.mark.parametrize(
    ("hint", "is_direct"),
    [(Item, True), (Basket, True), (list[Basket], True), (Item | list[int] | None, True), (Box, False), (Circle, False),
     (One, False), (Options, False), (Range, False), (Tree, False), (list[Range], False), (Range | None, False),
     (set[int], False), (dict[str, int], False), (Item | set[int], False)],
)  # fmt: skip
def test_what_is_direct(hint: Any, is_direct: bool) -> None:
    """Tags, hooks, places, keys, sets and what holds itself are left to msgspec."""
    assert (direct_check(inspect.type_info(hint)) is not None) == is_direct


def test_names_that_are_no_text() -> None:
    """A name that cannot be written in UTF-8 is a fault of the object, where there is no other."""
    assert _faults(list[Plain], [{"\ud800": 1}, {"é": 1}]) == [("/0", "value", "Expected text in UTF-8")]
    assert _faults(Plain, {"\ud800": 1, "a": "x"}) == [("/a", "type", "Expected `int`, got `str`")]


def test_a_long_list_with_few_faults() -> None:
    """In each part of a long list the faults are found, at their places."""
    value: list[Any] = [{"sku": "ab"} for _ in range(200)]
    value[3] = {"sku": "a"}
    value[130] = {"sku": "ab", "count": True}
    value[199] = None
    assert _faults(list[Item], value) == [
        ("/3/sku", "constraint", "Expected `str` of length >= 2"),
        ("/130/count", "type", "Expected `int`, got `bool`"),
        ("/199", "type", "Expected `object`, got `null`"),
    ]


def test_the_limit_ends_the_walk() -> None:
    """Of more faults than may be told as many as may are, and that there are others."""
    value = json.loads(json.dumps([{"count": 0}] * 5))
    found, more = find_errors(inspect.type_info(list[Item]), value, location="body", limit=3)
    assert more
    assert found == [
        FieldError("body", "/0/count", "constraint", "Expected `int` >= 1"),
        FieldError("body", "/0/sku", "missing", "Field required"),
        FieldError("body", "/1/count", "constraint", "Expected `int` >= 1"),
    ]
