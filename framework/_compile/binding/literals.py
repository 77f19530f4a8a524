"""Literals that cannot be read from a string."""

from collections.abc import Iterable

from msgspec import inspect

from framework._inspect.types import subtypes
from framework._plan import Carrier, FieldPlan
from framework.errors import UnsupportedTypeError

__all__ = ("refuse_bool_literals",)


def refuse_bool_literals(fields: Iterable[FieldPlan], where: str, parameter: str, name: str) -> None:
    """Raise UnsupportedTypeError if a field sent as a string has ``Literal[True]``, which msgspec cannot read."""
    for one in fields:
        literals = [kind.values for kind in subtypes(one.type) if isinstance(kind, inspect.LiteralType)]
        as_text = one.carrier is not Carrier.PART
        if as_text and any(isinstance(value, bool) for values in literals for value in values):
            reason = "no text is read as True or False of a Literal"
            raise UnsupportedTypeError(where, parameter, name, reason, hint='write bool or Literal["true"]')
