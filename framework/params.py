"""Markers that say where a parameter comes from, written in ``Annotated[T, Query()]``."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ("Body", "Cookie", "Header", "Inject", "ParameterMarker", "Path", "Query", "QueryStyle")

QueryStyle: TypeAlias = Literal["form", "csv", "pipe", "deepObject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterMarker:
    """What the markers of path, query, header and cookie share: the name on the wire and words for the document."""

    name: str | None = None
    description: str | None = None
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(ParameterMarker):
    """The value of a placeholder in the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(ParameterMarker):
    """A query parameter, or a Struct whose fields are query parameters.

    ``style`` says how a collection is written: ``form`` repeats the key (``?a=1&a=2``), ``csv`` is ``?a=1,2``, ``pipe``
    is ``?a=1|2`` and ``deepObject`` is ``?a[x]=1&a[y]=2`` (OpenAPI 3.1, section 4.8.12.2).
    """

    style: QueryStyle = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(ParameterMarker):
    """A request header; without ``name`` the parameter's own name with ``-`` for ``_``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie(ParameterMarker):
    """A cookie of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The JSON body of the request, also where the type alone would make it a query parameter."""

    description: str | None = None


@dataclass(frozen=True, slots=True)
class Inject:
    """A service from the container, with its qualifier where several implementations of one type are registered."""

    qualifier: str | None = None
