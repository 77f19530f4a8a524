"""Request and response bodies of products."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from shop.fields import Cents, Name, Sku, Stock


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A product as it is sent."""

    sku: Sku
    name: Name
    price_cents: Cents
    stock: Stock = 0


class ProductOrder(StrEnum):
    """How a list of products is sorted."""

    SKU = "sku"
    PRICE = "price"


class ProductFilter(Struct, frozen=True):
    """Which products are listed."""

    search: Annotated[str, Meta(max_length=100, description="A part of the name, in any case.")] = ""
    in_stock: bool = False
    sort: ProductOrder = ProductOrder.SKU


class Product(Struct, frozen=True):
    """A product."""

    sku: Sku
    name: Name
    price_cents: Cents
    stock: Stock
