"""What can be done with an answer."""

from typing import Any

from msgspec import UNSET, Struct

from framework._plan.reading import Source

__all__ = ("LinkPlan", "LinkedParameter")


class LinkedParameter(Struct, frozen=True, kw_only=True):
    """A parameter of the target, and what it is given."""

    source: Source
    name: str
    """As on the wire."""
    qualified: bool
    """Whether another parameter of the target has the name in another source."""
    value: str
    """A constant as on the wire, or a runtime expression."""


class LinkPlan(Struct, frozen=True, kw_only=True):
    """Another operation, with where the values for it are found."""

    name: str
    method: str
    """Of the target."""
    path: str
    """The path template of the target."""
    parameters: tuple[LinkedParameter, ...]
    request_body: Any = UNSET
    description: str | None = None
