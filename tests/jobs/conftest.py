"""Fixtures of tests of jobs: each test that asks for a database runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.table.engine import TableEngine
from framework.jobs import JobSettings
from tests.jobs.databases import Server, database_url, new_engine, postgresql_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Run a server for the tests of this process."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new database."""
    return database_url(kind, tmp_path, lambda: request.getfixturevalue("postgresql"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[AsyncEngine]:
    """Return the engine of the application."""
    engine = new_engine(url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def table(database: AsyncEngine) -> AsyncIterator[TableEngine]:
    """Return an engine of jobs in an empty table."""
    engine = TableEngine(database, JobSettings([], poll=0.02))
    await engine.open()
    yield engine
    await engine.close()
