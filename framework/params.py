"""Markers for the source of a parameter, written in ``Annotated[T, Query()]``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, StructMeta

from framework._inspect.names import describe_call
from framework.errors import InvalidOptionError

__all__ = ("Body", "Cookie", "File", "Form", "Header", "Inject", "ParameterMarker", "Path", "Query", "QueryStyle")

QueryStyle: TypeAlias = Literal["form", "csv", "pipe", "deepObject"]
"""How a collection or a model is written in the query: ``?a=1&a=2``, ``?a=1,2``, ``?a=1|2`` or ``?a[b]=1``."""


# Options that belong to the type, by their names in other frameworks.
_CONSTRAINTS = {name: name for name in ("ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern")}
_CONSTRAINTS |= {"regex": "pattern", "min_items": "min_length", "max_items": "max_length"}


class _MarkerMeta(StructMeta):
    """Turns a wrong marker argument into an InvalidOptionError."""


def _make(marker: _MarkerMeta, *values: object, **options: object) -> Any:
    """Make a marker. Raises InvalidOptionError."""
    try:
        return StructMeta.__call__(marker, *values, **options)
    except TypeError:
        foreign = next((name for name in options if name not in marker.__struct_fields__), None)
        wrong = f"has no option {foreign}=" if foreign is not None else "takes no positional values"
        what = f"{marker.__name__}() {wrong}"
        hint = _hint(marker, foreign, options)
        raise InvalidOptionError(describe_call(marker.__name__), what, hint=hint) from None


# Assigned after the class is created, so that type checkers read the signatures of the markers.
_MarkerMeta.__call__ = _make  # type: ignore[method-assign, assignment]


def _hint(marker: StructMeta, name: str | None, options: Mapping[str, object]) -> str:
    """Return the hint for an argument that a marker does not accept."""
    written = f"{marker.__name__}()"
    if name in _CONSTRAINTS:
        return f"constrain the type: Annotated[T, Meta({_CONSTRAINTS[name]}={options[name]!r}), {written}]"
    if name is None or name in {"default", "default_factory"}:
        return f"write a default behind the parameter: name: Annotated[T, {written}] = value"
    known = ", ".join(f"{one}=" for one in marker.__struct_fields__)
    return "write name=" if name == "alias" and "name" in marker.__struct_fields__ else f"write one of {known}"


class ParameterMarker(Struct, frozen=True, kw_only=True, metaclass=_MarkerMeta):
    """Base class of parameter markers: the name on the wire, and descriptions for the OpenAPI document.

    ``example`` is one possible value of the parameter, ``examples`` are several values by name.
    """

    name: str | None = None
    description: str | None = None
    deprecated: bool = False
    example: Any = UNSET
    examples: Mapping[str, Any] | None = None


class Path(ParameterMarker, frozen=True, kw_only=True):
    """The value of a placeholder in the path."""


class Query(ParameterMarker, frozen=True, kw_only=True):
    """A query parameter, or a Struct whose fields are query parameters.

    ``style`` is the format of a collection: ``form`` repeats the key (``?a=1&a=2``), ``csv`` is ``?a=1,2``, ``pipe`` is
    ``?a=1|2`` and ``deepObject`` is ``?a[x]=1&a[y]=2`` (OpenAPI 3.1, section 4.8.12.2).
    """

    style: QueryStyle = "form"


class Header(ParameterMarker, frozen=True, kw_only=True):
    """A request header; the default ``name`` is the name of the parameter with ``-`` for ``_``."""


class Cookie(ParameterMarker, frozen=True, kw_only=True):
    """A cookie of the request."""


class Form(ParameterMarker, frozen=True, kw_only=True):
    """A field of a form, or a Struct whose fields are fields of a form (urlencoded or multipart).

    With ``embed`` a Struct is one part of a multipart form, decoded by the Content-Type of that part.
    """

    embed: bool = False


class File(ParameterMarker, frozen=True, kw_only=True):
    """A file of a multipart form; a parameter of type UploadFile needs no marker."""


class Body(Struct, frozen=True, kw_only=True, metaclass=_MarkerMeta):
    """The body of the request, also for types that would otherwise be query parameters.

    ``media_type`` (one or several; ``image/*`` for a group) restricts the accepted media types of ``bytes`` and
    ``BodyStream``, which otherwise accept any body. A ``str`` with a ``media_type`` is text and not JSON. ``embed``
    makes the value a key of an object, as for several parameters that share the body.
    """

    description: str | None = None
    example: Any = UNSET
    examples: Mapping[str, Any] | None = None
    media_type: str | Sequence[str] | None = None
    embed: bool = False


class Inject(Struct, frozen=True, metaclass=_MarkerMeta):
    """A service from the container, with its qualifier if several implementations of a type are registered."""

    qualifier: str | None = None
