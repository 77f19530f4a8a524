"""The fault walker finds a fault exactly where msgspec refuses, and as many as there are."""

import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from framework._serve.validation.walker import find_errors, lax_check
from framework.http_errors import FieldError
from tests.faults.bodies import SAMPLES, Filter
from tests.faults.mutations import KEYS, STRANGE, copied, is_in, mutated, own_changes, path_pointer, replaced, some_path

BODIES = 20_000

Finder: TypeAlias = Callable[[inspect.Type, object], list[FieldError]]


def is_refused(hint: Any, body: bytes) -> bool:
    """Tell whether msgspec refuses a body; TypeError is what it raises for the items of a set that cannot be hashed."""
    try:
        msgspec.json.decode(body, type=hint)
    except (msgspec.ValidationError, TypeError):
        return True
    return False


_INFO: dict[int, inspect.Type] = {id(hint): inspect.type_info(hint) for hint, _ in SAMPLES}


def walk(kind: inspect.Type, value: object) -> list[FieldError]:
    """Return the faults of a body."""
    return find_errors(kind, value, location="body")[0]


def disagreements(find: Finder, seed: int, count: int) -> tuple[int, list[tuple[Any, Any]]]:
    """Return how many bodies were refused, and those on which a finder and msgspec disagree."""
    refused = 0
    found: list[tuple[Any, Any]] = []
    for hint, document in mutated(seed, count):
        body = json.dumps(document).encode()
        is_bad = is_refused(hint, body)
        refused += is_bad
        if is_bad != bool(find(_INFO[id(hint)], msgspec.json.decode(body))):
            found.append((hint, document))
    return refused, found


@pytest.mark.slow
@pytest.mark.walker
def test_walker_and_msgspec_agree_on_what_is_valid() -> None:
    """Of 20 000 mutated bodies the walker finds a fault in each that msgspec refuses, and in no other."""
    refused, found = disagreements(walk, 20260729, BODIES)
    assert found == []
    assert BODIES // 2 < refused < BODIES * 9 // 10


def test_disagreements_are_noticed() -> None:
    """A finder that overlooks one code, and one that finds a fault in everything, are caught."""
    count = 500
    _, overlooked = disagreements(lambda kind, value: [one for one in walk(kind, value) if one.code != "key"], 1, count)
    refused, imagined = disagreements(
        lambda kind, value: [*walk(kind, value), FieldError("body", "", "type", "")], 1, count
    )
    assert overlooked
    assert len(imagined) == count - refused


def test_samples_are_valid() -> None:
    """The bodies that the mutations start from are valid."""
    assert [body for hint, body in SAMPLES if is_refused(hint, json.dumps(body).encode())] == []


def test_each_of_several_faults_is_found() -> None:
    """What is wrong at one place alone is reported just so when other places are wrong as well."""
    rng = random.Random(7)  # noqa: S311  nothing is secret here
    several = 0
    for _ in range(2000):
        hint, valid = rng.choice(SAMPLES)
        together, expected = copied(valid), set[FieldError]()
        for path, value in own_changes(rng, valid, 4).items():
            place = path_pointer(path)
            alone = walk(_INFO[id(hint)], replaced(copied(valid), path, copied(value)))
            expected |= {one for one in alone if f"{one.pointer}/".startswith(f"{place}/")}
            together = replaced(together, path, copied(value))
        assert expected <= set(walk(_INFO[id(hint)], together)), (hint, together)
        several += len(expected) > 1
    assert several > 500


def test_pointers_lead_into_the_body() -> None:
    """Each fault points at something in the body, and a missing field at nothing; none is reported twice."""
    for hint, document in mutated(3, 3000):
        faults = walk(_INFO[id(hint)], document)
        assert [one for one in faults if is_in(document, one.pointer) == (one.code == "missing")] == []
        assert len(set(faults)) == len(faults)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from([one for one in STRANGE if isinstance(one, str)]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=12,
)  # fmt: skip


def _assert_agreement(hint: Any, document: Any) -> None:
    body = json.dumps(document).encode()
    assert bool(walk(_INFO[id(hint)], msgspec.json.decode(body))) == is_refused(hint, body)


@settings(max_examples=300, deadline=None, database=None)
@given(st.sampled_from(SAMPLES), _JSON)
def test_any_json(sample: tuple[Any, Any], document: Any) -> None:
    """The walker and msgspec agree on JSON that has nothing to do with the type."""
    _assert_agreement(sample[0], document)


@settings(max_examples=400, deadline=None, database=None)
@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False), _JSON)
def test_any_json_in_a_valid_body(sample: tuple[Any, Any], rng: random.Random, part: Any) -> None:
    """The walker and msgspec agree on a valid body in which any one node is any JSON."""
    body = copied(sample[1])
    _assert_agreement(sample[0], replaced(body, some_path(rng, body), part))


_TEXTS = st.sampled_from(
    ["null", "NULL", "nan", "-Inf", "infinity", "sNaN", "1", "-1", "1.5", "1e3", "1e400", "", "true", "a", "red", "P1D",
     "2020-01-02", "2020-01-02T03:04:05Z", "12345678-1234-5678-1234-567812345678", "9" * 5000, "1" * 30, "\u0661"]
) | st.text(st.characters(codec="utf-8"), max_size=6)  # fmt: skip


@settings(max_examples=400, deadline=None, database=None)
@given(
    st.dictionaries(st.sampled_from([*Filter.__struct_fields__, "other"]), _TEXTS | st.lists(_TEXTS, max_size=3)),
    st.booleans(),
)
def test_texts(raw: dict[str, Any], is_complete: bool) -> None:
    """In lax mode the walker finds a fault where msgspec refuses or where its lax mode is not to be trusted."""
    raw = {"page": "1", **raw} if is_complete else raw
    kind = inspect.type_info(Filter)
    refuses = lax_check(kind)
    assert refuses is not None
    try:
        msgspec.convert(raw, Filter, strict=False, str_keys=True)
    except msgspec.ValidationError:
        is_bad = True
    else:
        is_bad = refuses(raw)
    assert bool(find_errors(kind, raw, location="query", strict=False)[0]) == is_bad
