"""Types of fields that several payloads have."""

from typing import Annotated, TypeAlias

from msgspec import Meta

Sku: TypeAlias = Annotated[
    str,
    Meta(pattern="^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=32, description="A stock-keeping unit.", examples=["MUG-1"]),
]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
Cents: TypeAlias = Annotated[int, Meta(ge=0, le=100_000_000, description="An amount of money in cents of a euro.")]
Stock: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000, description="Pieces that can be ordered.")]
