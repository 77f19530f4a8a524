"""What the tests share: an application of their own, and a client."""

import pytest
from framework import App
from framework.testing import AppClient, AppClientFactory

from shop.application import create_app, create_container
from shop.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """Return the settings; the environment has no effect on tests."""
    return Settings()


@pytest.fixture
def app(settings: Settings) -> App:
    """Return the application."""
    return create_app(settings, create_container(settings))


@pytest.fixture
async def client(app: App, app_client: AppClientFactory) -> AppClient:
    """Return a client of the application."""
    return await app_client(app)
