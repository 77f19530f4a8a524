"""The operations of the shop on accounts."""

import msgspec

from app_template.accounts.errors import LinkNotValid
from app_template.accounts.payloads import Account, NewPassword, Registration
from app_template.accounts.repository import AccountRepository
from app_template.accounts.row import AccountRow
from app_template.accounts.tokens import LinkTokens
from framework import Request
from framework.security import LoginThrottle, PasswordHasher
from framework.types import SecretStr

__all__ = ("AccountService",)


class AccountService:
    """Registers accounts and verifies passwords. No response says whether an address has an account."""

    def __init__(
        self, accounts: AccountRepository, hasher: PasswordHasher, throttle: LoginThrottle, tokens: LinkTokens
    ) -> None:
        self._accounts = accounts
        self._hasher = hasher
        self._throttle = throttle
        self._tokens = tokens

    async def register(self, new: Registration) -> None:
        """Store an account, unless its address is known. The password is hashed in both cases.

        Until the address is confirmed, the last registration replaces the others: whoever registers the address of
        somebody else must not have the password of the account that its owner registers and confirms.
        """
        hashed, email = await self._hasher.hash(new.password), _folded(new.email)
        if not await self._accounts.add(AccountRow(email=email, name=new.name, password_hash=hashed)):
            await self._accounts.register_again(email, new.name, hashed)

    async def confirm(self, token: str) -> None:
        """Confirm the address of an account. Raises LinkNotValid."""
        confirmation = self._tokens.read_confirmation(token)
        if confirmation is None or not await self._accounts.confirm(*confirmation):
            raise LinkNotValid

    async def log_in(self, email: str, password: SecretStr, request: Request) -> Account | None:
        """Return the account if the password is right and the address is confirmed.

        An unknown address takes as long as a wrong password. Raises TooManyAttempts after some that were wrong.
        """
        attempt = await self._throttle.admit(_folded(email), request)
        account = await self._accounts.find(_folded(email))
        stored = account.password_hash if account is not None else None
        if not await self._hasher.verify(stored, password) or account is None or not account.confirmed:
            return None
        if self._hasher.needs_rehash(account.password_hash):
            await self._accounts.rehash(account.id, account.password_hash, await self._hasher.hash(password))
        await attempt.succeed()
        return to_account(account)

    async def set_password(self, new: NewPassword) -> None:
        """Set a new password; the link of the mail works once. Raises LinkNotValid."""
        reset = self._tokens.read_reset(new.token)
        if reset is None:
            raise LinkNotValid
        account_id, old_end = reset
        if not await self._accounts.replace_password(account_id, old_end, await self._hasher.hash(new.password)):
            raise LinkNotValid

    async def get(self, account_id: int) -> Account | None:
        """Return an account, or None."""
        row = await self._accounts.get(account_id)
        return None if row is None else to_account(row)


def _folded(email: str) -> str:
    """Return the address as it is stored: no two accounts differ in upper and lower case only."""
    return email.lower()


def to_account(row: AccountRow) -> Account:
    """Return an account as it is sent."""
    return msgspec.convert(row, Account, from_attributes=True)
