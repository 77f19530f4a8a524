"""The tables of orders and of their lines."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_template.database.base import Base, UtcDateTime
from app_template.orders.status import OrderStatus

__all__ = ("OrderLineRow", "OrderRow")


class OrderRow(Base):
    """An order as it is stored."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(100))
    status: Mapped[OrderStatus] = mapped_column(Enum(OrderStatus, native_enum=False, length=20))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lines: Mapped[list["OrderLineRow"]] = relationship(order_by="OrderLineRow.sku", lazy="selectin")

    @property
    def total_cents(self) -> int:
        """What the customer pays."""
        return sum(line.quantity * line.price_cents for line in self.lines)


class OrderLineRow(Base):
    """One product of an order, at the price of the day."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    quantity: Mapped[int]
    price_cents: Mapped[int]
