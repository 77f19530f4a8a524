"""What an account may do."""

from enum import StrEnum

__all__ = ("Role",)


class Role(StrEnum):
    """The role of an account. The staff sees all orders and changes products."""

    CUSTOMER = "customer"
    STAFF = "staff"
