"""Request and response bodies of accounts."""

from framework.types import Email, SecretStr
from msgspec import Struct

from shop.accounts.role import Role
from shop.fields import Name

SHORTEST, LONGEST = 12, 200


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    """A new account as it is sent."""

    name: Name
    email: Email
    password: SecretStr

    def __post_init__(self) -> None:
        if not SHORTEST <= len(self.password.reveal()) <= LONGEST:
            raise ValueError(f"Expected a password of {SHORTEST} to {LONGEST} characters")


class Account(Struct, frozen=True):
    """An account."""

    id: int
    name: str
    email: str
    role: Role
