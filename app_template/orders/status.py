"""What becomes of an order."""

from enum import StrEnum

__all__ = ("OrderStatus",)


class OrderStatus(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    CANCELLED = "cancelled"
