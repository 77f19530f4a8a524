"""The plan of a command of the application."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

__all__ = ("CommandParameter", "CommandPlan")


class CommandParameter(Struct, frozen=True, kw_only=True):
    """One argument, or an option if it has a default."""

    name: str
    annotation: Any
    default: Any
    required: bool
    repeated: bool
    """Whether it takes several values."""
    flag: bool
    """Whether it takes no value: a bool."""
    description: str
    choices: tuple[str, ...]
    """The values of an enum or a literal; empty for other types."""


class CommandPlan(Struct, frozen=True, kw_only=True):
    """A command: its name, its function, and what the command line fills."""

    name: str
    function: Callable[..., Any]
    where: str
    help: str
    parameters: tuple[CommandParameter, ...]
