"""Commands of an application, which ``framework NAME`` runs with injected services."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

__all__ = ("Command",)


class Command(Struct, frozen=True):
    """A command with a name of its own: ``App(commands=[Command(import_products, name="import")])``.

    The parameters of the function, ``async def`` or ``def``, are injected if their types are registered; the others are
    arguments (without a default) and options (with a default) of the command. The docstring is its help, and
    ``Annotated[..., Meta(description=...)]`` that of a parameter. If it returns an ``int``, that is the exit code.
    """

    function: Callable[..., Any]
    name: str | None = None
    """The default is the name of the function, with hyphens."""
