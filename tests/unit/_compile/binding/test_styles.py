"""The styles of query parameters."""

import typing

from framework._plan import SEPARATORS
from framework.params import QueryStyle


def test_every_style_is_read() -> None:
    """A style has a separator, unless it repeats the key or has keys of its own."""
    assert {"form", "deepObject", *SEPARATORS} == {*typing.get_args(QueryStyle)}
