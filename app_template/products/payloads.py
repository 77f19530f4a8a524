"""What is sent and received about products."""

from msgspec import Struct

from app_template.fields import Cents, Name, Sku, Stock

__all__ = ("NewProduct", "Product", "ProductDetails")


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """A product to be sold from now on."""

    sku: Sku
    name: Name
    price_cents: Cents
    stock: Stock = 0


class ProductDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of a product; pieces come and go with orders."""

    name: Name
    price_cents: Cents


class Product(Struct, frozen=True):
    """A product."""

    sku: Sku
    name: Name
    price_cents: Cents
    stock: int
