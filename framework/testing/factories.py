"""Makes values of a type for tests, by polyfactory (extra ``factories``)."""

from dataclasses import is_dataclass
from functools import cache
from secrets import token_hex
from typing import Any, TypeVar

import msgspec

from framework.formats import JSON
from framework.testing.extras import need
from framework.testing.writing import plain
from framework.types import SecretStr

__all__ = ("make", "make_many")

_T = TypeVar("_T")


def make(kind: type[_T], /, **fixed: Any) -> _T:
    """Return a valid value of a Struct or dataclass: ``make(NewOrder, customer="Ada")``.

    The other fields have values that their types and constraints (``msgspec.Meta``) allow. Raises
    msgspec.ValidationError if the value would be rejected in a request, TypeError for other types and unknown fields,
    and MissingExtraError without polyfactory.
    """
    unknown = fixed.keys() - set(_fields(kind))
    if unknown:
        raise TypeError(f"{kind.__qualname__} has no field {', '.join(map(repr, sorted(unknown)))}")
    model: Any = kind
    made: _T = _factory(model).build(**fixed)
    # Values that no request could have must not reach a test.
    JSON.decoder(kind)(JSON.encoder(Any)(plain(made)))
    return made


def make_many(kind: type[_T], count: int, /, **fixed: Any) -> list[_T]:
    """Return several values, as ``make`` returns one."""
    return [make(kind, **fixed) for _ in range(count)]


def _fields(kind: type[Any]) -> tuple[str, ...]:
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    if is_dataclass(kind):
        return tuple(kind.__dataclass_fields__)
    raise TypeError(f"make({kind.__qualname__}): it is neither a Struct nor a dataclass")


@cache
def _base(struct: bool) -> Any:
    place, name = ("msgspec_factory", "MsgspecFactory") if struct else ("dataclass_factory", "DataclassFactory")
    base = getattr(need(f"polyfactory.factories.{place}"), name)
    base.add_provider(SecretStr, lambda: SecretStr(token_hex(8)))
    return base


@cache
def _factory(kind: type[Any]) -> Any:
    return _base(issubclass(kind, msgspec.Struct)).create_factory(model=kind)
