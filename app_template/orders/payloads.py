"""What is sent and received about orders."""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from app_template.fields import Cents, Name, Quantity, Sku
from app_template.orders.status import OrderStatus

__all__ = ("NewOrder", "NewOrderLine", "Order", "OrderId", "OrderLine")

OrderId: TypeAlias = Annotated[int, Meta(ge=1, le=2_147_483_647, description="The number of an order.")]


class NewOrderLine(Struct, frozen=True, forbid_unknown_fields=True):
    """How many pieces of a product are ordered."""

    sku: Sku
    quantity: Quantity


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to buy; each product stands in one line."""

    customer: Name
    lines: Annotated[list[NewOrderLine], Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("Expected each product in one line only")


class OrderLine(Struct, frozen=True):
    """Pieces of a product, and what one of them cost when it was ordered."""

    sku: Sku
    quantity: Quantity
    price_cents: Cents


class Order(Struct, frozen=True):
    """An order."""

    id: OrderId
    customer: Name
    status: OrderStatus
    placed_at: datetime
    lines: list[OrderLine]
    total_cents: Annotated[int, Meta(description="What the customer pays, in cents of a euro.")]
