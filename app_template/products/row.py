"""The tables of products and of their pictures."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app_template.database.base import Base

__all__ = ("ProductImageRow", "ProductRow")


class ProductRow(Base):
    """A stored product."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock_not_negative"),)

    sku: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    price_cents: Mapped[int]
    stock: Mapped[int]
    # Counts the changes, so that nobody overwrites what somebody else has changed meanwhile.
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's


class ProductImageRow(Base):
    """The picture of a product."""

    __tablename__ = "product_images"

    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    data: Mapped[bytes]
