"""Takes ``Annotated[T, Query()]`` apart."""

import typing
from typing import Any

from framework.params import Body, Inject, ParameterMarker

__all__ = ("Marker", "split_marker")

Marker: typing.TypeAlias = ParameterMarker | Body | Inject
_MARKERS = (ParameterMarker, Body, Inject)


def split_marker(annotation: Any) -> tuple[Any, tuple[Marker, ...]]:
    """Part a type from its markers: ``Annotated[int, Meta(ge=1), Query()]`` -> ``Annotated[int, Meta(ge=1)]``."""
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
