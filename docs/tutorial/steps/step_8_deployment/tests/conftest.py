"""What the tests share: an application with a database of its own, and clients."""

from pathlib import Path

import pytest
from framework import App
from framework.testing import AppClient, AppClientFactory, Overrides

from shop.accounts.payloads import Account
from shop.accounts.role import Role
from shop.accounts.tokens import AccessTokens
from shop.application import create_app, create_container
from shop.mails import Mail, Mailer
from shop.settings import Settings

# The accounts of the samples.
ADA = Account(1, "Ada", "ada@shop.example", Role.CUSTOMER)
SAM = Account(2, "Sam", "sam@shop.example", Role.STAFF)


class KeptMailer(Mailer):
    """Keeps mails instead of sending them."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keep a mail."""
        self.mails.append(mail)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a new database; the environment has no effect on tests."""
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")


@pytest.fixture
def app(settings: Settings) -> App:
    """Return the application."""
    return create_app(settings, create_container(settings))


@pytest.fixture
def mails(overrides: Overrides) -> list[Mail]:
    """Return the mails that the application sends."""
    mailer = KeptMailer()
    overrides.replace(Mailer, instance=mailer)
    return mailer.mails


@pytest.fixture
async def visitor(app: App, app_client: AppClientFactory) -> AppClient:
    """Return a client that is not logged in."""
    return await app_client(app)


@pytest.fixture
def client(visitor: AppClient, settings: Settings) -> AppClient:
    """Return a client that is logged in as Ada, a customer."""
    return visitor.with_credentials(bearer=AccessTokens(settings).issue(ADA).access_token)


@pytest.fixture
def staff(visitor: AppClient, settings: Settings) -> AppClient:
    """Return a client that is logged in as Sam, of the staff."""
    return visitor.with_credentials(bearer=AccessTokens(settings).issue(SAM).access_token)
