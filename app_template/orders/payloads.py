"""Request and response bodies of orders."""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from app_template.fields import Cents, Quantity, Sku
from app_template.orders.status import OrderStatus

__all__ = ("NewOrder", "NewOrderLine", "Order", "OrderId", "OrderLine")

OrderId: TypeAlias = Annotated[int, Meta(ge=1, le=2_147_483_647, description="The number of an order.")]


class NewOrderLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A product and the ordered quantity."""

    sku: Sku
    quantity: Quantity


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """An order as it is sent. Each product may be in one line only."""

    lines: Annotated[list[NewOrderLine], Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("Expected each product in one line only")


class OrderLine(Struct, frozen=True):
    """A product, the ordered quantity, and the price of one piece at the time of the order."""

    sku: Sku
    quantity: Quantity
    price_cents: Cents


class Order(Struct, frozen=True):
    """An order."""

    id: OrderId
    customer: Annotated[str, Meta(description="The name of the customer.")]
    status: OrderStatus
    placed_at: datetime
    lines: list[OrderLine]
    total_cents: Annotated[int, Meta(description="The total price, in cents of a euro.")]
