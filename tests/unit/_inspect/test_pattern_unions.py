import subprocess
import sys
from typing import Annotated, Any

import pytest
from msgspec import Meta, inspect

from framework._inspect.pattern_unions import IS_AFFECTED, PATTERN_UNION, PATTERN_UNION_HINT
from framework._inspect.types import Unsupported, unsupported
from framework._serve.validation.walker import find_errors

_MANY = """
import gc
from typing import Annotated
import msgspec

for number in range(300):
    text = Annotated[str, msgspec.Meta(pattern=f"^{number}$")]
    for hint in (text | list[int], text | set[int], text | dict[str, list[int]], text | tuple[int, ...]):
        decoder = msgspec.json.Decoder(hint)
        assert decoder.decode(f'"{number}"') == str(number)
        del decoder
    gc.collect()
"""


def test_allowed_where_msgspec_survives() -> None:
    """A pattern beside a collection is allowed with exactly those versions of msgspec that survive it."""
    program = [sys.executable, "-c", _MANY]
    survived = subprocess.run(program, check=False, capture_output=True).returncode == 0  # noqa: S603  ours
    assert survived is not IS_AFFECTED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("AB", []),
        ([1, 2], []),
        ("ab", [("", "constraint")]),
        ([1, "x"], [("/1", "type")]),
    ],
)
def test_allowed_union_has_its_validation_errors(value: Any, expected: list[tuple[str, str]]) -> None:
    """Where the union is allowed, each member has its own validation errors; elsewhere it is an error at start-up."""
    hint = Annotated[str, Meta(pattern="^[A-Z]+$")] | list[int]
    if IS_AFFECTED:
        assert unsupported(hint) == Unsupported(PATTERN_UNION, PATTERN_UNION_HINT)
        return
    assert unsupported(hint) is None
    found, _ = find_errors(inspect.type_info(hint), value, location="body")
    assert [(one.pointer, one.code) for one in found] == expected
