"""Definitions of the framework itself, beside those of its users."""

from typing import Any

__all__ = ("is_own",)


def is_own(definition: Any) -> bool:
    """Return whether a class or a function is defined by the framework."""
    module: str = definition.__module__
    return module.partition(".")[0] == __name__.partition(".")[0]
