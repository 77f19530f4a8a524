"""All tables of the shop: importing this module makes them known to ``Base.metadata``."""

from app_template.accounts.row import AccountRow
from app_template.database.base import Base
from app_template.orders.row import OrderLineRow, OrderRow
from app_template.products.row import ProductImageRow, ProductRow

__all__ = ("AccountRow", "Base", "OrderLineRow", "OrderRow", "ProductImageRow", "ProductRow")
