"""What an account may do."""

from enum import StrEnum


class Role(StrEnum):
    """The role of an account. The staff sees all orders and adds products."""

    CUSTOMER = "customer"
    STAFF = "staff"
