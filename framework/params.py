"""Markers that say where a parameter comes from, written in ``Annotated[T, Query()]``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct

__all__ = ("Body", "Cookie", "File", "Form", "Header", "Inject", "ParameterMarker", "Path", "Query", "QueryStyle")

QueryStyle: TypeAlias = Literal["form", "csv", "pipe", "deepObject"]


class ParameterMarker(Struct, frozen=True, kw_only=True):
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


class Body(Struct, frozen=True, kw_only=True):
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


class Inject(Struct, frozen=True):
    """A service from the container, with its qualifier where several implementations of one type are registered."""

    qualifier: str | None = None
