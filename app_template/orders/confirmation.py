"""What a customer is told when an order has been placed."""

import logging

from app_template.orders.service import OrderService

__all__ = ("confirm_order",)

_LOGGER = logging.getLogger(__name__)


async def confirm_order(order_id: int, orders: OrderService) -> None:
    """Confirm an order to its customer; the log stands for the mail that a real shop would send.

    A background task: it runs when the order has been committed and answered, with services of its own.
    """
    order = await orders.get(order_id)
    _LOGGER.info("Order %d is confirmed to %s", order.id, order.customer)
