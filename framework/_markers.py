"""Takes ``Annotated[T, Query()]`` apart."""

import typing
from typing import Any

from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter
from framework._inspect.types import without_none
from framework.errors import InvalidMarkerError
from framework.params import Body, Inject, ParameterMarker

__all__ = ("Marker", "split_marker", "take_marker")

Marker: typing.TypeAlias = ParameterMarker | Body | Inject
_MARKERS = (ParameterMarker, Body, Inject)


def take_marker(parameter: Parameter, where: str) -> tuple[Any, Marker | None]:
    """Part a parameter's type from its one marker; raises InvalidMarkerError where a marker is misplaced."""
    name, annotation = parameter.name, parameter.annotation
    if _is_marker(parameter.default):
        marker = _name(parameter.default)
        kind = "int" if annotation is MISSING else type_name(annotation)
        raise InvalidMarkerError(
            where, name, f"{marker} stands as its default", f"write {name}: Annotated[{kind}, {marker}]"
        )
    plain, markers = split_marker(annotation)
    if _is_marker(without_none(plain)):
        marker = _name(without_none(plain))
        raise InvalidMarkerError(
            where, name, f"{marker} stands as its type", f"write {name}: Annotated[int, {marker}], with its own type"
        )
    if len(markers) > 1:
        names = " and ".join(_name(one) for one in markers)
        raise InvalidMarkerError(where, name, f"it carries {names}", "keep the one that is meant")
    inner = next(_inside(plain), None)
    if inner is not None:
        marker = _name(inner)
        raise InvalidMarkerError(
            where,
            name,
            f"{marker} stands inside its type",
            f"put it around the whole type: Annotated[{type_name(plain)}, {marker}]",
        )
    return plain, markers[0] if markers else None


def split_marker(annotation: Any) -> tuple[Any, tuple[Marker, ...]]:
    """Part a type from its markers: ``Annotated[int, Meta(ge=1), Query()]`` -> ``Annotated[int, Meta(ge=1)]``."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return annotation, ()
    plain, *metadata = typing.get_args(annotation)
    markers = tuple(_instance(one) for one in metadata if _is_marker(one))
    kept = [one for one in metadata if not _is_marker(one)]
    return (typing.Annotated[(plain, *kept)] if kept else plain), markers


def _inside(annotation: Any) -> typing.Iterator[Marker]:
    for one in typing.get_args(annotation):
        plain, markers = split_marker(one)
        yield from markers
        yield from _inside(plain)


def _name(marker: Any) -> str:
    """Return how a marker is written: ``Query()``."""
    return f"{(marker if isinstance(marker, type) else type(marker)).__name__}()"


def _is_marker(value: Any) -> bool:
    return isinstance(value, _MARKERS) or (isinstance(value, type) and issubclass(value, _MARKERS))


def _instance(value: Any) -> Marker:
    # Annotated[int, Query] is as clear as Annotated[int, Query()].
    made: Marker = value() if isinstance(value, type) else value
    return made
