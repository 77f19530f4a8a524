"""Fixtures of tests of jobs: each test that asks for a database runs on SQLite and on PostgreSQL.

A module whose tests run with brokers as well has a fixture ``kind`` of its own, with their names.
"""

import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.table.engine import TableEngine
from framework.jobs import JobSettings
from tests.jobs.brokers import BROKERS, BrokerServer, broker_prefix, broker_server
from tests.jobs.databases import database_url, new_engine
from tests.jobs.working import CARRIED

_NUMBERS = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def brokers() -> Iterator[Callable[[str], BrokerServer]]:
    """Return a function that returns the server of a kind, which runs until all tests of this process have ended."""
    running: dict[str, BrokerServer] = {}
    with contextlib.ExitStack() as stack:

        def get(kind: str) -> BrokerServer:
            if kind not in running:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
                running[kind] = stack.enter_context(broker_server(kind, folder))
            return running[kind]

        yield get


@pytest.fixture(autouse=True)
def carried(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a broker carry the jobs of the test, if its kind is one."""
    kind = request.getfixturevalue("kind") if "kind" in request.fixturenames else None
    if kind in BROKERS:
        server = request.getfixturevalue("brokers")(kind)
        CARRIED["broker"] = server.url
        CARRIED["broker_prefix"] = broker_prefix(server, f"{kind}{next(_NUMBERS)}")
    yield
    CARRIED.clear()


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a new database."""
    stored = BROKERS[kind][1] if kind in BROKERS else kind
    return database_url(stored, tmp_path, lambda: request.getfixturevalue("shared_postgresql"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[AsyncEngine]:
    """Return the engine of the application."""
    engine = new_engine(url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def table(database: AsyncEngine) -> AsyncIterator[TableEngine]:
    """Return an engine of jobs in an empty table."""
    engine = TableEngine(database, JobSettings([], poll=0.1))
    await engine.open()
    yield engine
    await engine.close()
