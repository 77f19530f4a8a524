"""The operations of the shop on accounts."""

import msgspec
from framework import Request
from framework.security import LoginThrottle, PasswordHasher
from framework.types import SecretStr
from sqlalchemy.exc import IntegrityError

from shop.accounts.errors import EmailTaken
from shop.accounts.payloads import Account, Registration
from shop.accounts.repository import AccountRepository
from shop.accounts.row import AccountRow


class AccountService:
    """Registers accounts and verifies passwords."""

    def __init__(self, accounts: AccountRepository, hasher: PasswordHasher, throttle: LoginThrottle) -> None:
        self._accounts = accounts
        self._hasher = hasher
        self._throttle = throttle

    async def register(self, new: Registration) -> Account:
        """Store an account. Raises EmailTaken."""
        hashed = await self._hasher.hash(new.password)
        row = AccountRow(email=new.email.lower(), name=new.name, password_hash=hashed)
        try:
            await self._accounts.add(row)
        except IntegrityError as error:
            raise EmailTaken from error
        return to_account(row)

    async def log_in(self, email: str, password: SecretStr, request: Request) -> Account | None:
        """Return the account if the password is right. Raises TooManyAttempts after some that were wrong.

        An unknown address takes as long as a wrong password.
        """
        attempt = await self._throttle.admit(email.lower(), request)
        account = await self._accounts.find(email.lower())
        stored = account.password_hash if account is not None else None
        if not await self._hasher.verify(stored, password) or account is None:
            return None
        await attempt.succeed()
        return to_account(account)

    async def get(self, account_id: int) -> Account | None:
        """Return an account, or None."""
        row = await self._accounts.get(account_id)
        return None if row is None else to_account(row)


def to_account(row: AccountRow) -> Account:
    """Return an account as it is sent."""
    return msgspec.convert(row, Account, from_attributes=True)
