"""Reads and writes accounts."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app_template.accounts.role import Role
from app_template.accounts.row import AccountRow

__all__ = ("AccountRepository",)


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

    async def staff_addresses(self) -> Sequence[str]:
        """Return the addresses of the staff."""
        return (await self._session.scalars(select(AccountRow.email).where(AccountRow.role == Role.STAFF))).all()

    async def add(self, account: AccountRow) -> bool:
        """Insert an account; return False if another one has its address."""
        try:
            async with self._session.begin_nested():
                self._session.add(account)
        except IntegrityError:
            return False
        return True

    async def register_again(self, email: str, name: str, new_hash: str) -> None:
        """Replace the name and the hash of an account whose address is not confirmed."""
        await self._session.execute(
            update(AccountRow)
            .where(AccountRow.email == email, AccountRow.confirmed.is_(False))
            .values(name=name, password_hash=new_hash)
        )

    async def confirm(self, account_id: int, hash_end: str) -> bool:
        """Confirm the address of an account whose hash has this end; return whether it has."""
        confirmed = await self._session.scalar(
            update(AccountRow)
            .where(AccountRow.id == account_id, AccountRow.password_hash.endswith(hash_end, autoescape=True))
            .values(confirmed=True)
            .returning(AccountRow.id)
        )
        return confirmed is not None

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """Replace a hash by one of the same password, unless the password was changed meanwhile."""
        await self._session.execute(
            update(AccountRow)
            .where(AccountRow.id == account_id, AccountRow.password_hash == old_hash)
            .values(password_hash=new_hash)
        )

    async def replace_password(self, account_id: int, old_end: str, new_hash: str) -> bool:
        """Replace a hash that still has this end; return whether it had. The address is confirmed by the same mail."""
        replaced = await self._session.scalar(
            update(AccountRow)
            .where(AccountRow.id == account_id, AccountRow.password_hash.endswith(old_end, autoescape=True))
            .values(password_hash=new_hash, confirmed=True)
            .returning(AccountRow.id)
        )
        return replaced is not None
