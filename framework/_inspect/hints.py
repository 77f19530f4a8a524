"""The annotations of classes, resolved."""

import typing
from typing import Any

__all__ = ("class_hints",)


def class_hints(cls: type) -> dict[str, Any]:
    """Return the resolved annotations of a class and its bases, ``Annotated`` left in.

    Raises NameError, TypeError or AttributeError where an annotation names what cannot be found.
    """
    return typing.get_type_hints(cls, include_extras=True)
