"""The session of a visitor."""

from msgspec import Struct

from app_template.accounts.payloads import Account
from app_template.accounts.role import Role
from app_template.accounts.tokens import User
from framework.templating import Flash

__all__ = ("Visit",)


class Visit(Struct):
    """The value of a session: who is logged in, and messages for the next page."""

    account_id: int | None = None
    name: str = ""
    role: Role = Role.CUSTOMER
    flashes: list[Flash] = []

    @classmethod
    def of(cls, account: Account) -> "Visit":
        """Return the session of a user that has logged in."""
        return cls(account.id, account.name, account.role)

    @property
    def is_staff(self) -> bool:
        """Whether the visitor is of the staff."""
        return self.account_id is not None and self.role is Role.STAFF

    @property
    def user(self) -> User | None:
        """The user, as the API knows it."""
        return None if self.account_id is None else User(str(self.account_id), self.name, (self.role,))
