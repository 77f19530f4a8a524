"""Reads and writes accounts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shop.accounts.row import AccountRow


class AccountRepository:
    """The accounts in the database, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, account_id: int) -> AccountRow | None:
        """Return an account, or None."""
        return await self._session.get(AccountRow, account_id)

    async def find(self, email: str) -> AccountRow | None:
        """Return the account with this address, or None."""
        return await self._session.scalar(select(AccountRow).where(AccountRow.email == email))

    async def add(self, account: AccountRow) -> None:
        """Insert an account. Raises sqlalchemy.exc.IntegrityError if its address exists."""
        self._session.add(account)
        await self._session.flush()
