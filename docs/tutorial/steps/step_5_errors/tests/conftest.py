"""What the tests share: an application with a database of its own, and a client."""

from pathlib import Path

import pytest
from framework import App
from framework.testing import AppClient, AppClientFactory

from shop.application import create_app, create_container
from shop.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a new database; the environment has no effect on tests."""
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")


@pytest.fixture
def app(settings: Settings) -> App:
    """Return the application."""
    return create_app(settings, create_container(settings))


@pytest.fixture
async def client(app: App, app_client: AppClientFactory) -> AppClient:
    """Return a client of the application."""
    return await app_client(app)
