"""Request and response bodies of products."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from app_template.fields import Cents, Name, Sku, Stock

__all__ = ("NewProduct", "Product", "ProductDetails", "ProductFilter", "ProductOrder")

ProductName: TypeAlias = Annotated[Name, Meta(examples=["Mug"])]
Price: TypeAlias = Annotated[Cents, Meta(examples=[1250])]


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A product as it is sent."""

    sku: Sku
    name: ProductName
    price_cents: Price
    stock: Stock = 0


class ProductDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a product that may be changed. Only orders change the stock."""

    name: ProductName
    price_cents: Price


class ProductOrder(StrEnum):
    """How a list of products is sorted; a leading ``-`` reverses it."""

    SKU = "sku"
    NAME = "name"
    PRICE = "price"
    PRICE_DOWN = "-price"


class ProductFilter(Struct, frozen=True):
    """Which products are listed."""

    search: Annotated[str, Meta(max_length=100, description="A part of the name, in any case.")] | None = None
    in_stock: Annotated[bool, Meta(description="Only products that can be ordered.")] = False
    most_cents: Annotated[Cents | None, Meta(description="The highest price.")] = None
    sort: ProductOrder = ProductOrder.SKU


class Product(Struct, frozen=True):
    """A product."""

    sku: Sku
    name: Name
    price_cents: Cents
    stock: int
    version: Annotated[int, Meta(description="Increases with each change.")]
