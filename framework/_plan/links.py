"""Links from a response to other operations."""

from typing import Any

from msgspec import UNSET, Struct

from framework._plan.requests import Source

__all__ = ("LinkPlan", "LinkedParameter")


class LinkedParameter(Struct, frozen=True, kw_only=True):
    """A parameter of the target, and its value."""

    source: Source
    name: str
    """As on the wire."""
    qualified: bool
    """Whether another parameter of the target has the same name in another source."""
    value: str
    """A constant as on the wire, or a runtime expression."""


class LinkPlan(Struct, frozen=True, kw_only=True):
    """A link to another operation, with the sources of its values."""

    name: str
    method: str
    """The operationId of the target."""
    path: str
    """The path template of the target."""
    parameters: tuple[LinkedParameter, ...]
    request_body: Any = UNSET
    description: str | None = None
