"""InvalidPatchError: a type that has no partial form, told where its patch is written."""

from typing import Any

import pytest
from msgspec import Struct

from framework.errors import InvalidPatchError
from framework.merge_patch import Patch


class Row(Struct, array_like=True):
    """An array has no fields to leave out."""

    number: int


class Order(Struct):
    """Names what is defined nowhere."""

    line: "Line"  # type: ignore[name-defined]


@pytest.mark.parametrize("given", [int, Row, list[int], None])
def test_what_has_no_named_fields(given: Any) -> None:
    """Only Structs and dataclasses have a partial form."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch[given]
    name = {None: "None", list[int]: "list[int]"}.get(given) or given.__name__
    assert str(caught.value) == (
        f"Patch[{name}]: it is neither a Struct with named fields nor a dataclass.\n"
        "  Hint: give the class of what is changed."
    )


def test_what_names_unknown_types() -> None:
    """The fields of the type must be known."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch[Order]
    assert str(caught.value) == (
        "Patch[Order]: its annotations cannot be resolved (name 'Line' is not defined).\n"
        "  Hint: define the types that it names before the patch, and not under TYPE_CHECKING."
    )
