"""Request and response bodies of orders."""

from msgspec import Struct

from shop.fields import Cents, OrderId, Quantity, Sku


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """An order as it is sent."""

    sku: Sku
    quantity: Quantity


class Order(Struct, frozen=True):
    """An order, with the price at its time."""

    id: OrderId
    sku: Sku
    quantity: Quantity
    total_cents: Cents
