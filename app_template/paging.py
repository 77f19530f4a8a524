"""Lists in pages."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

__all__ = ("Page", "PageQuery")

T = TypeVar("T")


class PageQuery(Struct, frozen=True):
    """Which part of a list is asked for."""

    limit: Annotated[int, Meta(ge=1, le=100, description="The most items that are returned.")] = 20
    offset: Annotated[int, Meta(ge=0, le=1_000_000, description="How many items are skipped.")] = 0


class Page(Struct, Generic[T], frozen=True):
    """A part of a list."""

    items: list[T]
    total: Annotated[int, Meta(description="The number of items in the whole list.")]
