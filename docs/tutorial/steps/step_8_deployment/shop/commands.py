"""Commands of the shop: ``framework add-staff ann@shop.example``."""

import sys

from framework.types import Email

from shop.accounts.repository import AccountRepository
from shop.accounts.role import Role


async def add_staff(email: Email, accounts: AccountRepository) -> int:
    """Make an account one of the staff. Its next token has the role."""
    account = await accounts.find(email.lower())
    if account is None:
        sys.stderr.write(f"no account has the address {email}\n")
        return 1
    account.role = Role.STAFF
    sys.stdout.write(f"{account.name} is of the staff\n")
    return 0
