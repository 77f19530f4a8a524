"""The status of an order."""

from enum import StrEnum

__all__ = ("OrderStatus",)


class OrderStatus(StrEnum):
    """The status of an order."""

    PLACED = "placed"
    CANCELLED = "cancelled"
