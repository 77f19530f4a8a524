"""The template's application, over a database of its own, and the credentials of its staff."""

from pathlib import Path

from app_template.accounts.payloads import Account
from app_template.accounts.role import Role
from app_template.accounts.tokens import AccessTokens
from app_template.application import create_app, create_container
from app_template.settings import Settings
from framework import App
from framework.types import SecretStr

__all__ = ("FEED", "create_shop", "staff_token")

FEED = "GET /api/orders/feed"
"""The operation that never ends."""

_SECRET = SecretStr("a secret for tests, which is long enough")


def create_shop(folder: Path) -> App:
    """Declare the shop; its database is a file in the folder."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}", secret=_SECRET)
    return create_app(settings, create_container(settings))


def staff_token() -> str:
    """Return an access token that every route of the shop accepts, for 15 minutes."""
    account = Account(id=2, name="Sam", email="sam@shop.example", role=Role.STAFF)
    return AccessTokens(Settings(secret=_SECRET)).issue(account).access_token
