"""Splits ``Annotated[T, Query()]`` into its type and its marker."""

import typing
from typing import Any

from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter
from framework._inspect.types import without_none
from framework.credentials import Credentials
from framework.errors import InvalidMarkerError
from framework.params import Body, Inject, ParameterMarker

__all__ = ("Marker", "refuse_foreign", "split_marker", "take_marker")

Marker: typing.TypeAlias = ParameterMarker | Body | Inject | Credentials
_MARKERS = (ParameterMarker, Body, Inject, Credentials)


def take_marker(parameter: Parameter, where: str) -> tuple[Any, Marker | None]:
    """Split an annotation into the type and its only marker; raises InvalidMarkerError for a misplaced marker."""
    name, annotation = parameter.name, parameter.annotation
    if _is_marker(parameter.default):
        marker = _name(parameter.default)
        kind = "int" if annotation is MISSING else type_name(annotation)
        written = f"{marker[:-1]}verify)" if isinstance(parameter.default, Credentials) else marker
        raise InvalidMarkerError(
            where, name, f"{marker} stands as its default", f"write {name}: Annotated[{kind}, {written}]"
        )
    if isinstance(annotation, type) and not _is_marker(annotation):
        return annotation, None
    plain, markers = split_marker(annotation)
    if _is_marker(without_none(plain)):
        marker = _name(without_none(plain))
        raise InvalidMarkerError(
            where, name, f"{marker} stands as its type", f"write {name}: Annotated[int, {marker}], with its own type"
        )
    bare = next((one for one in _metadata(annotation) if isinstance(one, type) and issubclass(one, Credentials)), None)
    if bare is not None:
        example = f"Annotated[{type_name(plain)}, {bare.__name__}(verify)]"
        raise InvalidMarkerError(where, name, f"{bare.__name__} has no function to verify with", f"write {example}")
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


# Frameworks whose markers look like ours, and constraints that look like Meta.
_OTHERS = frozenset({"annotated_types", "fastapi", "litestar", "pydantic"})


def refuse_foreign(parameter: Parameter, where: str) -> None:
    """Raise InvalidMarkerError if a handler's parameter has a marker of another framework."""
    default = parameter.default
    if type(default).__module__.partition(".")[0] in _OTHERS:
        cls = type(default)
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"{cls.__name__}() of {cls.__module__.partition('.')[0]} stands as its default, which nobody reads here",
            "leave the default out; services are injected by their type, and values are read by name, type or marker",
        )
    for one in _metadata(parameter.annotation):
        cls = one if isinstance(one, type) else type(one)
        owner = cls.__module__.partition(".")[0]
        if owner in _OTHERS:
            raise InvalidMarkerError(
                where,
                parameter.name,
                f"it carries {cls.__name__}() of {owner}, which nobody reads here",
                "take the markers of framework and Meta of msgspec; services are injected by their type",
            )


def _metadata(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation)[1:] if typing.get_origin(annotation) is typing.Annotated else ()


def split_marker(annotation: Any) -> tuple[Any, tuple[Marker, ...]]:
    """Remove the markers from a type: ``Annotated[int, Meta(ge=1), Query()]`` -> ``Annotated[int, Meta(ge=1)]``."""
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
    """Return a marker in source form: ``Query()``."""
    return f"{(marker if isinstance(marker, type) else type(marker)).__name__}()"


def _is_marker(value: Any) -> bool:
    # A class of credentials is not complete without the function that verifies them.
    classes = _MARKERS[:-1]
    return isinstance(value, _MARKERS) or (isinstance(value, type) and issubclass(value, classes))


def _instance(value: Any) -> Marker:
    # Annotated[int, Query] is as clear as Annotated[int, Query()].
    made: Marker = value() if isinstance(value, type) else value
    return made
