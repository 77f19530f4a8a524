"""Request and response bodies of products."""

from msgspec import Struct


class Product(Struct, frozen=True):
    """A product."""

    sku: str
    name: str
    price_cents: int
    stock: int
