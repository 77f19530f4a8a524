"""Errors of orders."""

from framework import HTTPError


class OrderNotFound(HTTPError, status=404, title="Order not found"):
    """No order has this number."""

    order_id: int


class OutOfStock(HTTPError, status=409, title="Out of stock", type="https://shop.example/problems/out-of-stock"):
    """The ordered quantity of a product exceeds its stock; nothing was sold."""

    sku: str
    ordered: int
    available: int
