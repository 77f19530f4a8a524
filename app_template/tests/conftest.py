"""The application under test: the real one, over a database of its own for each test."""

from pathlib import Path

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.settings import Settings
from app_template.tests.shop import ShopClient
from framework import App, Container


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Name a new database."""
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")


@pytest.fixture
def container(settings: Settings) -> Container:
    """Register the services; a test may override some of them before it builds the app."""
    return create_container(settings)


@pytest.fixture
def app(settings: Settings, container: Container) -> App:
    """Declare the application."""
    return create_app(settings, container)


@pytest.fixture
async def client(app: App, aiohttp_client: AiohttpClient) -> ShopClient:
    """Serve the application."""
    return await aiohttp_client(app.build())
