"""The tables of orders and of their lines."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_template.accounts.row import AccountRow
from app_template.database.base import Base, UtcDateTime
from app_template.orders.status import OrderStatus

__all__ = ("OrderLineRow", "OrderRow")


class OrderRow(Base):
    """A stored order."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    status: Mapped[OrderStatus] = mapped_column(Enum(OrderStatus, native_enum=False, length=20))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    account: Mapped[AccountRow] = relationship(lazy="joined")
    lines: Mapped[list["OrderLineRow"]] = relationship(order_by="OrderLineRow.sku", lazy="selectin")

    @property
    def customer(self) -> str:
        """The name of the customer."""
        return self.account.name

    @property
    def total_cents(self) -> int:
        """The total price of all lines."""
        return sum(line.quantity * line.price_cents for line in self.lines)


class OrderLineRow(Base):
    """One product of an order, with its price at the time of the order."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    quantity: Mapped[int]
    price_cents: Mapped[int]
