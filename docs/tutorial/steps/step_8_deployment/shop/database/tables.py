"""All tables: a module that imports this one knows them."""

from shop.accounts.row import AccountRow
from shop.orders.row import OrderRow
from shop.products.row import ProductRow

__all__ = ("AccountRow", "OrderRow", "ProductRow")
