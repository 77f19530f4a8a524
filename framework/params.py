"""Markers that say where a parameter comes from, written in ``Annotated[T, Query()]``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, StructMeta

from framework._inspect.names import describe_call
from framework.errors import InvalidOptionError

__all__ = ("Body", "Cookie", "File", "Form", "Header", "Inject", "ParameterMarker", "Path", "Query", "QueryStyle")

QueryStyle: TypeAlias = Literal["form", "csv", "pipe", "deepObject"]


# What belongs to the type, and what other frameworks call it.
_CONSTRAINTS = {name: name for name in ("ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern")}
_CONSTRAINTS |= {"regex": "pattern", "min_items": "min_length", "max_items": "max_length"}


class _MarkerMeta(StructMeta):
    """Tells what a marker takes whoever gives it something else."""


def _make(marker: _MarkerMeta, *values: object, **options: object) -> Any:
    """Make a marker; raises InvalidOptionError."""
    try:
        return StructMeta.__call__(marker, *values, **options)
    except TypeError:
        foreign = next((name for name in options if name not in marker.__struct_fields__), None)
        given = f"{foreign}=" if foreign is not None else "a value by its place"
        what = f"{marker.__name__}() is given {given}, which it does not take"
        hint = _hint(marker, foreign, options)
        raise InvalidOptionError(describe_call(marker.__name__), what, hint=hint) from None


# Not written in the class: type checkers read the signatures of the markers.
_MarkerMeta.__call__ = _make  # type: ignore[method-assign, assignment]


def _hint(marker: StructMeta, name: str | None, options: Mapping[str, object]) -> str:
    """Return where what a marker does not take belongs."""
    written = f"{marker.__name__}()"
    if name in _CONSTRAINTS:
        return f"constrain the type: Annotated[T, Meta({_CONSTRAINTS[name]}={options[name]!r}), {written}]"
    if name is None or name in {"default", "default_factory"}:
        return f"write a default behind the parameter: name: Annotated[T, {written}] = value"
    known = ", ".join(f"{one}=" for one in marker.__struct_fields__)
    return "write name=" if name == "alias" and "name" in marker.__struct_fields__ else f"write one of {known}"


class ParameterMarker(Struct, frozen=True, kw_only=True, metaclass=_MarkerMeta):
    """What the markers of path, query, header and cookie share: the name on the wire and words for the document.

    ``example`` is one value that the parameter can have, ``examples`` are several by their names.
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

    ``style`` says how a collection is written: ``form`` repeats the key (``?a=1&a=2``), ``csv`` is ``?a=1,2``, ``pipe``
    is ``?a=1|2`` and ``deepObject`` is ``?a[x]=1&a[y]=2`` (OpenAPI 3.1, section 4.8.12.2).
    """

    style: QueryStyle = "form"


class Header(ParameterMarker, frozen=True, kw_only=True):
    """A request header; without ``name`` the parameter's own name with ``-`` for ``_``."""


class Cookie(ParameterMarker, frozen=True, kw_only=True):
    """A cookie of the request."""


class Form(ParameterMarker, frozen=True, kw_only=True):
    """A field of a form, or a Struct whose fields are fields of a form (urlencoded or multipart).

    With ``embed`` a Struct is not spread: it is one part of a multipart form, decoded by that part's Content-Type.
    """

    embed: bool = False


class File(ParameterMarker, frozen=True, kw_only=True):
    """A file of a multipart form; a type of UploadFile says as much without the marker."""


class Body(Struct, frozen=True, kw_only=True, metaclass=_MarkerMeta):
    """The body of the request, also where the type alone would make it a query parameter.

    ``media_type`` (one, or several; ``image/*`` for a group) narrows what is read: of ``bytes`` and ``BodyStream``,
    which otherwise are any body as it is; a ``str`` with one is text and not JSON. ``embed`` makes the value a key of
    an object, as it is where several parameters share the body.
    """

    description: str | None = None
    example: Any = UNSET
    examples: Mapping[str, Any] | None = None
    media_type: str | Sequence[str] | None = None
    embed: bool = False


class Inject(Struct, frozen=True, metaclass=_MarkerMeta):
    """A service from the container, with its qualifier where several implementations of one type are registered."""

    qualifier: str | None = None
