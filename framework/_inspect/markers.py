"""Takes ``Annotated[T, Query()]`` apart."""

import types
import typing
from typing import Any

from msgspec import UnsetType

from framework.params import Body, Inject, ParameterMarker

__all__ = ("Marker", "split_marker", "without_none", "without_unset")

Marker: typing.TypeAlias = ParameterMarker | Body | Inject
_MARKERS = (ParameterMarker, Body, Inject)


def split_marker(annotation: Any) -> tuple[Any, tuple[Marker, ...]]:
    """Part an annotation from its markers: ``Annotated[int, Meta(ge=1), Query()]`` -> ``Annotated[int, Meta(ge=1)]``."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return annotation, ()
    plain, *metadata = typing.get_args(annotation)
    markers = tuple(_instance(one) for one in metadata if _is_marker(one))
    kept = [one for one in metadata if not _is_marker(one)]
    return (typing.Annotated[(plain, *kept)] if kept else plain), markers


def _is_marker(value: Any) -> bool:
    return isinstance(value, _MARKERS) or (isinstance(value, type) and issubclass(value, _MARKERS))


def _instance(value: Any) -> Marker:
    # Annotated[int, Query] is as clear as Annotated[int, Query()].
    made: Marker = value() if isinstance(value, type) else value
    return made


def without_none(annotation: Any) -> Any:
    """Return the type of an optional without its None: ``Order | None`` -> ``Order``; other types as they are."""
    return _without(annotation, type(None))


def without_unset(annotation: Any) -> Any:
    """Return a type without UnsetType, which says only that the value may be absent."""
    return _without(annotation, UnsetType)


def _without(annotation: Any, unwanted: type) -> Any:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation
    kept = tuple(one for one in typing.get_args(annotation) if one is not unwanted)
    return annotation if len(kept) == len(typing.get_args(annotation)) else typing.Union[kept]  # noqa: UP007  a tuple
