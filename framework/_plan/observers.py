"""The plan of an application's observers."""

from msgspec import Struct

__all__ = ("ObserverPlan",)


class ObserverPlan(Struct, frozen=True, kw_only=True):
    """One observer, and which of its methods are called."""

    variable: str
    """The variable of the emitted code that holds the observer."""
    name: str
    methods: tuple[str, ...]
