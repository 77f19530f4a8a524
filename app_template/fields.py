"""Field types that the payloads share.

Upper limits keep numbers within a 32-bit column, so that validation rejects larger ones before the database does.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta

__all__ = ("Cents", "Name", "Quantity", "Sku", "Stock")

# In Python, $ also matches before a final line break; (?!\n) prevents that.
Sku: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*(?!\n)$",
        max_length=32,
        description="A stock-keeping unit.",
        examples=["MUG-1"],
    ),
]

Name: TypeAlias = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]*(?!\n)$", min_length=1, max_length=100, description="One line of text.")
]

Cents: TypeAlias = Annotated[int, Meta(ge=0, le=100_000_000, description="An amount of money in cents of a euro.")]

Stock: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000, description="Pieces that can be ordered.", examples=[10])]

Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=1_000, description="Pieces.", examples=[2])]
